"""Stars: nodes on a bridge, with a default route by a gateway that is nobody.

A bridge takes 1,023 ports, so that a larger star is several of them. `flat` is one segment however
many nodes it has: nslab and the floor split it over joined bridges.
"""

from __future__ import annotations

from ipaddress import ip_network
from itertools import count

from shapes.network import Draft, Network, named

PORTS = 1000
"""Nodes on one bridge."""


def star(nodes: int) -> Network:
    """Put up to a thousand nodes on each bridge, with IPv4."""
    return _star("star", nodes, PORTS, ["10.{}.0.0/16"])


def dual(nodes: int) -> Network:
    """Likewise with IPv4 and IPv6."""
    return _star("dual", nodes, PORTS, ["10.{}.0.0/16", "fd00:{}::/64"])


def flat(nodes: int) -> Network:
    """Put all nodes on one segment."""
    return _star("flat", nodes, nodes, ["10.{}.0.0/16"])


def _star(shape: str, nodes: int, ports: int, subnets: list[str]) -> Network:
    draft = Draft(shape, named(nodes))
    for number, first in zip(count(), range(0, nodes, ports)):
        members = draft.names[first : first + ports]
        own = [subnet.format(number) for subnet in subnets]
        draft.segment(f"lan{number}", own, members)
        for subnet in map(ip_network, own):
            gateway = subnet[-2] if subnet.version == 4 else subnet[0xFFFF]
            default = "default" if subnet.version == 4 else "::/0"
            for node in members:
                draft.route(node, default, gateway)
    return draft.done()
