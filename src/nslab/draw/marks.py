"""What a picture says of a part beside its names: that it is down, that it comes, that it goes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from msgspec import Struct

Word = Literal["deleted", "added", "changed", "down", "impaired"]
"""The words of a mark."""

SIGNS: Final[dict[Word, str]] = {
    "deleted": "\N{MINUS SIGN}",
    "added": "+",
    "changed": "\N{PLUS-MINUS SIGN}",
    "down": "\N{MULTIPLICATION SIGN}",
    "impaired": "~",
}
"""A sign for each word, the one that outweighs the others first."""


MOVES: Final[tuple[Word, ...]] = ("added", "deleted")
"""The words that hold for all that hangs on the part, too."""


class Mark(Struct, frozen=True):
    """What to say of a node, a bridge or an endpoint.

    Attributes:
        word: `deleted`, `added` and `changed` tell what a plan would do or how the kernel differs
            from the file; `down` and `impaired` tell how a link is.
        note: what else to say, as `no carrier` or `10.0.1.9/24 comes, mtu 1400`; often "". Each of
            the pieces between commas may have a line of its own.
    """

    word: Word
    note: str = ""

    @property
    def notes(self) -> list[str]:
        """The pieces of the note."""
        return self.note.split(", ") if self.note else []

    def __str__(self) -> str:
        return f"{self.word}: {self.note}" if self.note else self.word


Place = str | tuple[str, str] | tuple[str, str, str]
"""A part of a lab: a node or a bridge by its name, an endpoint as (node, ifname).

Where a lab shows two endpoints of one name, as before and after a move, they are told apart as
(node, ifname, segment): the bridge's name, or `node:ifname` of the cable's other end.
"""

Marks = Mapping[Place, Mark]
"""The marks of a lab; what is not in it is as it should be."""

NO_MARKS: Final[Marks] = {}


def strongest(marks: list[Mark | None]) -> Mark | None:
    """Give the mark that a whole takes from its parts, or None."""
    order = list(SIGNS)
    found = [mark for mark in marks if mark is not None]
    return min(found, key=lambda mark: order.index(mark.word), default=None)
