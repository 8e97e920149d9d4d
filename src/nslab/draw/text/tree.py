"""Boxes joined by lines, top down: for a part in which one way leads from any box to any other."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from nslab.draw.text.block import (
    GAP,
    SPINE,
    Block,
    bare_bar,
    beside,
    drop,
    hang_on_bar,
    head_over,
    lead_to,
    share,
)
from nslab.draw.text.lines import lay, longest
from nslab.draw.text.row import join, lay_row
from nslab.draw.text.shape import find_root, longest_chain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nslab.draw.graph import Box, End, Part
    from nslab.draw.text.canvas import Canvas

NO_PORTS = ("no other ports", "no ports")


def draw_tree(part: Part, width: int) -> Iterator[Canvas]:
    """Try the ways of drawing a tree, the clearest first; some may be wider than `width`."""
    root = find_root(part)
    trees = [_Tree(part, compact=compact) for compact in (False, True)]
    for tree in trees:
        yield from tree.as_row(width)
    for tree in trees:
        if tree.narrowest(root, None) <= width:
            yield tree.from_root(root, width)


class _Tree:
    __slots__ = ("_compact", "_part", "_segments_of")

    def __init__(self, part: Part, *, compact: bool) -> None:
        self._part = part
        self._compact = compact
        self._segments_of = part.segments_of()

    def as_row(self, width: int) -> Iterator[Canvas]:
        """Draw with the longest chain of cables as a row, where cables form chains alone."""
        chain = longest_chain(self._part)
        if len(chain) > 1:
            # what hangs below may need to be narrower than the picture, which begins left of it
            for eighths in (8, 7, 6, 5, 4):
                yield self._row(chain, None, width * eighths // 8).canvas

    def from_root(self, root: Box | int, width: int) -> Canvas:
        """Draw everything below one box or bridge."""
        if isinstance(root, int):
            return self._bridge(root, None, width).canvas
        return self._row([root], None, width).canvas

    def narrowest(self, spot: Box | int, came: Box | int | None) -> int:
        """Give the columns that a box or segment and all below it take at the very least."""
        if not isinstance(spot, int):
            belows = [self.narrowest(i, spot) for i in self._segments_of[spot.key] if i != came]
            return max(longest(self._title(spot)) + 4, sum(belows) + GAP * (len(belows) - 1))
        segment = self._part.segments[spot]
        words = (word for end in segment.ends for word in end.words(segment.subnets))
        label = GAP + 2 + longest(piece for word in words for piece in word.split())
        belows = [self.narrowest(end.box, spot) for end in segment.ends if end.box != came]
        return max([label, *belows])

    def _row(self, path: list[Box], came: int | None, width: int) -> Block:
        """Draw boxes joined by level cables, and below each of them what else it leads to."""
        indices = [self._cable(one, other) for one, other in pairwise(path)]
        joints = [
            join(self._part.segments[index], path[i], tight=self._compact)
            for i, index in enumerate(indices)
        ]
        without = {came, *indices}
        loaded = sum(not without.issuperset(self._segments_of[box.key]) for box in path)
        room = (width + GAP) // max(loaded, 1) - GAP
        belows = [self._below(box, without, room) for box in path]
        return lay_row([self._title(box) for box in path], belows, joints)

    def _title(self, box: Box) -> list[str]:
        return [box.title, f"({box.role})"] if self._compact and box.role else [str(box)]

    def _cable(self, one: Box, other: Box) -> int:
        return next(
            index
            for index in self._segments_of[one.key]
            if index in self._segments_of[other.key] and self._part.segments[index].name is None
        )

    def _below(self, box: Box, without: set[int | None], width: int) -> Block | None:
        """Draw what a box leads to, side by side."""
        indices = [index for index in self._segments_of[box.key] if index not in without]
        if not indices:
            return None
        alone = len(indices) == 1
        blocks = [self._segment(index, box, width, alone=alone) for index in indices]
        if sum(self.narrowest(index, box) + GAP for index in indices) - GAP > width:
            return beside(blocks)
        shares = share([block.canvas.width for block in blocks], width)
        for i, index in enumerate(indices):
            if shares[i] < blocks[i].canvas.width:
                blocks[i] = self._segment(index, box, shares[i], alone=alone)
        return beside(blocks)

    def _segment(self, index: int, box: Box, width: int, *, alone: bool) -> Block:
        segment = self._part.segments[index]
        here = next(end for end in segment.ends if end.box == box)
        if segment.name is not None:
            return self._bridge(index, here, width, alone=alone)
        there = next(end for end in segment.ends if end.box != box)
        below = self._row([there.box], index, width)
        room = width - below.middle - GAP if alone else 0
        segment = segment if alone else segment.brief()
        words = (here.words(segment.subnets), segment.words(), there.words(segment.subnets))
        groups = [lay(each, room) for each in words if each]
        between = [""] * (max(map(len, groups)) > 1)
        lines = [line for group in groups for line in (*group, *between)]
        return drop(lines, len(lines) - len(between), below)

    def _bridge(self, index: int, here: End | None, width: int, *, alone: bool = True) -> Block:
        """Draw a bridge as a bar, with its other ports below."""
        segment = self._part.segments[index]
        others = [end for end in segment.ends if end != here]
        room = width - SPINE if alone and len(others) == 1 else 0
        labels = [lay(end.words(segment.subnets), room) for end in others]
        belows = [self._row([end.box], index, width - SPINE) for end in others]
        bar = hang_on_bar(labels, belows, width) if others else bare_bar(NO_PORTS[here is None])
        if here is None:
            return head_over(bar, lay(segment.words(), width))
        room = width - bar.middle - GAP
        label = lay(here.words(segment.subnets), room if alone else 0)
        return lead_to(bar, label, segment.words(), width if alone else bar.canvas.width)
