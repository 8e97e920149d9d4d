"""`ip tuntap show`."""

from __future__ import annotations

import os

from nslab.ip.program import tell
from nslab.ip.tuntap import commands as c
from nslab.ip.words import Elsewhere, integer
from nslab.netlink.message import Request
from nslab.netlink.rtnl.constants import RTM
from nslab.netlink.rtnl.link import Link, LinkInfo

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nslab.ip.program import Program
    from nslab.ip.words import Words

_SYSFS = "/sys/class/net"
_ULONG = (1 << 64) - 1
_FLAGS = {
    "tun": c.IFF_TUN,
    "tap": c.IFF_TAP,
    "pi": -c.IFF_NO_PI,
    "one_queue": c.IFF_ONE_QUEUE,
    "multi_queue": c.IFF_MULTI_QUEUE,
    "vnet_hdr": c.IFF_VNET_HDR,
    "persist": c.IFF_PERSIST,
    "filter": -c.IFF_NO_PI,  # IFF_NOFILTER is the same bit
}
"""What is printed, and the bit that is set for it; a negative one is not set."""


def show(program: Program, words: Words) -> None:
    """Show all tun and tap links; words are not looked at."""
    if program.options.details:
        raise Elsewhere
    words.rest()
    request = Request(RTM.GETLINK, Link(linkinfo=LinkInfo(kind="tun")))
    links = program.dump(request, Link)
    program.out.begin()
    for link in links:
        if link.linkinfo is not None and link.linkinfo.kind == "tun":
            _show_link(program, link.ifname or "")
    program.out.end()


def _show_link(program: Program, name: str) -> None:
    flags = _read_number(program, name, "tun_flags")
    owner = None if flags is None else _read_number(program, name, "owner")
    group = None if owner is None else _read_number(program, name, "group")
    if flags is None or owner is None or group is None:
        return
    out = program.out
    out.open()
    out.put("ifname", "%s:", name, "ifname")
    _show_flags(program, flags)
    if owner != -1:
        out.put("user", " user %d", owner)
    if group != -1:
        out.put("group", " group %d", group)
    out.text("\n")
    out.close()


def _show_flags(program: Program, flags: int) -> None:
    out = program.out
    out.open_array("flags")
    for name, bit in _FLAGS.items():
        if flags & bit if bit > 0 else not flags & -bit:
            out.put(None, " %s", name)
    rest = flags & ~sum({abs(bit) for bit in _FLAGS.values()})
    if rest:
        out.put("unknown_flags", " UNKNOWN_FLAGS:%x", rest)
    out.close_array()


def _read_number(program: Program, name: str, file: str) -> int | None:
    """Read a number about a link, None where it cannot be read, which is told."""
    path = f"{_SYSFS}/{name}/{file}"
    try:
        with open(path, encoding="ascii") as stream:
            return integer(stream.read().strip(), -_ULONG, _ULONG)
    except OSError as error:
        tell(program, f"fopen {path}: {os.strerror(error.errno or 0)}")
        return None
