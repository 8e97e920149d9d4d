"""How one link is printed: by `ip link`, by `ip address` before the addresses, by `ip monitor`."""

from __future__ import annotations

from nslab.ip.link.hardware import type_name
from nslab.ip.lladdr import show_lladdr
from nslab.ip.rtnames import name_of
from nslab.ip.words import Elsewhere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from nslab.ip.output import Output
    from nslab.ip.program import Program
    from nslab.netlink.rtnl.link import Link

FLAGS = {
    "LOOPBACK": 0x8,
    "BROADCAST": 0x2,
    "POINTOPOINT": 0x10,
    "MULTICAST": 0x1000,
    "NOARP": 0x80,
    "ALLMULTI": 0x200,
    "PROMISC": 0x100,
    "MASTER": 0x400,
    "SLAVE": 0x800,
    "DEBUG": 0x4,
    "DYNAMIC": 0x8000,
    "AUTOMEDIA": 0x4000,
    "PORTSEL": 0x2000,
    "NOTRAILERS": 0x20,
    "UP": 0x1,
    "LOWER_UP": 0x10000,
    "DORMANT": 0x20000,
    "ECHO": 0x40000,
}
"""A link's flags (linux/if.h) in the order in which they are printed."""

OPERSTATES = ("UNKNOWN", "NOTPRESENT", "DOWN", "LOWERLAYERDOWN", "TESTING", "DORMANT", "UP")
MODES = ("DEFAULT", "DORMANT")
AF_PACKET = 17

_UP = 0x1
_POINTOPOINT = 0x10
_RUNNING = 0x40
_NO_XDP = b"\5\0\2\0\0\0\0\0"  # IFLA_XDP_ATTACHED: none
_STATE_COLOURS = {"UP": "up", "DOWN": "down"}


def remember(program: Program, links: Iterable[Link]) -> None:
    """Keep the names and flags of links that were received: others refer to them.

    Raises:
        Elsewhere: a link has what is not printed here: virtual functions, an XDP program, or with
            -details a kind whose own settings are not known.
    """
    details = program.options.details
    for link in links:
        if link.num_vf or link.xdp not in (None, _NO_XDP) or (details and _is_unknown(link)):
            raise Elsewhere
        program.links.remember(link.index, link.ifname or "?", link.flags)


def _is_unknown(link: Link) -> bool:
    from nslab.ip.link.kinds.table import ELSEWHERE

    return link.linkinfo is not None and link.linkinfo.kind in ELSEWHERE


def signed(number: int) -> int:
    """Give a number of 32 bits as a signed one, which iproute2 takes some for."""
    return number - (1 << 32) if number >> 31 else number


def show_link(program: Program, link: Link, *, whole: bool = True) -> None:
    """Print one link, in JSON as members of an object that the caller opens and closes.

    The global options decide about -brief, -details, -oneline and colours. Statistics (-s) are
    printed by `ip link` alone; `ip address` has them after the addresses.

    Args:
        program: whose output it goes to, and who knows the names of other links.
        link: as the kernel sent it.
        whole: as in `ip link`. Otherwise as in `ip address`: without mode, alias and per-family
            settings, and with -brief only name and state, without the end of the line.
    """
    if program.options.brief:
        _show_brief(program, link, whole=whole)
        return
    out = program.out
    out.put("ifindex", "%d: ", link.index)
    show_name(program, link, "%s: ")
    show_flags(program, link)
    _show_line(program, link, whole=whole)
    if program.options.family in (0, AF_PACKET) or whole or program.options.details:
        out.newline()
        _show_hardware(program, link)
    _show_netns(program, link)
    if link.proto_down or (link.proto_down is not None and link.proto_down_reason is not None):
        _show_proto_down(out, link)
    _show_more(program, link, whole=whole)
    out.text("\n")


def _show_brief(program: Program, link: Link, *, whole: bool) -> None:
    out = program.out
    show_name(program, link, "%-16s ")
    if link.operstate is not None:
        _show_state(out, link.operstate, "%-14s ")
    if not whole:
        return
    if link.address is not None:
        out.put("address", "%s ", show_lladdr(link.address, link.type), "mac")
    show_flags(program, link)
    out.text("\n")


def show_name(program: Program, link: Link, form: str) -> None:
    """Print a link's name and, after an @, the name of the link below it."""
    out, name = program.out, link.ifname or "?"
    below = _show_below(program, link)
    if below is not None and not out.is_json:
        name = f"{name}@{below}"
    out.put("ifname", form, name, "ifname")


def _show_below(program: Program, link: Link) -> str | None:
    """Give the name of the link below, with its member in JSON."""
    out = program.out
    if link.link is None:
        return None
    if link.link == 0:
        out.json("link", None)
        return "NONE"
    if link.link_netnsid is not None:
        out.json("link_index", link.link)
        return f"if{link.link}"
    name = program.links.name(link.link)
    out.json("link", name)
    return name


