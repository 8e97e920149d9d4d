"""What this machine lets a lab have: namespaces, memory, descriptors at a time."""

from __future__ import annotations

import os
import resource

from nslab.kernel import wire
from nslab.kernel.privilege import read_switch
from nslab.kernel.procfs import sysctl_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

RESERVE = wire.MAX_FDS + 64
"""A holder's descriptors for connections, and for what one request needs."""

NAMESPACES: Final = "user.max_net_namespaces"
"""The sysctl that limits each user's network namespaces."""


def raise_descriptor_limit() -> None:
    """Let this process open as many descriptors as it may: root as many as the kernel allows.

    For commands and programs of their own, not inside a library.
    """
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = int(read_switch("/proc/sys/fs/nr_open") or 0)
    if os.geteuid() == 0 and most < allowed:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, allowed))
        except (OSError, ValueError):  # root of a user namespace may not
            pass
        else:
            return
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def room_for_netns(most: int) -> int:
    """Give how many of the descriptors that a holder may have it uses for netns."""
    return max(most - RESERVE, most // 2)


def namespaces() -> int | None:
    """Give how many network namespaces each user may have; None where nothing tells."""
    said = read_switch(sysctl_path(NAMESPACES))
    return None if said is None else int(said)


def memory() -> int | None:
    """Give how many bytes can be had without anybody's loss; None where nothing tells."""
    from nslab.kernel import cgroup  # the holder, which starts with this file, needs it not

    with open("/proc/meminfo", encoding="utf-8") as file:
        fields = dict(line.split(":") for line in file)
    said = fields.get("MemAvailable", "").split()
    found = [int(said[0]) * 1024] if said else []
    left = cgroup.memory_left()
    return min([*found, *([] if left is None else [left])], default=None)
