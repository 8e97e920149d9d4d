"""A network as the text that floor.c reads: a line for each thing that it does, in its order.

| line | what is done |
|---|---|
| `B NAME` | enter a new netns, with a bridge of that name, IPv6 off |
| `N NAME` | enter a new netns |
| `F` | let this netns forward |
| `L NETNS IFINDEX NAME MASTER FAR` | make a veth: its near end IFINDEX in the netns of that number, up, a port of MASTER unless that is 0; its far end `eth<FAR>` in this netns |
| `M IFINDEX` | a link of this netns becomes a port of its bridge, and up |
| `C NETNS` | begin to configure a netns: `lo` up |
| `U IFINDEX` | a link up |
| `A IFINDEX ADDRESS LENGTH` | an address |
| `R DESTINATION LENGTH GATEWAY` | a route |
| `E` | send all that, and be done with that netns |

Netns are counted from 0, in the order of their lines. The bridges are brought up at the end. A node
is configured as soon as its last link is there.
"""  # noqa: E501

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapes.network import Endpoint, Network, Node

BRIDGE, ETH0, FIRST_PORT = 64, 64, 128
"""Chosen, so that the kernel's choice has not to be read; floor.c knows the first two."""

JOINT = 1
"""The number of a bridge's link to the one before it in its segment."""

MOST_PORTS = 1000
"""Nodes on one bridge, beyond which a segment is several in a row, as nslab has it."""

ROW_PORTS = 498
"""Nodes on each of those: what two of them flood fits into a queue of the CPU (plan/segment.py).

With more, nodes that are always the last in turn hear no ARP request, and the network is none.
"""


def floor_text(network: Network) -> str:
    """Write a network for the floor."""
    return "\n".join([*_Writer(network).lines(), ""])


def _bridge(segment: str, number: int) -> str:
    return f"{segment}.{number}" if number else segment


class _Writer:
    def __init__(self, network: Network) -> None:
        self.network = network
        self.ends = network.endpoints()
        self.numbers = {node.name: i for i, node in enumerate(network.nodes)}
        self.netns: dict[str, int] = {}
        self.ports: Counter[str] = Counter()
        self.homes = self._homes()
        self.near: set[tuple[str, int]] = set()
        self.cables: dict[str, list[tuple[Endpoint, Endpoint]]] = {}
        for cable in network.cables:
            first, last = sorted(cable.ends, key=lambda one: self.numbers[one.node])
            self.cables.setdefault(last.node, []).append((first, last))
            self.near.add((first.node, first.index))

    def _homes(self) -> dict[tuple[str, int], str]:
        """Tell which bridge each endpoint is on."""
        return {
            (port.node, port.index): _bridge(segment.name, i // most)
            for segment in self.network.segments
            for most in [MOST_PORTS if len(segment.ports) <= MOST_PORTS else ROW_PORTS]
            for i, port in enumerate(segment.ports)
        }

    def lines(self) -> Iterator[str]:
        for name in dict.fromkeys(self.homes.values()):
            yield self._enter("B", name)
            segment, joined, part = name.partition(".")
            if joined:
                before = _bridge(segment, int(part) - 1)
                yield f"L {self.netns[before]} {self._port(before)} j{part} {BRIDGE} {JOINT}"
                yield f"M {ETH0 + JOINT}"
        waiting = {name: len(ends) for name, ends in self.ends.items()}
        for node in self.network.nodes:
            yield self._enter("N", node.name)
            if node.forward:
                yield "F"
            ready = []
            for near, far in self._links(node):
                yield near
                waiting[node.name] -= 1
                if far is not None:
                    waiting[far] -= 1
                    if not waiting[far]:
                        ready.append(far)
            if not waiting[node.name]:
                ready.append(node.name)
            for name in ready:
                yield from self._configure(self.network.nodes[self.numbers[name]])

    def _enter(self, kind: str, name: str) -> str:
        self.netns[name] = len(self.netns)
        return f"{kind} {name}"

    def _port(self, bridge: str) -> int:
        self.ports[bridge] += 1
        return FIRST_PORT + self.ports[bridge]

    def _links(self, node: Node) -> Iterator[tuple[str, str | None]]:
        for end in self.ends[node.name]:
            bridge = self.homes.get((end.node, end.index))
            if bridge is not None:
                port = self._port(bridge)
                yield f"L {self.netns[bridge]} {port} p{port} {BRIDGE} {end.index}", None
        for first, last in self.cables.get(node.name, []):
            near = f"{self.netns[first.node]} {ETH0 + first.index} {first.ifname}"
            yield f"L {near} 0 {last.index}", first.node

    def _configure(self, node: Node) -> Iterator[str]:
        ends = self.ends[node.name]
        yield f"C {self.netns[node.name]}"
        for end in ends:
            if (end.node, end.index) not in self.near:
                yield f"U {ETH0 + end.index}"
        for end in ends:
            for address in end.addresses:
                yield f"A {ETH0 + end.index} {address.ip} {address.network.prefixlen}"
        for route in node.routes:
            yield f"R {route.dst.network_address} {route.dst.prefixlen} {route.via}"
        yield "E"
