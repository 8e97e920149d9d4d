"""Waiting until links that have come up are so for the whole kernel.

It tells IPv6 and bridges of a new carrier by a work of its own, at once or up to a second later.
Until then a link hears no neighbour solicitation, and what is sent to it waits a second for the
next; and a port forwards nothing. Asking for the link has that work done since Linux 6.8; on others
only patience helps.
"""

from __future__ import annotations

import time
from functools import lru_cache
from typing import TYPE_CHECKING

from nslab.errors import KernelError
from nslab.lab.address import is_link_local
from nslab.netlink.message import Request
from nslab.netlink.rtnl.constants import RTM
from nslab.netlink.rtnl.link import RTEXT_FILTER, Link
from nslab.plan.steps import AddAddress, SetLink

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nslab.kernel.sandbox import Sandbox
    from nslab.plan.steps import Step

    Place = tuple[str, int]
    """A link by its netns and its ifindex."""

_PATIENCE = 2.0
_MOMENT = 0.005
_AT_ONCE = 64
_UNKNOWN, _UP = 0, 6  # IF_OPER_UNKNOWN is what `lo` has


def await_links(steps: Sequence[Step], sandbox: Sandbox) -> None:
    """Wait for links that were given IPv6 addresses and for ports, if they have a carrier.

    Links that have none but the link-local address, as every link has, are not waited for, nor are
    ports that came up with their cable. Bridges are asked for once, so that nobody hears later that
    they came up.
    """
    _waiting([place for step in steps for place in _bridge_of(step)], sandbox)
    left = list(dict.fromkeys(place for step in steps for place in _awaited(step)))
    deadline = time.monotonic() + _PATIENCE
    while (left := _waiting(left, sandbox)) and time.monotonic() < deadline:
        time.sleep(_MOMENT)


def _bridge_of(step: Step) -> Iterator[Place]:
    if isinstance(step, SetLink) and step.link.kind == "bridge" and step.link.up:
        yield step.netns, step.link.ifindex


def _awaited(step: Step) -> Iterator[Place]:
    if isinstance(step, SetLink):
        awaited = step.link.up and step.link.master is not None
    elif isinstance(step, AddAddress):
        awaited = step.address.version == 6 and not is_link_local(step.address.ip)
    else:
        return
    if awaited:
        yield step.netns, step.link.ifindex


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
    return not link.carrier or link.operstate in (_UNKNOWN, _UP)


@lru_cache(1024)
def _asked(index: int) -> Request:
    return Request(RTM.GETLINK, Link(index=index, ext_mask=RTEXT_FILTER.SKIP_STATS))
