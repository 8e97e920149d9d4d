"""Where to begin with the drawing of a tree: its longest row of cables, or its middle."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nslab.draw.graph import Box

if TYPE_CHECKING:
    from nslab.draw.graph import Part

Spot = Box | int
"""A box, or the index of a segment."""


def longest_chain(part: Part) -> list[Box]:
    """Give the longest run of boxes joined by cables, or nothing where cables branch."""
    beside: dict[str, list[Box]] = {box.key: [] for box in part.boxes}
    for segment in part.segments:
        if segment.name is None:
            one, other = (end.box for end in segment.ends)
            beside[one.key].append(other)
            beside[other.key].append(one)
    if any(len(others) > 2 for others in beside.values()):
        return []
    starts = [box for box in part.boxes if len(beside[box.key]) == 1]
    return max((_follow(box, beside) for box in starts), key=len, default=[])


def _follow(start: Box, beside: dict[str, list[Box]]) -> list[Box]:
    chain = [start]
    while ahead := [box for box in beside[chain[-1].key] if box not in chain[-2:]]:
        chain.append(ahead[0])
    return chain


def find_root(part: Part) -> Spot:
    """Choose what stands on top: a chain's end or the middle; a router rather than its bridge."""
    chain = longest_chain(part)
    if len(chain) == len(part.boxes) > 1:
        return chain[0]
    middle = _middle(part)
    if not isinstance(middle, int):
        return middle
    segment = part.segments[middle]
    routers = [end.box for end in segment.ends if end.box.router and end.box.count == 1]
    if segment.name is None:
        return (routers or [end.box for end in segment.ends])[0]
    return routers[0] if routers else middle


def _middle(part: Part) -> Spot:
    """Give the spot half-way along the longest way through a tree."""
    far = _way(part, part.boxes[0] if part.boxes else 0)[0]
    way = _way(part, far)
    return way[len(way) // 2]


def _way(part: Part, start: Spot) -> list[Spot]:
    """Give the longest way that begins at `start`."""
    segments_of = part.segments_of()
    before: dict[Spot, Spot | None] = {start: None}
    ahead = [start]
    for spot in ahead:
        near: list[Spot] = []
        if isinstance(spot, int):
            near += [end.box for end in part.segments[spot].ends]
        else:
            near += segments_of[spot.key]
        fresh = [each for each in near if each not in before]
        before.update(dict.fromkeys(fresh, spot))
        ahead += fresh
    way = [ahead[-1]]
    while (back := before[way[-1]]) is not None:
        way.append(back)
    return way
