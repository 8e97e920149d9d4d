"""How far left or right each column stands, and how wide its boxes are."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from nslab.draw.svg.label import PAD
from nslab.draw.svg.ports import LEFT, RIGHT

if TYPE_CHECKING:
    from nslab.draw.svg.ports import Ports, Tip

TRACK = 12
"""From one bracket to the next, in pixels."""

CHANNEL = 36
"""The least between two columns, in pixels; slanting wires need more."""

LONGEST_CHANNEL = 280

WIDEST = 260
"""A box wider than this does not widen the others of its column."""


class Grid:
    """The places of columns, boxes and brackets, from left to right, in pixels.

    Attributes:
        widths: of each vertex.
        middles: of each column.
        edges: the left and the right end of each column with its labels and brackets.
        pitch: between wires that run side by side down a column.
    """

    def __init__(self, ports: Ports, tips: dict[Tip, float]) -> None:
        self._ports = ports
        self._tips = tips
        self.pitch = self._pitch()
        self.widths = [self._width(v) for v in range(len(ports.titles))]
        self._widen()
        self._counts: dict[tuple[int, int], int] = {}
        self._tracks: dict[int, int] = {}
        self._lay_tracks()
        self.middles: list[float] = []
        self.edges: list[tuple[float, float]] = []
        self._set_columns()

    def left(self, vertex: int) -> float:
        """Give the left side of a vertex.

        Where a column has wide boxes, the others stand towards the middle of the picture.
        """
        column = self._ports.places[vertex][0]
        slack = (max(self.widths[v] for v in self._ports.columns[column]) - self.widths[vertex]) / 2
        if any(vertex in pair for pair in self._ports.shafts):
            slack = 0
        off = column - (len(self._ports.columns) - 1) / 2
        shift = slack if off < 0 else -slack if off > 0 else 0
        return self.middles[column] - self.widths[vertex] / 2 + shift

    def track(self, wire: int) -> float:
        """Give the x at which a bracket runs."""
        side = self._ports.brackets[wire]
        column = self._column(wire)
        inset = (self._counts[column, side] - self._tracks[wire] - 0.5) * TRACK
        return self.edges[column][side] + (inset if side == LEFT else -inset)

    def _pitch(self) -> float:
        wires = [i for shaft in self._ports.shafts.values() for i in shaft]
        labels = [self._ports.labels.get((i, s)) for i in wires for s in (0, 1)]
        return max((label.width for label in labels if label), default=0) + 3 * PAD

    def _width(self, vertex: int) -> float:
        counts = [len(wires) for pair, wires in self._ports.shafts.items() if vertex in pair]
        return max(self._ports.titles[vertex].width, (max([1, *counts]) - 1) * self.pitch + 40)

    def _widen(self) -> None:
        """Make boxes in one column as wide as each other."""
        for column in self._ports.columns:
            widest = max((self.widths[v] for v in column if self.widths[v] <= WIDEST), default=0)
            for v in column:
                self.widths[v] = max(self.widths[v], widest)

    def _lay_tracks(self) -> None:
        """Give each bracket its track: short ones are next to the boxes."""
        for i in sorted(self._ports.brackets, key=self._span):
            key = (self._column(i), self._ports.brackets[i])
            self._tracks[i] = self._counts.get(key, 0)
            self._counts[key] = self._tracks[i] + 1

    def _column(self, wire: int) -> int:
        """Give the left one of the columns that a wire joins."""
        return min(self._ports.places[v][0] for v in self._ports.net.wires[wire].vertices)

    def _span(self, wire: int) -> float:
        return abs(self._tips[wire, 0] - self._tips[wire, 1])

    def _set_columns(self) -> None:
        x = 0.0
        channels = self._channels()
        for number, column in enumerate(self._ports.columns):
            left, right = (self._reach(number, column, side) for side in (LEFT, RIGHT))
            self.middles.append(round(x + left))
            self.edges.append((self.middles[-1] - left, self.middles[-1] + right))
            x = self.edges[-1][1] + channels[number]

    def _reach(self, number: int, column: list[int], side: int) -> float:
        """Give the room from the middle of a column to the end of its labels and brackets."""
        tips = [tip for v in column for tip in self._ports.sides[v][side]]
        widths = [self._ports.labels[tip].width for tip in tips if tip in self._ports.labels]
        reach = max(self.widths[v] for v in column) / 2
        reach += max(widths) + 2 * PAD if widths else 0
        pairs = list(pairwise(column)) if side == RIGHT else []
        reach = max([reach, *(self._shaft_reach(pair) for pair in pairs)])
        return reach + TRACK * self._counts.get((number, side), 0)

    def _shaft_reach(self, pair: tuple[int, int]) -> float:
        count = len(self._ports.shafts.get(pair, []))
        return (count + 1) / 2 * self.pitch - PAD if count else 0

    def _channels(self) -> list[float]:
        """Give the room between each column and the next: the more the steeper the wires are."""
        steepest = [0.0] * len(self._ports.columns)
        for i in self._ports.levels:
            steepest[self._column(i)] = max(steepest[self._column(i)], self._span(i))
        return [max(CHANNEL, min(LONGEST_CHANNEL, round(0.4 * each))) for each in steepest]
