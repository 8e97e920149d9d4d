"""How a contestant in Python is timed: the same for all, so that they differ in their work alone.

A contestant's module ends in `run(Its_class)` and is started in the folder `bench` as
`python -m contestants.MODULE SHAPE NODES [--check] [--also again,change,exec,ping]`. It prints one
line of JSON: `up` and `down` in wall seconds, `left_at` (when `down` began, of CLOCK_MONOTONIC),
`user` and `system` CPU seconds of `up`, `peak_kib`, `held_kib`, `kernel_kib`, `checked`, `phases`
(parts of `up`, and the import, in seconds), and `also`: what else was asked for, in seconds.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from contestants import usage
from shapes import SHAPES, Network

if TYPE_CHECKING:
    from collections.abc import Callable

PROBE = str(Path(__file__).with_name("probe.py"))

ALSO = ("again", "change", "exec", "ping")
"""What can be measured while the network is up."""

REST = 5.5
"""Seconds before a second `up`: until then the hosts' IPv6 keeps the CPUs busy, twice."""


class Pinged(NamedTuple):
    """How many pings were sent, and how many were not answered."""

    sent: int
    lost: int


class Contestant(ABC):
    """One contestant's way to make a network.

    What is prepared in `__init__` is not timed. `up` returns when the network is complete.

    Attributes:
        network: what is to be.
        phases: parts of `up` in seconds, where the contestant wants them shown.
        in_this_process: whether the work is done by this very process, or by programs it starts.
        named: whether the nodes have names in /run/netns.
    """

    in_this_process: ClassVar[bool] = True
    named: ClassVar[bool] = True

    def __init__(self, network: Network) -> None:
        self.network = network
        self.phases: dict[str, float] = {}

    @abstractmethod
    def up(self) -> None:
        """Make the network."""

    @abstractmethod
    def run_in(self, node: str, command: list[str]) -> None:
        """Run a command in a node; raise if it fails."""

    @abstractmethod
    def down(self) -> None:
        """Remove the network."""

    def again(self) -> None:
        """Make it once more, where it is already."""
        raise NotImplementedError

    def change(self) -> None:
        """Take the last node's routes away, by making the network once more."""
        raise NotImplementedError

    def ping(self) -> Pinged:
        """Ping every host from every other."""
        raise NotImplementedError


def seconds(act: Callable[[], object]) -> float:
    """Give the wall time of an act."""
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def also(contestant: Contestant, asked: list[str]) -> dict[str, float]:
    """Measure what was asked for, as far as the contestant can do it."""
    found: dict[str, float] = {}
    with contextlib.suppress(NotImplementedError):
        if "exec" in asked:
            time.sleep(REST)
            found |= _exec(contestant)
        if "again" in asked:
            time.sleep(REST)
            found["again"] = seconds(contestant.again)
        if "change" in asked:
            found["change"] = seconds(contestant.change)
        if "ping" in asked:
            start = time.perf_counter()
            pinged = contestant.ping()
            found |= {"ping": time.perf_counter() - start, **pinged._asdict()}
    return found


def _exec(contestant: Contestant) -> dict[str, float]:
    """Run `true` in every node, and as often without any."""
    nodes = [node.name for node in contestant.network.nodes]

    def inside() -> None:
        for node in nodes:
            contestant.run_in(node, ["true"])

    def plain() -> None:
        for _ in nodes:
            subprocess.run(["true"], check=True)

    return {"exec": seconds(inside), "exec_plain": seconds(plain)}


def check(contestant: Contestant) -> None:
    """Let the probe prove in the first and the last host that the network is right."""
    hosts, shape = contestant.network.hosts, contestant.network.shape
    words = [shape, str(len(contestant.network.nodes))]
    flags = [] if contestant.named else ["--unnamed"]
    for host in sorted({hosts[0], hosts[-1]}):
        contestant.run_in(host, [sys.executable, PROBE, *flags, *words, host])


def measure(contestant: Contestant, *, checked: bool, asked: list[str]) -> dict[str, object]:
    """Bring the network up and down, and give the figures."""
    empty = usage.kernel_kib()
    before, start = usage.cpu(), time.perf_counter()
    contestant.up()
    up, after = time.perf_counter() - start, usage.cpu()
    full = usage.kernel_kib()
    peak = usage.peak_kib(in_this_process=contestant.in_this_process)
    held = usage.held_kib(in_this_process=contestant.in_this_process)
    if checked:
        check(contestant)
    found = also(contestant, asked)
    start, left_at = time.perf_counter(), time.monotonic()
    contestant.down()
    return {
        "up": up,
        "down": time.perf_counter() - start,
        "left_at": left_at,
        "user": after.user - before.user,
        "system": after.system - before.system,
        "peak_kib": peak,
        "held_kib": held,
        "kernel_kib": full - empty,
        "checked": checked,
        "phases": contestant.phases,
        "also": found,
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
    parser.add_argument("shape", choices=SHAPES)
    parser.add_argument("nodes", type=int, help="how many nodes")
    parser.add_argument("--check", action="store_true", help="prove that the network is right")
    parser.add_argument("--also", default="", help=f"what else is measured: {', '.join(ALSO)}")
    arguments = parser.parse_args()
    leave_when_asked()
    contestant = kind(SHAPES[arguments.shape].build(arguments.nodes))
    try:
        asked = arguments.also.split(",")
        figures = measure(contestant, checked=arguments.check, asked=asked)
    except BaseException as failure:
        with contextlib.suppress(Exception):
            contestant.down()
        if isinstance(failure, subprocess.CalledProcessError):
            # Its command line names paths of this machine.
            why = str(failure.stderr or "").strip().rpartition("\n")[2]
            sys.exit(f"{Path(failure.cmd[0]).name} ended with status {failure.returncode} {why}")
        raise
    print(json.dumps(figures))
    sys.stdout.flush()
    os._exit(0)  # so that taking a large program's memory apart is in nobody's figure
