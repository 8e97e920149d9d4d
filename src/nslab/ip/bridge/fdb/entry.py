"""One forwarding entry as it is printed."""

from __future__ import annotations

from nslab.ip.inet import AF_INET, AF_INET6, show_address
from nslab.ip.lladdr import show_lladdr
from nslab.netlink.rtnl.neigh import NTF, NUD

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nslab.ip.output import Output
    from nslab.ip.program import Program
    from nslab.netlink.rtnl.neigh import Neigh

_FLAGS = {
    "self": NTF.SELF,
    "router": NTF.ROUTER,
    "extern_learn": NTF.EXT_LEARNED,
    "offload": NTF.OFFLOADED,
    "sticky": NTF.STICKY,
}
_STATES = {NUD.PERMANENT: "permanent", NUD.NOARP: "static", NUD.STALE: "stale", NUD.REACHABLE: ""}
_HUNDREDTHS = 100
_INET6_BYTES = 16


def show_entry(program: Program, entry: Neigh, *, with_link: bool = True) -> None:
    """Print one forwarding entry; without its link where only one link was asked for."""
    out = program.out
    out.open()
    if entry.lladdr is not None:
        out.put("mac", "%s ", show_lladdr(entry.lladdr), "mac")
    if with_link and entry.ifindex:
        out.text("dev ")
        out.put("ifname", "%s ", program.links.name(entry.ifindex), "ifname")
    if entry.dst is not None:
        _show_dst(out, entry.dst)
    _show_path(program, entry)
    if program.options.statistics and entry.cacheinfo is not None:
        out.put("used", "used %d/", entry.cacheinfo.used // _HUNDREDTHS)
        out.put("updated", "%d ", entry.cacheinfo.updated // _HUNDREDTHS)
    _show_flags(out, entry.flags)
    if entry.master is not None:
        out.put("master", "master %s ", program.links.name(entry.master))
    out.put("state", "%s\n", _state_name(entry.state))
    out.close()


def _show_dst(out: Output, dst: bytes) -> None:
    family = AF_INET6 if len(dst) == _INET6_BYTES else AF_INET
    out.text("dst ")
    out.put("dst", "%s ", show_address(family, dst), "inet6" if family == AF_INET6 else "inet")


def _show_path(program: Program, entry: Neigh) -> None:
    """Print where a frame goes: its VLAN, and what its tunnel needs."""
    out = program.out
    if entry.vlan is not None:
        out.put("vlan", "vlan %d ", entry.vlan)
    if entry.port is not None:
        out.put("port", "port %u ", entry.port)
    if entry.vni is not None:
        out.put("vni", "vni %u ", entry.vni)
    if entry.src_vni is not None:
        out.put("src_vni", "src_vni %u ", entry.src_vni)
    if entry.oif is not None:
        if entry.link_netnsid is not None:
            out.put("viaIfIndex", "via ifindex %u ", entry.oif)
        else:
            out.put("viaIf", "via %s ", program.links.name(entry.oif))
    if entry.nh_id is not None:
        out.put("nhid", "nhid %u ", entry.nh_id)
    if entry.link_netnsid is not None:
        out.put("linkNetNsId", "link-netnsid %d ", entry.link_netnsid)


def _show_flags(out: Output, flags: int) -> None:
    out.open_array("flags")
    for name, flag in _FLAGS.items():
        if flags & flag:
            out.put(None, "%s ", name)
    out.close_array()


def _state_name(state: int) -> str:
    for bit, name in _STATES.items():
        if state & bit:
            return name
    return f"state={state:#x}" if state else "state=0"
