"""The order of vertices in their columns: such that few wires cross."""

from __future__ import annotations

from bisect import bisect_right, insort
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nslab.draw.svg.net import Net

Columns = list[list[int]]
"""The vertices of each column, top down; wires lead to a vertex's own column or the next ones."""

SWEEPS = 12


def sort_columns(net: Net, columns: Columns, fixed: frozenset[int]) -> Columns:
    """Order the columns, all but those whose numbers are `fixed`.

    The columns are swept from left to right and back: each vertex goes to the middle of those that
    its wires lead to in the column before. The best order found is given.
    """
    best, fewest = columns, crossings(net, columns)
    current = [list(column) for column in columns]
    for sweep in range(SWEEPS):
        if not fewest:
            break
        numbers = range(1, len(columns))
        steps = [(i, i - 1) for i in numbers] if sweep % 2 else [(i - 1, i) for i in numbers][::-1]
        for i, before in steps:
            if i not in fixed:
                current[i] = _by_middle(net, current[i], current[before])
        found = crossings(net, current)
        if found < fewest:
            best, fewest = [list(column) for column in current], found
    return best


def _by_middle(net: Net, column: list[int], before: list[int]) -> list[int]:
    place = {vertex: i for i, vertex in enumerate(before)}
    middles = []
    for i, vertex in enumerate(column):
        near = [place[each] for each in net.graph[vertex] if each in place]
        middles.append(sum(near) / len(near) if near else i * len(before) / len(column))
    order = sorted(range(len(column)), key=lambda i: (middles[i], i))
    return [column[i] for i in order]


def crossings(net: Net, columns: Columns) -> int:
    """Count the pairs of wires that cross between neighbouring columns."""
    return sum(_crossings(net, *pair) for pair in pairwise(columns))


def _crossings(net: Net, left: list[int], right: list[int]) -> int:
    place = {vertex: i for i, vertex in enumerate(right)}
    ends = [
        place[other]
        for vertex in left
        for other in sorted((v for v in net.graph[vertex] if v in place), key=place.__getitem__)
    ]
    seen: list[int] = []
    count = 0
    for end in ends:
        count += len(seen) - bisect_right(seen, end)
        insort(seen, end)
    return count
