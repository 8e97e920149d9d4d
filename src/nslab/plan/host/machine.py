"""What a lab that joins links of the machine must know of them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from msgspec import Struct

from nslab.kernel.sockets import open_socket
from nslab.kernel.transport import Transport
from nslab.netlink.message import Request
from nslab.netlink.rtnl.address import Address
from nslab.netlink.rtnl.constants import AF, RT_SCOPE, RTM, RTN
from nslab.netlink.rtnl.link import IFF, RTEXT_FILTER, Link
from nslab.netlink.rtnl.route import Route
from nslab.plan.lower import MARK

if TYPE_CHECKING:
    from collections.abc import Iterator

_PATIENCE = 2.0
_MOMENT = 0.02
_ABOVE = ("ipvlan", "ipvtap", "macvlan", "macvtap")
_LINK_LOCAL = b"\xfe\x80"
_NOWHERE = bytes(6)


class Machine(Struct, frozen=True):
    """The caller's netns.

    Attributes:
        links: by ifname.
        speaking: the ifindexes of links that have addresses or routes of the machine's own.
    """

    links: dict[str, Link]
    speaking: frozenset[int]

    def bridges(self) -> list[str]:
        """Name the bridges."""
        return [ifname for ifname, link in self.links.items() if kind_of(link) == "bridge"]

    def is_bare(self, bridge: Link) -> bool:
        """Tell whether a bridge has a MAC, but no port, those of labs left out."""
        ports = [link for link in self.links.values() if link.master == bridge.index]
        own = [port for port in ports if not (port.ifalias or "").startswith(MARK)]
        return not own and bridge.address != _NOWHERE

    def above(self, below: Link) -> str:
        """Name a link that lies on another and takes what it receives; "" for none."""
        for ifname, link in self.links.items():
            here = link.link == below.index and link.link_netnsid is None
            if here and kind_of(link) in _ABOVE:
                return ifname
        return ""


def look() -> Machine:
    """Read the caller's netns."""
    with Transport(open_socket()) as transport:
        links = transport.dump(Request(RTM.GETLINK, Link(ext_mask=RTEXT_FILTER.SKIP_STATS)), Link)
        addresses = transport.dump(Request(RTM.GETADDR, Address()), Address)
        routes = transport.dump(Request(RTM.GETROUTE, Route()), Route)
    speaking = {one.index for one in addresses if _is_own(one)}
    speaking |= {index for route in routes for index in _used_by(route)}
    return Machine({link.ifname or "": link for link in links}, frozenset(speaking))


def kind_of(link: Link) -> str:
    """Give a link's kind; "" for a piece of hardware."""
    return (link.linkinfo.kind if link.linkinfo else None) or ""


def is_up(link: Link) -> bool:
    """Tell whether it has been brought up."""
    return bool(link.flags & IFF.UP)


def mac_of(link: Link) -> str:
    """Give a link's MAC as text."""
    return (link.address or b"").hex(":")


def give_mac(lab: str, ifname: str, mac: str) -> None:
    """Give a bridge a MAC, if it is there and has none once the ports of a lab have gone.

    Raises:
        KernelError: the kernel refuses.
    """
    link = _left(lab, ifname)
    if link is not None and link.address == _NOWHERE:
        with Transport(open_socket()) as transport:
            body = Link(index=link.index, address=bytes.fromhex(mac.replace(":", "")))
            transport.request(Request(RTM.NEWLINK, body))


def _left(lab: str, ifname: str) -> Link | None:
    """Give a bridge once an ended lab's ports are gone from it: the kernel takes its time."""
    deadline = time.monotonic() + _PATIENCE
    while True:
        links = look().links
        bridge = links.get(ifname)
        if bridge is None or time.monotonic() > deadline:
            return bridge
        own = f"{MARK}{lab}:"
        ports = [one for one in links.values() if one.master == bridge.index]
        if not any((port.ifalias or "").startswith(own) for port in ports):
            return bridge
        time.sleep(_MOMENT)


def _is_own(address: Address) -> bool:
    """Leave out the IPv6 address that the kernel gives to every link."""
    return address.family == AF.INET or address.scope != RT_SCOPE.LINK


def _used_by(route: Route) -> Iterator[int]:
    local = (route.dst or b"")[:2] == _LINK_LOCAL or (route.dst or b"")[:1] == b"\xff"
    if route.type != RTN.UNICAST or (route.family == AF.INET6 and local):
        return
    if route.oif:
        yield route.oif
    yield from (hop.ifindex for hop in route.multipath or ())
