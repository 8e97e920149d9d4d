"""Which rules `ip rule show` and `flush` are about."""

from __future__ import annotations

from nslab.ip.inet import read_prefix
from nslab.ip.rtnames import number_of
from nslab.ip.rule.selector import Selector
from nslab.ip.words import Elsewhere, find, matches, wrong

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nslab.ip.inet import Prefix
    from nslab.ip.program import Program
    from nslab.ip.words import Words
    from nslab.netlink.rtnl.rule import Rule

INVERT = 2  # FIB_RULE_INVERT
_INET = 2


class Choice(Selector):
    """What was asked for; `protocol` counts for a flush alone."""

    def __init__(self, preferred: int) -> None:
        super().__init__()
        self.family = preferred or _INET
        self.protocol: int | None = None

    def read_source(self, words: Words) -> None:
        """Read `from`."""
        self.source = read_prefix(words.take(), self.family)

    def read_protocol(self, words: Words) -> None:
        """Read `protocol`, or all of them."""
        word = words.take()
        self.protocol = number_of("rt_protos", word)
        if self.protocol is None and word != "all":
            raise wrong(word, 'invalid "protocol"\n')

    def read_table(self, words: Words) -> None:
        """Read `table`."""
        self.set_table(words.take(), "table id value is invalid\n")

    def takes(self, rule: Rule) -> bool:
        """Say whether a rule is asked for."""
        return (
            self.priority in (None, rule.priority or 0)
            and (not self.inverted or bool(rule.flags & INVERT))
            and _holds(self.source, rule.family, rule.src, rule.src_len)
            and _holds(self.target, rule.family, rule.dst, rule.dst_len)
            and self.tos in (None, rule.tos)
            and self._takes_mark(rule)
            and self._takes_link(rule)
            and self._takes_rest(rule)
            and self.table in (None, 0, table_of(rule))
        )

    def _takes_mark(self, rule: Rule) -> bool:
        return (not self.mark or self.mark == (rule.fwmark or 0)) and (
            not self.mask or self.mask == (rule.fwmask or 0)
        )

    def _takes_link(self, rule: Rule) -> bool:
        return (
            self.iif in (None, rule.iifname)
            and self.oif in (None, rule.oifname)
            and (not self.l3mdev or bool(rule.l3mdev))
        )

    def _takes_rest(self, rule: Rule) -> bool:
        return (
            self.uids in (None, rule.uid_range)
            and (not self.ipproto or self.ipproto == rule.ip_proto)
            and _holds_ports(self.sports, rule.sport_range)
            and _holds_ports(self.dports, rule.dport_range)
            and (not self.tunnel or self.tunnel == rule.tun_id)
        )


def table_of(rule: Rule) -> int:
    """Give the number of the table that a rule leads to, 0 for none."""
    return rule.table8 if rule.table is None else rule.table


def read_choice(program: Program, words: Words) -> Choice:
    """Read the words that choose.

    Raises:
        IpError: a word is wrong.
    """
    if program.options.resolve:
        raise Elsewhere
    choice = Choice(program.options.family)
    while words:
        word = words.take()
        read = find(word, _KEYS)
        if read is None:
            word = words.take() if word == "to" or matches(word, "[dst]") else word
            choice.target = read_prefix(word, choice.family)
        else:
            read(choice, words)
    return choice


def _holds(wanted: Prefix | None, family: int, data: bytes | None, bits: int) -> bool:
    """Say whether a rule's prefix lies in the one that was asked for."""
    if wanted is None or not wanted.family:
        return True
    if wanted.family != family or wanted.bits > bits:
        return False
    if data is None or not wanted.bits:
        return True
    unlike = int.from_bytes(wanted.data, "big") ^ int.from_bytes(data, "big")
    return unlike >> (len(data) * 8 - wanted.bits) == 0


def _holds_ports(wanted: tuple[int, int] | None, ports: tuple[int, ...] | None) -> bool:
    """Say whether a rule's ports are those that were asked for: from 0 on means any."""
    return wanted is None or wanted[0] == 0 or wanted == ports


_KEYS = {
    "[preference]": Choice.read_priority,
    "[order]": Choice.read_priority,
    "[priority]": Choice.read_priority,
    "not": Choice.read_not,
    "tos": Choice.read_tos,
    "dsfield": Choice.read_tos,
    "fwmark": Choice.read_mark,
    "dev": Choice.read_iif,
    "iif": Choice.read_iif,
    "oif": Choice.read_oif,
    "l3mdev": Choice.read_l3mdev,
    "uidrange": Choice.read_uids,
    "[tun_id]": Choice.read_tunnel,
    "[lookup]": Choice.read_table,
    "[table]": Choice.read_table,
    "[from]": Choice.read_source,
    "[src]": Choice.read_source,
    "[protocol]": Choice.read_protocol,
    "ipproto": Choice.read_ipproto,
    "sport": Choice.read_sports,
    "dport": Choice.read_dports,
}
