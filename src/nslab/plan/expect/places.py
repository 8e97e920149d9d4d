"""Where the addresses of a lab are, as its file says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nslab.lab.names import OUTSIDE
from nslab.plan.shadows import Shadows

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nslab.lab.model import Address, Desired, Endpoint, Network, Publish

_NEIGHBOURS = 3  # on one subnet; who reaches none of them has no working link there


class Places:
    """A lab's endpoints, those in the netns `outside` too, in ways that are often asked for.

    Attributes:
        lab: the lab.
        ends: the endpoints by netns.
        bridges: the bridges by name.
        shadows: the addresses that are there more than once.
    """

    def __init__(self, lab: Desired) -> None:
        self.lab = lab
        self.ends: dict[str, list[Endpoint]] = lab.endpoints()
        self.ends[OUTSIDE] = [uplink.gateway for uplink in lab.uplinks()]
        self.bridges = {bridge.name: bridge for bridge in lab.bridges}
        self.shadows = Shadows(lab)
        self._routes = {node.name: node.routes for node in lab.nodes}
        self._published = {node.name: node.publish for node in lab.nodes}
        self._owners: dict[Address, list[Endpoint]] = {}
        self._segments: dict[Endpoint, Sequence[Endpoint]] = {}
        for segment in lab.segments():
            self._segments.update((end, segment) for end in segment)
        for end in (end for group in self.ends.values() for end in group):
            for item in end.addresses:
                if not item.is_link_local:
                    self._owners.setdefault(item.ip, []).append(end)

    def addresses(self, netns: str, bridge: str | None = None) -> list[Address]:
        """Give a node's addresses but link-local ones; those on one bridge if that is named."""
        ends: Sequence[Endpoint] = self.ends.get(netns, [])
        if bridge is not None:
            ends = [port for port in self.bridges[bridge].ports if port.node == netns]
        return [item.ip for end in ends for item in end.addresses if not item.is_link_local]

    def published(self, node: str) -> tuple[Publish, ...]:
        """Give the ports of the outside that lead to a node."""
        return self._published.get(node, ())

    def owner(self, address: Address, node: str = "") -> Endpoint | None:
        """Give the endpoint that has an address: the node's, if several have it."""
        found = self._owners.get(address, [])
        return next((end for end in found if end.node == node), next(iter(found), None))

    def nearest(self, source: str, addresses: list[Address]) -> Address:
        """Choose of several addresses the first on a subnet of the source's, else the first."""
        own = [item.network for end in self.ends.get(source, []) for item in end.addresses]
        return next((one for net in own for one in addresses if one in net), addresses[0])

    def should_leave_by(self, netns: str, address: Address) -> str | None:
        """Give the ifname by which a netns should send to an address, as the file says."""
        ways = [
            (network.prefixlen, end.ifname)
            for end in self.ends.get(netns, [])
            for network in self._leads_to(netns, end)
            if address in network
        ]
        return max(ways)[1] if ways else None

    def _leads_to(self, netns: str, end: Endpoint) -> Iterator[Network]:
        """Give the destinations of a link: its subnets, and those of the routes through it."""
        for item in end.addresses:
            yield item.network
            for route in self._routes.get(netns, ()):
                if route.via is not None and route.via in item.network:
                    yield route.dst
        for route in self._routes.get(netns, ()):
            if route.via is None and route.ifname == end.ifname:
                yield route.dst

    def neighbours(self, netns: str, ifname: str | None = None) -> Iterator[tuple[str, Address]]:
        """Give a few others on a node's subnets, those of one of its links if that is named."""
        for end in self.ends.get(netns, []):
            for item in end.addresses if ifname in (None, end.ifname) else ():
                others = (
                    (other.node, each.ip)
                    for other in self._segments.get(end, ())
                    for each in other.addresses
                    if other.node != netns and each.network == item.network
                )
                yield from (pair for pair, _ in zip(others, range(_NEIGHBOURS), strict=False))
