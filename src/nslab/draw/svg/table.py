"""A part drawn in columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nslab.draw.svg.grid import Grid
from nslab.draw.svg.label import PAD, wire_line
from nslab.draw.svg.ports import LEFT, RIGHT, Ports
from nslab.draw.svg.rows import Rows
from nslab.draw.svg.scene import Scene

if TYPE_CHECKING:
    from nslab.draw.svg.net import Net
    from nslab.draw.svg.order import Columns
    from nslab.draw.svg.ports import Tip
    from nslab.draw.svg.scene import Point


def draw_table(net: Net, columns: Columns) -> Scene:
    """Draw a part whose vertices stand in columns."""
    return _Table(net, columns).scene()


class _Table:
    def __init__(self, net: Net, columns: Columns) -> None:
        self.net = net
        self.ports = Ports(net, columns)
        self.rows = Rows(self.ports)
        self.grid = Grid(self.ports, self.rows.tips)
        self.drawn = Scene()

    def scene(self) -> Scene:
        for v in range(len(self.net.things)):
            self._paint_box(v)
        for i in self.ports.levels:
            self._paint_level(i)
        for i in self.ports.brackets:
            self._paint_bracket(i)
        for pair, wires in self.ports.shafts.items():
            for place, i in enumerate(wires):
                self._paint_shaft(pair, i, place - (len(wires) - 1) / 2)
        edges = zip(self.rows.tops, self.rows.heights, strict=True)
        self.drawn.height = max(top + height for top, height in edges)
        self.drawn.width = max(right for _, right in self.grid.edges)
        return self.drawn

    def _paint_box(self, v: int) -> None:
        place = (self.grid.left(v), self.rows.tops[v])
        size = (self.grid.widths[v], self.rows.heights[v])
        self.drawn.paste(self.ports.titles[v].paint(*place, *size), 0, 0)

    def _foot(self, tip: Tip) -> tuple[Point, int]:
        """Give the point at a vertex's side where a wire ends, and which side that is."""
        vertex = self.net.wires[tip[0]].vertices[tip[1]]
        side = LEFT if tip in self.ports.sides[vertex][LEFT] else RIGHT
        return (self.grid.left(vertex) + self.grid.widths[vertex] * side, self.rows.tips[tip]), side

    def _paint_level(self, i: int) -> None:
        """Draw a wire to the next column: level past the labels, and slanting between these."""
        tips = [(i, 0), (i, 1)]
        if self._foot(tips[0])[1] == LEFT:
            tips.reverse()
        (one, _), (other, _) = (self._foot(tip) for tip in tips)
        columns = [self.ports.places[self.net.wires[i].vertices[s]][0] for _, s in tips]
        bends = (
            (self.grid.edges[columns[0]][RIGHT], one[1]),
            (self.grid.edges[columns[1]][LEFT], other[1]),
        )
        self._paint_wire(i, (one, other) if one[1] == other[1] else (one, *bends, other))

    def _paint_bracket(self, i: int) -> None:
        (one, _), (other, _) = (self._foot((i, s)) for s in (0, 1))
        x = self.grid.track(i)
        self._paint_wire(i, (one, (x, one[1]), (x, other[1]), other))

    def _paint_wire(self, i: int, points: tuple[Point, ...]) -> None:
        self.drawn.lines.append(wire_line(self.net.wires[i], points))
        for tip in ((i, 0), (i, 1)):
            label = self.ports.labels.get(tip)
            if label is None:
                continue
            (x, y), side = self._foot(tip)
            if side == LEFT:
                self.drawn.texts += label.paint(x - PAD, y, "end")
            else:
                self.drawn.texts += label.paint(x + PAD, y, "start")

    def _paint_shaft(self, pair: tuple[int, int], i: int, shift: float) -> None:
        above, below = pair
        wire = self.net.wires[i]
        top = self.rows.tops[above] + self.rows.heights[above]
        bottom = self.rows.tops[below]
        x = self.grid.middles[self.ports.places[above][0]] + shift * self.grid.pitch
        self.drawn.lines.append(wire_line(wire, ((x, top), (x, bottom))))
        first = wire.side_of(above)
        if upper := self.ports.labels.get((i, first)):
            self.drawn.texts += upper.stack(x + PAD, top + 3)
        if lower := self.ports.labels.get((i, 1 - first)):
            self.drawn.texts += lower.stack(x + PAD, bottom - 5 - lower.height)
