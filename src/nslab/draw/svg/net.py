"""A part of a lab as a graph: boxes and bridges are its vertices, cables and ports its wires."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import networkx as nx
from msgspec import Struct
from msgspec.structs import replace

from nslab.draw.graph import Box, Part

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nslab.draw.graph import End, Segment
    from nslab.draw.marks import Mark

CROWD = 17
"""So many boxes that only one bridge leads to are drawn inside of it."""


class Wire(Struct, frozen=True):
    """A cable, or a port of a bridge.

    Attributes:
        vertices: what it joins; of a port, the bridge first.
        ends: the endpoint at each; none at a bridge.
        segment: the cable, or the bridge.
    """

    vertices: tuple[int, int]
    ends: tuple[End | None, End | None]
    segment: Segment

    @property
    def mark(self) -> Mark | None:
        """The mark of the cable or the port."""
        if self.segment.name is None:
            return self.segment.mark
        return self.ends[1].mark if self.ends[1] else None

    def side_of(self, vertex: int) -> int:
        """Tell which of the two ends is at a vertex: 0 or 1."""
        return self.vertices.index(vertex)

    def other(self, vertex: int) -> int:
        """Give the vertex at the other end from a vertex."""
        return self.vertices[1 - self.side_of(vertex)]


class Net:
    """The vertices, by number, and the wires of one part.

    Attributes:
        things: a box or a bridge for each vertex; in the order of the file.
        wires: in the order of the file.
        graph: the vertices, joined where wires join them.
        crowds: by vertex, the many ends on a bridge of boxes that nothing else leads to; neither
            these boxes nor their wires are in the graph.
    """

    def __init__(self, part: Part) -> None:
        part, crowds = _without_crowds(part)
        bridges = [segment for segment in part.segments if segment.name is not None]
        self.crowds = {
            len(part.boxes) + i: crowds[each.name]
            for i, each in enumerate(bridges)
            if each.name in crowds
        }
        self.things: list[Box | Segment] = [*part.boxes, *bridges]
        self._places = {box.key: i for i, box in enumerate(part.boxes)}
        self._bridge = len(part.boxes)
        self.wires = [wire for segment in part.segments for wire in self._wires(segment)]
        self.graph: nx.Graph[int] = nx.Graph()
        self.graph.add_nodes_from(range(len(self.things)))
        self.graph.add_edges_from(
            wire.vertices for wire in self.wires if wire.vertices[0] != wire.vertices[1]
        )
        self._at: list[list[int]] = [[] for _ in self.things]
        for i, wire in enumerate(self.wires):
            for vertex in dict.fromkeys(wire.vertices):
                self._at[vertex].append(i)

    def _wires(self, segment: Segment) -> Iterator[Wire]:
        places = [self._places[end.box.key] for end in segment.ends]
        if segment.name is None:
            one, other = segment.ends
            yield Wire((places[0], places[1]), (one, other), segment)
            return
        bridge, self._bridge = self._bridge, self._bridge + 1
        for end, place in zip(segment.ends, places, strict=True):
            yield Wire((bridge, place), (None, end), segment)

    def wires_at(self, vertex: int) -> list[int]:
        """Give the numbers of a vertex's wires."""
        return self._at[vertex]

    def is_bridge(self, vertex: int) -> bool:
        """Tell a bridge from a box."""
        return not isinstance(self.things[vertex], Box)

    def is_router(self, vertex: int) -> bool:
        """Tell whether a vertex is a box of routers."""
        thing = self.things[vertex]
        return isinstance(thing, Box) and thing.router

    def is_leaf(self, vertex: int) -> bool:
        """Tell whether a single wire leads to a box."""
        return len(self._at[vertex]) == 1 and not self.is_bridge(vertex)


def _without_crowds(part: Part) -> tuple[Part, dict[str, tuple[End, ...]]]:
    """Take the crowds out of a part, and give them by the names of their bridges."""
    found: dict[str, tuple[End, ...]] = {}
    segments_of = part.segments_of()
    for segment in part.segments:
        leaves = tuple(end for end in segment.ends if len(segments_of[end.box.key]) == 1)
        if segment.name is not None and len(leaves) >= CROWD:
            found[segment.name] = leaves
    gone = {end.box.key for ends in found.values() for end in ends}
    boxes = tuple(box for box in part.boxes if box.key not in gone)
    segments = tuple(
        replace(each, ends=tuple(end for end in each.ends if end.box.key not in gone))
        for each in part.segments
    )
    return Part(boxes, segments), found


def natural(ifname: str) -> list[tuple[int, str]]:
    """Give the key that sorts `eth10` after `eth9`."""
    return [(int(each or 0), text) for text, each in re.findall(r"([^0-9]*)([0-9]*)", ifname)]
