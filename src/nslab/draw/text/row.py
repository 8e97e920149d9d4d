"""Boxes side by side, joined by level cables, with blocks below them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from nslab.draw.text.block import GAP, Block
from nslab.draw.text.canvas import Canvas
from nslab.draw.text.lines import lay, longest

if TYPE_CHECKING:
    from nslab.draw.graph import Box, Segment


class Joint(Struct, frozen=True):
    """A level cable.

    Attributes:
        head: the lines of its subnets.
        left: the ifname and the addresses of its left end.
        right: those of its right end.
        pad: the blanks between a box and the addresses.
        width: the columns from box to box.
    """

    head: list[str]
    left: tuple[str, ...]
    right: tuple[str, ...]
    pad: int
    width: int


def join(segment: Segment, left: Box, *, tight: bool) -> Joint:
    """Measure a cable whose left end is in the box `left`; `tight` puts each subnet in a line."""
    one, other = (end.words(segment.subnets) for end in segment.ends)
    if segment.ends[0].box != left:
        one, other = other, one
    level = len(one[0]) + len(other[0]) + 9
    pad = 1 if tight else GAP
    ends = longest(one[1:]) + longest(other[1:]) + 2 * pad + GAP
    width = max(level, ends, longest(segment.words()) + 2)
    whole = len("  ".join(segment.words())) + 2
    if not tight and whole <= width + 8:
        width = max(width, whole)
    return Joint(lay(segment.words(), width - 2), one, other, pad, width)


def lay_row(titles: list[list[str]], belows: list[Block | None], joints: list[Joint]) -> Block:
    """Place the boxes as near to each other as their joints and the blocks below them allow."""
    top = max([0, *(len(joint.head) - 1 for joint in joints)])
    bottom = top + max(map(len, titles)) + 1
    label = max((max(len(joint.left), len(joint.right)) for joint in joints), default=0)
    hang = max(bottom, top + label) if joints else bottom
    canvas = Canvas()
    boxes = _place(titles, belows, joints)
    for title, below, (x, width, middle) in zip(titles, belows, boxes, strict=True):
        canvas.box(x, top, width, title + [""] * (bottom - top - 1 - len(title)))
        if below is not None:
            _hang(canvas, below, middle, (bottom, hang))
    for joint, (x, width, _) in zip(joints, boxes, strict=False):
        _draw_joint(canvas, joint, x + width - 1, top)
    return Block(canvas, (boxes[0][2],))


def _place(
    titles: list[list[str]], belows: list[Block | None], joints: list[Joint]
) -> list[tuple[int, int, int]]:
    """Give each box's first column, width and middle column."""
    boxes: list[tuple[int, int, int]] = []
    edge, floor = 0, 0
    for i, (title, below) in enumerate(zip(titles, belows, strict=True)):
        span = below.anchors[-1] - below.anchors[0] + 5 if below else 0
        width = max(longest(title) + 4, span)
        middle = max(edge + (width - 1) // 2, floor + below.middle if below else 0)
        boxes.append((middle - (width - 1) // 2, width, middle))
        if below:
            floor = middle - below.middle + below.canvas.width + GAP
        if i < len(joints):
            edge = middle - (width - 1) // 2 + width + joints[i].width
    return boxes


def _hang(canvas: Canvas, below: Block, middle: int, rows: tuple[int, int]) -> None:
    """Lead lines from the bottom of a box down to the block below it."""
    x = middle - below.middle
    for anchor in below.anchors:
        canvas.along(x + anchor, *rows)
    canvas.paste(below.canvas, x, rows[1])


def _draw_joint(canvas: Canvas, joint: Joint, x: int, top: int) -> None:
    """Draw a cable from column `x`, a box's right side, to the next box."""
    end = x + joint.width + 1
    canvas.across(top + 1, x, end)
    canvas.text(x + GAP, top + 1, f" {joint.left[0]} ")
    canvas.text(end - GAP - len(joint.right[0]) - 1, top + 1, f" {joint.right[0]} ")
    for row, line in enumerate(joint.left[1:], start=top + 2):
        canvas.text(x + joint.pad + 1, row, line)
    for row, line in enumerate(joint.right[1:], start=top + 2):
        canvas.text(end - joint.pad - len(line), row, line)
    for row, line in enumerate(joint.head, start=top + 1 - len(joint.head)):
        canvas.text(x + 1 + (joint.width - len(line)) // 2, row, line)
