"""Whole commands, from the start of the process to its end: `nslab ip …` against `ip …`.

Each pair of commands does the same work, turn by turn, and `python -c pass` of nslab's interpreter
takes part as the least that any command in Python costs. A batch of links is made in a netns of its
own, which is made before and deleted after the time is taken.

Usage: python3 bench/commands.py NSLAB PYTHON ROUNDS
Run by run.py in a sandbox; prints one line of JSON: for each pair the seconds of each side's runs.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass

import settle

PAIRS = 1000
"""Lines of a batch: each makes a pair of links."""

NETNS = "bench"

FEWER = 8
"""A batch runs this many times less often than the short commands."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A command line that both `ip` and `nslab ip` understand."""

    words: str
    arguments: tuple[str, ...]
    batch: bool = False


EXEC = f"ip netns exec {NETNS} true"
SHOW = "ip link show"
BATCH = f"ip -batch FILE ({PAIRS} link add)"


def pairs(batch: str) -> list[Pair]:
    """Give all pairs; `batch` is the file with the lines of a batch."""
    return [
        Pair(EXEC, ("netns", "exec", NETNS, "true")),
        Pair(SHOW, ("link", "show")),
        Pair(BATCH, ("-netns", NETNS, "-batch", batch), batch=True),
    ]


def seconds(command: list[str]) -> float:
    """Run a command, its output thrown away, and give the wall time of the whole process."""
    null = os.open(os.devnull, os.O_RDWR)
    streams = [(os.POSIX_SPAWN_DUP2, null, fd) for fd in (0, 1)]
    start = time.perf_counter()
    pid = os.posix_spawnp(command[0], command, os.environ, file_actions=streams)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    taken = time.perf_counter() - start
    os.close(null)
    if status:
        raise SystemExit(f"{' '.join(command[1:])} ended with status {status}")
    return taken


def links() -> int:
    """Count the links in the netns."""
    listed = subprocess.run(["ip", "-o", "-n", NETNS, "link"], capture_output=True, check=True)
    return len(listed.stdout.splitlines())


def fresh(command: list[str]) -> float:
    """Time a batch in a fresh netns, and see that it has made its links."""
    subprocess.run(["ip", "netns", "add", NETNS], check=True)
    empty = links()
    taken = seconds(command)
    made = links() - empty
    subprocess.run(["ip", "netns", "delete", NETNS], check=True)
    settle.settle()
    if made != 2 * PAIRS:
        raise SystemExit(f"the batch made {made} links instead of {2 * PAIRS}")
    return taken


def measure(nslab: str, python: str, rounds: int) -> dict[str, dict[str, list[float]]]:
    """Run everything in alternation; give the seconds of each side of each pair."""
    with tempfile.NamedTemporaryFile("w") as batch:
        batch.writelines(f"link add a{n} type veth peer name b{n}\n" for n in range(PAIRS))
        batch.flush()
        found: dict[str, dict[str, list[float]]] = {}
        for pair in pairs(batch.name):
            sides = {"nslab": [nslab, "ip", *pair.arguments], "ip": ["ip", *pair.arguments]}
            if not pair.batch:
                sides["python"] = [python, "-c", "pass"]
                subprocess.run(["ip", "netns", "add", NETNS], check=True)
            times = found[pair.words] = {side: [] for side in sides}
            for _ in range(max(1, rounds // FEWER) if pair.batch else rounds):
                for side, command in sides.items():
                    times[side].append((fresh if pair.batch else seconds)(command))
            if not pair.batch:
                subprocess.run(["ip", "netns", "delete", NETNS], check=True)
    return found


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], sys.argv[2], int(sys.argv[3]))))
