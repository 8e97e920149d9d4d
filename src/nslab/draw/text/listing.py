"""One segment after the other, each with its ends: for what is too large or too wide to lay out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nslab.draw.text.lines import lay, longest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nslab.draw.graph import End, Part, Segment


def list_segments(part: Part, width: int) -> list[str]:
    """Write each bridge with its ports along a double line, each cable as a bracket."""
    names = (str(box) for box in part.boxes)
    side = longest(name for name in names if len(name) <= width // 2)
    bridges = [segment for segment in part.segments if segment.name is not None]
    cables = [segment for segment in part.segments if segment.name is None]
    return [*_bridges(bridges, width, side), *_cables(cables, width, side)]


def _bridges(segments: list[Segment], width: int, side: int) -> Iterator[str]:
    for segment in segments:
        *head, last = lay(segment.words(), width)
        rest = " " + "═" * (width - len(last) - 1)
        yield from (*head, last + rest.rstrip())
        yield from _comb(segment, ("╟", "║", "╙"), width, side) if segment.ends else ["no ports"]
        yield ""


def _cables(segments: list[Segment], width: int, side: int) -> Iterator[str]:
    """Join a cable's ends, a line each, at their right; at their left where that takes too much."""
    rooms = [longest(_line(end, each, side) for end in each.ends) for each in segments]
    tails = [longest(_halves(segment)) for segment in segments]
    fits = [room + tail + 5 <= width for room, tail in zip(rooms, tails, strict=True)]
    tail = max((tail for tail, fit in zip(tails, fits, strict=True) if fit), default=0)
    edge = max((room for room, fit in zip(rooms, fits, strict=True) if fit), default=0)
    edge = min(edge, width - tail - 5)
    joined = False
    for segment, fit, room in zip(segments, fits, rooms, strict=True):
        if fit:
            yield from _bracket(segment, max(edge, room), side)
        else:
            yield from [""] * joined
            yield from lay(segment.words(), width)
            yield from (*_comb(segment, ("┌", "│", "└"), width, side), "")
        joined = fit


def _bracket(segment: Segment, edge: int, side: int) -> Iterator[str]:
    triples = zip(segment.ends, ("─┐", "─┘"), _halves(segment), strict=True)
    for end, corner, subnets in triples:
        yield f"{_line(end, segment, side):{edge}}  {corner} {subnets}".rstrip()


def _halves(segment: Segment) -> tuple[str, str]:
    words = segment.words()
    middle = (len(words) + 1) // 2
    return "  ".join(words[:middle]), "  ".join(words[middle:])


def _line(end: End, segment: Segment, side: int) -> str:
    return "  ".join((f"{end.box!s:{side}}", *end.words(segment.subnets)))


def _comb(segment: Segment, signs: tuple[str, str, str], width: int, side: int) -> list[str]:
    """Write a segment's ends along a line."""
    lines: list[str] = []
    tooth, stem, foot = signs
    for end in segment.ends[:-1]:
        lines += _hang(_entry(end, segment, width - 3, side), f"{tooth}─ ", f"{stem}  ", width)
    for end in segment.ends[-1:]:
        lines += _hang(_entry(end, segment, width - 3, side), f"{foot}─ ", "   ", width)
    return lines


def _entry(end: End, segment: Segment, width: int, side: int) -> list[str]:
    """Lay an end's words right of its box's name, or below it where the name takes too much."""
    name, words = str(end.box), end.words(segment.subnets)
    beside = lay(words, width - side - 2)
    if len(name) <= side and longest(beside) <= width - side - 2:
        return [f"{name if not i else '':{side}}  {line}" for i, line in enumerate(beside)]
    return [*lay([name], width), *_hang(lay(words, width - 2), "  ", "  ", width)]


def _hang(lines: list[str], first: str, rest: str, width: int) -> list[str]:
    """Put something ahead of each line, cut where it would make the line too long."""
    befores = [first, *[rest] * (len(lines) - 1)]
    pairs = zip(befores, lines, strict=True)
    return [_cut(before, width - len(line)) + line for before, line in pairs]


def _cut(before: str, room: int) -> str:
    return before if len(before) <= room else f"{before[: max(0, room - 1)]} "[: max(0, room)]
