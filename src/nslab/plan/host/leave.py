"""Taking back what labs have in the machine: of one that ends, and of those that have ended."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from nslab.errors import NslabError
from nslab.kernel import hostnames, record
from nslab.kernel.registry import DIRECTORY
from nslab.lab import Desired, Lab, desired_of
from nslab.netlink.message import Request
from nslab.netlink.rtnl.constants import RTM
from nslab.netlink.rtnl.link import Link
from nslab.plan.host.machine import give_mac
from nslab.plan.host.ports import joined

if TYPE_CHECKING:
    from nslab.kernel.record import Record
    from nslab.kernel.sandbox import Sandbox


def part(sandbox: Sandbox, lab: Lab | Desired | None) -> None:
    """Take a lab's names and links from the machine before it ends, so that none lingers.

    Args:
        sandbox: the running lab.
        lab: what it is; None if it has no links there.
    """
    found = record.record_of(sandbox.lab) if os.geteuid() == 0 else None
    if found is not None and found.holder.pid == sandbox.pid:
        with contextlib.suppress(NslabError):  # it is told when the lab has ended
            hostnames.clear(found)
    desired = None if lab is None else desired_of(lab)
    for bridge, host in joined(desired) if desired is not None else ():
        with contextlib.suppress(NslabError):  # it is not there, or the lab is ending already
            transport = sandbox.handle(bridge.name).transport
            for kind, link in _partings(host.port_ifname):
                transport.request(Request(kind, link))


def _partings(ifname: str) -> list[tuple[int, Link]]:
    """Give what deletes a port: out of its bridge first, as the way of a macvlan is."""
    return [(RTM.NEWLINK, Link(ifname=ifname, master=0)), (RTM.DELLINK, Link(ifname=ifname))]


def settle(lab: str, pid: int) -> None:
    """Take back all of a lab whose holder has just ended."""
    found = record.record_of(lab) if os.geteuid() == 0 else None
    if found is not None and found.holder.pid == pid:
        _clear(found)


def tidy(lab: str) -> None:
    """Forget a record in which nothing is left."""
    found = record.record_of(lab) if os.geteuid() == 0 else None
    if found is not None and not found.names and not found.macs:
        _clear(found)


def leftovers() -> list[str]:
    """Say what labs that have ended have left in the machine."""
    ended = [one for one in record.records() if not one.holder.alive]
    return [f"{DIRECTORY}/{name}" for one in ended for name in hostnames.left(one)]


def sweep() -> list[str]:
    """Take back what ended labs have left in the machine; name them."""
    if os.geteuid() != 0:
        return []
    ended = [one for one in record.records() if not one.holder.alive]
    for one in ended:
        _clear(one)
    record.clear_stumps()
    record.unmake(DIRECTORY)
    return [one.lab for one in ended]


def _clear(found: Record) -> None:
    hostnames.clear(found)
    for bridge, mac in found.macs.items():
        give_mac(found.lab, bridge, mac)
    record.forget(found)
    record.unmake(DIRECTORY)
