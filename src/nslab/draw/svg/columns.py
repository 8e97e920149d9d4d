"""Which vertex stands in which column: the shapes that a reader knows networks by."""

from __future__ import annotations

from collections import defaultdict
from math import log
from typing import TYPE_CHECKING

import networkx as nx

from nslab.draw.svg.order import Columns, sort_columns

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from nslab.draw.svg.net import Net

WIDE = 7
"""A tree of more columns than this is drawn about its longest way, top down."""

IN_A_ROW = 4
"""A chain of so many vertices is one row."""

DENSE = 0.6
"""A graph with more than this of all the edges that it could have is a mesh."""

TRIES = 4
"""How many shapes of a chain or a ring are drawn to find the best."""

CELL = (270, 120)
"""What a box and a cable take, more or less, in pixels."""

LARGE = 400
"""The middle of a graph of more vertices than this is not searched for."""


def arrangements(net: Net) -> Iterator[Columns]:
    """Try the ways of putting a part into columns, the clearest first.

    A chain is a row or a column; a ring is two columns, what hangs on it outside; a deep tree is
    a column with branches to both sides; anything else goes out from its middle, layer by layer.
    """
    core = nx.k_core(net.graph, 2)
    degrees = [degree for _, degree in net.graph.degree]
    if not core and max(degrees, default=0) <= 2:
        chain = _longest_way(net.graph)
        yield from (_snake(chain, count) for count in _counts(len(chain)))
    elif core and len(core) != 4 and all(degree == 2 for _, degree in core.degree):
        yield from _rings(net, _walk(core))
    elif 4 <= len(core) <= 8 and nx.density(core) > DENSE and not nx.is_bipartite(core):
        yield _fold(net, sorted(core))
    else:
        yield from _outwards(net, tree=not core)


def _outwards(net: Net, *, tree: bool) -> Iterator[Columns]:
    roots = _roots(net)
    rest = net.graph.subgraph(set(net.graph) - set(roots))
    ways = [_about, _layers]
    if len(roots) > 1 and nx.number_connected_components(rest) > 2:
        ways.reverse()  # tiers: all of the lower one on one side
    if tree and len(_longest_way(net.graph)) > WIDE:
        yield _backbone(net)
    yield from (way(net, roots) for way in ways)


