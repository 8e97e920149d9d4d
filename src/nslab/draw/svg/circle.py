"""A mesh drawn on a circle: its cables are straight, and each label stands in its cable's way."""

from __future__ import annotations

from itertools import pairwise
from math import cos, hypot, pi, sin
from typing import TYPE_CHECKING

import networkx as nx
from msgspec import Struct

from nslab.draw.svg.label import Title, label_of, wire_line
from nslab.draw.svg.scene import Scene

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nslab.draw.svg.label import Label
    from nslab.draw.svg.net import Net
    from nslab.draw.svg.scene import Line, Point

MOST = 12
"""A mesh of more nodes is no longer to be made out on a circle."""

FEWEST = 4
DENSE = 0.6
"""So much of all the cables that there could be make a mesh."""

GROWTH = [1.1**i for i in range(16)]
"""How much larger than the smallest the circles are that are tried."""

STEP = 8
CLEAR = 4
"""What is left free around a label, in pixels."""


class Area(Struct, frozen=True):
    """A rectangle by its sides."""

    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: Area) -> bool:
        """Tell whether two areas have a point in common."""
        across = self.left < other.right and other.left < self.right
        return across and self.top < other.bottom and other.top < self.bottom

    def is_crossed(self, one: Point, other: Point) -> bool:
        """Tell whether the straight line between two points has a part in here."""
        return cut(self, one, other) is not None


def cut(area: Area, one: Point, other: Point) -> tuple[float, float] | None:
    """Give where, from 0 to 1, the line between two points enters and leaves an area, or None."""
    enter, leave = 0.0, 1.0
    sides = ((area.left, area.right), (area.top, area.bottom))
    for (low, high), start, end in zip(sides, one, other, strict=True):
        if start == end:
            if not low < start < high:
                return None
            continue
        near, far = sorted(((low - start) / (end - start), (high - start) / (end - start)))
        enter, leave = max(enter, near), min(leave, far)
    return (enter, leave) if enter < leave else None


def is_mesh(net: Net) -> bool:
    """Tell whether there are a few boxes only, most of which are joined to most others."""
    size = len(net.things)
    boxes = FEWEST <= size <= MOST and not any(map(net.is_bridge, range(size)))
    simple = len(net.wires) == net.graph.number_of_edges()
    return boxes and simple and nx.density(net.graph) > DENSE and not nx.is_bipartite(net.graph)


def draw_circle(net: Net) -> Scene | None:
    """Draw a mesh on the smallest circle on which all labels find room, or give None."""
    least = max(180, 6 * len(net.things) ** 2)
    circles = (_Circle(net, least * growth) for growth in GROWTH)
    return next((circle.scene() for circle in circles if circle.is_clear()), None)


class _Circle:
    def __init__(self, net: Net, radius: float) -> None:
        self.net = net
        self.titles = [Title(thing) for thing in net.things]
        turn = 2 * pi / len(net.things)
        self.middles: list[Point] = [
            (round(1.25 * radius * sin(turn * i)), round(-radius * cos(turn * i)))
            for i in range(len(net.things))
        ]
        self.boxes = [
            around(middle, title.width, title.height)
            for middle, title in zip(self.middles, self.titles, strict=True)
        ]
        self.labels: dict[tuple[int, int], Label] = {
            (i, s): label_of(end, wire.segment)
            for i, wire in enumerate(net.wires)
            for s, end in enumerate(wire.ends)
            if end is not None
        }
        self.areas: dict[tuple[int, int], Area] = {}

    def is_clear(self) -> bool:
        """Find a place for every label; short cables, which have few, come first."""
        for tip in sorted(self.labels, key=lambda tip: (self._length(tip[0]), tip)):
            place = next((each for each in self._places(tip) if self._is_free(tip, each)), None)
            if place is None:
                return False
            self.areas[tip] = place
        return True

    def _length(self, i: int) -> float:
        (a, b), (c, d) = (self.middles[v] for v in self.net.wires[i].vertices)
        return hypot(c - a, d - b)

    def _places(self, tip: tuple[int, int]) -> Iterator[Area]:
        """Give the places of a label along its half of the cable, those near its box first."""
        wire, label = self.net.wires[tip[0]], self.labels[tip]
        (a, b), (c, d) = (
            self.middles[wire.vertices[tip[1]]],
            self.middles[wire.vertices[1 - tip[1]]],
        )
        length = self._length(tip[0])
        for distance in range(STEP, int(length / 2), STEP):
            part = distance / length
            middle = (a + (c - a) * part, b + (d - b) * part)
            yield around(middle, label.width, label.height)

    def _is_free(self, tip: tuple[int, int], place: Area) -> bool:
        wide = Area(
            place.left - CLEAR, place.top - CLEAR, place.right + CLEAR, place.bottom + CLEAR
        )
        taken = [*self.boxes, *self.areas.values()]
        wires = [wire.vertices for i, wire in enumerate(self.net.wires) if i != tip[0]]
        return not any(map(wide.meets, taken)) and not any(
            wide.is_crossed(self.middles[one], self.middles[other]) for one, other in wires
        )

    def scene(self) -> Scene:
        """Draw it, its corner at (0, 0)."""
        areas = [*self.boxes, *self.areas.values()]
        left, top = min(each.left for each in areas), min(each.top for each in areas)
        drawn = Scene()
        for title, box in zip(self.titles, self.boxes, strict=True):
            size = (box.right - box.left, box.bottom - box.top)
            drawn.paste(title.paint(box.left, box.top, *size), 0, 0)
        for i in range(len(self.net.wires)):
            drawn.lines += self._pieces(i)
        for tip, label in self.labels.items():
            area = self.areas[tip]
            drawn.texts += label.stack((area.left + area.right) / 2, area.top, "middle")
        scene = Scene()
        scene.paste(drawn, -left, -top)
        scene.width = max(each.right for each in areas) - left
        scene.height = max(each.bottom for each in areas) - top
        return scene

    def _pieces(self, i: int) -> Iterator[Line]:
        """Give the parts of a cable that no box and no label of its own covers."""
        wire = self.net.wires[i]
        one, other = (self.middles[v] for v in wire.vertices)
        covers = [self.boxes[v] for v in wire.vertices] + [self.areas[i, s] for s in (0, 1)]
        holes = sorted(found for each in covers if (found := cut(each, one, other)))
        for (_, start), (end, _) in pairwise(holes):
            if end > start:
                yield wire_line(wire, (_between(one, other, start), _between(one, other, end)))


def _between(one: Point, other: Point, part: float) -> Point:
    return one[0] + (other[0] - one[0]) * part, one[1] + (other[1] - one[1]) * part


def around(middle: Point, width: float, height: float) -> Area:
    """Give the area of a size about a point."""
    x, y = middle
    return Area(x - width / 2, y - height / 2, x + width / 2, y + height / 2)
