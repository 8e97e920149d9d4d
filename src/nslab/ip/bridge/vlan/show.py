"""`bridge vlan show` and `bridge vlan tunnelshow`."""

from __future__ import annotations

from nslab.ip.bridge.vlan.choice import Choice
from nslab.ip.bridge.vlan.ports import HEADING, Ports, show_flags, show_range
from nslab.netlink.message import Request
from nslab.netlink.rtnl.bridge_spec import BRIDGE_VLAN_INFO, BridgeSpec
from nslab.netlink.rtnl.constants import AF, RTM
from nslab.netlink.rtnl.link import RTEXT_FILTER, Link

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from nslab.ip.output import Output
    from nslab.ip.program import Program
    from nslab.ip.words import Words


def show(program: Program, words: Words) -> None:
    """Print the VLANs of all ports, or of one; with -details or -statistics more of each.

    Raises:
        IpError: a word is wrong, or there is no such link.
    """
    choice = Choice(program, words)
    if program.options.details:
        from nslab.ip.bridge.vlan.details import show_details

        show_details(program, choice)
    elif program.options.statistics:
        _show_statistics(program, choice)
    else:
        _show_vlans(program, choice)


def show_tunnels(program: Program, words: Words) -> None:
    """Print what the VLANs of all ports, or of one, map to; with -statistics their counters.

    Raises:
        IpError: a word is wrong, or there is no such link.
    """
    choice = Choice(program, words)
    if program.options.statistics:
        _show_statistics(program, choice)
    else:
        _show_tunnels(program, choice)


def _show_statistics(program: Program, choice: Choice) -> None:
    from nslab.ip.bridge.vlan.statistics import show_statistics

    show_statistics(program, choice)


def _show_vlans(program: Program, choice: Choice) -> None:
    out, ports = program.out, Ports(program)
    for index, spec in _specs(program, choice, f"{HEADING}  \n"):
        for first, last, flags in _ranges(spec):
            if choice.takes(first, last):
                ports.open(index)
                show_range(out, "vlan", first, last)
                show_flags(out, flags)
                out.newline()
                out.close()
        ports.finish()
    out.end()


def _show_tunnels(program: Program, choice: Choice) -> None:
    out, ports = program.out, Ports(program, "tunnels")
    for index, spec in _specs(program, choice, f"{HEADING}    tunnel-id\n"):
        for begin, end in _tunnels(spec):
            if choice.takes(begin[0], end[0]):
                ports.open(index)
                _show_tunnel(out, begin, end)
        ports.finish()
    out.end()


def _specs(program: Program, choice: Choice, heading: str) -> Iterator[tuple[int, BridgeSpec]]:
    """Print the heading, and give what the kernel says of each port that is asked for."""
    compressed = program.options.compress_vlans
    mask = RTEXT_FILTER.BRVLAN_COMPRESSED if compressed else RTEXT_FILTER.BRVLAN
    query = Link(family=AF.BRIDGE, ext_mask=mask)
    program.out.begin()
    program.out.text(heading)
    for link in program.dump(Request(RTM.GETLINK, query), Link):
        if choice.takes_link(link.index) and isinstance(link.af_spec, BridgeSpec):
            yield link.index, link.af_spec


def _ranges(spec: BridgeSpec) -> Iterator[tuple[int, int, int]]:
    """Give the first VLAN, the last and the flags of each range."""
    first = 0
    for flags, vid in spec.vlan_info:
        if flags & BRIDGE_VLAN_INFO.RANGE_BEGIN:
            first = vid
        else:
            yield first if flags & BRIDGE_VLAN_INFO.RANGE_END else vid, vid, flags


def _tunnels(spec: BridgeSpec) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """Give the VLAN and the tunnel with which each range begins, and with which it ends."""
    begin = (0, 0)
    for tunnel in spec.tunnel_info:
        flags, end = tunnel.flags or 0, (tunnel.vid or 0, tunnel.id or 0)
        if flags & BRIDGE_VLAN_INFO.RANGE_BEGIN:
            begin = end
        else:
            yield begin if flags & BRIDGE_VLAN_INFO.RANGE_END else end, end


def _show_tunnel(out: Output, begin: tuple[int, int], end: tuple[int, int]) -> None:
    show_range(out, "vlan", begin[0], end[0], width=9)
    out.text("  ")
    show_range(out, "tunid", begin[1], end[1])
    out.newline()
    out.close()
