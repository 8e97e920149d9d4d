"""Boxes one below the other, each segment a rail at their right: for any part that is not large."""

from __future__ import annotations

import re
from itertools import accumulate
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from nslab.draw.text.canvas import Canvas
from nslab.draw.text.lines import lay, longest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nslab.draw.graph import Box, End, Part, Segment

AT_LENGTH = 1000
"""Room enough for any label to stay in one line."""


class Stub(Struct, frozen=True):
    """The row at which an end leaves its box for a segment, and the lines of its label."""

    segment: int
    row: int
    label: list[str]


class Storey(Struct, frozen=True):
    """A box, its first and its last row, and its stubs."""

    box: Box
    top: int
    bottom: int
    stubs: list[Stub]


class Rail(Struct, frozen=True):
    """A segment as a vertical line.

    Attributes:
        rows: the first and the last one.
        ends: the rows at which stubs meet it.
        words: its name and subnets, one a line, from the row `label` on.
        weight: 2 for a bridge.
    """

    rows: tuple[int, int]
    ends: list[int]
    words: tuple[str, ...]
    label: int
    weight: int


def draw_rails(part: Part) -> Iterator[Canvas]:
    """Try the ways of drawing rails, the clearest first, the narrowest last."""
    part = replace(part, boxes=_near(part))
    brief = replace(part, segments=tuple(each.brief() for each in part.segments))
    for room in (AT_LENGTH, 0):
        for each in (part, brief):
            yield _draw(_storeys(each, room), each.segments)


def _near(part: Part) -> tuple[Box, ...]:
    """Order the boxes as the file does, or along the segments where that makes rails shorter."""
    return min(part.boxes, _walk(part), key=lambda order: _spans(part, order))


def _walk(part: Part) -> tuple[Box, ...]:
    segments_of = part.segments_of()
    ahead = [part.boxes[0]]
    found: dict[Box, None] = {}
    while ahead:
        box = ahead.pop()
        found[box] = None  # a box already found keeps its place
        near = [end.box for i in segments_of[box.key] for end in part.segments[i].ends]
        ahead += [each for each in reversed(near) if each not in found]
    return tuple(found)


def _spans(part: Part, order: tuple[Box, ...]) -> int:
    place = {box: i for i, box in enumerate(order)}
    stops = [[place[end.box] for end in segment.ends] for segment in part.segments]
    return sum(max(each) - min(each) for each in stops)


def _storeys(part: Part, room: int) -> list[Storey]:
    segments = part.segments
    ends: dict[str, list[tuple[int, End]]] = {box.key: [] for box in part.boxes}
    for index, segment in enumerate(segments):
        for end in segment.ends:
            ends[end.box.key].append((index, end))
    storeys: list[Storey] = []
    begun: set[int] = set()
    top = 0
    for box in part.boxes:
        here = sorted(ends[box.key], key=lambda pair: _natural(pair[1].first.ifname))
        storey = _storey(box, here, segments, top, room)
        fresh = {index for index, _ in here} - begun
        begun |= fresh
        storeys.append(storey)
        lines = max((len(segments[index].words()) for index in fresh), default=0)
        top = storey.bottom + max(1, lines - 1)
    return storeys


def _storey(
    box: Box, ends: list[tuple[int, End]], segments: tuple[Segment, ...], top: int, room: int
) -> Storey:
    stubs: list[Stub] = []
    row = top + 1
    for index, end in ends:
        label = _label(end.words(segments[index].subnets), room)
        stubs.append(Stub(index, row, label))
        row += len(label)
    return Storey(box, top, row, stubs)


def _label(words: tuple[str, ...], room: int) -> list[str]:
    """Put the ifname ahead of the addresses, which stand below each other where room is scarce."""
    lines = lay(words[1:], room) or [""]
    return [f"{words[0] if i == 0 else '':{len(words[0])}}  {x}" for i, x in enumerate(lines)]


def _natural(ifname: str) -> list[tuple[int, str]]:
    """Order `eth10` after `eth9`."""
    return [(int(each or 0), text) for text, each in re.findall(r"([^0-9]*)([0-9]*)", ifname)]


def _draw(storeys: list[Storey], segments: tuple[Segment, ...]) -> Canvas:
    canvas = Canvas()
    side = longest(str(storey.box) for storey in storeys) + 3
    start = side + 6 + longest(x for each in storeys for stub in each.stubs for x in stub.label)
    for storey in storeys:
        blank = [""] * (storey.bottom - storey.top - 2)
        canvas.box(0, storey.top, side + 1, [str(storey.box), *blank])
    rails = _rails(storeys, segments)
    columns = _columns(rails, start)
    for rail, x in zip(rails, columns, strict=True):
        _draw_rail(canvas, rail, side, x)
    for stub in (stub for storey in storeys for stub in storey.stubs):
        for i, line in enumerate(stub.label):
            canvas.text(side + 2, stub.row + i, f" {line.rstrip()} ")
    return canvas


def _rails(storeys: list[Storey], segments: tuple[Segment, ...]) -> list[Rail]:
    rails: list[Rail] = []
    for index, segment in enumerate(segments):
        stops = [
            (each, stub.row) for each in storeys for stub in each.stubs if stub.segment == index
        ]
        ends = [row for _, row in stops]
        words, label = segment.words(), stops[0][0].bottom
        bottom = max([*ends, label + len(words) - 1] if words else ends)
        weight = 1 if segment.name is None else 2
        rails.append(Rail((ends[0], bottom), ends, words, label, weight))
    return rails


def _columns(rails: list[Rail], start: int) -> list[int]:
    """Give each rail the leftmost column that is free all along it, short rails first."""
    taken: list[list[Rail]] = []
    tracks: dict[int, int] = {}
    order = sorted(range(len(rails)), key=lambda i: (rails[i].rows[1] - rails[i].rows[0], i))
    for i in order:
        free = (t for t, others in enumerate(taken) if not any(_meet(rails[i], x) for x in others))
        track = next(free, len(taken))
        taken += [[]] if track == len(taken) else []
        taken[track].append(rails[i])
        tracks[i] = track
    widths = [max(longest(rail.words) for rail in track) + 3 for track in taken]
    xs = list(accumulate(widths, initial=start))
    return [xs[tracks[i]] for i in range(len(rails))]


def _meet(one: Rail, other: Rail) -> bool:
    return one.rows[0] <= other.rows[1] and other.rows[0] <= one.rows[1]


def _draw_rail(canvas: Canvas, rail: Rail, side: int, x: int) -> None:
    canvas.along(x, *rail.rows, rail.weight)
    for row in rail.ends:
        canvas.across(row, side, x)
    for row, line in enumerate(rail.words, start=rail.label):
        canvas.text(x + 2, row, line)
