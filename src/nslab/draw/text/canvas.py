"""A plane of characters, on which lines that meet become the character of their joint."""

from __future__ import annotations

from typing import Final

Arms = tuple[int, int, int, int]
"""How heavy the line is that leaves a cell to the left, right, top and bottom: 0, 1 or 2."""

_SHAPES: Final[tuple[Arms, ...]] = (
    (1, 1, 0, 0),
    (0, 0, 1, 1),
    (0, 1, 0, 1),
    (1, 0, 0, 1),
    (0, 1, 1, 0),
    (1, 0, 1, 0),
    (0, 1, 1, 1),
    (1, 0, 1, 1),
    (1, 1, 0, 1),
    (1, 1, 1, 0),
    (1, 1, 1, 1),
    (1, 0, 0, 0),
    (0, 1, 0, 0),
    (0, 0, 1, 0),
    (0, 0, 0, 1),
)
_CHARACTERS: Final[dict[tuple[int, int], str]] = {
    (1, 1): "─│┌┐└┘├┤┬┴┼──││",
    (1, 2): "─║╓╖╙╜╟╢╥╨╫──║║",
    (2, 1): "═│╒╕╘╛╞╡╤╧╪══││",
    (2, 2): "═║╔╗╚╝╠╣╦╩╬══║║",
}
_JOINTS: Final[dict[Arms, str]] = {
    (left * across, right * across, up * along, down * along): character
    for (across, along), characters in _CHARACTERS.items()
    for (left, right, up, down), character in zip(_SHAPES, characters, strict=True)
}
_ASCII: Final = str.maketrans(
    "─│┌┐└┘├┤┬┴┼═║╓╖╙╜╟╢╥╨╫╒╕╘╛╞╡╤╧╪╔╗╚╝╠╣╦╩╬",
    "-|++++++++|=#++++++++#++++++++++++++++++",
)


def to_ascii(picture: str) -> str:
    """Replace box-drawing characters; where a cable crosses another, only one of them stays."""
    return picture.translate(_ASCII)


class Canvas:
    """Text and lines at columns and rows from 0; it grows as it is drawn on.

    Attributes:
        width: in columns.
        height: in rows.
    """

    __slots__ = ("_lines", "_texts", "height", "width")

    def __init__(self) -> None:
        # not cells: most canvases are measured or pasted, and only one is rendered
        self._texts: list[tuple[int, int, str]] = []
        self._lines: list[tuple[int, int, int, int, int]] = []
        self.width = 0
        self.height = 0

    def text(self, x: int, y: int, words: str) -> None:
        """Write `words` over whatever is there."""
        self._texts.append((x, y, words))
        self._grow(x + len(words), y + 1)

    def across(self, y: int, x1: int, x2: int, weight: int = 1) -> None:
        """Draw a horizontal line, both columns included; `weight` 2 doubles it."""
        self._lines.append((x1, y, x2, y, weight))
        self._grow(x2 + 1, y + 1)

    def along(self, x: int, y1: int, y2: int, weight: int = 1) -> None:
        """Draw a vertical line, both rows included; `weight` 2 doubles it."""
        self._lines.append((x, y1, x, y2, weight))
        self._grow(x + 1, y2 + 1)

    def box(self, x: int, y: int, width: int, lines: list[str]) -> None:
        """Draw a box of `width` columns around centred lines."""
        right, bottom = x + width - 1, y + len(lines) + 1
        for row in (y, bottom):
            self.across(row, x, right)
        for column in (x, right):
            self.along(column, y, bottom)
        for row, line in enumerate(lines, start=y + 1):
            self.text(x + (width - len(line)) // 2, row, line)

    def paste(self, other: Canvas, x: int, y: int) -> None:
        """Lay another canvas over this one, its corner at `x`, `y`; lines join."""
        self._texts += [(i + x, j + y, words) for i, j, words in other._texts]
        self._lines += [(a + x, b + y, c + x, d + y, weight) for a, b, c, d, weight in other._lines]
        self._grow(x + other.width, y + other.height)

    def render(self) -> list[str]:
        """Give the rows, without blanks at their ends."""
        rows = [[" "] * self.width for _ in range(self.height)]
        for (x, y), arms in self._arms().items():
            rows[y][x] = _JOINTS.get(arms, " ")
        for x, y, words in self._texts:
            rows[y][x : x + len(words)] = words
        return ["".join(row).rstrip() for row in rows]

    def _arms(self) -> dict[tuple[int, int], Arms]:
        cells: dict[tuple[int, int], Arms] = {}
        for x1, y1, x2, y2, weight in self._lines:
            for x in range(x1, x2 + 1):
                for y in range(y1, y2 + 1):
                    old = cells.get((x, y), (0, 0, 0, 0))
                    new = (
                        weight * (x > x1),
                        weight * (x < x2),
                        weight * (y > y1),
                        weight * (y < y2),
                    )
                    cells[x, y] = _heavier(old, new)
        return cells

    def _grow(self, width: int, height: int) -> None:
        self.width = max(self.width, width)
        self.height = max(self.height, height)


def _heavier(one: Arms, other: Arms) -> Arms:
    left, right, up, down = map(max, one, other)
    return left, right, up, down
