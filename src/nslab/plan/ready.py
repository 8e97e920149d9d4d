"""Waiting until links that have come up are so for the whole kernel.

It tells IPv6 and bridges of a new carrier by a work of its own, at once or up to a second later.
Until then a link hears no neighbour solicitation, and what is sent to it waits a second for the
next; and a port forwards nothing. Asking for the link has that work done since Linux 6.8; on others
only patience helps.
"""

from __future__ import annotations

import contextlib
import time
from functools import lru_cache
from typing import TYPE_CHECKING

from nslab.errors import KernelError
from nslab.lab.address import is_link_local
from nslab.netlink.message import Request
from nslab.netlink.rtnl.constants import RTM
from nslab.netlink.rtnl.link import RTEXT_FILTER, Link
from nslab.plan.observe import LINKS
from nslab.plan.steps import AddAddress, SetLink

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nslab.kernel.sandbox import Sandbox
    from nslab.plan.steps import Step

    Place = tuple[str, int]
    """A link by its netns and its ifindex."""

_PATIENCE = 2.0
_MOMENT = 0.005
_AT_ONCE = 64
_ENDS = ("veth", "macvlan")
_UNKNOWN, _UP = 0, 6  # IF_OPER_UNKNOWN is what `lo` has


def await_links(steps: Sequence[Step], sandbox: Sandbox) -> None:
    """Wait for links that were given IPv6 addresses and for ports, if they have a carrier.

    Links that have none but the link-local address, as every link has, are not waited for, nor are
    ports that came up with their cable. Bridges are asked for once, so that nobody hears later that
    they came up. Where the kernel refuses to tell, nothing is waited for: all is done by now.
    """
    deadline = time.monotonic() + _PATIENCE
    given, raised = _given(steps), _raised(steps)
    with contextlib.suppress(KernelError):
        _waiting([_place(step) for step in raised if step.link.kind == "bridge"], sandbox)
        ends = [step for step in raised if step.link.kind in _ENDS]
        ports = [step for step in ends if step.link.master is not None]
        left = list(dict.fromkeys([*map(_place, given), *map(_place, ports)]))
        cables = (step.link.peer for step in reversed(ends) if step.link.kind == "veth")
        last = next(cables, None)
        while time.monotonic() < deadline:
            left = _waiting(left, sandbox)
            if not left and (last is None or _is_sending(sandbox, *last)):
                return
            time.sleep(_MOMENT)


def _is_sending(sandbox: Sandbox, name: str, ifname: str) -> bool:
    """Tell whether the near end of the last cable can send, and with it all others.

    It was up before it had a carrier, so that it drops what is sent until the kernel has come to
    that; and the kernel comes to one link after the other. To ask for this one would prefer it.
    """
    transport = sandbox.handle(name).transport
    if transport.is_running(ifname):
        return True
    return all(_has_come_up(link) for link in transport.dump(LINKS, Link) if link.ifname == ifname)


def awaited(steps: Sequence[Step]) -> set[str]:
    """Name the netns that `await_links` asks for links, but for that of the last cable."""
    bridges = [step for step in _raised(steps) if step.link.kind == "bridge"]
    return {step.netns for step in [*_given(steps), *bridges]}


def _given(steps: Sequence[Step]) -> list[AddAddress]:
    """Find the steps that give a link an IPv6 address other than the link-local one."""
    return [
        step
        for step in steps
        if type(step) is AddAddress
        and step.address.version == 6
        and not is_link_local(step.address)
    ]


def _raised(steps: Sequence[Step]) -> list[SetLink]:
    """Find the steps after which a link is up."""
    return [step for step in steps if type(step) is SetLink and step.link.up]


def _place(step: SetLink | AddAddress) -> Place:
    return step.netns, step.link.ifindex


def _waiting(places: Sequence[Place], sandbox: Sandbox) -> list[Place]:
    found = []
    for start in range(0, len(places), _AT_ONCE):
        chunk = places[start : start + _AT_ONCE]
        sandbox.open([name for name, _ in chunk])
        found += [place for place in chunk if not _is_ready(sandbox, *place)]
    return found


def _is_ready(sandbox: Sandbox, name: str, index: int) -> bool:
    try:
        link = sandbox.handle(name).transport.get(_asked(index), Link)
    except KernelError:  # somebody has deleted it since
        return True
    return _has_come_up(link)


def _has_come_up(link: Link) -> bool:
    return not link.carrier or link.operstate in (_UNKNOWN, _UP)


@lru_cache(1024)
def _asked(index: int) -> Request:
    return Request(RTM.GETLINK, Link(index=index, ext_mask=RTEXT_FILTER.SKIP_STATS))
