"""tun and tap links, which `ip tuntap` makes."""

from __future__ import annotations

from nslab.ip.link.kinds.plain import read
from nslab.ip.link.kinds.showing import show_switch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nslab.ip.output import Output
    from nslab.ip.program import Program
    from nslab.netlink.rtnl.kinds.tun import TunInfo

__all__ = ["read", "show"]

_TYPES = {1: "tun", 2: "tap"}


def show(program: Program, data: TunInfo) -> None:
    """Print a tun link's details."""
    out = program.out
    if data.type is not None:
        out.put("type", "type %s ", _TYPES.get(data.type, "UNKNOWN"))
    show_switch(out, "pi", "pi", data.pi)
    show_switch(out, "vnet_hdr", "vnet_hdr", data.vnet_hdr)
    out.json("multi_queue", bool(data.multi_queue))
    if data.multi_queue:
        _show_queues(out, data)
    show_switch(out, "persist", "persist", data.persist)
    if data.owner is not None:
        out.put("user", "user %s ", user_name(data.owner))
    if data.group is not None:
        out.put("group", "group %s ", group_name(data.group))


def _show_queues(out: Output, data: TunInfo) -> None:
    out.text("multi_queue ")
    if data.num_queues is not None:
        out.put("numqueues", "numqueues %d ", data.num_queues)
    if data.num_disabled_queues is not None:
        out.put("numdisabled", "numdisabled %d ", data.num_disabled_queues)


def user_name(number: int) -> str | int:
    """Give a user's name, the number if there is none."""
    from pwd import getpwuid

    try:
        return getpwuid(number).pw_name
    except KeyError:
        return number


def group_name(number: int) -> str | int:
    """Give a group's name, the number if there is none."""
    from grp import getgrgid

    try:
        return getgrgid(number).gr_name
    except KeyError:
        return number
