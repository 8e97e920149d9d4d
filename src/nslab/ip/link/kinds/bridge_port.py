"""Ports of a bridge."""

from __future__ import annotations

from nslab.ip.link.kinds.reading import Reading, constant, number
from nslab.ip.link.kinds.showing import (
    bridge_id,
    show_hexadecimal,
    show_numbers,
    show_switch,
    show_timers,
)
from nslab.ip.link.show import signed
from nslab.ip.words import off_or_on, wrong
from nslab.netlink.rtnl.kinds.bridge import BridgePortInfo

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nslab.ip.link.kinds.reading import Option
    from nslab.ip.output import Output
    from nslab.ip.program import Program
    from nslab.ip.words import Words

USAGE = """\
Usage: ... bridge_slave [ fdb_flush ]
\t\t\t[ state STATE ]
\t\t\t[ priority PRIO ]
\t\t\t[ cost COST ]
\t\t\t[ guard {on | off} ]
\t\t\t[ hairpin {on | off} ]
\t\t\t[ fastleave {on | off} ]
\t\t\t[ root_block {on | off} ]
\t\t\t[ learning {on | off} ]
\t\t\t[ flood {on | off} ]
\t\t\t[ proxy_arp {on | off} ]
\t\t\t[ proxy_arp_wifi {on | off} ]
\t\t\t[ mcast_router MULTICAST_ROUTER ]
\t\t\t[ mcast_fast_leave {on | off} ]
\t\t\t[ mcast_flood {on | off} ]
\t\t\t[ bcast_flood {on | off} ]
\t\t\t[ mcast_to_unicast {on | off} ]
\t\t\t[ group_fwd_mask MASK ]
\t\t\t[ neigh_suppress {on | off} ]
\t\t\t[ vlan_tunnel {on | off} ]
\t\t\t[ isolated {on | off} ]
\t\t\t[ locked {on | off} ]
\t\t\t[ backup_port DEVICE ] [ nobackup_port ]"""

STATES = ("disabled", "listening", "learning", "forwarding", "blocking")
"""What a port does with frames, by the kernel's number."""

_PROTOCOLS = {1: "stp", 4: "lacp", 0x4000: "lldp"}


def _switch(name: str, member: str) -> Option:
    def read(reading: Reading, words: Words) -> None:
        reading.values[member] = off_or_on(name, words.take(), 1)

    return read


def _backup_port(reading: Reading, words: Words) -> None:
    word = words.take()
    index = reading.program.links.find(word)
    if not index:
        raise wrong(word, "Device does not exist\n")
    reading.values["backup_port"] = index


OPTIONS: dict[str, Option] = {
    "[fdb_flush]": constant("flush", value=True),
    "[state]": number("state", 8, "state is invalid"),
    "[priority]": number("priority", 16, "priority is invalid"),
    "[cost]": number("cost", 32, "cost is invalid"),
    "[hairpin]": _switch("hairpin", "mode"),
    "[guard]": _switch("guard", "guard"),
    "[root_block]": _switch("root_block", "protect"),
    "[fastleave]": _switch("fastleave", "fast_leave"),
    "[learning]": _switch("learning", "learning"),
    "[flood]": _switch("flood", "unicast_flood"),
    "[mcast_flood]": _switch("mcast_flood", "mcast_flood"),
    "[bcast_flood]": _switch("bcast_flood", "bcast_flood"),
    "[mcast_to_unicast]": _switch("mcast_to_unicast", "mcast_to_ucast"),
    "[proxy_arp]": _switch("proxy_arp", "proxyarp"),
    "[proxy_arp_wifi]": _switch("proxy_arp_wifi", "proxyarp_wifi"),
    "[mcast_router]": number("multicast_router", 8, "invalid mcast_router"),
    "[mcast_fast_leave]": _switch("mcast_fast_leave", "fast_leave"),
    "[neigh_suppress]": _switch("neigh_suppress", "neigh_suppress"),
    "[group_fwd_mask]": number("group_fwd_mask", 16, "invalid group_fwd_mask"),
    "[vlan_tunnel]": _switch("vlan_tunnel", "vlan_tunnel"),
    "[isolated]": _switch("isolated", "isolated"),
    "[locked]": _switch("locked", "locked"),
    "[backup_port]": _backup_port,
    "[nobackup_port]": constant("backup_port", 0),
}


