"""Kinds without options of their own; words after their name are not looked at."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nslab.ip.program import Program
    from nslab.ip.words import Words


def usage_of(kind: str) -> str:
    """Give the usage of a kind."""
    return f"Usage: ... {kind}"


def read(program: Program, kind: str, words: Words, *, creating: bool) -> bytes:
    """Pass over all words."""
    del program, kind, creating
    words.rest()
    return b""
