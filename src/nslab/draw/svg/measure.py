"""How much room text takes, on the safe side for every font that a reader may have.

The widths are those of the widest fonts in use (DejaVu Sans Bold for names, any monospaced font for
the rest), so that text may end early in its box, but never outside of it.
"""

from __future__ import annotations

from typing import Final

NAME: Final = 14
"""The size of names, in pixels; they are bold."""

SMALL: Final = 12
"""The size of all other text, in pixels; it is monospaced."""

LINE: Final = 15
"""From one line of small text to the next."""

_ADVANCE: Final = 0.605
_WIDTHS: Final[dict[str, float]] = {
    char: width
    for chars, width in (
        ("'ijl/\\| IJ,.:;-", 0.42),
        ("f!()[]t", 0.48),
        ('r_`"*', 0.53),
        ("zcs?", 0.6),
        ("mM@%W", 1.11),
        ("w", 0.93),
        ("ABCDGHKNOQRUVX#+<=>^~&", 0.88),
    )
    for char in chars
}


def name_width(text: str) -> float:
    """Give the width of a name in pixels."""
    return sum(_WIDTHS.get(char, 0.74 if char.isascii() else 1.1) for char in text) * NAME


def small_width(text: str) -> float:
    """Give the width of small text in pixels."""
    return sum(1 if ord(char) < 0x1100 else 2 for char in text) * _ADVANCE * SMALL
