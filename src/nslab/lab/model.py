"""The frozen values that a lab resolves to; none of them can be wrong.

They are made by `nslab.lab.resolve.resolve` alone, which has checked every rule and chosen all that
the file left open: here every endpoint has its ifname, its addresses and its MAC. `Desired` is what
`up` brings the kernel to, what `draw` draws and what `show` prints.
"""

from __future__ import annotations

from ipaddress import (
    IPv4Address,
    IPv4Interface,
    IPv4Network,
    IPv6Address,
    IPv6Interface,
    IPv6Network,
)
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterator

Address = IPv4Address | IPv6Address
"""One address, as `10.0.1.1`."""

Interface = IPv4Interface | IPv6Interface
"""An address with its prefix length, as `10.0.1.1/24`."""

Network = IPv4Network | IPv6Network
"""A subnet, as `10.0.1.0/24`."""


class Endpoint(Struct, frozen=True):
    """One end of a cable or one port of a bridge, as it sits in its node.

    Attributes:
        node: the node's name.
        ifname: the link's name in the node, at most 15 bytes.
        mac: six octets, `02:5e:…`: unicast and locally administered where it was chosen for you.
        mtu: in bytes, or None for the kernel's own (1500).
        addresses: in the order in which they are set.
    """

    node: str
    ifname: str
    mac: str
    mtu: int | None = None
    addresses: tuple[Interface, ...] = ()

    def __str__(self) -> str:
        return f"{self.node}:{self.ifname}"


class Uplink(Struct, frozen=True):
    """A way out of the lab, from a bridge or from one node.

    Attributes:
        gateway: the end of it in the netns `outside`, which forwards between it and the world.
        masquerade: whether what leaves by it takes the address of the way out (source NAT).
        endpoint: the node's end of the cable that is its own way out; None on a bridge.
        subnets: those of a node's own cable.
    """

    gateway: Endpoint
    masquerade: bool = True
    endpoint: Endpoint | None = None
    subnets: tuple[Network, ...] = ()


class Publish(Struct, frozen=True):
    """A port of the outside that leads to one of a node.

    Attributes:
        outside: the port where the machine listens, 1 to 65535.
        inside: the node's port.
        protocol: "tcp" or "udp".
        address: the machine's own address that it is for; None for all, of both families.
    """

    outside: int
    inside: int
    protocol: str = "tcp"
    address: Address | None = None

    def __str__(self) -> str:
        from nslab.lab.publish import written

        return written(self)

    def meets(self, other: Publish) -> bool:
        """Tell whether a packet could be for both."""
        if (self.outside, self.protocol) != (other.outside, other.protocol):
            return False
        return (
            self.address is None
            or other.address is None
            or self.address == other.address
            or _is_any_of(self.address, other.address)
            or _is_any_of(other.address, self.address)
        )


def _is_any_of(address: Address, other: Address) -> bool:
    return address.is_unspecified and address.version == other.version


class HostPort(Struct, frozen=True):
    """A link of the machine that joins a bridge of the lab; it stays what and where it is.

    Attributes:
        link: its ifname in the machine's netns.
        bridge: whether it is a bridge there, of which the lab becomes a port; else whatever goes
            through the link passes through the lab's bridge.
        port_ifname: the fabric's end, at most 15 bytes.
    """

    link: str
    bridge: bool
    port_ifname: str


class Bridge(Struct, frozen=True):
    """One L2 segment: the bridge lives alone in its fabric, the netns of the bridge's name.

    Attributes:
        name: the bridge's and its fabric's name in the lab.
        ifname: the bridge device's name in the fabric, at most 15 bytes.
        mac: the bridge device's own.
        subnets: the segment's subnets, from which addresses were given out.
        ports: its attachments, in the order of the file.
        port_ifnames: the fabric's end of each port, in the same order, at most 15 bytes each.
        uplink: its way out of the lab, if it has one.
        host: the link of the machine that joins it, if one does.
    """

    name: str
    ifname: str
    mac: str
    subnets: tuple[Network, ...] = ()
    ports: tuple[Endpoint, ...] = ()
    port_ifnames: tuple[str, ...] = ()
    uplink: Uplink | None = None
    host: HostPort | None = None


