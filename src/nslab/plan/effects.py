"""What the kernel does by itself as links, addresses and routes come and go."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv6Interface
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nslab.lab.model import Interface, Route
    from nslab.plan.state import LinkState


def link_local(mac: str) -> IPv6Interface:
    """Give the link-local address that goes with a MAC (RFC 4291, appendix A)."""
    octets = bytes.fromhex(mac.replace(":", ""))
    host = bytes((octets[0] ^ 2, *octets[1:3], 0xFF, 0xFE, *octets[3:]))
    return IPv6Interface((b"\xfe\x80" + bytes(6) + host, 64))


def as_it_comes(link: LinkState, *, port: bool) -> LinkState:
    """Give a link as it is when it is only made: near ends of cables come as ports and up."""
    return replace(link, up=port, master=link.master if port else None, alias="")


def names_link(key: str) -> bool:
    """Tell whether a sysctl is one link's own."""
    parts = key.split(".")
    return len(parts) > 4 and parts[2] in ("conf", "neigh") and parts[3] not in ("all", "default")


def swept_away(link: LinkState, extra: list[Interface]) -> list[Interface]:
    """Give the addresses that the kernel deletes along with one of the same IPv4 subnet."""
    subnets = {address.network for address in extra if address.version == 4}
    return [a for a in link.addresses if a.version == 4 and a.network in subnets and a not in extra]


def loses_ipv4(link: LinkState, leaving: list[Interface]) -> bool:
    """Tell whether a link's last IPv4 address goes: the kernel then drops its IPv4 routes."""
    own = {address for address in link.addresses if address.version == 4}
    return bool(own) and own <= set(leaving)


def reaches(link: LinkState, route: Route) -> bool:
    """Tell whether a route can lead over a link."""
    return route.via is None or any(route.via in address.network for address in link.addresses)


def is_stranded(route: Route, link: LinkState, wanted: LinkState) -> bool:
    """Tell whether a link's addresses reach the next hop now, and no longer then."""
    return route.via is not None and reaches(link, route) and not reaches(wanted, route)
