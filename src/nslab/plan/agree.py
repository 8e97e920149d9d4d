"""Whether a netns is plainly as it is wanted, so that nobody need look closer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from nslab.plan.effects import mtu_of
from nslab.plan.state import route_key, satisfies

if TYPE_CHECKING:
    from nslab.lab.model import Interface
    from nslab.plan.state import LinkState, NetnsState


def agrees(found: NetnsState, wanted: NetnsState) -> bool:
    """Tell whether a netns holds what is wanted and nothing else: no closer look is needed.

    "No" is no verdict: what only seems to differ is for a closer look to find out.
    """
    routes = {route_key(route): route for route in wanted.routes}
    return (
        found.links.keys() == wanted.links.keys()
        and len(found.routes) == len(routes) == len(wanted.routes)
        and all(_is_as(found.links[ifname], link) for ifname, link in wanted.links.items())
        and all(
            route_key(route) in routes and satisfies(route, routes[route_key(route)])
            for route in found.routes
        )
        and all(found.sysctl.get(key) == value for key, value in wanted.sysctl.items())
    )


def _is_as(found: LinkState, wanted: LinkState) -> bool:
    like = replace(
        wanted,
        ifindex=found.ifindex,
        mac=wanted.mac or found.mac,
        mtu=mtu_of(wanted, found),
        carrier=found.carrier,
        dynamic=found.dynamic,
        alias=wanted.alias or found.alias,
        ipv6=found.ipv6 if wanted.master else wanted.ipv6,  # a port's own does not matter
        addresses=found.addresses,
    )
    return found == like and _by_version(found) == _by_version(wanted)


def _by_version(link: LinkState) -> tuple[list[Interface], set[Interface]]:
    """Give a link's addresses: among those of IPv4 the order counts."""
    first: list[Interface] = [address for address in link.addresses if address.version == 4]
    return first, {address for address in link.addresses if address.version == 6}