class Cable(Struct, frozen=True):
    """Two endpoints joined by a veth."""

    ends: tuple[Endpoint, Endpoint]
    subnets: tuple[Network, ...] = ()


class Route(Struct, frozen=True):
    """One static route of a node.

    Attributes:
        dst: the destination; `0.0.0.0/0` or `::/0` is the default route.
        via: the next hop, or None for a route that names only a link.
        ifname: the link, or None where the next hop tells it.
        metric: the kernel's priority, or None for the kernel's default (0; 1024 for IPv6).
        type: as iproute2 says it; only what others set in a node is not "unicast".
    """

    dst: Network
    via: Address | None = None
    ifname: str | None = None
    metric: int | None = None
    type: str = "unicast"


class Node(Struct, frozen=True):
    """One member of the lab: a netns with its links, routes and settings.

    Attributes:
        name: unique in the lab, bridges included.
        forward: whether it forwards IPv4 and IPv6 (a router).
        routes: in the order of the file.
        sysctl: pairs of key and value, sorted by key; a key is as the file has it, with dots
            (`net.ipv4.tcp_ecn`) or slashes: `nslab.lab.names.sysctl_path` gives its file.
        uplink: a way out of the lab of its own, if it has one.
        publish: ports of the outside that lead to this node, in the order of the file.
    """

    name: str
    forward: bool = False
    routes: tuple[Route, ...] = ()
    sysctl: tuple[tuple[str, str], ...] = ()
    uplink: Uplink | None = None
    publish: tuple[Publish, ...] = ()


class Expectation(Struct, frozen=True):
    """Who must reach whom, or must not: `pc1 -> far tcp/80`, `far -/> pc1`.

    Attributes:
        source: a node, a bridge (every node on it), `*` (every node), or `outside`.
        target: likewise, or an address.
        protocol: "icmp", "tcp" or "udp".
        port: that of TCP and UDP, 1 to 65535; 0 for ICMP.
        reach: whether it must be reached; if not, it must not.
    """

    source: str
    target: str | Address
    protocol: str = "icmp"
    port: int = 0
    reach: bool = True

    def __str__(self) -> str:
        how = f" {self.protocol}/{self.port}" if self.port else ""
        return f"{self.source} {'->' if self.reach else '-/>'} {self.target}{how}"


class Desired(Struct, frozen=True):
    """A whole lab with everything chosen.

    Attributes:
        nodes: every node, also those that only a cable or a port names, in the order of their first
            mention in the file.
        expect: who must reach whom; if it is empty, everything on one segment everything there.
    """

    name: str
    bridges: tuple[Bridge, ...] = ()
    cables: tuple[Cable, ...] = ()
    nodes: tuple[Node, ...] = ()
    expect: tuple[Expectation, ...] = ()

    def endpoints(self) -> dict[str, list[Endpoint]]:
        """Give every node's endpoints, by node name, in the order of the file."""
        found: dict[str, list[Endpoint]] = {node.name: [] for node in self.nodes}
        for bridge in self.bridges:
            for port in bridge.ports:
                found[port.node].append(port)
        for cable in self.cables:
            for end in cable.ends:
                found[end.node].append(end)
        for node in self.nodes:
            if node.uplink is not None and node.uplink.endpoint is not None:
                found[node.name].append(node.uplink.endpoint)
        return found

    def segments(self) -> Iterator[tuple[Endpoint, ...]]:
        """Give the endpoints of each bridge, each cable, and each node's own way out."""
        for bridge in self.bridges:
            gateway = (bridge.uplink.gateway,) if bridge.uplink else ()
            yield (*gateway, *bridge.ports)
        yield from (cable.ends for cable in self.cables)
        for node in self.nodes:
            if node.uplink is not None and node.uplink.endpoint is not None:
                yield node.uplink.gateway, node.uplink.endpoint

    def uplinks(self) -> list[Uplink]:
        """Give every way out, of the bridges first."""
        found = [bridge.uplink for bridge in self.bridges]
        found += [node.uplink for node in self.nodes]
        return [uplink for uplink in found if uplink is not None]
