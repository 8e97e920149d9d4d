"""The same crash test for Mininet, for a script of `ip netns`, and for nslab.

    python -m tests.torture.peers --trials 20

Each brings a star of a few nodes up on a machine that is only played, and is killed with SIGKILL
at a random moment of the time that this takes undisturbed: the process, as a user or the kernel's
memory killer would do it, and whatever the kernel ends with it. Two seconds later everything that
is there and was not before is counted, and the same command is run again.
"""

from __future__ import annotations

import argparse
import collections
import functools
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.state import processes
from tests.torture import results
from tests.torture.machine import ROOT, Machine, output, play

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.torture.machine import Json

NODES = 8
PAUSE = 2.0
"""Seconds that the kernel has to clean up behind those who were killed."""

MININET = f"""
from mininet.net import Mininet
from mininet.nodelib import LinuxBridge
net = Mininet(controller=None, switch=LinuxBridge, ipBase="10.0.0.0/16")
switch = net.addSwitch("s1")
for index in range({NODES}):
    net.addLink(net.addHost(f"h{{index}}", ip=f"10.0.0.{{index + 1}}/16"), switch)
net.start()
print("up", flush=True)
input()
"""
SCRIPT = f"""
set -e
ip link add s1 type bridge
for i in $(seq {NODES}); do
    ip netns add h$i
    ip link add s1-eth$i type veth peer name eth0 netns h$i
    ip link set s1-eth$i master s1 up
    ip -n h$i link set lo up
    ip -n h$i address add 10.0.0.$i/16 dev eth0
    ip -n h$i link set eth0 up
done
ip link set s1 up
echo up
read line
"""
LAB = "name: star\nbridges: {lan: {subnet: 10.0.0.0/16, ports: [%s]}}\n"


@dataclass(frozen=True, slots=True)
class Contestant:
    """One way to make the star; its command says `up` when it is there."""

    name: str
    command: tuple[str, ...]


def contestants(folder: Path) -> list[Contestant]:
    """Write what each needs; give those that are installed."""
    ports = ", ".join(f"h{index}" for index in range(NODES))
    (folder / "star.yaml").write_text(LAB % ports)
    (folder / "star.py").write_text(MININET)
    (folder / "star.sh").write_text(SCRIPT)
    nslab = (sys.executable, "-m", "nslab", "up", str(folder / "star.yaml"))
    found = [
        Contestant("nslab", nslab),
        Contestant("a script of `ip netns`", ("sh", str(folder / "star.sh"))),
    ]
    if has_mininet():
        found.append(Contestant("Mininet", ("/usr/bin/python3", str(folder / "star.py"))))
    return found


def has_mininet() -> bool:
    """Tell whether Debian's Python has Mininet."""
    words = ["/usr/bin/python3", "-c", "import mininet.net"]
    there = Path(words[0]).exists()
    return there and subprocess.run(words, capture_output=True, check=False).returncode == 0


def left() -> dict[str, int]:
    """Count what is there."""
    links = [line for line in Path("/proc/net/dev").read_text().splitlines() if ":" in line]
    spaces = {_netns(path) for path in Path("/proc").glob("[0-9]*")} - {""}
    return {
        "links": len(links),
        "named namespaces": len(output("ip", "netns", "list").splitlines()),
        "namespaces of processes": len(spaces),
        "processes": len(processes()),
        "mounts": len(Path("/proc/self/mounts").read_text().splitlines()),
        "files": len([*Path("/run").rglob("*"), *Path("/tmp").rglob("*")]),  # noqa: S108
    }


def _netns(process: Path) -> str:
    try:
        return str((process / "ns/net").readlink())
    except OSError:
        return ""


def start(contestant: Contestant) -> subprocess.Popen[str]:
    """Start one."""
    pipe = subprocess.PIPE
    variables = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    return subprocess.Popen(
        contestant.command,
        stdin=pipe,
        stdout=pipe,
        stderr=subprocess.DEVNULL,
        text=True,
        env=variables,
        start_new_session=True,
    )


def is_up(process: subprocess.Popen[str]) -> bool:
    """Wait until it says that the star is there; False if it ends without."""
    assert process.stdout is not None
    return any(line.startswith(("up", "star is up")) for line in process.stdout)


def seconds(machine: Machine, number: int) -> Json:
    """Measure how long one takes undisturbed."""
    contestant = contestants(machine.folder)[number]
    begun = time.monotonic()
    if not is_up(start(contestant)):
        raise RuntimeError(f"{contestant.name} does not come up")
    return {"name": contestant.name, "seconds": time.monotonic() - begun}


def crash(machine: Machine, number: int, moment: float) -> Json:
    """Kill one at a moment; count what is left, and try again."""
    contestant = contestants(machine.folder)[number]
    before = left()
    process = start(contestant)
    time.sleep(moment)
    process.kill()
    if process.wait() != -signal.SIGKILL:
        return {"late": True}
    time.sleep(PAUSE)
    after = left()
    found: Json = {key: max(0, after[key] - count) for key, count in before.items()}
    found["next start"] = is_up(start(contestant))
    return found


def tally(name: str, trials: Sequence[Json]) -> list[results.Figure]:
    """Put one contestant's trials into figures."""
    kinds = [key for key in trials[0] if key != "next start"]
    dirty = sum(any(trial[kind] for kind in kinds) for trial in trials)
    totals = collections.Counter({kind: sum(one[kind] for one in trials) for kind in kinds})
    rows: list[results.Figure] = [
        (f"{name}: kills", len(trials)),
        (f"{name}: kills that left something", dirty),
        (f"{name}: kills after which the next start failed", _failed(trials)),
    ]
    return [*rows, *((f"{name}: {kind} left, in all", totals[kind]) for kind in kinds)]


def _failed(trials: Sequence[Json]) -> int:
    return sum(not trial["next start"] for trial in trials)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=20, help="of each contestant")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    figures: list[results.Figure] = []
    for number in range(2 + (has_mininet() and shutil.which("mnexec") is not None)):
        measured = play(functools.partial(seconds, number=number))
        rng = random.Random(f"{options.seed} {number}")  # noqa: S311
        trials = []
        for place in range(options.trials):
            moment = rng.random() * measured["seconds"]
            found = play(functools.partial(crash, number=number, moment=moment))
            print(f"{measured['name']}: {place + 1} of {options.trials}: {found}", flush=True)
            if "late" not in found:
                trials.append(found)
        figures += tally(measured["name"], trials)
    command = f"python -m tests.torture.peers --trials {options.trials} --seed {options.seed}"
    results.write("peers", command, figures)


if __name__ == "__main__":
    main()