def _counts(size: int) -> list[int]:
    """Give the numbers of columns for a chain, the best shape first."""
    if size <= IN_A_ROW:
        return [size]
    return sorted(range(1, size + 1), key=lambda count: _shape(count, -(-size // count)))[:TRIES]


def _shape(columns: int, rows: int) -> float:
    """Give how far from a screen's the shape of a table of boxes and cables is."""
    return abs(log(columns * CELL[0] / (rows * CELL[1]) / 1.6))


def _snake(chain: list[int], count: int) -> Columns:
    """Lay a chain into rows, to the right and back to the left."""
    columns: Columns = [[] for _ in range(min(count, len(chain)))]
    for i, vertex in enumerate(chain):
        row, place = divmod(i, count)
        columns[place if row % 2 == 0 else count - 1 - place].append(vertex)
    return columns


def _rings(net: Net, ring: list[int]) -> Iterator[Columns]:
    """Lay a ring around a rectangle, or where trees hang on it, into two columns between these."""
    if len(ring) < len(net.graph):
        yield _fold(net, ring)
        return
    counts = range(2, max(3, len(ring) // 2 + 1))
    best = sorted(counts, key=lambda count: _shape(count, (len(ring) + 5) // 2 - count))
    yield from (_rectangle(ring, count) for count in best[:TRIES])


def _rectangle(ring: list[int], count: int) -> Columns:
    """Lay a ring around a rectangle of `count` columns, from its upper left corner clockwise."""
    rest = len(ring) - 2 * count
    right = max(0, rest // 2)
    columns: Columns = [[vertex] for vertex in ring[:count]]
    columns[-1] += ring[count : count + right]
    bottom = ring[count + right : 2 * count + right]
    for column, vertex in zip(reversed(columns), bottom, strict=False):
        column.append(vertex)
    left = ring[2 * count + right :]
    columns[0][1:1] = left[::-1]
    return columns


def _fold(net: Net, core: list[int]) -> Columns:
    """Fold a ring, or whatever is joined to and fro, into two columns; its trees hang outside."""
    half = (len(core) + 1) // 2
    return _hang(net, {0: core[:half], 1: core[half:][::-1]})


def _walk(ring: nx.Graph[int]) -> list[int]:
    """Walk around a ring from its first vertex, towards the lower of its neighbours."""
    way = [min(ring)]
    while ahead := sorted(vertex for vertex in ring[way[-1]] if vertex not in way):
        way.append(ahead[0])
    return way


def _backbone(net: Net) -> Columns:
    """Put the longest way into a column, and what hangs on it to both sides."""
    way = _longest_way(net.graph)
    inner = way[1:-1] if net.is_leaf(way[0]) and net.is_leaf(way[-1]) else way
    return _hang(net, {0: inner})


def _longest_way(tree: nx.Graph[int]) -> list[int]:
    """Give the longest way through a tree."""
    first = min(tree)
    start = list(nx.bfs_tree(tree, first))[-1] if len(tree) > 1 else first
    ways = nx.single_source_shortest_path(tree, start)
    longest = max(ways.values(), key=len)
    return min(longest, longest[::-1])


def _hang(net: Net, middle: dict[int, list[int]]) -> Columns:
    """Put what hangs on one or two columns outside of them.

    What hangs on a single column goes to both sides in turn.
    """
    found = defaultdict(list, {number: list(column) for number, column in middle.items()})
    rest = net.graph.subgraph(set(net.graph) - {v for column in middle.values() for v in column})
    sides = [0, 0]
    for tree in sorted(nx.connected_components(rest), key=min):
        number, foot = next(
            (number, vertex)
            for number, column in middle.items()
            for vertex in column
            if tree & set(net.graph[vertex])
        )
        side = number if len(middle) > 1 else int(sides[0] >= sides[1])
        sides[side] += len(tree)
        layers = nx.bfs_layers(net.graph.subgraph({*tree, foot}), foot)
        for distance, layer in enumerate(layers):
            if distance:
                found[number + distance * (1 if side else -1)] += sorted(layer)
    lowest = min(found)
    columns = [found[i] for i in sorted(found)]
    return sort_columns(net, columns, frozenset(number - lowest for number in middle))


def _roots(net: Net) -> list[int]:
    """Choose where to begin: the top tier, or the middle, or the best-connected vertex of it."""
    if len(net.graph) > LARGE:
        return [_busiest(net, net.graph)]
    if tier := _top_tier(net):
        return tier
    center = sorted(nx.center(net.graph))
    joined = net.graph.subgraph(center).number_of_edges()
    if joined or len(center) * 2 > len(net.graph):
        return [_busiest(net, center)]
    return center


def _top_tier(net: Net) -> list[int]:
    """Give the tier farthest from the leaves, or nothing where wires do not lead through tiers.

    Where two tiers are all there is, it is the smaller one.
    """
    if nx.is_forest(net.graph) or not nx.is_bipartite(net.graph):
        return []
    leaves = [vertex for vertex in net.graph if net.graph.degree[vertex] == 1]
    if leaves:
        tiers = list(nx.bfs_layers(net.graph, leaves))
        place = {vertex: i for i, tier in enumerate(tiers) for vertex in tier}
        level = any(place[one] == place[other] for one, other in net.graph.edges)
        return [] if level or len(tiers) < 3 else sorted(tiers[-1])
    if nx.diameter(net.graph) > 3:
        return []
    sides = [sorted(side) for side in nx.bipartite.sets(net.graph)]
    return min(sides, key=lambda side: (len(side), side))


def _busiest(net: Net, vertices: Iterable[int]) -> int:
    return max(vertices, key=lambda v: (net.is_router(v), net.graph.degree[v], -v))


def _layers(net: Net, roots: list[int]) -> Columns:
    """Put the roots into the first column, what they lead to into the next, and so on."""
    layers = [sorted(layer) for layer in nx.bfs_layers(net.graph, roots)]
    return sort_columns(net, layers, frozenset())


def _about(net: Net, roots: list[int]) -> Columns:
    """Put the roots into the middle column, and what they lead to, to both sides of it."""
    rest = net.graph.subgraph(set(net.graph) - set(roots))
    branches = sorted(nx.connected_components(rest), key=min)
    if len(branches) < 2:
        return _layers(net, roots)
    lefts = branches[: _half([sum(map(net.is_leaf, each)) + 0.1 for each in branches])]
    left, right = (
        _layers_below(net, roots, set().union(*each)) for each in (lefts, branches[len(lefts) :])
    )
    columns = [*reversed(left), list(roots), *right]
    return sort_columns(net, columns, frozenset([len(left)] if len(roots) == 1 else []))


def _layers_below(net: Net, roots: list[int], vertices: set[int]) -> Columns:
    layers = nx.bfs_layers(net.graph.subgraph({*roots, *vertices}), roots)
    return [sorted(layer) for i, layer in enumerate(layers) if i]


def _half(weights: list[float]) -> int:
    """Give how many of the weights, from the first on, come nearest to a half of them all."""
    whole = sum(weights)
    return min(
        range(1, len(weights)), key=lambda count: abs(whole - 2 * sum(weights[:count])), default=0
    )
