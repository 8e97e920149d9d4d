"""Steps that set static routes."""

from __future__ import annotations

import errno
from functools import lru_cache
from shlex import quote
from typing import TYPE_CHECKING

from nslab.netlink.message import NLM_F, Request
from nslab.netlink.rtnl import route as rtnl_route
from nslab.netlink.rtnl.constants import AF, RT_SCOPE, RT_TABLE, RTM, RTPROT
from nslab.netlink.rtnl.route import RTNH_F, Nexthop
from nslab.plan.state import ROUTE_TYPES, FoundRoute, route_key
from nslab.plan.steps.step import NEW, Step, ip_in

if TYPE_CHECKING:
    from nslab.lab.model import Route
    from nslab.plan.steps.step import Open

_FAMILY = {4: AF.INET, 6: AF.INET6}
_TYPES = {name: number for number, name in ROUTE_TYPES.items()}


class AddRoute(Step, frozen=True):
    """Add a static route, or put it in the place of `before`."""

    route: Route
    index: int = 0
    before: Route | None = None
    index_before: int = 0

    def words(self) -> str:
        return f"route {route_words(self.route)} in {self.netns}"

    def command(self) -> str:
        verb = "replace" if self.before else "add"
        return f"{ip_in(self.netns)} route {verb} {route_words(self.route)} proto static"

    def finding(self) -> str:
        if self.before is None:
            return f"{self.netns}: the route {route_words(self.route)} is missing"
        found, wanted = route_words(self.before), route_words(self.route)
        return f"{self.netns}: a route is {found}, not {wanted}"

    def remedy(self, number: int) -> str | None:
        """What `up` sees and could replace is static; of other routes it knows nothing."""
        if number != errno.EEXIST:
            return None
        return (
            f"a route to {self.route.dst} with the metric {route_key(self.route)[1]} is there, of a"
            " daemon or the kernel (`ip route` shows its proto): another metric in the file helps"
        )

    def undo(self) -> list[Step]:
        if self.before is None:
            return [DeleteRoute(self.netns, self.route, self.index)]
        return [AddRoute(self.netns, self.before, self.index_before, self.route, self.index)]

    def requests(self, _: Open) -> list[Request]:
        return [_added(self.route, self.index, replacing=self.before is not None)]


class DeleteRoute(Step, frozen=True):
    """Take a static route away."""

    route: Route
    index: int = 0

    def words(self) -> str:
        return f"delete the route {route_words(self.route)} in {self.netns}"

    def command(self) -> str:
        return f"{ip_in(self.netns)} route delete {route_words(self.route)}"

    def finding(self) -> str:
        return f"{self.netns}: the route {route_words(self.route)} is no longer in the file"

    def undo(self) -> list[Step]:
        return [AddRoute(self.netns, self.route, self.index)]

    def requests(self, _: Open) -> list[Request]:
        return [Request(RTM.DELROUTE, _route(self.route, self.index, whose=RTPROT.UNSPEC))]


@lru_cache(1024)
def _added(route: Route, index: int, *, replacing: bool) -> Request:
    """Give what adds a route, once for all namespaces: most nodes of a segment have the same."""
    flags = NLM_F.CREATE | NLM_F.REPLACE if replacing else NEW
    return Request(RTM.NEWROUTE, _route(route, index), flags)


def route_words(route: Route) -> str:
    """Say a route in iproute2's words."""
    default = route.dst.prefixlen == 0
    words = [] if route.type == "unicast" else [route.type]
    words.append("default" if default and (route.via or route.dst.version == 4) else str(route.dst))
    if route.via is not None:
        words += ["via", str(route.via)]
    if route.ifname is not None:
        words += ["dev", quote(route.ifname)]
    if route.metric is not None:
        words += ["metric", str(route.metric)]
    if isinstance(route, FoundRoute):
        words.append(route.more)
    return " ".join(words)


def _route(route: Route, index: int, whose: int = RTPROT.STATIC) -> rtnl_route.Route:
    if isinstance(route, FoundRoute):
        return _as_found(route.message, index)
    local = route.via is None and route.type == "unicast"
    return rtnl_route.Route(
        family=_FAMILY[route.dst.version],
        dst_len=route.dst.prefixlen,
        table8=RT_TABLE.MAIN,
        protocol=whose,
        scope=RT_SCOPE.LINK if local and route.dst.version == 4 else RT_SCOPE.UNIVERSE,
        type=_TYPES[route.type],
        dst=route.dst.network_address.packed if route.dst.prefixlen else None,
        gateway=route.via.packed if route.via is not None else None,
        oif=index or None,
        priority=route.metric,
    )


def _as_found(found: rtnl_route.Route, index: int) -> rtnl_route.Route:
    """Give a route as the kernel had it, but the state of its hops, which only the kernel sets.

    A route that names a nexthop object has no other way.
    """
    free = found.nh_id is None
    hops = tuple(map(_hop, found.multipath)) if free and found.multipath else None
    return rtnl_route.Route(
        family=found.family,
        dst_len=found.dst_len,
        src_len=found.src_len,
        tos=found.tos,
        table8=found.table8,
        protocol=found.protocol,
        scope=found.scope,
        type=found.type,
        flags=found.flags & RTNH_F.ONLINK if free else 0,
        dst=found.dst,
        src=found.src,
        gateway=found.gateway if free else None,
        oif=(index or None) if free and not hops else None,
        priority=found.priority,
        prefsrc=found.prefsrc,
        metrics=found.metrics,
        multipath=hops,
        via=found.via if free else None,
        encap_type=found.encap_type if free else None,
        encap=found.encap if free else None,
        nh_id=found.nh_id,
    )


def _hop(found: Nexthop) -> Nexthop:
    return Nexthop(
        flags=found.flags & RTNH_F.ONLINK,
        hops=found.hops,
        ifindex=found.ifindex,
        gateway=found.gateway,
        via=found.via,
        encap_type=found.encap_type,
        encap=found.encap,
    )
