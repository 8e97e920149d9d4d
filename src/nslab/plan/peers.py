"""Who the other end of a link is: the kernel tells it by numbers that each netns has for others.

The pairs that the file knows are checked first, and only what is left is searched for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from nslab.kernel.sandbox import HOST
from nslab.netlink.message import Request
from nslab.netlink.rtnl.constants import RTM
from nslab.netlink.rtnl.netns import Nsid
from nslab.plan.state import End

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nslab.kernel.sandbox import Sandbox
    from nslab.netlink.rtnl.link import Link
    from nslab.plan.state import NetnsState, State

_AT_ONCE = 64

Pairs = dict[End, End]
"""Ends that are thought to be joined, both ways round."""


def pairs_of(states: Iterable[State]) -> Pairs:
    """Give the ends that states think are joined; of several opinions the last one's counts."""
    return {
        (name, link.ifname): link.peer
        for state in states
        for name, netns in state.items()
        for link in netns.links.values()
        if link.peer is not None
    }


def _ends(raw: dict[str, list[Link]]) -> dict[End, Link]:
    """Give the links whose other end is in another netns."""
    return {
        (name, link.ifname or ""): link
        for name, links in raw.items()
        for link in links
        if link.link is not None and link.link_netnsid is not None
    }


def trust_peers(
    sandbox: Sandbox, raw: dict[str, list[Link]], observed: State, likely: Pairs
) -> None:
    """Join ends to those in namespaces that were not read, which are as they were.

    There is one cable to each of those, so that it is this one if it leads there at all.
    """
    ends = _ends(raw)
    far = {end: likely[end] for end in ends if end in likely and likely[end][0] not in observed}
    there = set(sandbox.names() if far else ())
    asked = sorted((peer, end) for end, peer in far.items() if peer[0] in there)
    for start in range(0, len(asked), _AT_ONCE):
        chunk = asked[start : start + _AT_ONCE]
        sandbox.open([peer[0] for peer, _ in chunk])
        for peer, (name, ifname) in chunk:
            if _nsid(sandbox, name, peer[0]) == ends[name, ifname].link_netnsid:
                links = observed[name].links
                links[ifname] = replace(links[ifname], peer=peer)


def join_peers(
    sandbox: Sandbox, raw: dict[str, list[Link]], observed: State, likely: Pairs
) -> None:
    """Find out which veth ends belong together."""
    ends = _ends(raw)
    for end in list(ends):
        if end in ends and likely.get(end) in ends:
            peer = likely[end]
            if _joined(sandbox, end, ends[end], peer, ends[peer]):
                _note(observed, ends, end, peer)
    by_index: dict[tuple[int, int | None], list[End]] = {}
    for end, link in ends.items():
        by_index.setdefault((link.index, link.link), []).append(end)
    for end in list(ends):
        if end not in ends:
            continue
        candidates = by_index.get((ends[end].link or 0, ends[end].index), [])
        for peer in candidates:
            free = end in ends and peer in ends and peer != end
            if free and _joined(sandbox, end, ends[end], peer, ends[peer]):
                _note(observed, ends, end, peer)
    _name_own_peers(observed)


def _name_own_peers(observed: State) -> None:
    """Complete the peers that are in the same netns."""
    for name, state in observed.items():
        for link_state in list(state.links.values()):
            if link_state.peer is not None and link_state.peer[0] == "":
                own = replace(link_state, peer=(name, link_state.peer[1]))
                state.links[link_state.ifname] = own


def name_links_below(
    sandbox: Sandbox, raw: dict[str, list[Link]], observed: State, likely: Pairs
) -> None:
    """Find out on which links of the machine, and on which bridges, the lab's macvlans lie."""
    for name, links in raw.items():
        for link in links:
            end = (name, link.ifname or "")
            found = observed[name].links[end[1]]
            if found.kind != "macvlan" or name == HOST or link.link_netnsid is None:
                continue
            where = likely[end][0] if end in likely else HOST
            if where in observed and _nsid(sandbox, name, where) == link.link_netnsid:
                below = _name_of(observed[where], link.link)
                observed[name].links[end[1]] = replace(
                    found, peer=(where, below) if below else None
                )


def _name_of(state: NetnsState, index: int | None) -> str | None:
    """Give the ifname that goes with an ifindex of a netns."""
    known = {**state.known, **{link.ifname: link.ifindex for link in state.links.values()}}
    return next((ifname for ifname, each in known.items() if each == index), None)


def _joined(sandbox: Sandbox, end: End, link: Link, peer: End, far: Link) -> bool:
    if link.link != far.index or far.link != link.index:
        return False
    return _nsid(sandbox, end[0], peer[0]) == link.link_netnsid


def _nsid(sandbox: Sandbox, name: str, other: str) -> int | None:
    """Give the number that a netns has for another."""
    question = Request(RTM.GETNSID, Nsid(fd=sandbox.handle(other).fd))
    return sandbox.handle(name).transport.get(question, Nsid).nsid


def _note(observed: State, ends: dict[End, Link], end: End, peer: End) -> None:
    for one, other in ((end, peer), (peer, end)):
        links = observed[one[0]].links
        links[one[1]] = replace(links[one[1]], peer=other)
        del ends[one]
