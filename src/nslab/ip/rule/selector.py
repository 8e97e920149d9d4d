"""The words that `ip rule add` and `ip rule show` have in common: what a rule matches."""

from __future__ import annotations

from nslab.ip.links import check_name
from nslab.ip.rtnames import number_of
from nslab.ip.rule.values import read_mark, read_protocol, read_range, read_tos
from nslab.ip.words import unsigned, wrong

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nslab.ip.inet import Prefix
    from nslab.ip.words import Words


class Selector:
    """What a rule matches; None where nothing was said."""

    def __init__(self) -> None:
        self.priority: int | None = None
        self.inverted = False
        self.source: Prefix | None = None
        self.target: Prefix | None = None
        self.tos: int | None = None
        self.mark: int | None = None
        self.mask: int | None = None
        self.iif: str | None = None
        self.oif: str | None = None
        self.l3mdev = False
        self.uids: tuple[int, int] | None = None
        self.ipproto: int | None = None
        self.sports: tuple[int, int] | None = None
        self.dports: tuple[int, int] | None = None
        self.tunnel: int | None = None
        self.table: int | None = None

    def read_priority(self, words: Words) -> None:
        """Read `pref`."""
        word = words.take()
        self.priority = unsigned(word, 32)
        if self.priority is None:
            raise wrong(word, "preference value is invalid\n")

    def read_not(self, _: Words) -> None:
        """Read `not`."""
        self.inverted = True

    def read_tos(self, words: Words) -> None:
        """Read `tos`."""
        self.tos = read_tos(words.take())

    def read_mark(self, words: Words) -> None:
        """Read `fwmark`."""
        self.mark, mask = read_mark(words.take())
        self.mask = self.mask if mask is None else mask

    def read_iif(self, words: Words) -> None:
        """Read `iif` or `dev`."""
        self.iif = check_name(words.take(), 'iif"/"dev')

    def read_oif(self, words: Words) -> None:
        """Read `oif`."""
        self.oif = check_name(words.take(), "oif")

    def read_l3mdev(self, _: Words) -> None:
        """Read `l3mdev`."""
        self.l3mdev = True

    def read_uids(self, words: Words) -> None:
        """Read `uidrange`."""
        word = words.take()
        first, last = read_range(word, 32) or (0, None)
        if last is None:
            raise wrong(word, "invalid UID range\n")
        self.uids = first, last

    def read_ipproto(self, words: Words) -> None:
        """Read `ipproto`."""
        self.ipproto = read_protocol(words.take())

    def read_sports(self, words: Words) -> None:
        """Read `sport`."""
        self.sports = _read_ports(words.take(), "port")

    def read_dports(self, words: Words) -> None:
        """Read `dport`."""
        self.dports = _read_ports(words.take(), "dport")

    def read_tunnel(self, words: Words) -> None:
        """Read `tun_id`."""
        word = words.take()
        self.tunnel = unsigned(word, 64)
        if self.tunnel is None:
            raise wrong(word, '"tun_id" value is invalid\n')

    def set_table(self, word: str, reason: str) -> None:
        """Read the table's name or number; `reason` is why it is wrong."""
        self.table = number_of("rt_tables", word)
        if self.table is None:
            raise wrong(word, reason)


def _read_ports(word: str, what: str) -> tuple[int, int]:
    found = read_range(word, 16)
    if found is None:
        raise wrong(word, f"invalid {what} range\n")
    first, last = found
    return first, first if last is None else last
