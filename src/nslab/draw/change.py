"""Two states of a lab in one: what comes, what goes, what changes on the way between them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from nslab.draw.marks import Mark
from nslab.lab.model import Desired
from nslab.lab.surroundings import with_surroundings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nslab.draw.marks import Marks, Place
    from nslab.lab.model import Bridge, Cable, Endpoint, Node

ADDED = Mark("added")
DELETED = Mark("deleted")

USUAL_MTU = 1500
"""The kernel's own choice, in bytes."""


class Change(Struct, frozen=True):
    """All that is there before or after, and the marks that tell which.

    Attributes:
        lab: to be drawn with `marks`, and for nothing else: an endpoint that moves is in it twice.
        marks: none for what stays as it is.
    """

    lab: Desired
    marks: Marks


def change(before: Desired, after: Desired) -> Change:
    """Lay two states of a lab over each other.

    Args:
        before: as the kernel has it, or an older file.
        after: as it is to be.
    """
    before, after = with_surroundings(before), with_surroundings(after)
    nodes = _Nodes(before, after)
    bridges = _Bridges(before, after)
    cables = _Cables(before, after)
    lab = Desired(after.name, bridges.all(), cables.all(), nodes.all())
    return Change(lab, dict([*nodes.marks(), *bridges.marks(), *cables.marks()]))


class _Nodes:
    def __init__(self, before: Desired, after: Desired) -> None:
        self.before = {node.name: node for node in before.nodes}
        self.after = {node.name: node for node in after.nodes}

    def all(self) -> tuple[Node, ...]:
        return tuple({**self.before, **self.after}.values())

    def marks(self) -> Iterator[tuple[Place, Mark]]:
        for node in self.all():
            one, other = self.before.get(node.name), self.after.get(node.name)
            if one is None or other is None:
                yield node.name, ADDED if one is None else DELETED
            elif note := _node_note(one, other):
                yield node.name, Mark("changed", note)


def _node_note(one: Node, other: Node) -> str:
    words = {
        "a router now": other.forward and not one.forward,
        "no router now": one.forward and not other.forward,
        "routes": _routes(one) != _routes(other),
        "sysctl": _settings(one) != _settings(other),
        "published ports": set(one.publish) != set(other.publish),
    }
    return ", ".join(word for word, told in words.items() if told)


def _routes(node: Node) -> set[tuple[object, ...]]:
    """Tell routes by what a file must say: the kernel names the link of a next hop, too."""
    return {
        (each.dst, each.metric, each.via, each.ifname)
        if each.via is None or each.via.is_link_local
        else (each.dst, each.metric, each.via)
        for each in node.routes
    }


def _settings(node: Node) -> dict[str, list[str]]:
    return {key: value.split() for key, value in node.sysctl}


class _Bridges:
    def __init__(self, before: Desired, after: Desired) -> None:
        self.before = {bridge.name: bridge for bridge in before.bridges}
        self.after = {bridge.name: bridge for bridge in after.bridges}

    def all(self) -> tuple[Bridge, ...]:
        return tuple(self.union(name) for name in {**self.before, **self.after})

    def union(self, name: str) -> Bridge:
        bridge = self.after.get(name) or self.before[name]
        return replace(bridge, ports=(*bridge.ports, *self.lost_ports(name)))

    def lost_ports(self, name: str) -> Iterator[Endpoint]:
        if name in self.before and name in self.after:
            kept = {str(port) for port in self.after[name].ports}
            yield from (port for port in self.before[name].ports if str(port) not in kept)

    def marks(self) -> Iterator[tuple[Place, Mark]]:
        for name in {**self.before, **self.after}:
            one, other = self.before.get(name), self.after.get(name)
            if one is None or other is None:
                yield name, ADDED if one is None else DELETED
            pairs = [_by_name(each.ports) if each else {} for each in (one, other)]
            yield from _end_marks(pairs[0], pairs[1], {port: name for p in pairs for port in p})


class _Cables:
    def __init__(self, before: Desired, after: Desired) -> None:
        self.before = {_key(cable): cable for cable in before.cables}
        self.after = {_key(cable): cable for cable in after.cables}

    def all(self) -> tuple[Cable, ...]:
        return tuple({**self.before, **self.after}.values())

    def marks(self) -> Iterator[tuple[Place, Mark]]:
        for key, cable in {**self.before, **self.after}.items():
            one, other = self.before.get(key), self.after.get(key)
            near, far = map(str, cable.ends)
            pairs = [_by_name(each.ends) if each else {} for each in (one, other)]
            yield from _end_marks(pairs[0], pairs[1], {near: far, far: near})


def _key(cable: Cable) -> frozenset[str]:
    return frozenset(map(str, cable.ends))


def _by_name(ends: tuple[Endpoint, ...]) -> dict[str, Endpoint]:
    return {str(end): end for end in ends}


def _end_marks(
    before: dict[str, Endpoint], after: dict[str, Endpoint], segments: dict[str, str]
) -> Iterator[tuple[Place, Mark]]:
    """Compare the ends of one segment; `segments` tells what each is called in a place."""
    for name, end in {**before, **after}.items():
        place = (end.node, end.ifname, segments[name])
        one, other = before.get(name), after.get(name)
        if one is None or other is None:
            yield place, ADDED if one is None else DELETED
        elif note := _end_note(one, other):
            yield place, Mark("changed", note)


def _end_note(one: Endpoint, other: Endpoint) -> str:
    lost = [f"{each} goes" for each in one.addresses if each not in other.addresses]
    words = [f"{each} comes" for each in other.addresses if each not in one.addresses] + lost
    if one.mac.lower() != other.mac.lower():
        words.append(f"mac {other.mac}")
    if (one.mtu or USUAL_MTU) != (other.mtu or USUAL_MTU):
        words.append(f"mtu {other.mtu or USUAL_MTU}")
    return ", ".join(words)
