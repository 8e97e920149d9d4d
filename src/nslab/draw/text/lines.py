"""Words laid into lines of at most so many columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def lay(words: Iterable[str], width: int, gap: str = "  ") -> list[str]:
    """Fill lines with words; a word that is too long is cut at its blanks, never elsewhere."""
    lines: list[str] = []
    for word in words:
        if lines and len(lines[-1]) + len(gap) + len(word) <= width:
            lines[-1] += gap + word
        elif len(word) <= width or " " not in word:
            lines.append(word)
        else:
            lines += lay(word.split(), width, " ")
    return lines


def longest(lines: Iterable[str]) -> int:
    """Give the columns that the longest line takes."""
    return max(map(len, lines), default=0)
