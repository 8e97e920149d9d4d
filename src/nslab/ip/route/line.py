"""One route as a line of text or an object of JSON."""

from __future__ import annotations

from nslab.ip import rtnames
from nslab.ip.inet import AF_INET, AF_INET6, SIZES, show_address
from nslab.ip.route.names import family_name, realm_name, table_name, tos_name, type_name
from nslab.ip.route.selector import gateway_of, table_of
from nslab.ip.words import Elsewhere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from nslab.ip.program import Program
    from nslab.ip.route.selector import Selector
    from nslab.netlink.rtnl.nexthop import NexthopObject
    from nslab.netlink.rtnl.route import Nexthop, Route

MAIN = 254
_UNICAST = 1
_BOOT = 3
_CLONED = 0x200
_COLOURS = {AF_INET: "inet", AF_INET6: "inet6"}
_FLAGS = {
    0x1: "dead",
    0x4: "onlink",
    0x2: "pervasive",
    0x8: "offload",
    0x40: "trap",
    0x100: "notify",
    0x10: "linkdown",
    0x20: "unresolved",
    0x4000: "rt_offload",
    0x8000: "rt_trap",
    0x20000000: "rt_offload_failed",
}
_PREFERENCES = {0: "medium", 1: "high", 3: "low"}


def refuse_unknown(routes: Sequence[Route]) -> None:
    """Leave routes that are not IPv4 or IPv6, or that encapsulate, to the real program.

    Raises:
        Elsewhere: there is such a route.
    """
    for route in routes:
        encaps = [route.encap, *(hop.encap for hop in route.multipath or ())]
        if route.family not in SIZES or any(encap is not None for encap in encaps):
            raise Elsewhere