def read(program: Program, kind: str, words: Words, *, creating: bool) -> BridgePortInfo:
    """Read a port's options."""
    reading = Reading(program, kind, creating=creating)
    return BridgePortInfo(**reading.read(words, OPTIONS, USAGE, "option"))


def show(program: Program, data: BridgePortInfo) -> None:
    """Print a port's details."""
    out = program.out
    if data.state is not None:
        _show_state(out, data.state)
    show_numbers(out, data, ("priority",))
    if data.cost is not None:
        out.put("cost", "cost %d ", signed(data.cost))
    show_switch(out, "hairpin", "hairpin", data.mode)
    show_switch(out, "guard", "guard", data.guard)
    show_switch(out, "root_block", "root_block", data.protect)
    show_switch(out, "fastleave", "fastleave", data.fast_leave)
    show_switch(out, "learning", "learning", data.learning)
    show_switch(out, "flood", "flood", data.unicast_flood)
    _show_tree(out, data)
    show_switch(out, "proxy_arp", "proxy_arp", data.proxyarp)
    show_switch(out, "proxy_arp_wifi", "proxy_arp_wifi", data.proxyarp_wifi)
    _show_multicast(out, data)
    _show_rest(program, data)


def _show_state(out: Output, state: int) -> None:
    if state < len(STATES):
        out.put("state", "state %s ", STATES[state])
    else:
        out.put("state_index", "state (%d) ", state)


def _show_tree(out: Output, data: BridgePortInfo) -> None:
    show_hexadecimal(out, "id", "port_id", data.id)
    show_hexadecimal(out, "no", "port_no", data.no)
    show_numbers(out, data, ("designated_port", "designated_cost"))
    if data.bridge_id is not None:
        out.put("bridge_id", "designated_bridge %s ", bridge_id(data.bridge_id))
    if data.root_id is not None:
        out.put("root_id", "designated_root %s ", bridge_id(data.root_id))
    show_timers(out, data, ("hold_timer", "message_age_timer", "forward_delay_timer"))
    show_numbers(out, data, ("topology_change_ack", "config_pending"))


def _show_multicast(out: Output, data: BridgePortInfo) -> None:
    show_numbers(out, data, ("multicast_router:mcast_router",))
    if data.fast_leave is not None:  # once more, under the name of the option
        out.text(f"mcast_fast_leave {'on' if data.fast_leave else 'off'} ")
    show_switch(out, "mcast_flood", "mcast_flood", data.mcast_flood)
    show_switch(out, "bcast_flood", "bcast_flood", data.bcast_flood)
    show_switch(out, "mcast_to_unicast", "mcast_to_unicast", data.mcast_to_ucast)


def _show_rest(program: Program, data: BridgePortInfo) -> None:
    out = program.out
    show_switch(out, "neigh_suppress", "neigh_suppress", data.neigh_suppress)
    if data.group_fwd_mask is not None:
        show_hexadecimal(out, "group_fwd_mask", "group_fwd_mask", data.group_fwd_mask)
        _show_mask(out, data.group_fwd_mask)
    show_switch(out, "vlan_tunnel", "vlan_tunnel", data.vlan_tunnel)
    show_switch(out, "isolated", "isolated", data.isolated)
    show_switch(out, "locked", "locked", data.locked)
    if data.backup_port is not None:
        name = program.links.name(data.backup_port)
        out.put("backup_port", "backup_port %s ", name)


def _show_mask(out: Output, mask: int) -> None:
    """Print what the mask lets through, protocols of known names by these."""
    bits = [1 << bit for bit in range(16) if mask >> bit & 1]
    names = ",".join(_PROTOCOLS.get(bit, f"{bit:#x}") for bit in bits)
    out.put("group_fwd_mask_str", "group_fwd_mask_str %s ", names or "0x0")
