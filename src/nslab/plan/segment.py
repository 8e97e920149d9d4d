"""A segment laid over fabrics: over one while its ports have room there, else over a star.

A bridge of the kernel takes 1,023 ports (linux/br_private.h: BR_MAX_PORTS, less the number 0). A
segment with more has several fabrics with ports, its leaves, each joined by a cable to the bridge
of one more, the core. So there is one way between any two of them, and it is short; no way can be a
circle. The first leaf is the fabric with the segment's own name, which the way out lies on.

A port that is there stays on its leaf, whoever comes or goes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import count
from typing import TYPE_CHECKING

from nslab.plan.state import NetnsState

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from nslab.lab.model import Bridge, Desired, Endpoint
    from nslab.plan.state import End, LinkState, State

    Port = tuple[Endpoint, str]
    """An attachment, and the fabric's end of it by its ifname."""

ROOM = 1022
"""The ports of a leaf, less the one that joins it to the core."""

MARK = "+"
"""What parts a segment's name from that of a further fabric; a name in a file cannot have it."""

TO_CORE = "+core"
"""The leaf's end of a cable to the core; the ifnames of ports begin with their node's."""

_EMPTY = NetnsState()


@dataclass(frozen=True, slots=True)
class Layout:
    """The fabrics of one segment.

    Attributes:
        leaves: their ports, by fabric.
        core: the fabric that joins them, if there are several.
    """

    leaves: dict[str, list[Port]]
    core: str | None


def segment_of(netns: str) -> str:
    """Give the segment that a fabric is of; a node's name stays the same."""
    return netns.partition(MARK)[0]


def to_leaf(leaf: str) -> str:
    """Give the core's end of the cable to a leaf."""
    return f"{MARK}{leaf.partition(MARK)[2] or 0}"


def further(names: Iterable[str]) -> dict[str, list[str]]:
    """Give the fabrics beside the first one, by segment."""
    found: dict[str, list[str]] = {}
    for name in names:
        if MARK in name:
            found.setdefault(segment_of(name), []).append(name)
    return found


def lay(bridge: Bridge, beside: Iterable[str], seen: State, *, spare: bool = False) -> Layout:
    """Lay a segment over as few fabrics as leave what is there where it is.

    Args:
        bridge: the segment.
        beside: the fabrics beside the first one that are there.
        seen: the lab as it is.
        spare: whether fabrics that are there and have no port any more are among them.
    """
    core = f"{bridge.name}{TO_CORE}"
    there = sorted((name for name in beside if name != core), key=_number)
    leaves: dict[str, list[Port]] = {name: [] for name in (bridge.name, *there)}
    room = {name: ROOM - (name == bridge.name and bridge.host is not None) for name in leaves}
    seats = {ifname: name for name in leaves for ifname in seen.get(name, _EMPTY).links}
    coming = []
    for port in zip(bridge.ports, bridge.port_ifnames, strict=True):
        leaf = seats.get(port[1])
        if leaf is not None and len(leaves[leaf]) < room[leaf]:
            leaves[leaf].append(port)
        else:
            coming.append(port)
    for leaf in _leaves(bridge.name, there):
        if not coming:
            break
        free = room.get(leaf, ROOM) - len(leaves.setdefault(leaf, []))
        leaves[leaf] += coming[:free]
        coming = coming[free:]
    if not spare:
        leaves = {name: ports for name, ports in leaves.items() if ports or name == bridge.name}
    return Layout(leaves, core if len(leaves) > 1 or (spare and core in beside) else None)


def _leaves(segment: str, there: Iterable[str]) -> Iterator[str]:
    """Give the leaves in the order in which they fill: those that are there, then new ones."""
    known = {segment, *there}
    yield segment
    yield from there
    yield from (name for number in count(1) if (name := f"{segment}{MARK}{number}") not in known)


def _number(leaf: str) -> int:
    return int(leaf.partition(MARK)[2])


# Read back


def whole(lab: Desired, observed: State) -> State:
    """Give every segment as one fabric, as if one bridge had room for all of its ports.

    Where leaves are cut off from the rest, their ports have a bridge of their own there.
    """
    beside = further(observed)
    if not beside:
        return observed
    found = {
        name: replace(netns, links={ifname: _homed(link) for ifname, link in netns.links.items()})
        for name, netns in observed.items()
        if MARK not in name
    }
    for bridge in lab.bridges:
        if bridge.name in beside and bridge.name in found:
            leaves = [bridge.name, *beside[bridge.name]]
            links = _together(bridge, {name: observed[name] for name in leaves})
            found[bridge.name] = replace(found[bridge.name], links=links)
    return found


def _homed(link: LinkState) -> LinkState:
    """Give a link whose peer is on the segment, on whichever fabric that is."""
    if link.peer is None or MARK not in link.peer[0]:
        return link
    return replace(link, peer=(segment_of(link.peer[0]), link.peer[1]))


def _together(bridge: Bridge, fabrics: Mapping[str, NetnsState]) -> dict[str, LinkState]:
    """Put the links of a segment's fabrics together, without those that join them."""
    core = f"{bridge.name}{TO_CORE}"
    joined = {name for name in fabrics if _is_joined(bridge, name, core, fabrics)} | {core}
    links: dict[str, LinkState] = {}
    for name, netns in fabrics.items():
        master = bridge.ifname
        if name != bridge.name and not {name, bridge.name} <= joined:
            master = core if name in joined else name
        for link in netns.links.values():
            if link.ifname == bridge.ifname:
                links.setdefault(master, replace(link, ifname=master))
            elif link.ifname == "lo":
                links.setdefault("lo", link)
            elif not link.ifname.startswith(MARK):
                own = master if link.master == bridge.ifname else link.master
                links[link.ifname] = replace(link, master=own)
    return links


def _is_joined(bridge: Bridge, leaf: str, core: str, fabrics: Mapping[str, NetnsState]) -> bool:
    """Tell whether frames pass between a leaf and the core."""
    ends: tuple[End, End] = (leaf, TO_CORE), (core, to_leaf(leaf))
    for (netns, ifname), far in zip(ends, reversed(ends), strict=True):
        links = fabrics.get(netns, _EMPTY).links
        end, device = links.get(ifname), links.get(bridge.ifname)
        if end is None or device is None or not (end.up and device.up):
            return False
        if (end.master, end.peer) != (bridge.ifname, far):
            return False
    return True
