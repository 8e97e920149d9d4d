"""Where wires meet the sides of boxes and bridges."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nslab.draw.svg.crowd import title_of
from nslab.draw.svg.label import label_of
from nslab.draw.svg.net import natural

if TYPE_CHECKING:
    from nslab.draw.svg.label import Label
    from nslab.draw.svg.net import Net
    from nslab.draw.svg.order import Columns

GAP = 10
"""Between boxes one below the other, in pixels."""

BARE = 8
"""The room above and below a wire without a label, in pixels."""

LEFT, RIGHT = 0, 1

Tip = tuple[int, int]
"""The number of a wire, and which of its ends."""


class Ports:
    """The wires of each vertex by the side where they leave, and how high that makes it.

    Attributes:
        levels: the wires that lead from one column to the next.
        shafts: those between two neighbours in a column, by the pair of these, the upper one first.
        brackets: those between other vertices of a column, each with the side that it leaves by.
        labels: of the tips that have one: those in boxes.
        sides: for each vertex, the tips at its left and at its right, top down.
        heights: of each vertex, in pixels.
        offsets: from a vertex's top down to a tip, in pixels.
    """

    def __init__(self, net: Net, columns: Columns) -> None:
        self.net = net
        self.columns = columns
        self.titles = [title_of(net, v) for v in range(len(net.things))]
        self.places = {v: (c, r) for c, column in enumerate(columns) for r, v in enumerate(column)}
        self.labels: dict[Tip, Label] = {
            (i, s): label_of(end, wire.segment)
            for i, wire in enumerate(net.wires)
            for s, end in enumerate(wire.ends)
            if end is not None
        }
        self.levels: list[int] = []
        self.shafts: dict[tuple[int, int], list[int]] = {}
        self.brackets: dict[int, int] = {}
        for i in range(len(net.wires)):
            self._sort(i)
        vertices = range(len(net.things))
        self.sides = [(self._side(v, LEFT), self._side(v, RIGHT)) for v in vertices]
        self.heights = [float(self._height(v)) for v in vertices]
        self.offsets: dict[Tip, float] = {}
        for v in vertices:
            self._set_offsets(v)

    def _sort(self, wire: int) -> None:
        one, other = (self.places[v] for v in self.net.wires[wire].vertices)
        if one[0] != other[0]:
            self.levels.append(wire)
        elif abs(one[1] - other[1]) == 1:
            first = self.columns[one[0]][min(one[1], other[1])]
            self.shafts.setdefault((first, self.net.wires[wire].other(first)), []).append(wire)
        else:
            self.brackets[wire] = LEFT if one[0] < (len(self.columns) - 1) / 2 else RIGHT

    def tips_at(self, vertex: int) -> list[Tip]:
        """Give all tips at a vertex."""
        wires = self.net.wires_at(vertex)
        return [(i, s) for i in wires for s in (0, 1) if self.net.wires[i].vertices[s] == vertex]

    def across(self, tip: Tip) -> int:
        """Give the vertex at the other end of a tip's wire."""
        return self.net.wires[tip[0]].vertices[1 - tip[1]]

    def _side(self, vertex: int, side: int) -> list[Tip]:
        column = self.places[vertex][0]
        tips = [
            tip
            for tip in self.tips_at(vertex)
            if self.brackets.get(tip[0]) == side
            or self.places[self.across(tip)][0] == column + (1 if side == RIGHT else -1)
        ]
        return sorted(tips, key=lambda tip: self._rank(vertex, tip))

    def _rank(self, vertex: int, tip: Tip) -> tuple[int, int, list[tuple[int, str]], int]:
        """Order tips as what they lead to is ordered; brackets lead off above and below."""
        row, there = self.places[vertex][1], self.places[self.across(tip)][1]
        wire = self.net.wires[tip[0]]
        end = wire.ends[tip[1]] or wire.ends[1 - tip[1]]
        name = natural(end.first.ifname if end else "")
        if tip[0] in self.brackets:
            return (-1 if there < row else 1, -there, name, tip[1])
        return (0, there, name, tip[1])

    def _room(self, tip: Tip) -> tuple[float, float]:
        """Give the room that a tip takes above and below it at its vertex's side."""
        label = self.labels.get(tip)
        up, down = (label.up, label.down) if label else (BARE, BARE)
        if self.net.is_leaf(leaf := self.across(tip)):
            far = (tip[0], 1 - tip[1])
            above = self._above(leaf, [far]) + GAP / 2
            return max(up, above), max(down, self._height(leaf) + GAP - above)
        return up, down

    def _own_room(self, tip: Tip, vertex: int) -> tuple[float, float]:
        if self.net.is_leaf(vertex):
            label = self.labels[tip]
            return label.up, label.down
        return self._room(tip)

    def _rows(self, vertex: int, tips: list[Tip]) -> float:
        return sum(sum(self._own_room(tip, vertex)) for tip in tips)

    def _height(self, vertex: int) -> float:
        if self.net.is_leaf(vertex):
            label = self.labels[self.tips_at(vertex)[0]]
            return max(self.titles[vertex].height, label.up + label.down)
        return max(self.titles[vertex].height, *(self._rows(vertex, s) for s in self.sides[vertex]))

    def _above(self, vertex: int, tips: list[Tip]) -> float:
        """Give the offset of the first of the tips at one side."""
        return (self._height(vertex) - self._rows(vertex, tips)) / 2 + self._own_room(
            tips[0], vertex
        )[0]

    def _set_offsets(self, vertex: int) -> None:
        for tips in self.sides[vertex]:
            top = (self.heights[vertex] - self._rows(vertex, tips)) / 2
            for tip in tips:
                up, down = self._own_room(tip, vertex)
                self.offsets[tip] = top + up
                top += up + down
