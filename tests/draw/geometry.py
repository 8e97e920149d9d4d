"""What is in an SVG picture, measured apart from the code that drew it, and what overlaps in it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    from collections.abc import Iterator

SVG = "{http://www.w3.org/2000/svg}"

BOLD = (
    "348 456 521 838 696 1002 872 306 457 457 523 838 380 415 380 365 696 696 696 696 696 696 696 "
    "696 696 696 400 400 838 838 838 580 1000 774 762 734 830 683 683 821 837 372 372 775 637 995 "
    "837 850 733 850 770 720 682 812 774 1103 771 724 725 457 365 457 838 500 500 675 716 593 716 "
    "678 435 716 712 343 343 665 343 1042 712 687 716 716 493 595 478 712 652 924 645 652 582 712 "
    "365 712 838"
)
"""The widths of ASCII from the blank on in a wide font (DejaVu Sans Bold), in thousandths."""

WIDTHS = {chr(32 + i): int(width) / 1000 for i, width in enumerate(BOLD.split())}
MONOSPACED = 0.602
"""The width of any character in the monospaced fonts in use."""


@dataclass(frozen=True)
class Area:
    """A rectangle, and what it is."""

    left: float
    top: float
    right: float
    bottom: float
    what: str
    look: str = ""

    def grown(self, by: float) -> Area:
        return Area(
            self.left - by, self.top - by, self.right + by, self.bottom + by, self.what, self.look
        )

    def meets(self, other: Area) -> bool:
        across = self.left < other.right and other.left < self.right
        return across and self.top < other.bottom and other.top < self.bottom

    def holds(self, other: Area) -> bool:
        across = self.left <= other.left and other.right <= self.right
        return across and self.top <= other.top and other.bottom <= self.bottom


Piece = tuple[float, float, float, float]


class Picture:
    """An SVG file as areas and lines."""

    def __init__(self, text: str) -> None:
        self.root = ET.fromstring(text)  # noqa: S314 -- drawn by the test itself
        width, height = float(self.root.attrib["width"]), float(self.root.attrib["height"])
        self.ground = Area(0, 0, width, height, "ground")
        found = [_rect(each) for each in self.root.iter(f"{SVG}rect")]
        self.rects = [each for each in found if each.look != "ground"]
        self.texts = [_text(each) for each in self.root.iter(f"{SVG}text")]
        self.lines = [list(_pieces(each.attrib["d"])) for each in self.root.iter(f"{SVG}path")]

    def faults(self) -> list[str]:
        """Say everything that is over something that it should not be over."""
        return [*self.outside(), *self.texts_over(), *self.rects_over(), *self.lines_over()]

    def outside(self) -> Iterator[str]:
        for each in (*self.rects, *self.texts):
            if not self.ground.holds(each):
                yield f"{each.what} is outside"

    def texts_over(self) -> Iterator[str]:
        for one, other in combinations(self.texts, 2):
            if one.meets(other):
                yield f"{one.what} is over {other.what}"
        for text in self.texts:
            for rect in self.rects:
                if rect.meets(text) and not rect.holds(text):
                    yield f"{text.what} is over the border of a {rect.look}"

    def rects_over(self) -> Iterator[str]:
        for one, other in combinations(self.rects, 2):
            framed = one.look.startswith("frame") and one.holds(other)
            stacked = one.look == other.look and other.right - one.right == 6
            if one.meets(other) and not framed and not stacked:
                yield f"{one.what} is over {other.what}"

    def lines_over(self) -> Iterator[str]:
        boxes = [each for each in self.rects if not each.look.startswith("frame")]
        pieces = [(i, piece) for i, line in enumerate(self.lines) for piece in line]
        for _, piece in pieces:
            for area in self.texts:
                if crosses(area.grown(-0.5), piece):
                    yield f"a line is over {area.what}"
            for area in boxes:
                if crosses(area.grown(-1), piece):
                    yield f"a line is over {area.what}"
        for (i, one), (j, other) in combinations(pieces, 2):
            if i != j and _run_together(one, other):
                yield f"two lines run together: {one}, {other}"


def crosses(area: Area, piece: Piece) -> bool:
    """Tell whether a straight line has a part in an area."""
    x1, y1, x2, y2 = piece
    enter, leave = 0.0, 1.0
    for low, high, start, end in ((area.left, area.right, x1, x2), (area.top, area.bottom, y1, y2)):
        if start == end:
            if not low < start < high:
                return False
        else:
            near, far = sorted(((low - start) / (end - start), (high - start) / (end - start)))
            enter, leave = max(enter, near), min(leave, far)
    return enter < leave


def _run_together(one: Piece, other: Piece) -> bool:
    """Tell whether two lines lie on each other for more than a point."""
    for axis in (0, 1):
        flat = {one[axis], one[axis + 2], other[axis], other[axis + 2]}
        if len(flat) == 1:
            along = 1 - axis
            starts = max(min(each[along], each[along + 2]) for each in (one, other))
            ends = min(max(each[along], each[along + 2]) for each in (one, other))
            return ends - starts > 1
    return False


def _rect(element: ET.Element) -> Area:
    x, y, width, height = (float(element.get(key, 0)) for key in ("x", "y", "width", "height"))
    look = element.attrib["class"]
    return Area(x, y, x + width, y + height, f"the {look} at {x:g}, {y:g}", look)


def _text(element: ET.Element) -> Area:
    words, looks = element.text or "", element.attrib["class"].split()
    x, y = float(element.attrib["x"]), float(element.attrib["y"])
    size = {"name": 14, "heading": 15}.get(looks[0], 12)
    widths = [WIDTHS.get(char, 1.0) if size > 12 else MONOSPACED for char in words]
    width = sum(widths) * size
    left = x - (width if "end" in looks else width / 2 if "middle" in looks else 0)
    what = f'"{words}" at {x:g}, {y:g}'
    return Area(left, y - 0.75 * size, left + width, y + 0.22 * size, what, looks[0])


def _pieces(path: str) -> Iterator[Piece]:
    points: list[tuple[float, float]] = []
    for letter, numbers in re.findall(r"([MLHV])([-0-9. ]+)", path):
        found = [float(number) for number in numbers.split()]
        if letter == "H":
            points.append((found[0], points[-1][1]))
        elif letter == "V":
            points.append((points[-1][0], found[0]))
        else:
            points.append((found[0], found[1]))
    yield from ((*one, *other) for one, other in pairwise(points))
