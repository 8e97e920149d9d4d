"""A bridge with many nodes that nothing else leads to: these hang on its shelves, inside of it."""

from __future__ import annotations

from math import ceil, sqrt
from typing import TYPE_CHECKING, Protocol

from nslab.draw.graph import Box
from nslab.draw.svg.label import HEAD, PAD, Title, hint_of, label_of
from nslab.draw.svg.measure import name_width, small_width
from nslab.draw.svg.scene import Line, Rect, Scene, Text

if TYPE_CHECKING:
    from nslab.draw.graph import End, Segment
    from nslab.draw.svg.label import Label
    from nslab.draw.svg.net import Net

STEM = 18
"""From a box's left side to the wire that it hangs on, in pixels."""

APART = 14
"""Between the boxes of a shelf, and between a box and the next shelf, in pixels."""

WIDEST = 1300
"""A bridge's shelves are no wider, in pixels."""


class Content(Protocol):
    """What a vertex looks like."""

    @property
    def width(self) -> float:
        """The least width, in pixels."""

    @property
    def height(self) -> float:
        """The least height, in pixels."""

    def paint(self, x: float, y: float, width: float, height: float) -> Scene:
        """Draw it."""


def title_of(net: Net, vertex: int) -> Content:
    """Give what a vertex looks like."""
    thing = net.things[vertex]
    if vertex in net.crowds and not isinstance(thing, Box):
        return Crowd(thing, net.crowds[vertex])
    return Title(thing)


class Crowd:
    """A bridge as a frame with shelves, its nodes hanging from them.

    Attributes:
        width: of the frame, in pixels.
        height: of the frame, in pixels.
    """

    def __init__(self, bridge: Segment, ends: tuple[End, ...]) -> None:
        self.ends = ends
        self.bridge = bridge
        self.head = Title(bridge)
        self.words = ", ".join([*self.head.lines, *self.head.marks])
        self.boxes = [Title(end.box) for end in ends]
        self.labels = [label_of(end, bridge) for end in ends]
        self.stem = max(label.height for label in self.labels) + 8
        self.box = max(box.height for box in self.boxes)
        widths = [
            max(b.width, self._reach(w)) for b, w in zip(self.boxes, self.labels, strict=True)
        ]
        self.cell = (max(widths) + APART, self.stem + self.box + APART)
        self.columns = self._columns()
        head = name_width(self.head.name) + small_width(self.words) + 4 * PAD
        self.width = round(max(self.columns * self.cell[0] + APART, head))
        self.height = HEAD + 2 * PAD + ceil(len(ends) / self.columns) * self.cell[1]

    def _reach(self, label: Label) -> float:
        return STEM + PAD + label.width

    def _columns(self) -> int:
        """Choose so many columns that the frame is somewhat wider than high."""
        best = sqrt(len(self.ends) * 1.7 * self.cell[1] / self.cell[0])
        most = max(1, min(ceil(best), int((WIDEST - APART) // self.cell[0])))
        return ceil(len(self.ends) / ceil(len(self.ends) / most))

    def paint(self, x: float, y: float, width: float, height: float) -> Scene:
        """Draw the frame and all that is in it."""
        word = self.bridge.mark.word if self.bridge.mark else ""
        scene = Scene(rects=[Rect(x, y, width, height, f"frame {word}".strip(), 3)])
        name = Text(x + APART, y + PAD + 14, self.head.name, f"name {word}".strip())
        start = name.x + name_width(name.words) + PAD
        scene.texts += [name, Text(start, name.y, self.words, f"small {word}".strip())]
        first = y + HEAD + 2 * PAD
        for i in range(len(self.ends)):
            row, column = divmod(i, self.columns)
            top = first + row * self.cell[1]
            if column == 0:
                scene.lines.append(Line(((x, top), (x + width, top)), f"bus {word}".strip()))
            self._hang(scene, i, x + APART + column * self.cell[0], top)
        return scene

    def _hang(self, scene: Scene, i: int, x: float, top: float) -> None:
        end = self.ends[i]
        word = end.mark.word if end.mark else ""
        stem = ((x + STEM, top + 3), (x + STEM, top + self.stem))
        scene.lines.append(Line(stem, f"port {word}".strip(), hint_of(end)))
        scene.texts += self.labels[i].stack(x + STEM + PAD, top + 5)
        width = self.cell[0] - APART
        scene.paste(self.boxes[i].paint(x, top + self.stem, width, self.box), 0, 0)
