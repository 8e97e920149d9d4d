"""What the kernel says about the route that it would take: how it was made, its times and users."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nslab.ip.output import Output
    from nslab.ip.program import Program
    from nslab.netlink.rtnl.route import RouteCacheinfo

_OWN_FLAGS = 0xFFFF0000  # the others are those of its next hop
_FLAGS = {  # linux/in_route.h, RTCF_*
    0x80000000: "local",
    0x40000000: "reject",
    0x20000000: "mc",
    0x10000000: "brd",
    0x08000000: "dst-nat",
    0x00800000: "src-nat",
    0x00400000: "masq",
    0x00020000: "dst-direct",
    0x04000000: "src-direct",
    0x00040000: "redirected",
    0x01000000: "redirect",
    0x00200000: "fastroute",
    0x00010000: "notify",
    0x00080000: "proxy",
}


def show_cache_flags(out: Output, flags: int) -> None:
    """Print how a route was made, as `cache <local,brd>`."""
    flags &= _OWN_FLAGS
    names = [name for flag, name in _FLAGS.items() if flags & flag]
    rest = flags & ~sum(_FLAGS)
    if rest:
        names.append(f"{rest:x}")
    out.newline()
    out.open_array("cache", "    cache ")
    for name in names if out.is_json else ():
        out.json(None, name)
    out.close_array(f"<{','.join(names)}> " if names else "")


def show_cacheinfo(program: Program, info: RouteCacheinfo) -> None:
    """Print the times of a route, and its users if statistics are wanted."""
    out, ticks = program.out, os.sysconf("SC_CLK_TCK")
    if info.expires:
        out.put("expires", "expires %dsec ", int(info.expires / ticks))
    if info.error:
        out.put("error", "error %d ", info.error - (1 << 32) * (info.error >> 31))
    if program.options.statistics:
        if info.clntref:
            out.put("users", "users %d ", info.clntref)
        if info.used:
            out.put("used", "used %d ", info.used)
        if info.lastuse:
            out.put("age", "age %dsec ", info.lastuse // ticks)
    if info.id:
        out.put("ipid", "ipid 0x%04x ", info.id)
    if info.ts or info.tsage:
        out.put("ts", "ts 0x%x ", info.ts)
        out.put("tsage", "tsage %dsec ", info.tsage)
