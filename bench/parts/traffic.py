"""Traffic of programs/traffic.c between two netns: throughput and latency, scene by scene.

Each turn is played in fresh namespaces. One TCP connection carries bulk data, then single bytes
back and forth. For the latency, both ends are held on one core, so that it is that of the path and
not that of waking another core; for the throughput, on two.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import settle
from alternation import say, turns
from field.environments import BUILD, compiled
from field.sandbox import APART
from process import RunError, figures_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from options import Options
    from parts.part import Figures

MEBIBYTES = 2048
"""How much bulk data is sent."""

TRIPS = 20000
"""How many single bytes go back and forth."""

PATIENCE = 15.0
"""Seconds after which traffic that should have ended has stalled."""

REST = 0.3
"""Seconds until what was made has come to rest: IPv6, and pasta."""

PORT = "9"
TRAFFIC = str(BUILD / "traffic")
LATENCY, THROUGHPUT = "latency", "throughput"


@dataclass(frozen=True, slots=True)
class Scene:
    """A path for traffic.

    Attributes:
        title: its name in the tables.
        script: what makes it, for `sh -e`.
        client: runs a command where the traffic comes from.
        server: runs a command where it goes to.
        address: the server's.
        peer: the key of the scene that it is measured against; "" for none.
        mebibytes: how much bulk data is sent.
    """

    title: str
    script: str
    client: tuple[str, ...]
    server: tuple[str, ...]
    address: str
    peer: str = ""
    mebibytes: int = MEBIBYTES


def play(scene: Scene) -> dict[str, float | None]:
    """Make a scene on this machine, which is played, and measure; None where it stalls."""
    subprocess.run(["sh", "-ec", scene.script], check=True, stdout=sys.stderr)
    cores = [str(core) for core in sorted(os.sched_getaffinity(0))]
    command = [*scene.server, "taskset", "-c", cores[0], TRAFFIC, "serve", PORT]
    with subprocess.Popen(command) as serving:
        time.sleep(REST)
        figures = {
            LATENCY: _send(scene, cores[0], "pingpong", TRIPS),
            THROUGHPUT: _send(scene, cores[-1], "bulk", scene.mebibytes),
        }
        serving.kill()
    return figures


def measure(
    module: str, scenes: Mapping[str, Scene], rounds: Mapping[str, int], options: Options
) -> Figures:
    """Measure scenes in turn, each in namespaces of its own.

    Args:
        module: the one that plays a scene, as `python -m MODULE NSLAB KEY`.
        scenes: by their keys.
        rounds: how often each, by its key.
        options: what the command line asks for.
    """
    if why := compiled("traffic"):
        return {"skipped": why}
    found: dict[str, Any] = {
        key: {"title": scene.title, "peer": scene.peer, LATENCY: [], THROUGHPUT: []}
        for key, scene in scenes.items()
    }
    failures: dict[str, str] = {}
    for number, key in turns(rounds):
        if key in failures:
            continue
        settle.settle()
        command = [*APART, sys.executable, "-m", module, options.python, key]
        try:
            figures = figures_of(command, options.timeout)
        except RunError as failure:
            say(f"{module}, round {number + 1}: {key}: FAILED: {failure}")
            failures[key] = str(failure)
            continue
        say(f"{module}, round {number + 1}: {key}")
        for figure, value in figures.items():
            found[key][figure].append(value)
    return {"scenes": found, "failures": failures}


def main(scenes: dict[str, Scene]) -> None:
    """Play the scene that the command line names."""
    try:
        print(json.dumps(play(scenes[sys.argv[2]])))
    except subprocess.CalledProcessError as failure:
        # What it ran has said why; its words are a whole script.
        sys.exit(f"{failure.cmd[0]} ended with status {failure.returncode}")


def _send(scene: Scene, core: str, what: str, much: int) -> float | None:
    words = [TRAFFIC, what, scene.address, PORT, str(much)]
    command = [*scene.client, "taskset", "-c", core, *words]
    with contextlib.suppress(subprocess.TimeoutExpired):
        done = subprocess.run(command, capture_output=True, check=True, timeout=PATIENCE)
        return float(done.stdout)
    return None
