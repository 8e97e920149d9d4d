"""What is written in boxes and at the ends of wires."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from nslab.draw.graph import Box
from nslab.draw.marks import MOVES, SIGNS
from nslab.draw.svg.measure import LINE, name_width, small_width
from nslab.draw.svg.scene import Line, Rect, Scene, Text

if TYPE_CHECKING:
    from nslab.draw.graph import End, Segment
    from nslab.draw.marks import Mark
    from nslab.draw.svg.net import Wire
    from nslab.draw.svg.scene import Anchor, Point

PAD = 8
"""Between a box's border, or a wire, and text."""

HEAD = 20
"""The height of a name in its box."""


class Label(Struct, frozen=True):
    """The texts at an end of a wire: the ifname above it, the addresses below.

    Attributes:
        above: the ifname, with its mark.
        addresses: one a line.
        notes: what else the mark says, one a line.
        word: the mark's, or "".
    """

    above: str
    addresses: tuple[str, ...]
    notes: tuple[str, ...] = ()
    word: str = ""

    @property
    def width(self) -> float:
        """The width in pixels."""
        return max(map(small_width, (self.above, *self.addresses, *self.notes)))

    @property
    def up(self) -> int:
        """The room above the wire, in pixels."""
        return LINE + 3

    @property
    def down(self) -> int:
        """The room below the wire, in pixels."""
        return self.height - LINE + 5

    @property
    def height(self) -> int:
        """The height of the stacked lines, in pixels."""
        return LINE * (1 + len(self.addresses) + len(self.notes))

    def paint(self, x: float, y: float, anchor: Anchor) -> list[Text]:
        """Write the label at a level wire; the texts begin or end at `x`."""
        first, *rest = self._lines()
        return [
            Text(x, y - 5, *first, anchor),
            *(Text(x, y + LINE * i - 2, *line, anchor) for i, line in enumerate(rest, start=1)),
        ]

    def stack(self, x: float, y: float, anchor: Anchor = "start") -> list[Text]:
        """Write the label in lines from `y` down."""
        lines = enumerate(self._lines(), start=1)
        return [Text(x, y + LINE * i - 4, *line, anchor) for i, line in lines]

    def _lines(self) -> list[tuple[str, str]]:
        """Give each line and its looks; the addresses of what stays are as ever."""
        moved = self.word if self.word in MOVES else ""
        lines = [(self.above, f"ifname {self.word}".rstrip())]
        lines += [(each, f"small {moved}".rstrip()) for each in self.addresses]
        return lines + [(each, f"small {self.word}".rstrip()) for each in self.notes]


def label_of(end: End, segment: Segment) -> Label:
    """Give the label of an end of a segment."""
    subnets = segment.subnets if segment.name is not None else ()
    addresses = end.addresses(subnets)
    if segment.name is None and end == segment.ends[0]:
        addresses += tuple(f"in {subnet}" for subnet in segment.untold())
    mark = end.own_mark
    sign = f" {SIGNS[mark.word]} {mark.word}" if mark else ""
    notes = tuple(mark.notes) if mark else ()
    word = end.mark.word if end.mark else ""
    return Label(end.first.ifname + sign, addresses, notes, word)


def wire_line(wire: Wire, points: tuple[Point, ...]) -> Line:
    """Give a wire, or a piece of it, as a line in its looks."""
    word = wire.mark.word if wire.mark else ""
    look = f"{'wire' if wire.segment.name is None else 'port'} {word}".strip()
    return Line(points, look, ", ".join(hint_of(end) for end in wire.ends if end))


def hint_of(end: End) -> str:
    """Give what else there is to say of an endpoint."""
    if end.first != end.last:
        return f"{end.first} ... {end.last}"
    mtu = f" mtu {end.first.mtu}" if end.first.mtu else ""
    return f"{end.first} {end.first.mac}{mtu}"


class Title:
    """The texts in a box: a name, and lines below it.

    Attributes:
        width: of a box around them, in pixels.
        height: of such a box, at the least.
    """

    def __init__(self, thing: Box | Segment) -> None:
        self.is_run = isinstance(thing, Box) and thing.count > 1
        self.thing = thing
        if isinstance(thing, Box):
            self.name = thing.title
            self.lines = thing.lines
        else:
            self.name = thing.name or ""
            self.lines = ["bridge", *map(str, thing.subnets)]
        self.marks = _mark_lines(thing.mark)
        widths = [name_width(self.name), *map(small_width, self.lines + self.marks)]
        self.width = round(max(64, max(widths) + 2 * PAD + 8))
        self.height = HEAD + LINE * len(self.lines + self.marks) + 14

    def paint(self, x: float, y: float, width: float, height: float) -> Scene:
        """Draw the box with its texts in the middle."""
        scene = Scene()
        word = self.thing.mark.word if self.thing.mark else ""
        look, radius = self._shape()
        for inset in (6, 0) if self.is_run else (0,):  # the edge of a second box behind the first
            place = (x + inset, y - inset, width - 2 * inset, height)
            scene.rects.append(Rect(*place, f"{look} {word}".strip(), radius))
        middle = x + width / 2
        top = y + (height - self.height + 14) / 2
        scene.texts.append(Text(middle, top + 15, self.name, f"name {word}".strip(), "middle"))
        looks = ["small"] * len(self.lines) + [f"small {word}"] * len(self.marks)
        for i, (words, look) in enumerate(zip(self.lines + self.marks, looks, strict=True)):
            scene.texts.append(Text(middle, top + HEAD + LINE * (i + 1) - 4, words, look, "middle"))
        return scene

    def _shape(self) -> tuple[str, int]:
        """Give the looks, and the radius of the corners."""
        if not isinstance(self.thing, Box):
            return "bridge", 3
        return ("router", 18) if self.thing.router else ("node", 6)


def _mark_lines(mark: Mark | None) -> list[str]:
    if mark is None:
        return []
    return [f"{SIGNS[mark.word]} {mark.word}", *mark.notes]
