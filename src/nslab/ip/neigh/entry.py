"""One neighbour as it is printed."""

from __future__ import annotations

from nslab.ip.inet import show_address
from nslab.ip.lladdr import show_lladdr
from nslab.ip.neigh.states import NAMES
from nslab.ip.rtnames import name_of
from nslab.netlink.rtnl.neigh import NTF

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nslab.ip.output import Output
    from nslab.ip.program import Program
    from nslab.netlink.rtnl.neigh import Neigh, NeighCacheinfo

_HUNDREDTHS = 100
_MANAGED = 1  # NTF_EXT_MANAGED, in NDA_FLAGS_EXT
_TUNNEL_LENGTHS = (4, 16)  # of link-layer addresses that may be internet ones


def show_entry(program: Program, neigh: Neigh, *, with_link: bool = True) -> None:
    """Print one neighbour; without its link where only one link was asked for."""
    out, brief = program.out, bool(program.options.brief)
    out.open()
    if neigh.dst is not None:
        colour = {2: "inet", 10: "inet6"}.get(neigh.family, "")
        form = "%-39s " if brief else "%s "
        out.put("dst", form, show_address(neigh.family, neigh.dst), colour)
    if with_link and neigh.ifindex:
        out.text("" if brief else "dev ")
        form = "%-16s " if brief else "%s "
        out.put("dev", form, program.links.name(neigh.ifindex), "ifname")
    if neigh.lladdr is not None:
        out.text("" if brief else "lladdr ")
        out.put("lladdr", "%s" if brief else "%s ", _lladdr(program, neigh), "mac")
    if not brief:
        _show_rest(program, neigh)
    out.text("\n")
    out.close()


def _lladdr(program: Program, neigh: Neigh) -> str:
    data = neigh.lladdr or b""
    if len(data) not in _TUNNEL_LENGTHS:
        return show_lladdr(data)
    from nslab.netlink.message import Request
    from nslab.netlink.rtnl.constants import RTM
    from nslab.netlink.rtnl.link import Link

    link = program.get(Request(RTM.GETLINK, Link(index=neigh.ifindex)), Link)
    return show_lladdr(data, link.type)


def _show_rest(program: Program, neigh: Neigh) -> None:
    out = program.out
    _show_flags(out, neigh)
    if program.options.statistics:
        if neigh.cacheinfo is not None:
            _show_ages(out, neigh.cacheinfo)
        if neigh.probes is not None:
            out.put("probes", "probes %u ", neigh.probes)
    if neigh.state:
        _show_states(out, neigh.state)
    if neigh.protocol is not None:
        numeric = bool(program.options.numeric)
        out.put("protocol", "proto %s ", name_of("rt_protos", neigh.protocol, numeric=numeric))


def _show_flags(out: Output, neigh: Neigh) -> None:
    shown = (
        ("router", neigh.flags & NTF.ROUTER),
        ("proxy", neigh.flags & NTF.PROXY),
        ("managed", (neigh.flags_ext or 0) & _MANAGED),
        ("extern_learn", neigh.flags & NTF.EXT_LEARNED),
        ("offload", neigh.flags & NTF.OFFLOADED),
    )
    for name, is_set in shown:
        if is_set:
            out.put(name, f"{name} ", None)


def _show_ages(out: Output, info: NeighCacheinfo) -> None:
    if info.refcnt:
        out.put("refcnt", " ref %d", info.refcnt)
    out.put("used", " used %u", info.used // _HUNDREDTHS)
    out.put("confirmed", "/%u", info.confirmed // _HUNDREDTHS)
    out.put("updated", "/%u", info.updated // _HUNDREDTHS)


def _show_states(out: Output, state: int) -> None:
    out.open_array("state")
    for bit, name in NAMES.items():
        if state & bit:
            out.put(None, "%s ", name)
    out.close_array()
