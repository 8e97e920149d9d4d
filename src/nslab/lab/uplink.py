"""Ways out of a lab: what is chosen for them, and the default routes that lead there."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network
from typing import TYPE_CHECKING

from nslab.lab import names
from nslab.lab.address import Subnet, interface, overlap
from nslab.lab.model import Endpoint, Route, Uplink
from nslab.lab.routes import DEFAULTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from nslab.lab.drafts import EndDraft, LabDraft, RouteDraft, Segment
    from nslab.lab.model import Network

UPLINK = "uplink"
"""The ifname of the link in `outside` that leads out of the lab."""

POOLS: tuple[Network, ...] = (IPv4Network("100.64.0.0/16"), IPv6Network("fd6e:736c:6162::/48"))
"""Where the subnets of cables to the way out are taken from (RFC 6598; a ULA, RFC 4193)."""

PREFIXES = {4: 30, 6: 64}


def prepare(lab: LabDraft) -> None:
    """Name the ends in `outside`, and give the nodes' own ways out their subnets."""
    taken = {UPLINK}
    used = [subnet.network for segment in lab.segments for subnet in segment.subnets]
    for segment in lab.segments:
        if segment.gateway is None:
            continue
        name = names.suggest_name(segment.name or segment.of)  # it may have been refused
        segment.gateway.ifname = names.choose_ifname(name, taken)
        if segment.of and not segment.subnets and not segment.unsure:
            found = [free_network(pool, segment.of, used) for pool in POOLS]
            chosen = [network for network in found if network is not None]
            used += chosen
            segment.subnets += [Subnet(network) for network in chosen]


def free_network(pool: Network, owner: str, used: Iterable[Network]) -> Network | None:
    """Take a network of a pool: the owner's own or, if that is in use, the next one that is not.

    So each keeps its network when others come and go.
    """
    taken = list(used)
    prefix = PREFIXES[pool.version]
    size, count = 1 << (pool.max_prefixlen - prefix), 1 << min(14, prefix - pool.prefixlen)
    start = int(names.digest(owner)[:4], 16)
    firsts = (pool[(start + turn) % count * size] for turn in range(count))
    networks = (interface(first, prefix).network for first in firsts)
    return next((one for one in networks if not any(overlap(one, other) for other in taken)), None)


def default_routes(lab: LabDraft) -> dict[str, list[Route]]:
    """Give the default routes of nodes that say none of that family and have a way out."""
    found: dict[str, list[Route]] = {}
    for segment in lab.segments:
        if segment.gateway is None:
            continue
        for end in segment.ends:
            if end is segment.gateway or end.node in lab.unsure:
                continue
            own = found.setdefault(end.node, [])
            said = {_family(route) for route in lab.nodes[end.node].routes}
            said |= {route.dst.version for route in own}
            ways = _through(segment.gateway, end)
            own += [route for route in ways if route.dst.version not in said]
    return found


def _family(route: RouteDraft) -> int:
    """Give the IP version of a default route of the file, 0 for other routes."""
    if route.dst is None:
        return route.via.version if route.via else 4
    return route.dst.version if route.dst.prefixlen == 0 else 0


def _through(gateway: EndDraft, end: EndDraft) -> Iterator[Route]:
    for version in (4, 6):
        reached = [
            item.ip
            for item in gateway.addresses
            if item.version == version and any(item.network == own.network for own in end.addresses)
        ]
        if reached:
            yield Route(DEFAULTS[version], reached[0])


def freeze(segment: Segment, endpoint: Callable[[EndDraft], Endpoint]) -> Uplink | None:
    """Freeze a segment's way out."""
    if segment.gateway is None:
        return None
    gateway = endpoint(segment.gateway)
    if not segment.of:
        return Uplink(gateway, segment.masquerade)
    own = next(endpoint(end) for end in segment.ends if end is not segment.gateway)
    subnets = tuple(subnet.network for subnet in segment.subnets)
    return Uplink(gateway, segment.masquerade, own, subnets=subnets)
