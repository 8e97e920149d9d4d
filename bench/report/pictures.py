"""The plots of the report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from field import COMMAND, FLOOR, LIBRARY
from report.data import LARGE, SMALL
from report.plot import Bar, Line, Look, Plot, bars, lines, plain, times
from report.words import number, ratio

if TYPE_CHECKING:
    from report.data import Data

LOOKS: dict[str, Look] = {LIBRARY: "ours", COMMAND: "ours", FLOOR: "floor"}


def pictures(data: Data) -> dict[str, tuple[str, Plot]]:
    """Give each plot by its file's stem, with its text for those who do not see it."""
    size = largest(data)
    found = {
        "up": _bars(data, "up", size, f"How long until {size:,} nodes are up?"),
        "down": _bars(data, "gone", size, f"How long until {size:,} nodes are gone?"),
        "growth": _growth(data),
        "shapes": _shapes(data),
    }
    return {
        name: (f"{plot.title} {plot.caption}", plot)
        for name, plot in found.items()
        if plot is not None
    }


def largest(data: Data) -> int:
    """Give the largest star that more than nslab and the floor have built, up to 1,000."""
    sizes = [size for size in data.sizes("star") if size <= LARGE]
    return max(sizes, default=SMALL)


def _bars(data: Data, figure: str, size: int, title: str) -> Plot | None:
    found = {who: data.figure(figure, who, size) for who in data.titles}
    known = {who: value for who, value in found.items() if value is not None}
    if not known:
        return None
    ours = known.get(LIBRARY)
    rows = [
        Bar(
            plain(data.titles[who]),
            value,
            _said(value, ratio(value, ours)),
            LOOKS.get(who, "other"),
        )
        for who, value in sorted(known.items(), key=lambda one: one[1])
    ]
    until = {"up": "", "gone": ", until the kernel has cleaned up"}[figure]
    return bars(title, f"A star of {size:,} nodes, seconds{until}; shorter is better.", rows)


def _said(value: float, against: float | None) -> str:
    return f"{number(value)} s" + (f", {times(against)} nslab's" if against else "")


def _growth(data: Data) -> Plot | None:
    rows = []
    for who, title in data.titles.items():
        points = [
            (float(size), 1000 * up / size)
            for size in data.sizes("star")
            if (up := data.up(who, size)) is not None
        ]
        if points:
            rows.append(Line(plain(title), tuple(points), LOOKS.get(who, "other")))
    if not any(len(line.points) > 1 for line in rows):
        return None
    caption = "Milliseconds a node of a star, by its size; lower is better, flat is linear."
    return lines("What does a node cost in a large network?", caption, "nodes", "ms a node", rows)


def _shapes(data: Data) -> Plot | None:
    from shapes import SHAPES

    rows = []
    for shape, words in SHAPES.items():
        sizes = [size for size in data.sizes(shape) if size <= LARGE]
        if not sizes:
            continue
        size = max(sizes)
        against = ratio(data.up(LIBRARY, size, shape), data.up(FLOOR, size, shape))
        if against is not None:
            rows.append(Bar(f"{words.title}, {size:,}", against, times(against), "ours"))
    if not rows:
        return None
    rows.append(Bar("C floor", 1.0, "1", "floor"))
    caption = "nslab's library against raw netlink in C, time up; shorter is better."
    return bars("How near to the kernel is each shape?", caption, rows)
