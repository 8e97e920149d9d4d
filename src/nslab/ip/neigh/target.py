"""The neighbour that `ip neigh add`, `delete` and `get` name."""

from __future__ import annotations

from nslab.ip.inet import read_address
from nslab.ip.neigh.commands import USAGE
from nslab.ip.words import duplicate, garbage, line_error, matches
from nslab.netlink.rtnl.neigh import NTF

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nslab.ip.words import Words


class Target:
    """An address on a link; `family` is 0 and `address` is empty until it was read."""

    def __init__(self, preferred: int) -> None:
        self.link: str | None = None
        self.family = 0
        self.address = b""
        self.flags = 0
        self._preferred = preferred
        self._given = False

    def read_proxy(self, words: Words) -> None:
        """Read the address of a proxy, after the word `proxy`."""
        word = words.take()
        if matches(word, "[help]"):
            raise line_error(USAGE)
        if self._given:
            raise duplicate("address", word)
        self._read(word)
        self.flags |= NTF.PROXY

    def read_to(self, word: str) -> None:
        """Read an address that is no proxy's."""
        if self._given:
            raise garbage("to", word)
        self._read(word)

    def _read(self, word: str) -> None:
        address = read_address(word, self._preferred)
        self._given = True
        self.family = 0 if address.special else address.family
        self.address = address.data
