"""How high or low each vertex stands in its column: such that wires are level where they can be."""

from __future__ import annotations

from itertools import accumulate, pairwise, zip_longest
from typing import TYPE_CHECKING

from nslab.draw.svg.ports import BARE, GAP, LEFT, RIGHT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nslab.draw.svg.ports import Ports, Tip

ROUNDS = 400
WORK = 40_000
"""So many vertices are moved at most, in all rounds together, at each arrangement."""


LIGHT = 0.01
"""What a vertex weighs that has no wire to another column: its neighbours push it."""

STILL = 0.005
"""A move of fewer pixels is none."""


def spread(
    wanted: Sequence[float], steps: Sequence[float], weights: Sequence[float]
) -> list[float]:
    """Give the positions nearest to those wanted that stand far enough apart.

    The sum of the squared differences, each times its weight, is the least there is.

    Args:
        wanted: where each would best be.
        steps: how far each must be from the one before it; the first is not looked at.
        weights: how much it matters to each; above 0.
    """
    sums, total = [], 0.0
    for i, step in enumerate(steps):
        total += step if i else 0
        sums.append(total)
    pools: list[tuple[float, float, int]] = []
    for want, offset, own in zip(wanted, sums, weights, strict=True):
        value, weight, count = want - offset, own, 1
        while pools and pools[-1][0] >= value:
            before, heavy, others = pools.pop()
            value = (before * heavy + value * weight) / (heavy + weight)
            weight, count = weight + heavy, count + others
        pools.append((value, weight, count))
    flat = [value for value, _, count in pools for _ in range(count)]
    return [value + offset for value, offset in zip(flat, sums, strict=True)]


class Rows:
    """The upper edge of each vertex, and the height of each tip, in pixels.

    Attributes:
        tops: by vertex.
        heights: by vertex; a bridge grows to meet its wires.
        tips: the y of each tip at a left or right side.
    """

    def __init__(self, ports: Ports) -> None:
        self.ports = ports
        self.heights = list(ports.heights)
        self.tops = [0.0] * len(self.heights)
        self.steps = [self._steps(column) for column in ports.columns]
        self._begin()
        self._settle_all()
        self.tops = [float(round(top)) for top in self.tops]
        self.tips: dict[Tip, float] = {}
        self._set_tips()
        highest = min(self.tops)
        self.tops = [top - highest for top in self.tops]
        self.tips = {tip: y - highest for tip, y in self.tips.items()}

    def _begin(self) -> None:
        """Put vertices close to each other, or into rows where all wires keep to such."""
        steps = self.steps
        if self._is_ruled():
            longest = [max(each) for each in zip_longest(*steps, fillvalue=0.0)]
            steps = [longest[: len(column)] for column in self.ports.columns]
        for column, apart in zip(self.ports.columns, steps, strict=True):
            middle = 0.0 if self._is_ruled() else sum(apart) / 2
            self._set(column, [top - middle for top in accumulate(apart)])

    def _is_ruled(self) -> bool:
        places, wires = self.ports.places, self.ports.net.wires
        pairs = ([places[v][1] for v in wires[i].vertices] for i in self.ports.levels)
        return all(one == other for one, other in pairs)

    def _steps(self, column: list[int]) -> list[float]:
        """Give the distances from the top of each vertex to that of the next."""
        steps = [0.0]
        for above, below in pairwise(column):
            steps.append(self.heights[above] + max(GAP, self.shaft(above, below)))
        return steps

    def shaft(self, above: int, below: int) -> float:
        """Give the height of the wires between two neighbours in a column; 0 for none."""
        wires = self.ports.shafts.get((above, below), [])
        labels = [[self.ports.labels.get((i, s)) for s in (0, 1)] for i in wires]
        return max((sum(each.height for each in pair if each) + 18 for pair in labels), default=0)

    def _set(self, column: list[int], tops: list[float]) -> None:
        for vertex, top in zip(column, tops, strict=True):
            self.tops[vertex] = top

    def _settle_all(self) -> None:
        """Go through the columns, forth and back, until nothing moves any more."""
        numbers = range(len(self.ports.columns))
        for turn in range(min(ROUNDS, WORK // len(self.tops) + 8)):
            before = list(self.tops)
            for i in numbers if turn % 2 else reversed(numbers):
                self._settle(i)
            moves = zip(before, self.tops, strict=True)
            if max(abs(one - other) for one, other in moves) < STILL:
                break

    def _settle(self, number: int) -> None:
        column = self.ports.columns[number]
        wishes = [self._wish(vertex) for vertex in column]
        wanted, weights = zip(*wishes, strict=True)
        self._set(column, spread(wanted, self.steps[number], weights))

    def _wish(self, vertex: int) -> tuple[float, float]:
        """Give the top that makes a vertex's wires as level as can be, and how many these are.

        Each wire pulls alike, at both of its ends: else the ends could run after each other.
        """
        found = [
            self._y((tip[0], 1 - tip[1])) - self.ports.offsets[tip]
            for side in self.ports.sides[vertex]
            for tip in side
            if tip[0] not in self.ports.brackets
        ]
        return (sum(found) / len(found), len(found)) if found else (self.tops[vertex], LIGHT)

    def _y(self, tip: Tip) -> float:
        vertex = self.ports.net.wires[tip[0]].vertices[tip[1]]
        return self.tops[vertex] + self.ports.offsets[tip]

    def _set_tips(self) -> None:
        net = self.ports.net
        for vertex in range(len(net.things)):
            for side in self.ports.sides[vertex]:
                self.tips.update({tip: self._y(tip) for tip in side})
        for column in self.ports.columns:
            for row, vertex in enumerate(column):
                if net.is_bridge(vertex):
                    self._stretch(vertex, *self._room(column, row))

    def _room(self, column: list[int], row: int) -> tuple[float, float]:
        """Give the y between which a vertex has its column for itself."""
        top = bottom = float("inf")
        if row:
            above = column[row - 1]
            gap = max(GAP, self.shaft(above, column[row]))
            top = -(self.tops[above] + self.heights[above] + gap)
        if row + 1 < len(column):
            below = column[row + 1]
            bottom = self.tops[below] - max(GAP, self.shaft(column[row], below))
        return -top, bottom

    def _stretch(self, vertex: int, highest: float, lowest: float) -> None:
        """Let a bridge reach as far as its wires, and these meet it where they are level."""
        far = {
            tip: self.tips[tip[0], 1 - tip[1]] for side in self.ports.sides[vertex] for tip in side
        }
        if not far:
            return
        bottom = self.tops[vertex] + self.heights[vertex]
        self.tops[vertex] = max(highest, min(self.tops[vertex], min(far.values()) - 2 * BARE))
        bottom = min(lowest, max(bottom, max(far.values()) + 2 * BARE))
        self.heights[vertex] = bottom - self.tops[vertex]
        for side in (LEFT, RIGHT):
            tips = self.ports.sides[vertex][side]
            wanted = spread([far[tip] for tip in tips], [BARE] * len(tips), [1] * len(tips))
            for i, (tip, y) in enumerate(zip(tips, wanted, strict=True)):
                most = bottom - BARE * (len(tips) - i)
                self.tips[tip] = max(self.tops[vertex] + BARE * (i + 1), min(y, most))