def _is_below_down(program: Program, link: Link) -> bool:
    if not link.link or link.link_netnsid is not None:
        return False
    return not program.links.flags(link.link) & _UP


def show_flags(program: Program, link: Link) -> None:
    """Print a link's flags, and NO-CARRIER and M-DOWN, which follow from them."""
    out, flags = program.out, link.flags
    names = ["NO-CARRIER"] if flags & _UP and not flags & _RUNNING else []
    names += [name for name, flag in FLAGS.items() if flags & flag]
    rest = flags & ~sum(FLAGS.values(), _RUNNING)
    if rest:
        names.append(f"{rest:x}")
    words = ",".join(names)
    if _is_below_down(program, link):
        names.append("M-DOWN")
        words += ",M-DOWN"  # with the comma, even where nothing is before it
    out.open_array("flags", "<")
    for name in names:
        out.json(None, name)
    out.text(words)
    out.close_array("> ")


def _show_line(program: Program, link: Link, *, whole: bool) -> None:
    """Print the rest of the first line."""
    out = program.out
    if link.mtu is not None:
        out.put("mtu", "mtu %d ", link.mtu)
    if link.qdisc is not None:
        out.put("qdisc", "qdisc %s ", link.qdisc)
    if link.master is not None:
        out.put("master", "master %s ", program.links.name(link.master))
    if link.operstate is not None:
        _show_state(out, link.operstate, "state %s ")
    if whole and link.linkmode is not None:
        _show_mode(out, link.linkmode)
    if link.group is not None:
        numeric = bool(program.options.numeric)
        out.put("group", "group %s ", name_of("group", link.group, numeric=numeric))
    if link.txqlen:
        out.put("txqlen", "qlen %d", signed(link.txqlen))
    if link.event:
        from nslab.ip.link.details import show_event

        show_event(out, link.event)


def _show_state(out: Output, state: int, form: str) -> None:
    if state >= len(OPERSTATES):
        out.put("operstate_index", "state %#x", state)
        return
    name = OPERSTATES[state]
    before, _, after = form.partition("%")
    out.text(before)
    out.put("operstate", f"%{after}", name, _STATE_COLOURS.get(name, ""))


def _show_mode(out: Output, mode: int) -> None:
    if mode < len(MODES):
        out.put("linkmode", "mode %s ", MODES[mode])
    else:
        out.put("linkmode_index", "mode %d ", mode)


def _show_hardware(program: Program, link: Link) -> None:
    out = program.out
    name = type_name(link.type, numeric=bool(program.options.numeric))
    out.put("link_type", "    link/%s ", name)
    if link.address is not None:
        out.put("address", "%s", show_lladdr(link.address, link.type), "mac")
    if link.broadcast is not None:
        _show_broadcast(out, link, link.broadcast)
    if link.perm_address is not None and link.perm_address != link.address:
        out.text(" permaddr ")
        out.put("permaddr", "%s", show_lladdr(link.perm_address, link.type), "mac")


def _show_broadcast(out: Output, link: Link, broadcast: bytes) -> None:
    if link.flags & _POINTOPOINT:
        out.text(" peer ")
        out.json("link_pointtopoint", value=True)
    else:
        out.text(" brd ")
    out.put("broadcast", "%s", show_lladdr(broadcast, link.type), "mac")


def _show_netns(program: Program, link: Link) -> None:
    out = program.out
    if link.link_netnsid is not None:
        out.json("link_netnsid", link.link_netnsid)
        if not out.is_json:
            out.text(_netns_words(program, link.link_netnsid))
    if link.new_netnsid is not None:
        name = program.links.netns_name(link.new_netnsid)
        out.text(f" new-netns {name}" if name else f" new-netnsid {link.new_netnsid}")
    if link.new_ifindex is not None:
        out.text(f" new-ifindex {signed(link.new_ifindex)}")


def _netns_words(program: Program, nsid: int) -> str:
    if nsid < 0:
        return " link-netnsid unknown"
    name = program.links.netns_name(nsid)
    return f" link-netns {name}" if name else f" link-netnsid {nsid}"


def _show_proto_down(out: Output, link: Link) -> None:
    from nslab.ip.link.details import show_proto_down

    show_proto_down(out, link)


def _show_more(program: Program, link: Link, *, whole: bool) -> None:
    out = program.out
    if program.options.details:
        from nslab.ip.link.details import show_details

        show_details(program, link, whole=whole)
    if (whole or program.options.details) and link.ifalias is not None:
        out.newline()
        out.put("ifalias", "    alias %s", link.ifalias)
    if whole and program.options.statistics:
        from nslab.ip.link.statistics import show_statistics

        out.newline()
        show_statistics(program, link)
    if link.altnames is not None:
        _show_altnames(out, link.altnames)


def _show_altnames(out: Output, names: Iterable[str]) -> None:
    out.open_array("altnames")
    for name in names:
        out.newline()
        out.put(None, "    altname %s", name)
    out.close_array()
