"""What a way out must know of the machine: its routes, and its own way out."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import TYPE_CHECKING

from msgspec import Struct

from nslab.kernel.sockets import open_socket
from nslab.kernel.transport import Transport
from nslab.netlink.message import Request
from nslab.netlink.rtnl.constants import AF, RT_TABLE, RTM, RTN
from nslab.netlink.rtnl.link import RTEXT_FILTER, Link
from nslab.netlink.rtnl.route import Route
from nslab.plan.lower import MARK

if TYPE_CHECKING:
    from nslab.lab.model import Address, Network

_USUAL_MTU = 1500


class Machine(Struct, frozen=True):
    """The machine's netns, as far as a way out depends on it.

    Attributes:
        routes: every route but the default ones and those of labs, each with its link.
        labs: the routes by links that bear the mark of a lab, each with its link.
        versions: the IP versions for which it has a default route.
        mtu: the least MTU of the links that those leave by, in bytes.
        gateways: the next hop of the default route, by IP version.
    """

    routes: tuple[tuple[Network, str], ...]
    labs: tuple[tuple[Network, str], ...]
    versions: tuple[int, ...]
    mtu: int
    gateways: dict[int, Address]


def look() -> Machine:
    """Read the caller's netns."""
    with Transport(open_socket()) as transport:
        asked = Route(table8=RT_TABLE.MAIN, table=RT_TABLE.MAIN)
        routes = transport.dump(Request(RTM.GETROUTE, asked), Route)
        links = transport.dump(Request(RTM.GETLINK, Link(ext_mask=RTEXT_FILTER.SKIP_STATS)), Link)
    by_index = {link.index: link for link in links}
    own: list[tuple[Network, str]] = []
    labs: list[tuple[Network, str]] = []
    versions: set[int] = set()
    mtus = [_USUAL_MTU]
    gateways: dict[int, Address] = {}
    for route in routes:
        link = by_index.get(route.oif or 0)
        if route.type != RTN.UNICAST or route.family not in (AF.INET, AF.INET6):
            continue
        network = _network(route)
        if network.prefixlen == 0:
            versions.add(network.version)
            if route.gateway is not None:
                gateways.setdefault(network.version, ip_address(route.gateway))
            mtus.append(link.mtu or _USUAL_MTU if link else _USUAL_MTU)
        elif not network.is_link_local and not network.is_multicast:
            marked = link is not None and (link.ifalias or "").startswith(MARK)
            (labs if marked else own).append((network, link.ifname or "" if link else ""))
    return Machine(tuple(own), tuple(labs), tuple(sorted(versions)), min(mtus), gateways)


def _network(route: Route) -> Network:
    if route.family == AF.INET:
        return IPv4Network((route.dst or bytes(4), route.dst_len))
    return IPv6Network((route.dst or bytes(16), route.dst_len))
