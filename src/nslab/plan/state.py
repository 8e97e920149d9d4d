"""What a lab's namespaces hold, as desired and as observed: the same values for both."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from nslab.kernel.sandbox import HOST, OUTSIDE
from nslab.lab.model import Route
from nslab.lab.names import FORWARD
from nslab.netlink.rtnl.constants import RTN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nslab.lab.model import Interface
    from nslab.netlink.rtnl import route as rtnl_route

End = tuple[str, str]
"""A link by its place: (netns, ifname)."""

QUIET = ("net.ipv6.conf.all.disable_ipv6", "net.ipv6.conf.default.disable_ipv6")
"""The sysctls that keep a fabric's ports from speaking IPv6 themselves."""

IMPLIED = (*FORWARD, *QUIET)
"""The sysctls that every lab sets without being asked, where the kernel has them."""

ROUTE_TYPES = {
    RTN.UNICAST: "unicast",
    RTN.BLACKHOLE: "blackhole",
    RTN.UNREACHABLE: "unreachable",
    RTN.PROHIBIT: "prohibit",
    RTN.THROW: "throw",
}
"""The types of route that can stand in the way of a lab's, which are unicast, by their names."""

Settings = tuple[tuple[str, int], ...]
"""Settings of a link's kind by their names, sorted."""

PLAIN: Settings = (("mcast_snooping", 0), ("stp_state", 0), ("vlan_filtering", 0))
"""Those of a bridge that is a plain switch: it forwards all frames, and at once.

Without snooping it floods multicast, and waits for no querier.
"""

UNTOUCHED: Settings = (("mcast_snooping", 1), ("stp_state", 0), ("vlan_filtering", 0))
"""Those of a bridge that nobody has touched."""

MODERN = dict.fromkeys(IMPLIED, "0")
"""Their values in a new netns of a machine that speaks IPv6 and was not told otherwise."""


class LinkState(Struct, frozen=True, gc=False):
    """One link.

    Attributes:
        ifindex: the kernel's number of it in its netns; 0 where it is not yet chosen.
        mtu: in bytes; None where the kernel's choice will do.
        ipv6: whether it speaks IPv6: the kernel lets it, and its MTU allows it.
        peer: the other end of a veth, or the link that a macvlan lies on, where it is known.
        master: the ifname of the bridge that it is a port of.
        addresses: those that last.
        dynamic: those that it has for a time, as from DHCP or a router's advertisements: they are
            never the lab's own.
        alias: what it says of itself; "" where nobody asked.
        settings: those of a bridge's kind that a lab minds; of others none.
    """

    ifname: str
    kind: str
    ifindex: int = 0
    mac: str = ""
    mtu: int | None = None
    up: bool = True
    carrier: bool = True
    master: str | None = None
    peer: End | None = None
    addresses: tuple[Interface, ...] = ()
    dynamic: tuple[Interface, ...] = ()
    alias: str = ""
    ipv6: bool = True
    settings: Settings = ()

    @property
    def held(self) -> tuple[Interface, ...]:
        """All its addresses, those that last first."""
        return self.addresses + self.dynamic


class FoundRoute(Route, frozen=True, kw_only=True):
    """A static route of the kernel's that no lab file can say.

    Attributes:
        more: what `Route` has no word for, in iproute2's: several next hops, one of another
            family, an encapsulation and the like.
        message: all of it, as the kernel tells it.
    """

    more: str
    message: rtnl_route.Route


class NetnsState(Struct, gc=False):
    """One netns: its links by name, its static routes, the sysctls that matter.

    Attributes:
        known: ifindexes, by name, of links that are none of the lab's: the machine's, the kernel's.
    """

    links: dict[str, LinkState] = field(default_factory=dict)
    routes: list[Route] = field(default_factory=list)
    sysctl: dict[str, str] = field(default_factory=dict)
    known: dict[str, int] = field(default_factory=dict)


State = dict[str, NetnsState]
"""A lab's namespaces by name."""

KEPT = {
    HOST: NetnsState(),
    OUTSIDE: NetnsState(
        {"lo": LinkState("lo", "loopback", ifindex=1)}, [], dict.fromkeys(FORWARD, "0")
    ),
}
"""The namespaces that are there before the lab and stay after it, as the lab leaves them."""


def with_dynamic(state: State) -> State:
    """Give links all their addresses as if they lasted, for those who only look."""
    found = {}
    for name, netns in state.items():
        links = {
            ifname: replace(link, addresses=link.held) if link.dynamic else link
            for ifname, link in netns.links.items()
        }
        found[name] = replace(netns, links=links)
    return found


def fresh(sysctl: dict[str, str], standing: Mapping[str, int] | None = None) -> NetnsState:
    """Give what a new netns holds: `lo`, down, the kernel's own links, and the machine's sysctls.

    Args:
        sysctl: as a new netns has them, "" for what is not known.
        standing: the ifindexes of the kernel's own links (STANDING).
    """
    known = {key: value for key, value in sysctl.items() if value}
    links = {"lo": LinkState("lo", "loopback", ifindex=1, up=False)}
    return NetnsState(links, [], known, dict(standing or {}))


def route_key(route: Route) -> tuple[object, int]:
    """Give what may be in a table only once: destination and metric.

    A route for packets of one TOS or source alone can be beside those for all.
    """
    usual = 0 if route.dst.version == 4 else 1024
    place: object = route.dst
    if isinstance(route, FoundRoute) and (route.message.tos or route.message.src_len):
        found = route.message
        place = route.dst, found.tos, found.src, found.src_len
    return place, usual if route.metric is None else route.metric


def satisfies(found: Route, wanted: Route) -> bool:
    """Tell whether a route of the same key leads where the file wants it to."""
    if isinstance(found, FoundRoute):
        return found == wanted
    same_link = wanted.ifname is None or wanted.ifname == found.ifname
    return found.type == wanted.type and found.via == wanted.via and same_link
