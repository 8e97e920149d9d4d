"""What is to be drawn: boxes with ends on segments, in parts that nothing joins to each other.

This is the one model that every format draws; it is made of a lab and its marks.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from nslab.draw.marks import MOVES, NO_MARKS, Mark, strongest
from nslab.draw.runs import runs_of
from nslab.lab.names import OUTSIDE
from nslab.lab.surroundings import with_surroundings

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from nslab.draw.marks import Marks
    from nslab.lab.model import Bridge, Cable, Desired, Endpoint, Interface, Network, Node

MOST_PORTS = 2
"""More published ports than this are only counted."""

UNBROKEN = "\u00a0"
"""The blank in a word at which no line may end."""


class Box(Struct, frozen=True):
    """A node, or a run of nodes that differ by their numbers alone.

    Attributes:
        key: the name of the (first) node.
        title: the name, or the first and the last one.
        count: how many nodes these are.
        router: whether they forward.
        note: what else to say of it.
        mark: what to say of the node; a run has none.
    """

    key: str
    title: str
    count: int = 1
    router: bool = False
    note: str = ""
    mark: Mark | None = None

    @property
    def lines(self) -> list[str]:
        """What to say below the title: a router, how many nodes, the note."""
        kind = "router" if self.router else "node"
        words = f"{self.count} {kind}s" if self.count > 1 else "router" * self.router
        return [word for word in (words, self.note) if word]

    @property
    def role(self) -> str:
        """What to say beside the title: the lines and the mark."""
        return ", ".join([*self.lines, *([str(self.mark)] if self.mark else [])])

    def __str__(self) -> str:
        return f"{self.title} ({self.role})" if self.role else self.title


class End(Struct, frozen=True):
    """An endpoint of a box, or of each node of a run: of the first and the last one."""

    box: Box
    first: Endpoint
    last: Endpoint
    mark: Mark | None = None

    @property
    def own_mark(self) -> Mark | None:
        """The mark, unless the node's says the same."""
        return None if self.box.mark and self.mark == Mark(self.box.mark.word) else self.mark

    def addresses(self, subnets: Iterable[Network]) -> tuple[str, ...]:
        """Give the addresses; the prefix length is left out where one of the subnets tells it."""
        shown = frozenset(subnets)
        pairs = zip(self.first.addresses, self.last.addresses, strict=True)
        return tuple(_span(first, last, shown) for first, last in pairs)

    def words(self, subnets: Iterable[Network]) -> tuple[str, ...]:
        """Give ifname, with its mark, what the mark notes, and addresses."""
        return (*_marked(self.first.ifname, self.own_mark), *self.addresses(subnets))


class Segment(Struct, frozen=True):
    """A bridge, or a cable where `name` is None; a cable's mark is that of its worse end."""

    name: str | None
    subnets: tuple[Network, ...]
    ends: tuple[End, ...]
    mark: Mark | None = None

    def words(self) -> tuple[str, ...]:
        """Give the bridge's name, with its mark, then the subnets."""
        title = () if self.name is None else _marked(f"bridge {self.name}", self.mark)
        return (*title, *map(str, self.subnets))

    def untold(self) -> tuple[Network, ...]:
        """Give the subnets that no address with its prefix length would tell."""
        told = {each.network for end in self.ends for each in end.first.addresses}
        return tuple(each for each in self.subnets if each not in told)

    def brief(self) -> Segment:
        """Leave out the subnets that addresses tell: these then show their prefix length."""
        return replace(self, subnets=self.untold())


class Part(Struct, frozen=True):
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


def parts(
    desired: Desired, marks: Marks = NO_MARKS, *, shorten_above: int | None = None
) -> list[Part]:
    """Cut a lab into its parts, in the order of the file; an isolated node is one of its own.

    Args:
        desired: the lab.
        marks: what to say of its parts.
        shorten_above: a lab of more nodes than this has its runs of alike nodes, none of them
            marked, drawn as one box each; None for never.
    """
    return _cut(whole(desired, marks, shorten_above=shorten_above))


def whole(desired: Desired, marks: Marks = NO_MARKS, *, shorten_above: int | None = None) -> Part:
    """Give a lab in one piece; the arguments are those of `parts`."""
    return _Drawing(desired, marks, shorten_above).part()


def summary(desired: Desired) -> str:
    """Say how many nodes, bridges and cables a lab has."""
    counts = {"node": len(desired.nodes), "bridge": len(desired.bridges)}
    counts["cable"] = len(desired.cables)
    texts = [f"{n} {noun}{'s' * (n != 1)}" for noun, n in counts.items() if n]
    return f"{desired.name}: {', '.join(texts or ['no nodes'])}"


