"""`bridge link show`."""

from __future__ import annotations

from nslab.ip.bridge.link.words import MODES, STATES
from nslab.ip.bridge.links import index_of
from nslab.ip.link.show import show_flags, show_name
from nslab.ip.words import duplicate
from nslab.netlink.message import Request
from nslab.netlink.rtnl.bridge_spec import BridgeSpec
from nslab.netlink.rtnl.constants import AF, RTM
from nslab.netlink.rtnl.kinds.bridge import BridgePortInfo
from nslab.netlink.rtnl.link import Link

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nslab.ip.output import Output
    from nslab.ip.program import Program
    from nslab.ip.words import Words


def show(program: Program, words: Words) -> None:
    """Print the ports of all bridges, or one; with -details their settings, too."""
    index = _read_index(program, words)
    program.out.begin()
    for link in program.dump(Request(RTM.GETLINK, Link(family=AF.BRIDGE)), Link):
        if index in (0, link.index):
            _show_port(program, link)
    program.out.end()


def _read_index(program: Program, words: Words) -> int:
    """Read which port is asked for, 0 for all; other words are passed over, as ever."""
    name: str | None = None
    while words:
        if words.take() == "dev":
            word = words.take()
            if name is not None:
                raise duplicate("dev", word)
            name = word
    return index_of(program, name, "device")


def _show_port(program: Program, link: Link) -> None:
    out = program.out
    out.open()
    out.put("ifindex", "%d: ", link.index)
    show_name(program, link, "%s: ")
    show_flags(program, link)
    if link.mtu is not None:
        out.put("mtu", "mtu %u ", link.mtu)
    if link.master is not None:
        out.put("master", "master %s ", program.links.name(link.master))
    if isinstance(link.protinfo, BridgePortInfo):
        _show_settings(program, link.protinfo)
    if isinstance(link.af_spec, BridgeSpec) and link.af_spec.mode is not None:
        _show_mode(out, link.af_spec.mode)
    out.text("\n")
    out.close()


def _show_settings(program: Program, port: BridgePortInfo) -> None:
    out = program.out
    if port.state is not None:
        show_state(out, port.state)
    if port.priority is not None:
        out.put("priority", "priority %u ", port.priority)
    if port.cost is not None:
        out.put("cost", "cost %u ", port.cost)
    if program.options.details:
        out.newline()
        out.text("    ")
        _show_details(program, port)


def show_state(out: Output, state: int) -> None:
    """Print a state of the spanning tree by its name."""
    if state < len(STATES):
        out.put("state", "state %s ", STATES[state])
    else:
        out.put("state", "state (%d) ", state)


def _show_details(program: Program, port: BridgePortInfo) -> None:
    out = program.out
    _show_switch(out, "hairpin", port.mode)
    _show_switch(out, "guard", port.guard)
    _show_switch(out, "root_block", port.protect)
    _show_switch(out, "fastleave", port.fast_leave)
    _show_switch(out, "learning", port.learning)
    _show_switch(out, "learning_sync", port.learning_sync)
    _show_switch(out, "flood", port.unicast_flood)
    _show_switch(out, "mcast_flood", port.mcast_flood)
    _show_switch(out, "bcast_flood", port.bcast_flood)
    if port.multicast_router is not None:
        out.put("mcast_router", "mcast_router %u ", port.multicast_router)
    _show_switch(out, "mcast_to_unicast", port.mcast_to_ucast)
    _show_switch(out, "neigh_suppress", port.neigh_suppress)
    _show_switch(out, "vlan_tunnel", port.vlan_tunnel)
    if port.backup_port is not None:
        out.put("backup_port", "backup_port %s ", program.links.name(port.backup_port))
    _show_switch(out, "isolated", port.isolated)
    _show_switch(out, "locked", port.locked)


def _show_switch(out: Output, name: str, value: int | None) -> None:
    if value is None:
        return
    out.json(name, bool(value))
    out.text(f"{name} {'on' if value else 'off'} ")


def _show_mode(out: Output, mode: int) -> None:
    if mode < len(MODES):
        out.put("hwmode", "hwmode %s ", MODES[mode])
    else:
        out.put("hwmode", "hwmode %#x ", mode)
