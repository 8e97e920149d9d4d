"""Traffic of programs/traffic.c between two netns: throughput and latency, scene by scene.

Each scene has namespaces of its own, and stays up while the others have their turns. One TCP
connection carries bulk data, then single bytes back and forth. For the latency, both ends are held
on one core, so that it is that of the path and not that of waking another core; for the throughput,
on two.
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
from process import BENCH, RunError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from options import Options
    from parts.part import Figures

MEBIBYTES = 2048
"""How much bulk data is sent."""

TRIPS = 4000
"""How many single bytes go back and forth."""

PATIENCE = 5.0
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


class Stage:
    """A scene that is played by a process in namespaces of its own, bout after bout."""

    def __init__(self, command: list[str]) -> None:
        pipe = subprocess.PIPE
        self._actor = subprocess.Popen(command, cwd=BENCH, text=True, stdin=pipe, stdout=pipe)
        self._answer()

    def bout(self, figure: str) -> float | None:
        """Measure once; None where the traffic stalls."""
        if self._actor.stdin is not None:
            print(figure, file=self._actor.stdin, flush=True)
        return self._answer()

    def end(self) -> None:
        """Let the actor end, and the namespaces with it."""
        if self._actor.stdin is not None:
            self._actor.stdin.close()
        self._actor.wait(PATIENCE)

    def _answer(self) -> float | None:
        said = self._actor.stdout.readline() if self._actor.stdout is not None else ""
        if not said:
            raise RunError(f"it ended with status {self._actor.wait(PATIENCE)}")
        value: float | None = json.loads(said)
        return value


def play(scene: Scene) -> None:
    """Make a scene on this machine, which is played, and measure what standard input asks for."""
    subprocess.run(["sh", "-ec", scene.script], check=True, stdout=sys.stderr)
    cores = [str(core) for core in sorted(os.sched_getaffinity(0))]
    command = [*scene.server, "taskset", "-c", cores[0], TRAFFIC, "serve", PORT]
    asked = {
        LATENCY: (cores[0], "pingpong", TRIPS),
        THROUGHPUT: (cores[-1], "bulk", scene.mebibytes),
    }
    serving = subprocess.Popen(command)
    time.sleep(REST)
    print("null", flush=True)
    for line in sys.stdin:
        value = _send(scene, *asked[line.strip()])
        if value is None:  # the server still waits for what is lost
            serving.kill()
            serving.wait()
            serving = subprocess.Popen(command)
            time.sleep(REST)
        print(json.dumps(value), flush=True)
    serving.kill()


def measure(
    module: str, scenes: Mapping[str, Scene], rounds: Mapping[str, int], options: Options
) -> Figures:
    """Let scenes stay up side by side, and measure them in turn.

    Args:
        module: the one that plays a scene, as `python -m MODULE NSLAB KEY`.
        scenes: by their keys.
        rounds: how often each, by its key; one more, the first, does not count.
        options: what the command line asks for.
    """
    if why := compiled("traffic"):
        return {"skipped": why}
    settle.settle()
    found: dict[str, Any] = {
        key: {"title": scene.title, "peer": scene.peer, LATENCY: [], THROUGHPUT: []}
        for key, scene in scenes.items()
    }
    failures: dict[str, str] = {}
    stages: dict[str, Stage] = {}
    for key in scenes:
        with _noted(key, failures):
            stages[key] = Stage([*APART, sys.executable, "-m", module, options.python, key])
    for number, key in turns({key: rounds[key] + 1 for key in stages}):
        if key in failures:
            continue
        say(f"{module}, bout {number}: {key}")
        with _noted(key, failures):
            for figure in (LATENCY, THROUGHPUT):
                value = stages[key].bout(figure)
                found[key][figure] += [value] if number else []
    for key, stage in stages.items():
        with _noted(key, failures):
            stage.end()
    return {"scenes": found, "failures": failures}


@contextlib.contextmanager
def _noted(key: str, failures: dict[str, str]) -> Iterator[None]:
    """Note what fails of a scene, and go on with the others."""
    try:
        yield
    except (RunError, OSError, subprocess.TimeoutExpired) as failure:
        say(f"{key}: FAILED: {failure}")
        failures[key] = str(failure)


def main(scenes: dict[str, Scene]) -> None:
    """Play the scene that the command line names."""
    try:
        play(scenes[sys.argv[2]])
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
