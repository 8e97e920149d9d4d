"""Static routes as the kernel has them: set by a lab or by hand, not by a daemon."""

from __future__ import annotations

import sys
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING

from msgspec.structs import asdict

from nslab.lab.model import Route
from nslab.netlink.message import Request
from nslab.netlink.rtnl import route as rtnl_route
from nslab.netlink.rtnl.constants import AF, RT_TABLE, RTM, RTN, RTPROT
from nslab.netlink.rtnl.route import RTNH_F, Nexthop, RouteMetrics
from nslab.plan.state import ROUTE_TYPES, FoundRoute

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from nslab.kernel.transport import Transport
    from nslab.lab.model import Address, Network

_ROUTES = Request(RTM.GETROUTE, rtnl_route.Route(table8=RT_TABLE.MAIN, table=RT_TABLE.MAIN))
_STATIC = (RTPROT.STATIC, RTPROT.BOOT)
_FAMILIES = {AF.INET: "inet", AF.INET6: "inet6"}
_ENCAPSULATIONS = ("", "mpls", "ip", "ila", "ip6", "seg6", "bpf", "seg6local", "rpl", "ioam6")


def read_routes(transport: Transport, names: Mapping[int, str]) -> list[Route]:
    """Read the static routes of the main table.

    Args:
        transport: a socket in their netns.
        names: of the links there, by ifindex.
    """
    return [
        _route(message, names)
        for message in transport.dump(_ROUTES, rtnl_route.Route)
        if message.protocol in _STATIC
        and message.type in ROUTE_TYPES
        and message.family in (AF.INET, AF.INET6)
    ]


def _route(message: rtnl_route.Route, names: Mapping[int, str]) -> Route:
    usual = 0 if message.family == AF.INET else 1024
    metric = message.priority if message.priority is not None else 0
    own_hop = message.type == RTN.UNICAST and message.nh_id is None
    route = Route(
        dst=_network(message),
        via=_gateway(message.gateway) if own_hop else None,
        ifname=names.get(message.oif or 0) if own_hop else None,
        metric=None if metric == usual else metric,
        type=ROUTE_TYPES[message.type],
    )
    more = " ".join(_more(message, names))
    return FoundRoute(**asdict(route), more=more, message=message) if more else route


def _network(message: rtnl_route.Route) -> Network:
    if message.family == AF.INET:
        return IPv4Network((message.dst or bytes(4), message.dst_len))
    return IPv6Network((message.dst or bytes(16), message.dst_len))


def _gateway(packed: bytes | None) -> Address | None:
    if packed is None:
        return None
    return IPv4Address(packed) if len(packed) == 4 else IPv6Address(packed)


def _more(message: rtnl_route.Route, names: Mapping[int, str]) -> Iterator[str]:
    """Say in iproute2's words what of a route no lab file can say."""
    if message.src_len:
        yield f"from {ip_network((message.src or bytes(16), message.src_len))}"
    if message.tos:
        yield f"tos {message.tos:#04x}"
    if message.prefsrc is not None:
        yield f"src {ip_address(message.prefsrc)}"
    if message.metrics is not None:
        yield from _metrics(message.metrics)
    if message.nh_id is not None:
        yield f"nhid {message.nh_id}"
        return
    yield from _hop(message)
    for hop in message.multipath or ():
        gateway = [f"via {ip_address(hop.gateway)}"] if hop.gateway else []
        link = names.get(hop.ifindex, f"if{hop.ifindex}")
        yield " ".join(["nexthop", *gateway, f"dev {link}", f"weight {hop.hops + 1}", *_hop(hop)])


def _hop(hop: rtnl_route.Route | Nexthop) -> Iterator[str]:
    if hop.encap is not None:
        kind = hop.encap_type or 0
        yield f"encap {_ENCAPSULATIONS[kind] if kind < len(_ENCAPSULATIONS) else kind}"
    if hop.via is not None:  # struct rtvia: the family of the next hop, then its address
        family = int.from_bytes(hop.via[:2], sys.byteorder)
        yield f"via {_FAMILIES.get(family, family)} {ip_address(hop.via[2:])}"
    if hop.flags & RTNH_F.ONLINK:
        yield "onlink"


def _metrics(metrics: RouteMetrics) -> Iterator[str]:
    for name in RouteMetrics.__annotations__:
        value = getattr(metrics, name)
        if value is not None:
            yield f"{name} {value}"
