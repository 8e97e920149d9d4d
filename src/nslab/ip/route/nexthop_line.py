"""The next hop that a route names by its id, as `ip -d route` adds it."""

from __future__ import annotations

from nslab.errors import KernelError
from nslab.ip import rtnames
from nslab.ip.inet import show_address
from nslab.ip.words import Elsewhere
from nslab.netlink.message import Request
from nslab.netlink.rtnl.constants import RTM
from nslab.netlink.rtnl.nexthop import NEXTHOP_GRP_TYPE, NexthopObject, ResilientGroup

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from nslab.ip.output import Output
    from nslab.ip.program import Program
    from nslab.ip.route.line import RouteLine

_COLOURS = {2: "inet", 10: "inet6"}
_TICKS = 100  # in a second, USER_HZ


def find_nexthops(program: Program, numbers: Iterable[int]) -> dict[int, NexthopObject]:
    """Ask the kernel for next hops by their ids; those that have gone are left out.

    Raises:
        Elsewhere: one encapsulates.
    """
    found = {}
    for number in numbers:
        request = Request(RTM.GETNEXTHOP, NexthopObject(id=number))
        try:
            found[number] = program.transport.get(request, NexthopObject)
        except KernelError:
            continue
        if found[number].encap is not None:
            raise Elsewhere
    return found


def show_nexthop(line: RouteLine, hop: NexthopObject) -> None:
    """Print a next hop on a line of its own."""
    out = line.out
    out.open("nh_info")
    out.text("\n\tnh_info ")
    out.put("id", "id %u ", hop.id or 0)
    _show_group(out, hop)
    if hop.gateway is not None:
        out.text("via ")
        colour = _COLOURS.get(hop.family, "")
        out.put("gateway", "%s ", show_address(hop.family, hop.gateway), colour)
    if hop.oif is not None:
        line.show_link("dev", hop.oif)
    scope = rtnames.name_of("rt_scopes", hop.scope, numeric=line.numeric)
    out.put("scope", "scope %s ", scope)
    if hop.blackhole:
        out.put("blackhole", "blackhole ", None)
    protocol = rtnames.name_of("rt_protos", hop.protocol, numeric=line.numeric)
    out.put("protocol", "proto %s ", protocol)
    line.show_flags(hop.flags)
    if hop.fdb:
        out.put("fdb", "fdb", None)
    out.close()


def _show_group(out: Output, hop: NexthopObject) -> None:
    if hop.group is None:
        return
    out.open_array("group", "group ")
    for position, (number, weight, high) in enumerate(hop.group):
        _show_member(out, number, (high << 8 | weight) + 1, first=position == 0)
    out.close_array(" ")
    if hop.group_type == NEXTHOP_GRP_TYPE.RES:
        out.put("type", "type %s ", "resilient")
        _show_resilience(out, hop.res_group or ResilientGroup())


def _show_member(out: Output, number: int, weight: int, *, first: bool) -> None:
    out.open()
    out.put("id", "%u" if first else "/%u", number)
    if weight > 1:
        out.put("weight", ",%u", weight)
    out.close()


def _show_resilience(out: Output, group: ResilientGroup) -> None:
    out.open("resilient_args")
    out.put("buckets", "buckets %u ", group.buckets or 0)
    times = {
        "idle_timer": group.idle_timer,
        "unbalanced_timer": group.unbalanced_timer,
        "unbalanced_time": group.unbalanced_time,
    }
    for name, ticks in times.items():
        whole, part = divmod(ticks or 0, _TICKS)
        out.put(name, f"{name} %g ", whole + part / _TICKS if part else whole)
    out.close()
