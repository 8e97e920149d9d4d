"""The limits that this process's control groups set (man 7 cgroups), of version 2 or 1."""

from __future__ import annotations

import os

from nslab.kernel.privilege import read_switch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_MOUNT = "/sys/fs/cgroup"
_OWN = "/proc/self/cgroup"
_FILES = (
    ("memory.max", "memory.current"),
    ("memory.limit_in_bytes", "memory.usage_in_bytes"),  # of version 1
)


def groups(controller: str) -> Iterator[str]:
    """Give the directories of the groups that this process is in: its own, then those above.

    In a container the path that the kernel tells may not be there; the group is the top one then.
    """
    for line in (read_switch(_OWN) or "").splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers and controller not in controllers.split(","):
            continue
        top = f"{_MOUNT}/{controllers}" if controllers else _MOUNT
        here = os.path.normpath(f"{top}/{path}")
        while len(here) > len(top):
            yield here
            here = os.path.dirname(here)
        yield top


def least(controller: str, name: str) -> int | None:
    """Give the least number that a file of this name has in any of the groups; None if in none."""
    said = [read_switch(f"{group}/{name}") for group in groups(controller)]
    return min((int(text) for text in said if text is not None and text.isdigit()), default=None)


def memory_left() -> int | None:
    """Give how many bytes the groups leave to this process; None where they set no limit.

    What only caches files counts as left: the kernel gives it up when it is needed.
    """
    left = []
    for group in groups("memory"):
        for most, used in _FILES:
            limit, usage = read_switch(f"{group}/{most}"), read_switch(f"{group}/{used}")
            if limit is not None and limit.isdigit() and usage is not None:
                left.append(int(limit) - int(usage) + _cached(group))
    return min(left, default=None)


def _cached(group: str) -> int:
    lines = (read_switch(f"{group}/memory.stat") or "").splitlines()
    found = dict(line.split() for line in lines)
    return int(found.get("total_inactive_file", found.get("inactive_file", "0")))
