"""`bridge -details vlan show` and `bridge vlan global show`: the options of VLANs."""

from __future__ import annotations

from nslab.ip.bridge.link.show import show_state
from nslab.ip.bridge.vlan.choice import Choice
from nslab.ip.bridge.vlan.ports import (
    DEEPER,
    HEADING,
    Ports,
    show_counters,
    show_flags,
    show_range,
)
from nslab.ip.words import Elsewhere
from nslab.netlink.message import Request
from nslab.netlink.rtnl.constants import AF, RTM
from nslab.netlink.rtnl.vlan import BRIDGE_VLANDB_DUMPF, VlanCounters, Vlans, VlansQuery

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nslab.ip.output import Output
    from nslab.ip.program import Program
    from nslab.ip.words import Words
    from nslab.netlink.rtnl.vlan import VlanEntry, VlanOptions


def show_details(program: Program, choice: Choice) -> None:
    """Print the VLANs of the chosen ports with their options and, with -statistics, counters."""
    flags = BRIDGE_VLANDB_DUMPF.STATS if program.options.statistics else 0
    ports = Ports(program)
    for vlans in _dump(program, choice, flags):
        for entry in vlans.entries:
            _show_entry(program, ports, choice, vlans.ifindex, entry)
    ports.finish()
    program.out.end()


def show_global(program: Program, words: Words) -> None:
    """Print the options that the chosen bridges have for VLANs.

    Raises:
        IpError: a word is wrong, or there is no such link.
        Elsewhere: ports to multicast routers are to be shown.
    """
    choice, ports = Choice(program, words), Ports(program)
    for vlans in _dump(program, choice, BRIDGE_VLANDB_DUMPF.GLOBAL):
        for options in vlans.options:
            vid = options.id or 0
            if choice.takes(vid, options.range or vid):
                ports.open(vlans.ifindex)
                _show_options(program.out, options)
    ports.finish()
    program.out.end()


def _dump(program: Program, choice: Choice, flags: int) -> list[Vlans]:
    program.out.begin()
    program.out.text(f"{HEADING}  \n")
    found = program.dump(Request(RTM.GETVLAN, VlansQuery(family=AF.BRIDGE, flags=flags)), Vlans)
    return [vlans for vlans in found if choice.takes_link(vlans.ifindex)]


def _show_entry(
    program: Program, ports: Ports, choice: Choice, index: int, entry: VlanEntry
) -> None:
    flags, vid = entry.info or (0, 0)
    last = vid if entry.range is None else entry.range
    if not choice.takes(vid, last):
        return
    out = program.out
    ports.open(index)
    show_range(out, "vlan", vid, last)
    show_flags(out, flags)
    out.newline()
    out.text(DEEPER)
    show_state(out, entry.state or 0)
    if entry.mcast_router is not None:
        out.put("mcast_router", "mcast_router %u ", entry.mcast_router)
    out.newline()
    if program.options.statistics:
        found = entry.stats or VlanCounters()
        received = found.rx_bytes or 0, found.rx_packets or 0
        show_counters(out, received, (found.tx_bytes or 0, found.tx_packets or 0))
    out.close()


def _show_options(out: Output, options: VlanOptions) -> None:
    if options.mcast_router_ports:
        raise Elsewhere
    vid = options.id or 0
    show_range(out, "vlan", vid, options.range or vid)
    out.newline()
    out.text(DEEPER)
    for word, member in OPTIONS.items():
        value = getattr(options, member)
        if value is not None:
            out.put(word, f"{word} %u ", value)
    out.newline()
    out.close()


OPTIONS = {
    "mcast_snooping": "mcast_snooping",
    "mcast_querier": "mcast_querier",
    "mcast_igmp_version": "mcast_igmp_version",
    "mcast_mld_version": "mcast_mld_version",
    "mcast_last_member_count": "mcast_last_member_cnt",
    "mcast_last_member_interval": "mcast_last_member_intvl",
    "mcast_startup_query_count": "mcast_startup_query_cnt",
    "mcast_startup_query_interval": "mcast_startup_query_intvl",
    "mcast_membership_interval": "mcast_membership_intvl",
    "mcast_querier_interval": "mcast_querier_intvl",
    "mcast_query_interval": "mcast_query_intvl",
    "mcast_query_response_interval": "mcast_query_response_intvl",
}
"""The options of a bridge for a VLAN, in the order in which they are shown."""
