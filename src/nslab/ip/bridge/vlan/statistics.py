"""`bridge -statistics vlan show`."""

from __future__ import annotations

from nslab.ip.bridge.vlan.ports import HEADING, Ports, show_counters, show_flags
from nslab.netlink.message import Request
from nslab.netlink.rtnl.bridge_spec import BRIDGE_VLAN_INFO
from nslab.netlink.rtnl.constants import RTM
from nslab.netlink.rtnl.stats import IFLA_STATS, Stats

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nslab.ip.bridge.vlan.choice import Choice
    from nslab.ip.output import Output
    from nslab.ip.program import Program
    from nslab.netlink.rtnl.stats import KindStats, VlanStats


def show_statistics(program: Program, choice: Choice) -> None:
    """Print the counters of the chosen VLANs: those of the bridges, then those of the ports."""
    program.out.begin()
    program.out.text(f"{HEADING}\n")
    for kind in (IFLA_STATS.LINK_XSTATS, IFLA_STATS.LINK_XSTATS_SLAVE):
        query = Stats(family=0, ifindex=0, filter_mask=1 << (kind - 1))
        for stats in program.dump(Request(RTM.GETSTATS, query), Stats):
            if choice.takes_link(stats.ifindex):
                _show_link(program, choice, stats.ifindex, stats.link_xstats)
                _show_link(program, choice, stats.ifindex, stats.port_xstats)
    program.out.end()


def _show_link(program: Program, choice: Choice, index: int, found: KindStats | None) -> None:
    ports = Ports(program)
    for vlan in found.bridge.vlan if found and found.bridge else ():
        # Of a VLAN that only ports have, the ports tell.
        of_ports = (
            vlan.flags & BRIDGE_VLAN_INFO.MASTER and not vlan.flags & BRIDGE_VLAN_INFO.BRENTRY
        )
        if choice.vid in (0, vlan.vid) and not of_ports:
            ports.open(index)
            _show_vlan(program.out, vlan)
    ports.finish()


def _show_vlan(out: Output, vlan: VlanStats) -> None:
    out.put("vid", "%u", vlan.vid)
    show_flags(out, vlan.flags)
    out.newline()
    show_counters(out, (vlan.rx_bytes, vlan.rx_packets), (vlan.tx_bytes, vlan.tx_packets))
    out.close()
