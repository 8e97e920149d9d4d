"""Which VLANs `bridge vlan show` and its kin are about."""

from __future__ import annotations

from nslab.errors import IpError
from nslab.ip.bridge.numbers import lenient
from nslab.ip.words import duplicate

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nslab.ip.program import Program
    from nslab.ip.words import Words


class Choice:
    """Which VLANs of which port are asked for; 0 where nothing was said."""

    def __init__(self, program: Program, words: Words) -> None:
        """Read it; words that are not known are passed over, as ever.

        Raises:
            IpError: a word is wrong, or there is no such link.
        """
        name: str | None = None
        self.vid = 0
        while words:
            word = words.take()
            if word == "dev":
                name = _once("dev", words.take(), name)
            elif word == "vid":
                self.vid = lenient(_once("vid", words.take(), self.vid), 32)
        self._index = 0 if name is None else program.links.find(name)
        if name is not None and not self._index:
            raise IpError(f'Cannot find device "{name}"')

    def takes_link(self, index: int) -> bool:
        """Say whether a link's VLANs are asked for."""
        return self._index in (0, index)

    def takes(self, first: int, last: int) -> bool:
        """Say whether a range of VLANs is asked for."""
        return not self.vid or first <= self.vid <= last


def _once(key: str, word: str, before: str | int | None) -> str:
    """Refuse a second value."""
    if before:
        raise duplicate(key, word)
    return word
