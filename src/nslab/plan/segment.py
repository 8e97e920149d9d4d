"""A segment laid over fabrics: over one while its ports have room there, else over a row of them.

Two limits of the kernel part a segment. A bridge takes 1,023 ports (linux/br_private.h:
BR_MAX_PORTS, less the number 0). And what a bridge floods waits for each receiver in one queue of
the CPU, which takes 1,000 packets (net.core.netdev_max_backlog) and drops what is beyond: nodes
that are always the last in turn would never hear an ARP request.

So the fabrics stand in a row, each joined to the next by a cable, and a flood goes through them one
after the other. It may begin in the middle and reach two at once, so two must fit into the queue. A
star would flood all at once.

A port that is there stays on its fabric, whoever comes or goes.
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from nslab.plan.state import LinkState, NetnsState

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from nslab.lab.model import Bridge, Desired, Endpoint
    from nslab.plan.state import End, State

    Port = tuple[Endpoint, str]
    """An attachment, and the fabric's end of it by its ifname."""

BACKLOG = 1000
"""What net.core.netdev_max_backlog is, where nobody has changed it."""

ROOM = BACKLOG // 2 - 2
"""The ports of a fabric, less those that join it to the one before and the one after."""

MARK = "+"
"""What parts a segment's name from the number of a further fabric, which a name cannot have.

The links that join two of them are called so, too: those of nodes begin with the node's name.
"""


def fabric(segment: str, number: int) -> str:
    """Give the name of a segment's fabric: of the first one, 0, the segment's own."""
    return f"{segment}{MARK}{number}" if number else segment


def segment_of(netns: str) -> str:
    """Give the segment that a fabric is of; a node's name stays the same."""
    return netns.partition(MARK)[0]


def joints(segment: str, number: int, last: int) -> Iterator[tuple[str, End]]:
    """Give the links that join a fabric to those beside it, by ifname, and their peers."""
    for beside in (number - 1, number + 1):
        if 0 <= beside <= last:
            yield f"{MARK}{beside}", (fabric(segment, beside), f"{MARK}{number}")


def rows(seen: State) -> dict[str, list[NetnsState]]:
    """Give the fabrics of each segment that has several, in their row."""
    last: dict[str, int] = {}
    for name in seen:
        segment, mark, number = name.partition(MARK)
        if mark:
            last[segment] = max(last.get(segment, 0), int(number))
    return {
        segment: [seen.get(fabric(segment, each), NetnsState()) for each in range(number + 1)]
        for segment, number in last.items()
    }


def note_of(state: State) -> bytes:
    """Write down which links are in which fabrics of segments that have several."""
    several = {segment_of(name) for name in state if MARK in name}
    found = {name: list(state[name].links) for name in state if segment_of(name) in several}
    return msgspec.json.encode(found) if found else b""


def noted(note: bytes) -> State:
    """Read that back."""
    found = msgspec.json.decode(note, type=dict[str, list[str]]) if note else {}
    return {name: named_links(ifnames) for name, ifnames in found.items()}


def named_links(ifnames: Iterable[str]) -> NetnsState:
    """Give a netns of whose links nothing is known but the names."""
    return NetnsState({ifname: LinkState(ifname, "") for ifname in ifnames})


def lay(bridge: Bridge, row: Sequence[NetnsState], *, spare: bool = False) -> list[list[Port]]:
    """Lay a segment over as few fabrics as leave what is there where it is; give their ports.

    Args:
        bridge: the segment.
        row: its fabrics that are there.
        spare: whether those of them that no port needs are among what is given.
    """
    seats = {ifname: number for number, netns in enumerate(row) for ifname in netns.links}
    laid: list[list[Port]] = [[] for _ in row] or [[]]
    coming = []
    for port in zip(bridge.ports, bridge.port_ifnames, strict=True):
        number = seats.get(port[1])
        if number is not None and len(laid[number]) < _room(bridge, number):
            laid[number].append(port)
        else:
            coming.append(port)
    for number in count():
        if not coming:
            break
        laid += [[]] * (number == len(laid))
        free = _room(bridge, number) - len(laid[number])
        laid[number], coming = laid[number] + coming[:free], coming[free:]
    while len(laid) > 1 and not laid[-1] and not spare:
        laid.pop()
    return laid


def _room(bridge: Bridge, number: int) -> int:
    """Give how many ports of nodes a fabric takes: on the first one the machine's is, too."""
    return ROOM - (number == 0 and bridge.host is not None)


# Read back


def whole(lab: Desired, observed: State) -> State:
    """Give every segment as one fabric, as if one bridge had room for all of its ports.

    Where some fabrics are cut off from the first, their ports have a bridge of their own there.
    """
    several = rows(observed)
    if not several:
        return observed
    found = {
        name: replace(netns, links={ifname: _homed(link) for ifname, link in netns.links.items()})
        for name, netns in observed.items()
        if MARK not in name
    }
    for bridge in lab.bridges:
        if bridge.name in several and bridge.name in found:
            links = _together(bridge, several[bridge.name])
            found[bridge.name] = replace(found[bridge.name], links=links)
    return found


def _homed(link: LinkState) -> LinkState:
    """Give a link whose peer is on the segment, on whichever fabric that is."""
    if link.peer is None or MARK not in link.peer[0]:
        return link
    return replace(link, peer=(segment_of(link.peer[0]), link.peer[1]))


def _together(bridge: Bridge, row: list[NetnsState]) -> dict[str, LinkState]:
    """Put the links of a segment's fabrics together, without those that join them."""
    links: dict[str, LinkState] = {}
    master = bridge.ifname
    for number, netns in enumerate(row):
        if number and not _are_joined(bridge, row, number):
            master = fabric(bridge.name, number)
        for link in netns.links.values():
            if link.ifname == bridge.ifname:
                links.setdefault(master, replace(link, ifname=master))
            elif link.ifname == "lo":
                links.setdefault("lo", link)
            elif not link.ifname.startswith(MARK):
                own = master if link.master == bridge.ifname else link.master
                links[link.ifname] = replace(link, master=own)
    return links


def _are_joined(bridge: Bridge, row: list[NetnsState], number: int) -> bool:
    """Tell whether frames pass between a fabric and the one before it."""
    ends: tuple[End, End] = (
        (fabric(bridge.name, number - 1), f"{MARK}{number}"),
        (fabric(bridge.name, number), f"{MARK}{number - 1}"),
    )
    for netns, (_, ifname), far in zip(row[number - 1 :], ends, reversed(ends), strict=False):
        end, device = netns.links.get(ifname), netns.links.get(bridge.ifname)
        if end is None or device is None or not (end.up and device.up):
            return False
        if (end.master, end.peer) != (bridge.ifname, far):
            return False
    return True
