"""Pieces of a picture that hang from lines, and how they are put together."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING

from msgspec import Struct

from nslab.draw.text.canvas import Canvas
from nslab.draw.text.lines import lay, longest

if TYPE_CHECKING:
    from collections.abc import Sequence

GAP = 2
"""Blank columns between neighbours, and between a line and its label."""

SPINE = 3
"""The columns that the spine of a bridge with several shelves takes, at most."""


class Block(Struct, frozen=True):
    """A piece of a picture, and the columns at which lines reach its first row from above."""

    canvas: Canvas
    anchors: tuple[int, ...]

    @property
    def middle(self) -> int:
        """The column half-way between the outermost anchors."""
        return (self.anchors[0] + self.anchors[-1]) // 2


def beside(blocks: list[Block]) -> Block:
    """Put blocks side by side."""
    canvas = Canvas()
    anchors: list[int] = []
    for block in blocks:
        x = canvas.width + GAP if canvas.width else 0
        anchors += [x + anchor for anchor in block.anchors]
        canvas.paste(block.canvas, x, 0)
    return Block(canvas, tuple(anchors))


def share(sizes: list[int], width: int) -> list[int]:
    """Share columns out among neighbours: the small ones have theirs, the others as many each."""
    shares = list(sizes)
    room, left = width - GAP * (len(sizes) - 1), len(sizes)
    for index in sorted(range(len(sizes)), key=sizes.__getitem__):
        shares[index] = min(sizes[index], room // left)
        room, left = room - shares[index], left - 1
    return shares


def drop(label: list[str], rows: int, below: Block) -> Block:
    """Lead a line of `rows` rows, with a label at its right, down to a block."""
    canvas = Canvas()
    canvas.paste(below.canvas, 0, rows + 1)
    canvas.along(below.middle, 0, rows + 1)
    for row, line in enumerate(label, start=1):
        canvas.text(below.middle + GAP, row, line)
    return Block(canvas, (below.middle,))


def hang_on_bar(labels: list[list[str]], belows: list[Block], width: int) -> Block:
    """Hang labelled blocks on a bridge's bar, which goes on, down a spine, on further shelves."""
    pairs = zip(labels, belows, strict=True)
    sizes = _even(
        [max(each.canvas.width, each.middle + GAP + longest(label)) for label, each in pairs]
    )
    shelves = _shelve(sizes, width)
    canvas = Canvas()
    rows: list[int] = []
    for shelf in shelves:
        rows.append(canvas.height)
        height = max((len(labels[index]) for index, _ in shelf))
        for index, x in shelf:
            canvas.paste(drop(labels[index], height, belows[index]).canvas, x, rows[-1])
        last, x = shelf[-1]
        canvas.across(rows[-1], 0, x + sizes[last], 2)
    if len(rows) > 1:
        canvas.along(0, rows[0], rows[-1], 2)
    last, x = shelves[0][-1]
    return Block(canvas, ((x + sizes[last]) // 2,))


def bare_bar(remark: str) -> Block:
    """Draw the bar of a bridge from which nothing hangs."""
    canvas = Canvas()
    canvas.across(0, 0, 6, 2)
    canvas.text(8, 0, remark)
    return Block(canvas, (3,))


def _even(sizes: list[int]) -> list[int]:
    """Make columns equally wide where they nearly are."""
    return [max(sizes)] * len(sizes) if max(sizes) <= 1.5 * min(sizes) else sizes


def _shelve(sizes: list[int], width: int) -> list[list[tuple[int, int]]]:
    """Give for each shelf the indices of its blocks and their first columns."""
    if sum(sizes) + GAP * len(sizes) <= width:
        return [_columns(range(len(sizes)), sizes, 1)]
    shelves: list[list[int]] = [[]]
    room = width - SPINE
    for index, size in enumerate(sizes):
        if shelves[-1] and room < size:
            shelves.append([])
            room = width - SPINE
        shelves[-1].append(index)
        room -= size + GAP
    return [_columns(shelf, sizes, SPINE) for shelf in shelves]


def _columns(shelf: Sequence[int], sizes: list[int], x: int) -> list[tuple[int, int]]:
    starts = accumulate((sizes[index] + GAP for index in shelf), initial=x)
    return list(zip(shelf, starts, strict=False))


def head_over(bar: Block, head: list[str]) -> Block:
    """Write a bridge's name and subnets over its bar."""
    canvas = Canvas()
    for row, line in enumerate(head):
        canvas.text(0, row, line)
    canvas.paste(bar.canvas, 0, len(head))
    return Block(canvas, bar.anchors)


def lead_to(bar: Block, label: list[str], words: tuple[str, ...], width: int) -> Block:
    """Lead a line with its label down to a bridge's bar, the bridge's words left of the line."""
    side, room = 0, bar.middle - GAP
    head = lay(words, room)
    rows = max(len(label), len(head))
    if longest(words) > room:
        side = bar.middle + GAP
        head = lay(words, max(width - side, longest(words)))
        rows = len(label) + len(head)
    block = drop(label, rows, bar)
    for row, line in enumerate(head, start=rows - len(head) + 1):
        block.canvas.text(side, row, line)
    return block
