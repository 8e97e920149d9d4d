"""What a contestant uses: CPU time and memory, read from /proc."""

from __future__ import annotations

import contextlib
import os
import re
import resource
from pathlib import Path
from typing import NamedTuple

TICKS = os.sysconf("SC_CLK_TCK")


class Cpu(NamedTuple):
    """CPU time in seconds."""

    user: float
    system: float


def parents() -> dict[int, int]:
    """Map every process to its parent."""
    found: dict[int, int] = {}
    for pid in (int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()):
        with contextlib.suppress(OSError):
            found[pid] = int(stat_fields(pid)[1])
    return found


def stat_fields(pid: int) -> list[str]:
    """Read /proc/PID/stat from the state on (field 3 of proc_pid_stat(5) is the first)."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def others() -> list[int]:
    """Give the living processes of this contestant besides this one.

    They are those below this one's parent: that is the sandbox's first process or the runner, to
    which orphans (a holder that has left its starter, say) are given, and which starts no others.
    """
    parent = parents()
    found: list[int] = []
    for pid in parent:
        above, seen = pid, set[int]()
        while above in parent and above != os.getppid() and above not in seen:
            seen.add(above)
            above = parent[above]
        if above == os.getppid() and pid not in {os.getpid(), os.getppid()}:
            found.append(pid)
    return found


def cpu() -> Cpu:
    """Add up the CPU time of this process, its ended children and the living others.

    The living are counted in the kernel's clock ticks, rounded down for each process.
    """
    user = system = 0.0
    for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN):
        usage = resource.getrusage(who)
        user, system = user + usage.ru_utime, system + usage.ru_stime
    for pid in others():
        with contextlib.suppress(OSError):
            own_user, own_system, user_below, system_below = map(int, stat_fields(pid)[11:15])
            user += (own_user + user_below) / TICKS
            system += (own_system + system_below) / TICKS
    return Cpu(user, system)


def kib(path: str, key: str) -> int:
    """Read one `Key:  123 kB` line of a file in /proc; 0 if it cannot be read."""
    with contextlib.suppress(OSError):
        if found := re.search(rf"^{key}:\s+(\d+) kB", Path(path).read_text(), re.MULTILINE):
            return int(found[1])
    return 0


def peak_kib(*, in_this_process: bool) -> int | None:
    """Give the largest resident set that one process of the contestant ever had, in KiB.

    Of an ended program the kernel tells no less than what its starter had when it started it, so
    that nothing is known of programs that are smaller than this harness: None.
    """
    living = [kib(f"/proc/{pid}/status", "VmHWM") for pid in others()]
    ended = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    own = kib("/proc/self/status", "VmHWM")
    largest = max([*living, ended, own])
    return largest if in_this_process or largest > own else None


def held_kib(*, in_this_process: bool) -> int:
    """Give what the contestant's living processes hold in memory, shared pages divided, in KiB."""
    pids = others() + ([os.getpid()] if in_this_process else [])
    return sum(kib(f"/proc/{pid}/smaps_rollup", "Pss") for pid in pids)


def kernel_kib() -> int:
    """Give the machine's memory that is not free, no file's and no process's: the kernel's."""
    left = ("MemFree", "Buffers", "Cached", "AnonPages")
    return kib("/proc/meminfo", "MemTotal") - sum(kib("/proc/meminfo", key) for key in left)
