"""Text for a terminal: aligned columns, times in words, colour where it may be."""

from __future__ import annotations

import os
import sys

from nslab.errors import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from typing import TextIO

RED, GREEN, YELLOW, BOLD = "31", "32", "33", "1"
"""Colours, as the numbers of ECMA-48's SGR."""


def columns(rows: Iterable[Sequence[str]], *, right: Collection[int] = ()) -> list[str]:
    """Align rows, two blanks between columns.

    Args:
        rows: all of the same length, the header first.
        right: the columns whose cells end at the same place, as numbers do.
    """
    rows = [[printable(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.rjust(width) if place in right else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def paint(text: str, colour: str, stream: TextIO | None = None) -> str:
    """Colour a text for a terminal (stdout where no other stream is named), else give it plain."""
    return f"\033[{colour}m{text}\033[0m" if has_colour(stream or sys.stdout) else text


def has_colour(stream: TextIO | None) -> bool:
    """Tell whether a stream is a terminal that shows colour; see no-color.org."""
    return is_terminal(stream) and not os.environ.get("NO_COLOR")


def is_terminal(stream: TextIO | None) -> bool:
    """Tell whether a stream is a terminal that can do more than print."""
    return stream is not None and stream.isatty() and os.environ.get("TERM", "dumb") != "dumb"


def number_of(count: int, noun: str) -> str:
    """Say how many: `1 node`, `2 nodes`, `2 bridges`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def uptime(seconds: float) -> str:
    """Say a time in its two greatest units: `5 s`, `3 min`, `2 h 5 min`, `4 d 3 h`."""
    whole = max(0, int(seconds))
    minutes, hours, days = whole // 60, whole // 3600, whole // 86400
    if whole < 60:
        return f"{whole} s"
    if minutes < 60:
        return f"{minutes} min"
    if hours < 24:
        return f"{hours} h {minutes % 60} min"
    return f"{days} d {hours % 24} h"


def inside() -> str:
    """Say that this process is in a node, from which its lab is not found; "" where it is not."""
    node = os.environ.get("NSLAB_NODE")
    there = f"this process runs in the node {node}: its own lab is found from outside"
    return f"{there}; `-l LAB` names another" if node else ""


def say_swept(labs: Iterable[str]) -> None:
    """Say on stderr that what ended labs had left was taken back."""
    for name in sorted(labs):
        print(f"{name} had ended: what it had left on this machine is taken back", file=sys.stderr)
