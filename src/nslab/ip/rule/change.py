"""`ip rule add` and `ip rule delete`."""

from __future__ import annotations

from nslab.errors import IpError
from nslab.ip.inet import AF_INET, parse_address, read_prefix
from nslab.ip.program import tell
from nslab.ip.rtnames import number_of
from nslab.ip.rule.choose import INVERT
from nslab.ip.rule.commands import USAGE
from nslab.ip.rule.selector import Selector
from nslab.ip.rule.values import GOTO, NOP, read_kind, read_realms
from nslab.ip.words import find, line_error, matches, unsigned, wrong
from nslab.netlink.message import NLM_F, Request
from nslab.netlink.rtnl.constants import RTM
from nslab.netlink.rtnl.rule import FR_ACT, Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nslab.ip.inet import Prefix
    from nslab.ip.program import Program
    from nslab.ip.words import Words

_MAIN = 254
_NAT = 10  # RTN_NAT; its address is where FRA_UNUSED2 is now
_INVALID = 22  # EINVAL, which the program ends with
_SMALL_TABLES = 256


class _Change(Selector):
    """A rule to be: what it matches, and what it does."""

    def __init__(self, family: int, action: int) -> None:
        super().__init__()
        self.family = family
        self.action = action
        self.leads = False  # what it does was said
        self.goto: int | None = None
        self.realms: int | None = None
        self.protocol: int | None = None
        self.nat: bytes | None = None
        self.suppressed_length: int | None = None
        self.suppressed_group: int | None = None

    def read_source(self, words: Words) -> None:
        self.source = read_prefix(words.take(), self.family)

    def read_target(self, words: Words) -> None:
        self.target = read_prefix(words.take(), self.family)

    def read_realms(self, words: Words) -> None:
        self.realms = read_realms(words.take())

    def read_protocol(self, words: Words) -> None:
        word = words.take()
        self.protocol = number_of("rt_protos", word)
        if self.protocol is None:
            raise wrong(word, '"protocol" value is invalid\n')

    def read_table(self, words: Words) -> None:
        self.set_table(words.take(), "invalid table ID\n")
        self.leads = True

    def read_length(self, words: Words) -> None:
        word = words.take()
        self.suppressed_length = unsigned(word, 32)
        if self.suppressed_length is None:
            raise wrong(word, "suppress_prefixlength value is invalid\n")

    def read_group(self, words: Words) -> None:
        word = words.take()
        self.suppressed_group = number_of("group", word)
        if self.suppressed_group is None:
            raise wrong(word, 'Invalid "suppress_ifgroup" value\n')

    def read_nat(self, words: Words, program: Program) -> None:
        word = words.take()
        tell(program, "Warning: route NAT is deprecated")
        address = parse_address(word, AF_INET)
        if address is None:
            raise IpError(f'Error: an IP address is expected rather than "{word}"')
        self.nat, self.action = address.data.ljust(4, b"\0"), _NAT

    def read_action(self, words: Words, word: str) -> None:
        word = words.take() if word == "type" else word
        if matches(word, "[help]"):
            raise line_error(USAGE)
        if matches(word, "[goto]"):
            self._read_goto(words)
        elif matches(word, "[nop]"):
            self.action = NOP
        else:
            kind = read_kind(word)
            if kind is None:
                raise wrong(word, "Failed to parse rule type")
            self.action = kind
        self.leads = True

    def _read_goto(self, words: Words) -> None:
        word = words.take()
        self.action, self.goto = GOTO, unsigned(word, 32)
        if self.goto is None:
            raise wrong(word, "invalid target\n")


def add(program: Program, words: Words) -> None:
    """Add a rule that is not there yet; it leads to the main table if nothing else is said."""
    if not words:
        raise IpError('"ip rule add" requires arguments.')
    change = _read(program, words, FR_ACT.TO_TBL)
    if not (change.leads or change.l3mdev):
        change.table = _MAIN
    program.talk(Request(RTM.NEWRULE, _body(change), NLM_F.CREATE | NLM_F.EXCL))


def delete(program: Program, words: Words) -> None:
    """Delete the first rule that is like what is said."""
    if not words:
        raise IpError('"ip rule del" requires arguments.')
    program.talk(Request(RTM.DELRULE, _body(_read(program, words, 0))))


def _read(program: Program, words: Words, action: int) -> _Change:
    change = _Change(program.options.family, action)
    while words:
        word = words.take()
        read = find(word, _KEYS)
        if read is not None:
            read(change, words)
        elif word == "nat" or matches(word, "[map-to]"):
            change.read_nat(words, program)
        else:
            change.read_action(words, word)
    if change.l3mdev and change.table:
        raise IpError("table can not be specified for l3mdev rules", _INVALID)
    return change


def _body(change: _Change) -> Rule:
    table = change.table or 0
    return Rule(
        family=change.family or AF_INET,
        src_len=_bits(change.source),
        dst_len=_bits(change.target),
        tos=change.tos or 0,
        table8=table if table < _SMALL_TABLES else 0,
        action=change.action,
        flags=INVERT if change.inverted else 0,
        src=None if change.source is None else change.source.data,
        dst=None if change.target is None else change.target.data,
        priority=change.priority,
        fwmark=change.mark,
        fwmask=change.mask,
        flow=change.realms,
        protocol=change.protocol,
        table=table if table >= _SMALL_TABLES else None,
        suppress_prefixlen=change.suppressed_length,
        suppress_ifgroup=change.suppressed_group,
        iifname=change.iif,
        oifname=change.oif,
        l3mdev=1 if change.l3mdev else None,
        uid_range=change.uids,
        ip_proto=change.ipproto,
        sport_range=change.sports,
        dport_range=change.dports,
        tun_id=change.tunnel,
        goto=change.goto,
        unused2=change.nat,
    )


def _bits(prefix: Prefix | None) -> int:
    return 0 if prefix is None else prefix.bits


_KEYS = {
    "not": _Change.read_not,
    "from": _Change.read_source,
    "to": _Change.read_target,
    "[preference]": _Change.read_priority,
    "[order]": _Change.read_priority,
    "[priority]": _Change.read_priority,
    "tos": _Change.read_tos,
    "[dsfield]": _Change.read_tos,
    "fwmark": _Change.read_mark,
    "[realms]": _Change.read_realms,
    "[protocol]": _Change.read_protocol,
    "[tun_id]": _Change.read_tunnel,
    "[table]": _Change.read_table,
    "lookup": _Change.read_table,
    "[suppress_prefixlength]": _Change.read_length,
    "sup_pl": _Change.read_length,
    "[suppress_ifgroup]": _Change.read_group,
    "sup_group": _Change.read_group,
    "dev": _Change.read_iif,
    "iif": _Change.read_iif,
    "oif": _Change.read_oif,
    "l3mdev": _Change.read_l3mdev,
    "uidrange": _Change.read_uids,
    "ipproto": _Change.read_ipproto,
    "sport": _Change.read_sports,
    "dport": _Change.read_dports,
}