class RouteLine:
    """Prints routes, without the columns that a selector has made known."""

    def __init__(self, program: Program, selector: Selector) -> None:
        self.program = program
        self.out = program.out
        self.selector = selector
        self.details = bool(program.options.details)
        self.numeric = bool(program.options.numeric)
        self._nexthops: dict[int, NexthopObject] = {}

    def prepare(self, routes: Sequence[Route]) -> None:
        """Look up what is needed to print these routes.

        Raises:
            Elsewhere: one of them can only be printed by the real program.
        """
        refuse_unknown(routes)
        numbers = {route.nh_id for route in routes if route.nh_id is not None}
        if numbers and self.details:
            from nslab.ip.route.nexthop_line import find_nexthops

            self._nexthops = find_nexthops(self.program, numbers)

    def show(self, route: Route, *, deleted: bool = False) -> None:
        """Print one route."""
        self.out.open()
        if deleted:
            self.out.put("deleted", "Deleted ", value=True)
        self._show_destination(route)
        self._show_way(route)
        self._show_origin(route)
        self.show_flags(route.flags)
        self._show_marks(route)
        self._show_cache(route)
        self._show_end(route)
        self.out.close()

    def _show_destination(self, route: Route) -> None:
        out, selector = self.out, self.selector
        types = selector.types
        if (route.type != _UNICAST or self.details) and (not types or types >> route.type & 1):
            out.put("type", "%s ", type_name(route.type, numeric=self.numeric))
        colour = _COLOURS[route.family]
        whole = "default" if route.dst_len == 0 else f"0/{route.dst_len}"
        out.put(
            "dst",
            "%s ",
            _prefix(route, route.dst, route.dst_len) or whole,
            colour if route.dst else "",
        )
        if route.src is not None:
            out.put("from", "from %s ", _prefix(route, route.src, route.src_len), colour)
        elif route.src_len:
            out.put("from", "from %s ", f"0/{route.src_len}")
        if route.newdst is not None:
            out.put("to", "as to %s ", show_address(route.family, route.newdst))
        if route.tos and selector.tos is None:
            out.put("tos", "tos %s ", tos_name(route.tos, numeric=self.numeric))

    def _show_way(self, route: Route) -> None:
        out, selector = self.out, self.selector
        if route.nh_id is not None:
            out.put("nhid", "nhid %u ", route.nh_id)
        if not selector.hides_via(route.family):
            self._show_gateway(route, route.family)
        if route.oif is not None and selector.oif is None:
            self.show_link("dev", route.oif)
        table = table_of(route)
        if table and (table != MAIN or self.details) and not selector.table:
            out.put("table", "table %s ", table_name(table, numeric=self.numeric))

    def _show_origin(self, route: Route) -> None:
        out, selector = self.out, self.selector
        if not route.flags & _CLONED:
            if (route.protocol != _BOOT or self.details) and selector.protocol is None:
                self._show_name("protocol", "proto %s ", "rt_protos", route.protocol)
            if (route.scope or self.details) and selector.scope is None:
                self._show_name("scope", "scope %s ", "rt_scopes", route.scope)
        if route.prefsrc is not None and not selector.hides_prefsrc(route.family):
            out.text("src ")
            address = show_address(route.family, route.prefsrc)
            out.put("prefsrc", "%s ", address, _COLOURS[route.family])
        if route.priority is not None and selector.metric is None:
            out.put("metric", "metric %u ", route.priority)

    def _show_name(self, key: str, form: str, table: str, number: int) -> None:
        self.out.put(key, form, rtnames.name_of(table, number, numeric=self.numeric))

    def _show_gateway(self, hop: Route | Nexthop, route_family: int) -> None:
        out = self.out
        if hop.gateway is not None:
            out.text("via ")
            address = show_address(route_family, hop.gateway)
            out.put("gateway", "%s ", address, _COLOURS[route_family])
        if hop.via is not None:
            family, data = gateway_of(hop, route_family)
            out.open("via")
            out.put("family", "via %s ", family_name(family))
            out.put("host", "%s ", show_address(family, data or b""), _COLOURS.get(family, ""))
            out.close()

    def show_link(self, key: str, index: int) -> None:
        """Print the name of a link after a word."""
        self.out.text(f"{key} ")
        self.out.put(key, "%s ", self.program.links.name(index), "ifname")

    def show_flags(self, flags: int) -> None:
        """Print the flags of a route or a next hop."""
        self.out.open_array("flags")
        for flag, name in _FLAGS.items():
            if flags & flag:
                self.out.put(None, "%s ", name)
        self.out.close_array()

    def _show_marks(self, route: Route) -> None:
        out = self.out
        if route.mark is not None:
            form = "mark 0x%x " if route.mark >= 16 else "mark %u "
            out.put("mark", form, route.mark)
        if route.flow is not None and not self.selector.hides_realms:
            self._show_realms(route.flow)
        if route.uid is not None:
            out.put("uid", "uid %u ", route.uid)

    def _show_realms(self, flow: int) -> None:
        out, source = self.out, flow >> 16
        out.open("flow")
        if source:
            out.put("from", "realms %s/", realm_name(source, numeric=self.numeric))
        target = realm_name(flow & 0xFFFF, numeric=self.numeric)
        out.put("to", "%s " if source else "realm %s ", target)
        out.close()

    def _show_cache(self, route: Route) -> None:
        if route.family == AF_INET and route.flags & _CLONED:
            from nslab.ip.route.cache import show_cache_flags

            show_cache_flags(self.out, route.flags)
        if route.cacheinfo is not None:
            from nslab.ip.route.cache import show_cacheinfo

            show_cacheinfo(self.program, route.cacheinfo)
        if route.metrics is not None:
            from nslab.ip.route.metrics import show_metrics

            show_metrics(self.out, route.metrics)

    def _show_end(self, route: Route) -> None:
        out = self.out
        if route.iif is not None and self.selector.iif is None:
            self.show_link("iif", route.iif)
        if route.pref is not None:
            name = _PREFERENCES.get(route.pref, str(route.pref))
            out.put("pref", "pref %s", name)
        if route.ttl_propagate is not None:
            enabled = bool(route.ttl_propagate)
            out.json("ttl-propogate", enabled)
            out.text(f"ttl-propogate {'enabled' if enabled else 'disabled'}")
        if route.nh_id in self._nexthops:
            from nslab.ip.route.nexthop_line import show_nexthop

            show_nexthop(self, self._nexthops[route.nh_id])
        if route.multipath is not None:
            out.open_array("nexthops")
            for hop in route.multipath:
                self._show_hop(route, hop)
            out.close_array()
        out.text("\n")

    def _show_hop(self, route: Route, hop: Nexthop) -> None:
        out = self.out
        out.open()
        out.newline()
        out.text("\tnexthop ")
        self._show_gateway(hop, route.family)
        if hop.flow is not None:
            self._show_realms(hop.flow)
        out.put("dev", "dev %s ", self.program.links.name(hop.ifindex))
        out.put("weight", "weight %u ", hop.hops + 1)
        self.show_flags(hop.flags)
        out.close()


def _prefix(route: Route, data: bytes | None, bits: int) -> str:
    if data is None:
        return ""
    address = show_address(route.family, data)
    return address if bits == SIZES[route.family] * 8 else f"{address}/{bits}"
