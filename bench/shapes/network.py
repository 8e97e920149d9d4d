"""What a network is: plain values, told once, from which every contestant builds the same."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import ip_address, ip_interface, ip_network
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from ipaddress import (
        IPv4Address,
        IPv4Interface,
        IPv4Network,
        IPv6Address,
        IPv6Interface,
        IPv6Network,
    )

    Subnet = IPv4Network | IPv6Network
    Address = IPv4Address | IPv6Address
    Interface = IPv4Interface | IPv6Interface


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One end in a node; `index` counts the node's links from 0, and names it `eth<index>`."""

    node: str
    index: int
    addresses: tuple[Interface, ...]

    @property
    def ifname(self) -> str:
        """The link's name in the node."""
        return f"eth{self.index}"


@dataclass(frozen=True, slots=True)
class Segment:
    """A bridge and its ports; the addresses are the first of its subnets, in the ports' order."""

    name: str
    subnets: tuple[Subnet, ...]
    ports: tuple[Endpoint, ...]


@dataclass(frozen=True, slots=True)
class Cable:
    """Two endpoints, joined; they have the first two addresses of its subnets."""

    subnets: tuple[Subnet, ...]
    ends: tuple[Endpoint, Endpoint]


@dataclass(frozen=True, slots=True)
class Route:
    """A static route; `dst` is `0.0.0.0/0` for the default."""

    dst: Subnet
    via: Address

    @property
    def words(self) -> str:
        """The destination as `ip` and nslab have it."""
        return str(self.dst) if self.dst.prefixlen else "default"


@dataclass(frozen=True, slots=True)
class Node:
    """A node; a router is one that forwards."""

    name: str
    forward: bool
    routes: tuple[Route, ...]


@dataclass(frozen=True, slots=True)
class Network:
    """A whole network.

    Attributes:
        shape: its key in `shapes.SHAPES`.
        nodes: in their order.
        segments: its bridges.
        cables: between nodes.
        hosts: those of the nodes that are pinged.
        near: how far apart in their order two hosts may be to be pinged (a packet's hops are
            limited); None for any.
    """

    shape: str
    nodes: tuple[Node, ...]
    segments: tuple[Segment, ...]
    cables: tuple[Cable, ...]
    hosts: tuple[str, ...]
    near: int | None

    @property
    def links(self) -> int:
        """How many veth pairs it takes."""
        return sum(len(one.ports) for one in self.segments) + len(self.cables)

    def endpoints(self) -> dict[str, list[Endpoint]]:
        """Give every node's endpoints, in their order."""
        found: dict[str, list[Endpoint]] = {node.name: [] for node in self.nodes}
        for segment in self.segments:
            for port in segment.ports:
                found[port.node].append(port)
        for cable in self.cables:
            for one in cable.ends:
                found[one.node].append(one)
        return found

    def reachable(self, name: str) -> list[str]:
        """Give the hosts that one must reach: those that share a link, or all if some forward."""
        if any(node.forward for node in self.nodes):
            place = self.hosts.index(name)
            near = len(self.hosts) if self.near is None else self.near
            group = self.hosts[max(0, place - near) : place + near + 1]
            return [other for other in group if other != name]
        groups = [one.ports for one in self.segments] + [one.ends for one in self.cables]
        members = [[one.node for one in group] for group in groups]
        return [other for group in members if name in group for other in group if other != name]

    def addresses(self, source: str, targets: Iterable[str]) -> list[Address]:
        """Give where others are reached: on a subnet that both share, else at their first one."""
        ends = self.endpoints()
        own = {address.network for end in ends[source] for address in end.addresses}
        found: list[Address] = []
        for target in targets:
            all_of_it = [a for end in ends[target] for a in end.addresses if a.version == 4]
            near = [address for address in all_of_it if address.network in own]
            found.append((near or all_of_it)[0].ip)
        return found


@dataclass(slots=True)
class Draft:
    """A network that is being told: links get their names and addresses in the order of the calls.

    Segments come before cables, as in nslab's file.
    """

    shape: str
    names: list[str]
    hosts: Sequence[str] = ()
    near: int | None = None
    segments: list[Segment] = field(default_factory=list)
    cables: list[Cable] = field(default_factory=list)
    routes: dict[str, list[Route]] = field(default_factory=dict)
    routers: set[str] = field(default_factory=set)
    links: dict[str, int] = field(default_factory=dict)

    def segment(self, name: str, subnets: Sequence[str], members: Iterable[str]) -> None:
        """Put nodes on a bridge."""
        parsed = tuple(map(ip_network, subnets))
        ports = tuple(self._end(node, parsed, place) for place, node in enumerate(members))
        self.segments.append(Segment(name, parsed, ports))

    def cable(self, a: str, b: str, subnet: str) -> None:
        """Join two nodes."""
        parsed = (ip_network(subnet),)
        self.cables.append(Cable(parsed, (self._end(a, parsed, 0), self._end(b, parsed, 1))))

    def route(self, node: str, dst: str | Subnet, via: str | Address) -> None:
        """Give a node a route."""
        dst = "0.0.0.0/0" if dst == "default" else dst
        self.routes.setdefault(node, []).append(Route(ip_network(dst), ip_address(via)))

    def done(self) -> Network:
        """Give what was told."""
        nodes = tuple(
            Node(name, name in self.routers, tuple(self.routes.get(name, ())))
            for name in self.names
        )
        hosts = tuple(self.hosts or self.names)
        return Network(
            self.shape, nodes, tuple(self.segments), tuple(self.cables), hosts, self.near
        )

    def _end(self, node: str, subnets: Sequence[Subnet], place: int) -> Endpoint:
        index = self.links.get(node, 0)
        self.links[node] = index + 1
        addresses = [f"{subnet[place + 1]}/{subnet.prefixlen}" for subnet in subnets]
        return Endpoint(node, index, tuple(map(ip_interface, addresses)))


def named(count: int, letter: str = "h") -> list[str]:
    """Name so many nodes."""
    return [f"{letter}{number}" for number in range(count)]


def pair_subnet(number: int) -> str:
    """Give the subnet of a cable by its number, from 10.0.0.0/30 on."""
    return f"{ip_address(0x0A00_0000 + 4 * number)}/30"
