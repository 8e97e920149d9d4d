"""What a picture is made of: rectangles, lines and texts at pixels."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct, field
from msgspec.structs import replace

Point = tuple[float, float]
Anchor = Literal["start", "middle", "end"]


class Rect(Struct, frozen=True):
    """A rectangle; `x`, `y` is its upper left corner.

    Attributes:
        look: the names of its styles.
        radius: of its corners.
        hint: what a reader is told who points at it.
    """

    x: float
    y: float
    width: float
    height: float
    look: str
    radius: float = 0
    hint: str = ""


class Line(Struct, frozen=True):
    """A line through points."""

    points: tuple[Point, ...]
    look: str
    hint: str = ""


class Text(Struct, frozen=True):
    """A line of text; `y` is that of its feet, and `x` where `anchor` says."""

    x: float
    y: float
    words: str
    look: str
    anchor: Anchor = "start"


class Scene(Struct):
    """A drawing from (0, 0) to (width, height)."""

    width: float = 0
    height: float = 0
    rects: list[Rect] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    texts: list[Text] = field(default_factory=list)

    def paste(self, other: Scene, x: float, y: float) -> None:
        """Lay another scene over this one, its corner at `x`, `y`."""
        self.rects += [replace(each, x=each.x + x, y=each.y + y) for each in other.rects]
        self.texts += [replace(each, x=each.x + x, y=each.y + y) for each in other.texts]
        for line in other.lines:
            moved = tuple((i + x, j + y) for i, j in line.points)
            self.lines.append(replace(line, points=moved))
        self.width = max(self.width, x + other.width)
        self.height = max(self.height, y + other.height)
