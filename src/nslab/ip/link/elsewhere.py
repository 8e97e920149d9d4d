"""What of `ip link` is left to the real program: `xstats` and `afstats`."""

from __future__ import annotations

from nslab.ip.words import Elsewhere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

    from nslab.ip.program import Program
    from nslab.ip.words import Words


def leave(program: Program, words: Words) -> NoReturn:
    """Leave the command to the real program."""
    del program, words
    raise Elsewhere
