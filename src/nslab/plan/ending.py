"""The end of a lab, and of what ended labs have left in the machine's netns and /run.

The kernel removes a lab with its holder. Only what the machine itself did for it, as root, has to
be taken back.
"""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from nslab.kernel.record import are_any
from nslab.plan.interrupts import held_back

if TYPE_CHECKING:
    from nslab.kernel.sandbox import Sandbox


def take_down(sandbox: Sandbox) -> None:
    """End a lab, and take back what the machine did for it; a signal waits until that is done."""
    with held_back():
        _take_down(sandbox)


def _take_down(sandbox: Sandbox) -> None:
    if not _may_reach_machine():
        sandbox.end()
        return
    documents = [sandbox.get()[0], *sandbox.attempted()]
    led_out = any(b'"uplink"' in document for document in documents)
    if led_out:
        from nslab.plan.way.host import part_from_machine

        part_from_machine(sandbox)
    hosted = any(b'"host"' in document for document in documents) or are_any()
    if hosted:
        for document in documents:
            _part_from_host(sandbox, document)
    sandbox.end()
    if hosted:
        from nslab.plan.host import leave

        leave.settle(sandbox.lab, sandbox.pid)
    if led_out:
        sweep()


def _part_from_host(sandbox: Sandbox, document: bytes) -> None:
    """Take what a lab has of its own in the machine from there, before the lab ends."""
    from nslab.lab.load import reread
    from nslab.plan.host import leave

    leave.part(sandbox, reread(document) if document else None)


def sweep() -> list[str]:
    """Take back what ended labs have left in the machine; give their names.

    Raises:
        NslabError: nftables refuses.
    """
    if not _may_reach_machine():
        return []
    from nslab.plan.way.host import sweep as sweep_machine

    swept = sweep_machine()
    if are_any():
        from nslab.plan.host import leave

        swept += leave.sweep()
    return list(dict.fromkeys(swept))


def make_room(lab: str) -> None:
    """Take back what ended labs have left in the machine, before a lab begins.

    Args:
        lab: its name, which nobody else has by now: what is called so is an ended one's, be it
            that the kernel is still at it.

    Raises:
        NslabError: nftables refuses.
    """
    if not _may_reach_machine():
        return
    from nslab.kernel.nftables import table_names
    from nslab.plan.way.choose import PREFIX, host_ifname

    _clear_link(host_ifname(lab))
    tables = [name.removeprefix(PREFIX) for name in table_names() if name.startswith(PREFIX)]
    if lab in tables:
        from nslab.plan.way.host import close_for

        close_for(lab)
    if tables or are_any():
        sweep()


def _clear_link(ifname: str) -> None:
    """Delete a veth of the machine's netns."""
    from nslab.errors import KernelError
    from nslab.kernel.sockets import open_socket
    from nslab.kernel.transport import Transport
    from nslab.netlink.message import Request
    from nslab.netlink.rtnl.constants import RTM
    from nslab.netlink.rtnl.link import Link

    asked = Request(RTM.GETLINK, Link(ifname=ifname))
    with Transport(open_socket()) as transport, contextlib.suppress(KernelError):  # there is none
        found = transport.get(asked, Link)
        if found.linkinfo is not None and found.linkinfo.kind == "veth":
            transport.request(Request(RTM.DELLINK, Link(index=found.index)))


def leftovers() -> list[str]:
    """Name the ended labs that have left something in the machine's netns."""
    if not _may_reach_machine():
        return []
    from nslab.plan.way.host import leftovers as found

    return found()


def _may_reach_machine() -> bool:
    return os.geteuid() == 0
