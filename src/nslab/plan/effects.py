"""What the kernel does by itself as links, addresses and routes come and go."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from msgspec.structs import replace

from nslab.netlink.rtnl.route import RTNH_F
from nslab.plan.state import IMPLIED, FoundRoute

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from nslab.lab.model import Route
    from nslab.plan.state import LinkState

USUAL_MTU = 1500
"""What a veth has that nobody gave another, in bytes."""


def as_it_comes(link: LinkState, *, port: bool) -> LinkState:
    """Give a link as it is when it is only made: near ends of cables come as ports and up."""
    if link.up == port and (port or link.master is None) and not link.alias:
        return link
    return replace(link, up=port, master=link.master if port else None, alias="")


@lru_cache
def link_of(key: str) -> str:
    """Give the ifname of the link whose own a sysctl is; "" where it is none's."""
    parts = key.split(".")
    if len(parts) < 5 or parts[2] not in ("conf", "neigh") or parts[3] in ("all", "default"):
        return ""
    return parts[3].replace("/", ".")


def unlike(
    wanted: Mapping[str, str],
    present: Mapping[str, str],
    defaults: Mapping[str, str],
    ifname: str = "",
) -> Iterator[str]:
    """Give the keys of sysctls that are not, or not known to be, as wanted.

    Args:
        wanted: keys and values.
        present: likewise, as they are.
        defaults: those of a new netns; what of a lab's own making (IMPLIED) is not among them, this
            kernel does not have.
        ifname: the link whose own the sysctls are; "" for those that are no link's.
    """
    for key, value in wanted.items():
        if link_of(key) != ifname or (key in IMPLIED and key not in defaults):
            continue
        before = present.get(key)
        if before is None or before.split() != value.split():
            yield key


def mtu_of(link: LinkState, before: LinkState) -> int | None:
    """Give the MTU that a link is to have: where none is named, the kernel's first one."""
    first = USUAL_MTU if link.kind == "veth" and before.mtu is not None else before.mtu
    return first if link.mtu is None else link.mtu


def reaches(link: LinkState, route: Route) -> bool:
    """Tell whether a route can lead over a link."""
    found = route.message if isinstance(route, FoundRoute) else None
    by_ipv6 = route.dst.version == 6 or (found is not None and found.via is not None)
    if by_ipv6 and not link.ipv6:
        return False
    if found is not None and found.flags & RTNH_F.ONLINK:
        return True
    return route.via is None or any(route.via in address.network for address in link.addresses)


def has_source(links: Iterable[LinkState], route: Route) -> bool:
    """Tell whether one of a netns's links has the address that a route names as its source."""
    source = route.message.prefsrc if isinstance(route, FoundRoute) else None
    return source is None or any(a.packed == source for link in links for a in link.addresses)
