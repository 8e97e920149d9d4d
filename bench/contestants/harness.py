"""How a contestant in Python is timed: the same for all, so that they differ in their work alone.

A contestant's script ends in `run(Its_class)` and is started as `SCRIPT NODES [--check]`. It prints
one line of JSON: `up` and `down` in wall seconds, `user` and `system` CPU seconds of `up`,
`peak_kib`, `held_kib`, `checked`, and `phases` (parts of `up`, and the import, in seconds).
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import resource
import signal
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from pathlib import Path
from typing import ClassVar, NamedTuple

TICKS = os.sysconf("SC_CLK_TCK")
PROBE = str(Path(__file__).with_name("probe.py"))


class Contestant(ABC):
    """One contestant's way to make the star.

    What is prepared in `__init__` is not timed. `up` returns when the star is complete.

    Attributes:
        nodes: how many.
        phases: parts of `up` in seconds, where the contestant wants them shown.
        in_this_process: whether the work is done by this very process, or by programs it starts.
        named: whether the nodes have names in /run/netns.
    """

    in_this_process: ClassVar[bool] = True
    named: ClassVar[bool] = True

    def __init__(self, nodes: int) -> None:
        self.nodes = nodes
        self.phases: dict[str, float] = {}

    @abstractmethod
    def up(self) -> None:
        """Make the star."""

    @abstractmethod
    def run_in(self, index: int, command: list[str]) -> None:
        """Run a command in a node; raise if it fails."""

    @abstractmethod
    def down(self) -> None:
        """Remove the star."""


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


def measure(star: Contestant, *, check: bool) -> dict[str, object]:
    """Bring the star up and down, and give the figures."""
    before, start = cpu(), time.perf_counter()
    star.up()
    up, after = time.perf_counter() - start, cpu()
    peak = peak_kib(in_this_process=star.in_this_process)
    held = held_kib(in_this_process=star.in_this_process)
    if check:
        flags = [] if star.named else ["--unnamed"]
        for index in sorted({0, star.nodes - 1}):
            star.run_in(index, [sys.executable, PROBE, *flags, str(index), str(star.nodes)])
    start = time.perf_counter()
    star.down()
    return {
        "up": up,
        "down": time.perf_counter() - start,
        "user": after.user - before.user,
        "system": after.system - before.system,
        "peak_kib": peak,
        "held_kib": held,
        "checked": check,
        "phases": star.phases,
    }


def leave_when_asked() -> None:
    """Leave by way of `down` when the runner asks a run that takes too long to stop.

    A child that a contestant forks (pyroute2 does) shall die of the signal as if we were not here:
    what it would tidy up on its way out is its parent's.
    """
    own = os.getpid()

    def stop(number: int, _: object) -> None:
        if os.getpid() == own:
            sys.exit("stopped")
        os._exit(128 + number)

    signal.signal(signal.SIGTERM, stop)


def run(kind: type[Contestant]) -> None:
    """Be the script: read the command line, measure, print the line of JSON."""
    parser = argparse.ArgumentParser(description=sys.modules[kind.__module__].__doc__)
    parser.add_argument("nodes", type=int, help="how many nodes")
    parser.add_argument("--check", action="store_true", help="prove that the star is right")
    arguments = parser.parse_args()
    leave_when_asked()
    star = kind(arguments.nodes)
    try:
        figures = measure(star, check=arguments.check)
    except BaseException as failure:
        with contextlib.suppress(Exception):
            star.down()
        if isinstance(failure, subprocess.CalledProcessError):
            # The program has said why already; its command line names paths of this machine.
            sys.exit(f"{Path(failure.cmd[0]).name} ended with status {failure.returncode}")
        raise
    print(json.dumps(figures))
