"""What `ip -details` adds to a link."""

from __future__ import annotations

from nslab.ip.link.kinds import module_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nslab.ip.output import Output
    from nslab.ip.program import Program
    from nslab.netlink.rtnl.link import Link, LinkInfo

EVENTS = (
    "NONE",
    "REBOOT",
    "FEATURE CHANGE",
    "BONDING FAILOVER",
    "NOTIFY PEERS",
    "RESEND IGMP",
    "BONDING OPTION",
)
"""What a notification may be about (linux/if_link.h, IFLA_EVENT_*)."""

ADDRGENMODES = ("eui64", "none", "stable_secret", "random")
"""How a link's own IPv6 addresses come about, by the kernel's number."""

_BITS = 8  # of 32, but iproute2 looks at no more
_LONGEST = 62  # characters of an identifier that iproute2 has room for


def show_details(program: Program, link: Link, *, whole: bool) -> None:
    """Print the details of a link; `whole` as in `show_link`."""
    out = program.out
    for key, form, value in (
        ("promiscuity", " promiscuity %d ", link.promiscuity),
        ("allmulti", " allmulti %d ", link.allmulti),
        ("min_mtu", "minmtu %d ", link.min_mtu),
        ("max_mtu", "maxmtu %d ", link.max_mtu),
    ):
        if value is not None:
            out.put(key, form, value)
    if link.linkinfo is not None:
        _show_info(program, link.linkinfo)
    if whole and link.af_spec is not None:
        _show_addrgenmode(out, link)
    _show_limits(out, link)
    _show_ports(out, link)


def _show_info(program: Program, info: LinkInfo) -> None:
    out = program.out
    out.open("linkinfo")
    if info.kind is not None:
        out.newline()
        out.put("info_kind", "    %s ", info.kind)
        _show_kind(program, info.kind, "info_data", info.data)
    if info.port_kind is not None:
        out.newline()
        out.put("info_slave_kind", "    %s_slave ", info.port_kind)
        _show_kind(program, f"{info.port_kind}_slave", "info_slave_data", info.port_data)
    out.close()


def _show_kind(program: Program, kind: str, key: str, data: object) -> None:
    module = module_of(kind)
    show = getattr(module, "show", None)
    if show is None:
        return
    program.out.open(key)
    if data is not None:
        show(program, data)
    program.out.close()


def _show_addrgenmode(out: Output, link: Link) -> None:
    inet6 = getattr(link.af_spec, "inet6", None)
    if inet6 is None or inet6.addr_gen_mode is None:
        return
    mode = inet6.addr_gen_mode
    name = ADDRGENMODES[mode] if mode < len(ADDRGENMODES) else f"{mode:#04x}"
    out.put("inet6_addr_gen_mode", "addrgenmode %s ", name)


def _show_limits(out: Output, link: Link) -> None:
    for key, word, value in (
        ("num_tx_queues", "numtxqueues", link.num_tx_queues),
        ("num_rx_queues", "numrxqueues", link.num_rx_queues),
        ("gso_max_size", "gso_max_size", link.gso_max_size),
        ("gso_max_segs", "gso_max_segs", link.gso_max_segs),
        ("tso_max_size", "tso_max_size", link.tso_max_size),
        ("tso_max_segs", "tso_max_segs", link.tso_max_segs),
        ("gro_max_size", "gro_max_size", link.gro_max_size),
    ):
        if value is not None:
            out.put(key, f"{word} %d ", value)


def _show_ports(out: Output, link: Link) -> None:
    if link.phys_port_name is not None:
        out.put("phys_port_name", "portname %s ", link.phys_port_name)
    if link.phys_port_id is not None:
        out.put("phys_port_id", "portid %s ", link.phys_port_id.hex()[:_LONGEST])
    if link.phys_switch_id is not None:
        out.put("phys_switch_id", "switchid %s ", link.phys_switch_id.hex()[:_LONGEST])
    if link.parent_dev_bus_name is not None:
        out.put("parentbus", "parentbus %s ", link.parent_dev_bus_name)
    if link.parent_dev_name is not None:
        out.put("parentdev", "parentdev %s ", link.parent_dev_name)


def show_event(out: Output, event: int) -> None:
    """Print what a notification is about."""
    if event < len(EVENTS):
        out.put("event", "event %s ", EVENTS[event])
    else:
        out.put("event", "event %d ", event)


def show_proto_down(out: Output, link: Link) -> None:
    """Print that a link is held down, and why."""
    if link.proto_down:
        out.put("proto_down", " protodown on ", value=True)
    reasons = link.proto_down_reason.value if link.proto_down_reason else 0
    if not reasons or link.broadcast is None:  # as iproute2, which looks at the wrong attribute
        return
    from nslab.ip.rtnames import name_of

    names = [name_of("protodown_reasons", n) for n in range(_BITS) if reasons >> n & 1]
    out.open_array("proto_down_reason", "protodown_reason <")
    for name in names:
        out.json(None, name)
    out.text(",".join(names))
    out.close_array(">")