class _Drawing:
    def __init__(self, desired: Desired, marks: Marks, shorten_above: int | None) -> None:
        self.desired = with_surroundings(desired)
        self.marks = marks
        runs = [[node] for node in self.desired.nodes]
        if shorten_above is not None and len(desired.nodes) > shorten_above:
            runs = runs_of(
                self.desired, {place if isinstance(place, str) else place[0] for place in marks}
            )
        self.boxes = {run[0].name: self.box(run) for run in runs}
        self.lasts = {run[0].name: run[-1].name for run in runs}

    def part(self) -> Part:
        segments = [self.bridge(each) for each in self.desired.bridges]
        segments += [self.cable(each) for each in self.desired.cables]
        return Part(tuple(self.boxes.values()), tuple(segments))

    def box(self, run: list[Node]) -> Box:
        first, last = run[0], run[-1]
        if len(run) == 1:
            mark = self.marks.get(first.name)
            if first.name == OUTSIDE:
                return Box(first.name, first.name, note="the way out", mark=mark)
            return Box(first.name, first.name, 1, first.forward, _published(first), mark)
        return Box(first.name, f"{first.name} ... {last.name}", len(run), first.forward)

    def bridge(self, bridge: Bridge) -> Segment:
        segments = [bridge.name] * len(bridge.ports)
        ends = self.ends(bridge.ports, segments)
        return Segment(bridge.name, bridge.subnets, ends, self.marks.get(bridge.name))

    def cable(self, cable: Cable) -> Segment:
        one, other = cable.ends
        ends = self.ends(cable.ends, [str(other), str(one)])
        return Segment(None, cable.subnets, ends, strongest([end.mark for end in ends]))

    def ends(self, endpoints: Sequence[Endpoint], segments: list[str]) -> tuple[End, ...]:
        by_node = {end.node: end for end in endpoints}
        return tuple(
            End(self.boxes[end.node], end, end if last == end.node else by_node[last], mark)
            for end, segment in zip(endpoints, segments, strict=True)
            if (last := self.lasts.get(end.node))
            for mark in (self.mark_of(end, segment),)
        )

    def mark_of(self, end: Endpoint, segment: str) -> Mark | None:
        """Find an endpoint's mark; it comes and goes with its node or its bridge."""
        place = (end.node, end.ifname)
        own = self.marks.get((*place, segment)) or self.marks.get(place)
        wider = (self.marks.get(end.node), self.marks.get(segment))
        return own or next((m for m in wider if m and m.word in MOVES), None)


def _published(node: Node) -> str:
    if len(node.publish) > MOST_PORTS:
        return f"publishes {len(node.publish)} ports"
    return f"publishes {' '.join(map(str, node.publish))}" if node.publish else ""


def _marked(name: str, mark: Mark | None) -> tuple[str, ...]:
    """Put a mark after a name, and each of its notes into a word of its own."""
    if mark is None:
        return (name,)
    notes = (note.replace(" ", UNBROKEN) for note in mark.notes)
    return (f"{name}{UNBROKEN}({mark.word})", *notes)


def _span(first: Interface, last: Interface, shown: frozenset[Network]) -> str:
    bare = first.network in shown
    texts = [str(each.ip) if bare else each.with_prefixlen for each in (first, last)]
    return texts[0] if first == last else " ... ".join(texts)


def _cut(lab: Part) -> list[Part]:
    segments_of = lab.segments_of()
    place = {box.key: i for i, box in enumerate(lab.boxes)}
    found: list[Part] = []
    seen: set[str] = set()
    for box in lab.boxes:
        if box.key not in seen:
            keys, indices = _reach(box.key, lab, segments_of)
            seen |= keys
            boxes = tuple(lab.boxes[i] for i in sorted(place[key] for key in keys))
            found.append(Part(boxes, tuple(lab.segments[i] for i in sorted(indices))))
    empty = [segment for segment in lab.segments if not segment.ends]
    return found + [Part((), (segment,)) for segment in empty]


def _reach(start: str, lab: Part, segments_of: dict[str, list[int]]) -> tuple[set[str], set[int]]:
    """Walk from one box to all that it hangs together with: their keys, their segments' indices."""
    keys, indices = {start}, set[int]()
    ahead = deque([start])
    while ahead:
        for index in segments_of[ahead.popleft()]:
            if index not in indices:
                indices.add(index)
                fresh = {end.box.key for end in lab.segments[index].ends} - keys
                keys |= fresh
                ahead.extend(fresh)
    return keys, indices
