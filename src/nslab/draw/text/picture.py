"""The choice of a drawing for each part of a lab."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nslab.draw.graph import UNBROKEN, Part, parts, summary
from nslab.draw.marks import NO_MARKS
from nslab.draw.text.canvas import Canvas, to_ascii
from nslab.draw.text.lines import lay, longest
from nslab.draw.text.listing import list_segments
from nslab.draw.text.rails import draw_rails
from nslab.draw.text.tree import draw_tree
from nslab.lab import desired_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nslab.draw.graph import Box
    from nslab.draw.marks import Marks
    from nslab.lab import Desired, Lab

SHORTEN_ABOVE = 24
"""A lab of more nodes than this has its runs of alike nodes drawn as one box each."""

WIDTH = 80
"""The columns of a picture where the caller names none."""

MOST_BOXES = 24
"""A part of more boxes than this is listed."""

MOST_ENDS = 72
"""A part with more ends in its boxes than this is listed."""

MOST_IN_ALL = 96
"""A lab of more boxes than this, isolated ones aside, is listed as a whole."""


def draw_text(
    lab: Lab | Desired,
    *,
    width: int | None = None,
    ascii_only: bool = False,
    marks: Marks = NO_MARKS,
) -> str:
    """Draw a lab for a reader at a glance.

    A part of the lab whose boxes have but one way between them is a tree of boxes and lines; one
    with loops has its segments as rails beside its boxes; a part too large or too wide for
    both is listed, segment by segment. In a lab of many nodes, those that differ by their numbers
    alone stand in one box, `h3 ... h998 (996 nodes)`, their addresses as ranges. Nothing is left
    out.

    Args:
        lab: the lab.
        width: the columns of a line, 80 if None; only a word longer than that takes more.
        ascii_only: whether to draw lines with `-|+=#` only.
        marks: what to say of its parts: in brackets, after their names.

    Returns:
        Lines without blanks at their ends, each ended by a newline.
    """
    desired = desired_of(lab)
    columns = WIDTH if width is None else width
    pieces = ["\n".join(lay([summary(desired)], columns))]
    found = parts(desired, marks, shorten_above=SHORTEN_ABOVE)
    pieces += ["\n".join(lines).rstrip() for lines in _draw_parts(found, columns)]
    pieces += _isolated([each.boxes[0] for each in found if not each.segments], columns)
    picture = ("\n\n".join(pieces) + "\n").replace(UNBROKEN, " ")
    return to_ascii(picture) if ascii_only else picture


def _draw_parts(found: list[Part], width: int) -> Iterator[list[str]]:
    linked = [part for part in found if part.segments]
    boxes = tuple(box for part in linked for box in part.boxes)
    if len(boxes) <= MOST_IN_ALL:
        yield from (_draw_part(part, width) for part in linked)
    else:
        segments = tuple(segment for part in linked for segment in part.segments)
        yield list_segments(Part(boxes, segments), width)


def _draw_part(part: Part, width: int) -> list[str]:
    ends = sum(len(segment.ends) for segment in part.segments)
    widest = longest(box.title for box in part.boxes) + 4
    if len(part.boxes) <= MOST_BOXES and ends <= MOST_ENDS and widest <= width:
        for canvas in _canvases(part, width):
            if canvas.width <= width:
                return canvas.render()
    return list_segments(part, width)


def _canvases(part: Part, width: int) -> Iterator[Canvas]:
    if part.is_tree():
        yield from draw_tree(part, width)
    if part.boxes:
        yield from draw_rails(part)


def _isolated(boxes: list[Box], width: int) -> list[str]:
    """Draw the nodes without any link as boxes in rows."""
    rows: list[Canvas] = []
    for box in boxes:
        size = len(str(box)) + 4
        if size > width:
            return ["\n".join(lay([f"without a link: {', '.join(map(str, boxes))}"], width))]
        if not rows or rows[-1].width + 1 + size > width:
            rows.append(Canvas())
        rows[-1].box(rows[-1].width + (1 if rows[-1].width else 0), 0, size, [str(box)])
    return ["\n".join("\n".join(row.render()) for row in rows)] if rows else []
