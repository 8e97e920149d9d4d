"""Endpoints that the file gives no address: whoever asks for them finds what the kernel has there.

DHCP, router advertisements and daemons give addresses, and the file leaves it to them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from nslab.plan.observe import read_addresses

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from nslab.kernel.sandbox import Sandbox
    from nslab.lab.model import Desired, Endpoint, Interface
    from nslab.plan.state import End


def with_found(sandbox: Sandbox, lab: Desired, nodes: Collection[str] = ()) -> Desired:
    """Give the endpoints that have no address in the file those that they have in the kernel.

    Args:
        sandbox: the running lab.
        lab: what it is.
        nodes: whose endpoints matter; without them, those of all.

    Raises:
        KernelError: the kernel refused to tell.
        LabNotRunningError: the lab ended meanwhile.
    """
    asked = [
        name
        for name, ends in lab.endpoints().items()
        if (not nodes or name in nodes) and not all(end.addresses for end in ends)
    ]
    if not asked:
        return lab
    there = set(sandbox.names())
    return _filled(lab, read_addresses(sandbox, [name for name in asked if name in there]))


def _filled(lab: Desired, found: Mapping[End, tuple[Interface, ...]]) -> Desired:
    def fill(end: Endpoint) -> Endpoint:
        held = found.get((end.node, end.ifname))
        return replace(end, addresses=held) if held and not end.addresses else end

    return replace(
        lab,
        bridges=tuple(replace(each, ports=tuple(map(fill, each.ports))) for each in lab.bridges),
        cables=tuple(
            replace(each, ends=(fill(each.ends[0]), fill(each.ends[1]))) for each in lab.cables
        ),
    )
