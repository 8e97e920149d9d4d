"""Ethernet over UDP (VXLAN, RFC 7348): the details."""

from __future__ import annotations

from nslab.ip.inet import AF_INET, AF_INET6, show_address

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nslab.ip.output import Output
    from nslab.ip.program import Program
    from nslab.netlink.rtnl.kinds.vxlan import VxlanInfo

_DF = ("unset", "set", "inherit")


def show(program: Program, data: VxlanInfo) -> None:
    """Print a VXLAN's details."""
    out = program.out
    if data.collect_metadata:
        out.put("external", "external ", value=True)
    if data.vnifilter:
        out.put("vnifilter", "vnifilter", value=True)
    if data.id is not None:
        out.put("id", "id %d ", data.id)
    _show_destination(out, data)
    _show_source(out, data)
    if data.link:
        out.put("link", "dev %s ", program.links.name(data.link))
    _show_ports(out, data)
    _show_switches(out, data)
    _show_header(out, data)
    _show_limits(out, data)
    _show_checksums(out, data)


def _show_destination(out: Output, data: VxlanInfo) -> None:
    if data.group is not None:
        family, address, end = AF_INET, data.group, ""
        multicast = address[0] >> 4 == 0xE
    elif data.group6 is not None:
        family, address, end = AF_INET6, data.group6, "6"
        multicast = address[0] == 0xFF
    else:
        return
    if any(address):
        word = "group" if multicast else "remote"
        out.put(f"{word}{end}", f"{word} %s ", show_address(family, address))


def _show_source(out: Output, data: VxlanInfo) -> None:
    if data.local is not None:
        if any(data.local):
            out.put("local", "local %s ", show_address(AF_INET, data.local))
    elif data.local6 is not None and any(data.local6):
        out.put("local6", "local %s ", show_address(AF_INET6, data.local6))


def _show_ports(out: Output, data: VxlanInfo) -> None:
    if data.port_range is not None:
        low, high = data.port_range
        out.open("port_range")
        out.json("low", low)
        out.json("high", high)
        out.close()
        out.text(f"srcport {low} {high} ")
    if data.port is not None:
        out.put("port", "dstport %d ", data.port)


def _show_switches(out: Output, data: VxlanInfo) -> None:
    if data.learning is not None:
        out.put("learning", "" if data.learning else "nolearning ", bool(data.learning))
    for name, value in (
        ("proxy", data.proxy),
        ("rsc", data.rsc),
        ("l2miss", data.l2miss),
        ("l3miss", data.l3miss),
    ):
        if value:
            out.put(name, f"{name} ", value=True)


def _show_header(out: Output, data: VxlanInfo) -> None:
    if data.tos:
        out.json("tos", f"{data.tos:#x}")
        out.text("tos inherit " if data.tos == 1 else f"tos {data.tos:#x} ")
    if data.ttl_inherit is not None and any(data.ttl_inherit):
        out.text("ttl inherit ")
    elif data.ttl is not None:
        out.put("ttl", "ttl %d " if data.ttl else "ttl auto ", data.ttl)
    if data.df is not None and data.df < len(_DF):
        out.put("df", "df %s " if data.df else "", _DF[data.df])
    if data.label:
        out.put("label", "flowlabel %s ", f"{data.label:#x}")


def _show_limits(out: Output, data: VxlanInfo) -> None:
    if data.ageing is not None:
        out.put("ageing", "ageing %d " if data.ageing else "ageing none ", data.ageing)
    if data.limit:
        out.put("limit", "maxaddr %d ", data.limit)


def _show_checksums(out: Output, data: VxlanInfo) -> None:
    for key, word, value in (
        ("udp_csum", "udpcsum", data.udp_csum),
        ("udp_zero_csum6_tx", "udp6zerocsumtx", data.udp_zero_csum6_tx),
        ("udp_zero_csum6_rx", "udp6zerocsumrx", data.udp_zero_csum6_rx),
    ):
        if value is not None:
            out.put(key, f"{'' if value else 'no'}{word} ", bool(value))
    for key, word, value in (
        ("remcsum_tx", "remcsumtx", data.remcsum_tx),
        ("remcsum_rx", "remcsumrx", data.remcsum_rx),
        ("gbp", "gbp", data.gbp),
        ("gpe", "gpe", data.gpe),
    ):
        if value:
            out.put(key, f"{word} ", value=True)
