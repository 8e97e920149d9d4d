"""The task that every contestant does: a star of N nodes on one bridge.

Node number i (from 0) is called `h<i>`, has `lo` up and one link to the bridge, up, with the
address 10.0.0.1 + i of a /16, and a default route by a gateway address that is on the link (and
is nobody's, so that every node can have the same). `floor.c` repeats these numbers.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network

NETWORK = IPv4Network("10.0.0.0/16")
SUBNET = str(NETWORK)
PREFIX = NETWORK.prefixlen
GATEWAY = str(NETWORK[-2])


def name(index: int) -> str:
    """Give the name of a node, counted from 0."""
    return f"h{index}"


def address(index: int) -> str:
    """Give the IPv4 address of a node, without its prefix length."""
    return str(IPv4Address(NETWORK[1]) + index)
