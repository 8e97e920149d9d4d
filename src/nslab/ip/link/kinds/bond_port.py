"""Ports of a bond."""

from __future__ import annotations

from nslab.ip.link.kinds.reading import Reading, number, signed_number
from nslab.ip.link.kinds.showing import show_numbers
from nslab.ip.link.show import signed
from nslab.netlink.rtnl.kinds.bond import BondPortInfo

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nslab.ip.link.kinds.reading import Option
    from nslab.ip.output import Output
    from nslab.ip.program import Program
    from nslab.ip.words import Words

USAGE = """\
Usage: ... bond_slave [ queue_id ID ] [ prio PRIORITY ]"""

STATES = ("ACTIVE", "BACKUP")
MII_STATES = ("UP", "GOING_DOWN", "DOWN", "GOING_BACK")
PORT_STATES = (
    "active",
    "short_timeout",
    "aggregating",
    "in_sync",
    "collecting",
    "distributing",
    "defaulted",
    "expired",
)
"""The bits of a port's state, IEEE 802.3ad."""

OPTIONS: dict[str, Option] = {
    "[queue_id]": number("queue_id", 16, "queue_id is invalid"),
    "prio": signed_number("prio", "prio is invalid"),
}


def read(program: Program, kind: str, words: Words, *, creating: bool) -> BondPortInfo:
    """Read a port's options."""
    reading = Reading(program, kind, creating=creating)
    return BondPortInfo(**reading.read(words, OPTIONS, USAGE, "option"))


def show(program: Program, data: BondPortInfo) -> None:
    """Print a port's details."""
    out = program.out
    _show_state(out, "state", data.state, STATES)
    _show_state(out, "mii_status", data.mii_status, MII_STATES)
    if data.link_failure_count is not None:
        count = signed(data.link_failure_count)
        out.put("link_failure_count", "link_failure_count %d ", count)
    if data.perm_hwaddr is not None:
        out.put("perm_hwaddr", "perm_hwaddr %s ", data.perm_hwaddr.hex(":"))
    show_numbers(out, data, ("queue_id", "prio", "ad_aggregator_id"))
    for key in ("ad_actor_oper_port_state", "ad_partner_oper_port_state"):
        value = getattr(data, key)
        if value is not None:
            out.put(key, f"{key} %d ", value & 0xFF)
            _show_port_state(out, f"{key}_str", value)


def _show_state(out: Output, key: str, state: int | None, names: tuple[str, ...]) -> None:
    if state is None:
        return
    if state < len(names):
        out.put(key, f"{key} %s ", names[state])
    else:
        out.put(f"{key}_index", f"{key} %d ", state)


def _show_port_state(out: Output, key: str, state: int) -> None:
    names = [name for bit, name in enumerate(PORT_STATES) if state >> bit & 1]
    out.open_array(key, f"{key} <")
    for name in names:
        out.json(None, name)
    out.text(",".join(names))
    out.close_array("> ")
