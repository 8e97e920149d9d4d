"""What is to be drawn: boxes with ends on segments, in parts that nothing joins to each other."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from nslab.lab.model import Desired, Endpoint, Interface, Network, Node

SHORTEN_ABOVE = 24
"""A lab of more nodes than this has its runs of alike nodes drawn as one box each."""

SHORTEST_RUN = 4


@dataclass(frozen=True, slots=True)
class Box:
    """A node, or a run of nodes that differ by their numbers alone.

    Attributes:
        key: the name of the (first) node.
        title: the name, or the first and the last one.
        mark: what to say of it after the title: a router, or how many nodes.
    """

    key: str
    title: str
    mark: str

    def __str__(self) -> str:
        return f"{self.title} {self.mark}".rstrip()


@dataclass(frozen=True, slots=True)
class End:
    """An endpoint of a box, or of each node of a run: of the first and the last one."""

    box: Box
    first: Endpoint
    last: Endpoint

    def words(self, subnets: Iterable[Network]) -> tuple[str, ...]:
        """Give ifname and addresses; the prefix length is left out where the subnet tells it."""
        shown = frozenset(subnets)
        pairs = zip(self.first.addresses, self.last.addresses, strict=True)
        return (self.first.ifname, *(_span(first, last, shown) for first, last in pairs))


@dataclass(frozen=True, slots=True)
class Segment:
    """A bridge, or a cable where `name` is None."""

    name: str | None
    subnets: tuple[Network, ...]
    ends: tuple[End, ...]

    def words(self) -> tuple[str, ...]:
        """Give the bridge's name, then the subnets."""
        title = () if self.name is None else (f"bridge {self.name}",)
        return (*title, *map(str, self.subnets))

    def brief(self) -> Segment:
        """Leave out the subnets that addresses tell: these then show their prefix length."""
        told = {each.network for end in self.ends for each in end.first.addresses}
        return replace(self, subnets=tuple(each for each in self.subnets if each not in told))


@dataclass(frozen=True, slots=True)
class Part:
    """Boxes and segments that hang together, each in the order of the file."""

    boxes: tuple[Box, ...]
    segments: tuple[Segment, ...]

    def segments_of(self) -> dict[str, list[int]]:
        """Give the indices of each box's segments, by key; one for each of its ends."""
        found: dict[str, list[int]] = {box.key: [] for box in self.boxes}
        for index, segment in enumerate(self.segments):
            for end in segment.ends:
                found[end.box.key].append(index)
        return found

    def is_tree(self) -> bool:
        """Tell whether there is but one way from any box to any other."""
        ends = sum(len(segment.ends) for segment in self.segments)
        return ends == len(self.boxes) + len(self.segments) - 1


def parts(desired: Desired) -> list[Part]:
    """Cut a lab into its parts, in the order of the file; an isolated node is one of its own."""
    runs = _runs(desired)
    boxes = {run[0].name: _box(run) for run in runs}
    lasts = {run[0].name: run[-1].name for run in runs}

    def ends(endpoints: Sequence[Endpoint]) -> tuple[End, ...]:
        by_node = {end.node: end for end in endpoints}
        return tuple(
            End(boxes[end.node], end, end if last == end.node else by_node[last])
            for end in endpoints
            if (last := lasts.get(end.node))
        )

    bridges = [Segment(each.name, each.subnets, ends(each.ports)) for each in desired.bridges]
    cables = [Segment(None, each.subnets, ends(each.ends)) for each in desired.cables]
    return _cut(Part(tuple(boxes.values()), (*bridges, *cables)))


def _span(first: Interface, last: Interface, shown: frozenset[Network]) -> str:
    bare = first.network in shown
    texts = [str(each.ip) if bare else each.with_prefixlen for each in (first, last)]
    return texts[0] if first == last else " ... ".join(texts)


def _box(run: list[Node]) -> Box:
    first, last = run[0], run[-1]
    if len(run) == 1:
        return Box(first.name, first.name, "(router)" if first.forward else "")
    kind = "routers" if first.forward else "nodes"
    return Box(first.name, f"{first.name} ... {last.name}", f"({len(run)} {kind})")


def _runs(desired: Desired) -> list[list[Node]]:
    """Put alike nodes together where the lab is large; in the order of the file."""
    if len(desired.nodes) <= SHORTEN_ABOVE:
        return [[node] for node in desired.nodes]
    endpoints = desired.endpoints()
    runs: list[list[Node]] = []
    for group in _groups(desired, endpoints):
        for run in _alike(group, endpoints):
            runs += [run] if len(run) >= SHORTEST_RUN else [[node] for node in run]
    place = {node.name: i for i, node in enumerate(desired.nodes)}
    return sorted(runs, key=lambda run: place[run[0].name])


def _groups(desired: Desired, endpoints: dict[str, list[Endpoint]]) -> Iterator[list[Node]]:
    """Give the nodes that may stand in one run: on one bridge alone, or without a link."""
    nodes = {node.name: node for node in desired.nodes}
    for bridge in desired.bridges:
        yield [nodes.pop(end.node) for end in bridge.ports if len(endpoints[end.node]) == 1]
    yield [nodes.pop(node.name) for node in desired.nodes if not endpoints[node.name]]
    yield from ([node] for node in nodes.values())


def _alike(group: list[Node], endpoints: dict[str, list[Endpoint]]) -> Iterator[list[Node]]:
    run: list[Node] = []
    for node in group:
        if run and not _follows(node, run[-1], endpoints):
            yield run
            run = []
        run.append(node)
    if run:
        yield run


def _follows(node: Node, before: Node, endpoints: dict[str, list[Endpoint]]) -> bool:
    if node.name != _next_name(before.name) or node.forward != before.forward:
        return False
    pairs = zip(endpoints[before.name], endpoints[node.name], strict=True)
    return all(_next_to(one, other) for one, other in pairs)


def _next_name(name: str) -> str:
    stem = name.rstrip("0123456789")
    digits = name[len(stem) :]
    return stem + str(int(digits) + 1).zfill(len(digits)) if digits else ""


def _next_to(one: Endpoint, other: Endpoint) -> bool:
    """Tell whether two endpoints are named alike and each address is one above the other's."""
    after = [(each.version, int(each.ip) + 1, each.network) for each in one.addresses]
    found = [(each.version, int(each.ip), each.network) for each in other.addresses]
    return one.ifname == other.ifname and after == found


def _cut(whole: Part) -> list[Part]:
    segments_of = whole.segments_of()
    place = {box.key: i for i, box in enumerate(whole.boxes)}
    found: list[Part] = []
    seen: set[str] = set()
    for box in whole.boxes:
        if box.key not in seen:
            keys, indices = _reach(box.key, whole, segments_of)
            seen |= keys
            boxes = tuple(whole.boxes[i] for i in sorted(place[key] for key in keys))
            found.append(Part(boxes, tuple(whole.segments[i] for i in sorted(indices))))
    empty = [segment for segment in whole.segments if not segment.ends]
    return found + [Part((), (segment,)) for segment in empty]


def _reach(start: str, whole: Part, segments_of: dict[str, list[int]]) -> tuple[set[str], set[int]]:
    """Walk from one box to all that it hangs together with: their keys, their segments' indices."""
    keys, indices = {start}, set[int]()
    ahead = deque([start])
    while ahead:
        for index in segments_of[ahead.popleft()]:
            if index not in indices:
                indices.add(index)
                fresh = {end.box.key for end in whole.segments[index].ends} - keys
                keys |= fresh
                ahead.extend(fresh)
    return keys, indices
