"""A tree of routers: each has a bridge on which the nodes below it are, up to nine.

The bridges are numbered in the order of a walk that goes down first, so that what is below a node
is one range of subnets.
"""

from __future__ import annotations

from ipaddress import IPv4Address, summarize_address_range

from shapes.network import Draft, Network, named

BELOW = 9
"""Nodes below a router."""

SIZE = 16
"""Addresses of a bridge's subnet: its router's is the first."""


def tree(nodes: int) -> Network:
    """Build the tree breadth first: node number i is below node number (i - 1) / 9."""
    draft = Draft("tree", named(nodes, "t"))
    bridges = _numbered(nodes)
    for number, (first, _) in bridges.items():
        members = [draft.names[number], *(draft.names[one] for one in _below(number, nodes))]
        draft.segment(f"lan{number}", [f"{_start(first)}/28"], members)
    draft.routers = {draft.names[number] for number in bridges}
    for number, (first, _) in bridges.items():
        for place, one in enumerate(_below(number, nodes)):
            draft.route(draft.names[one], "default", _start(first) + 1)
            if one in bridges:
                low, high = bridges[one]
                for dst in summarize_address_range(_start(low), _start(high) - 1):
                    draft.route(draft.names[number], dst, _start(first) + 2 + place)
    return draft.done()


def _start(bridge: int) -> IPv4Address:
    return IPv4Address("10.0.0.0") + bridge * SIZE


def _below(number: int, nodes: int) -> range:
    return range(number * BELOW + 1, min(number * BELOW + 1 + BELOW, nodes))


def _numbered(nodes: int) -> dict[int, tuple[int, int]]:
    """Give each router the number of its bridge, and of the one after the last below it."""
    found: dict[int, tuple[int, int]] = {}

    def walk(number: int, free: int) -> int:
        after = free + 1
        for one in _below(number, nodes):
            if _below(one, nodes):
                after = walk(one, after)
        found[number] = (free, after)
        return after

    walk(0, 0)
    return dict(sorted(found.items()))
