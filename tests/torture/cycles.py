"""Labs up and down in one process, again and again: nothing grows.

    python -m tests.torture.cycles [--cycles 1000] [--part PART] [--who root|user]

The parts: `plain` (up, down), `change` (a running lab is changed), `programs` (run, popen), `ping`
(ping, check, show), and with a way out `kernel` and `pasta`. What is counted: the process's own
descriptors, threads and memory, mounts, processes and their corpses, namespaces, and the kernel's
own objects in /proc/slabinfo once it has caught up. Where a plain user runs it there is an exact
proof: of namespaces no more are granted at the end than one lab takes, and one more lab comes up.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import gc
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from nslab import Lab, up
from nslab.errors import NslabError
from nslab.kernel.sandbox import running
from tests.kernel import sandboxed
from tests.plan.way import world
from tests.torture import apart, results

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.torture.apart import Outcome
    from tests.torture.results import Figure

    Cycle = Callable[[str], None]

SLABS = (
    "net_namespace",
    "pid_namespace",
    "mnt_cache",
    "uts_namespace",
    "user_namespace",
    "nsproxy",
)
GRANTED = {"user": 1, "net": 6, "mnt": 2, "pid": 1, "ipc": 1}
"""How many namespaces of each kind `exact` grants: its own (net, mnt), and those of the lab."""

MEMORY = 1024
"""KiB that Python's own allocator may take in the course of a run."""

CYCLES, FEWER = 1000, 300
"""How many are done of `plain`, and of all other parts."""

_WARM = 20
_PATIENCE = 120.0
_MOMENT = 10.0


def lab(name: str, *, nodes: int = 2, uplink: bool = False) -> Lab:
    """Give the lab of a cycle."""
    made = Lab(name)
    lan = made.bridge("lan", subnet=["10.0.0.0/24", "fd00::/64"], uplink=uplink)
    hosts = [made.node(f"h{number}", on=lan) for number in range(nodes)]
    router = made.node("gw", forward=True)
    made.cable(hosts[0], router, subnet="10.0.1.0/30")
    return made


def plain(name: str) -> None:
    """Bring a lab up and down."""
    with up(lab(name)):
        pass


def change(name: str) -> None:
    """Bring a lab up, make it larger and smaller again."""
    with up(lab(name)) as made:
        up(lab(name, nodes=3))
        assert "h2" in [node.name for node in made.desired().nodes]
        up(lab(name))
        assert made.drift() == []


def programs(name: str) -> None:
    """Run programs in nodes, to their end and beyond the lab's."""
    with up(lab(name)) as made:
        assert made["h0"].run(["cat", "/etc/hosts"], check=True, capture_output=True).stdout
        words = ["sh", "-c", "echo ready; exec sleep 60"]
        sleeper = made["h1"].popen(words, stdout=subprocess.PIPE, text=True)
        assert sleeper.stdout is not None
        assert sleeper.stdout.readline() == "ready\n"
    assert sleeper.wait(20) == -signal.SIGTERM
    sleeper.stdout.close()


def ping(name: str) -> None:
    """Ping all pairs, test what is expected, read the lab back."""
    with up(lab(name)) as made:
        assert made.ping("h0", "h1", timeout=5).ok
        assert not made.check(timeout=5).broken
        made.observed()


def kernel(name: str) -> None:
    """Bring up a lab that root leads out by the kernel."""
    with up(lab(name, uplink=True), uplink="kernel") as made:
        assert made.drift() == []


def pasta(name: str) -> None:
    """Bring up a lab that pasta leads out."""
    with up(lab(name, uplink=True), uplink="pasta") as made:
        assert made.drift() == []


PARTS: dict[str, Cycle] = {
    "plain": plain,
    "change": change,
    "programs": programs,
    "ping": ping,
    "kernel": kernel,
    "pasta": pasta,
}
LED_OUT = ("kernel", "pasta")


def own() -> dict[str, int]:
    """Count what is this process's, less what Python has yet to collect."""
    gc.collect()
    status = Path("/proc/self/status").read_text()
    return {
        "descriptors": len(os.listdir("/proc/self/fd")),  # noqa: PTH208 - names alone
        "threads": len(os.listdir("/proc/self/task")),  # noqa: PTH208
        "objects of threads": threading.active_count(),
        "KiB of memory (RSS)": int(status.partition("VmRSS:")[2].split()[0]),
        "mounts": len(Path("/proc/self/mountinfo").read_text().splitlines()),
        "its corpses of processes": sum(state == "Z" for state in _states(os.getpid())),
    }


def whole() -> dict[str, int]:
    """Count what is on the whole machine, where this process is alone; orphans take a moment."""
    deadline = time.monotonic() + _MOMENT
    while "Z" in _states() and time.monotonic() < deadline:
        time.sleep(0.05)
    states = _states()
    return {
        "processes": sum(state not in "ZX" for state in states),
        "corpses of processes": states.count("Z"),
        "namespaces in use": len(_namespaces()),
    }


def slabs() -> dict[str, int]:
    """Count the kernel's own objects, of all users of the machine; root alone may."""
    try:
        lines = Path("/proc/slabinfo").read_text().splitlines()
    except OSError:
        return {}
    words = [line.split() for line in lines]
    return {f"slab {one[0]}": int(one[1]) for one in words if one[0] in SLABS}


def run(part: str, cycles: int, name: str, *, alone: bool = True) -> Outcome:
    """Do so many cycles of a part; give what has grown.

    Args:
        part: what is done.
        cycles: how often; the first few are for warming up.
        name: of the lab.
        alone: whether this process has the machine for itself, so that all is counted.
    """
    cycle = PARTS[part]
    warm = min(_WARM, cycles // 2)
    for _ in range(warm):
        cycle(name)
    before = own() | (whole() if alone else {})
    kernels = settled(dict.fromkeys(slabs(), 0), seconds=2) if alone else {}
    begun = time.monotonic()
    for _ in range(cycles - warm):
        cycle(name)
    taken = time.monotonic() - begun
    after = own() | (whole() if alone else {})
    later = settled({key: value + cycles // 4 for key, value in kernels.items()})
    growth = {key: after[key] - before[key] for key in before}
    growth |= {key: later[key] - kernels[key] for key in kernels}
    failures = [
        f"{key} grew by {more}" for key, more in growth.items() if more > _most(key, cycles)
    ]
    failures += [f"{one} still runs" for one in running() if one == name]
    figures: list[Figure] = [
        ("cycles in one process", cycles),
        ("milliseconds a cycle", round(1000 * taken / max(1, cycles - warm), 1)),
        *((f"growth of {key}", value) for key, value in growth.items()),
    ]
    return figures, failures


def _most(key: str, cycles: int) -> int:
    """Give the growth that is none: the allocator's, and other users' labs among the slabs."""
    if key.startswith("KiB"):
        return MEMORY
    return cycles // 4 if key.startswith("slab") else 0


def settled(most: dict[str, int], seconds: float = _PATIENCE) -> dict[str, int]:
    """Wait until the kernel has no more objects than these, or does not free any more."""
    deadline = time.monotonic() + seconds
    while True:
        found = slabs()
        if time.monotonic() > deadline or all(found[key] <= most[key] for key in most):
            return found
        time.sleep(0.2)


def exact(name: str) -> list[str]:
    """Let one more lab come up where no more namespaces are granted than it takes.

    For a process in namespaces of its own. Where one less is granted, none may come up: else it
    would be no proof.
    """
    for kind, most in GRANTED.items():
        _grant(kind, most)
    deadline = time.monotonic() + _PATIENCE
    while wrong := _refused(name):
        if time.monotonic() > deadline:
            return [f"namespaces of earlier cycles are still there: {wrong}"]
        time.sleep(0.2)
    failures = []
    for kind, most in GRANTED.items():
        _grant(kind, most - 1)
        failures += [f"with less {kind} a lab came up, too"] * (not _refused(name))
        _grant(kind, most)
    return failures


def _grant(kind: str, most: int) -> None:
    Path(f"/proc/sys/user/max_{kind}_namespaces").write_text(f"{most}")


def _refused(name: str) -> str:
    try:
        plain(name)
    except NslabError as error:
        return str(error)
    return ""


def _states(parent: int | None = None) -> list[str]:
    """Give the states of all processes, or of those of one parent."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, above, *_ = path.read_text().rpartition(")")[2].split()
            found += [state] * (parent in (None, int(above)))
    return found


def _namespaces() -> set[str]:
    found = set()
    for path in Path("/proc").glob("[0-9]*/ns/*"):
        with contextlib.suppress(OSError):
            found.add(os.readlink(path))  # noqa: PTH115 - its text
    return found


# What is run apart


def _work(part: str, cycles: int, *, user: bool) -> Outcome:
    """Run a part on the machine that it needs."""
    if part in LED_OUT:
        return _led_out(part, cycles)
    if user:
        sandboxed._enter(nested=True, inside=os.getuid())
    figures, failures = run(part, cycles, part)
    if user:
        wrong = exact(part)
        figures.append(("namespaces that were still there, by the exact proof", len(wrong)))
        failures += wrong
    return figures, failures


def _led_out(part: str, cycles: int) -> Outcome:
    """Run a part with a way out on a played machine, which must be as before."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        played = world.World(Path(folder), user=False)
        python = world.python_for_all()
        world.build(played, world.serve_beside)
        before = played.state()
        work = functools.partial(run, part, cycles, part)
        figures, failures = _as_user(work, python) if part == "pasta" else work()
        after = played.state()
        changed = [
            f"{key} of the machine is not as before" for key in before if after[key] != before[key]
        ]
        figures.append(("things of the machine that were not as before", len(changed)))
        return figures, failures + changed


def _as_user(work: Callable[[], Outcome], python: str) -> Outcome:
    """Do something in a child that is a plain user."""
    readable, writable = os.pipe()
    child = os.fork()
    if child == 0:
        sandboxed._become_nobody()
        sys.executable = python
        os.write(writable, json.dumps(work()).encode())
        os._exit(0)
    os.close(writable)
    with os.fdopen(readable) as file:
        said = file.read()
    os.waitpid(child, 0)
    figures, failures = json.loads(said or '[[], ["the plain user\'s process died"]]')
    return [(words, value) for words, value in figures], failures


def _kept(fresh: set[str]) -> tuple[list[Figure], list[str]]:
    """Give what earlier runs have found of other parts than these."""
    path = results.DIRECTORY / "cycles.json"
    if not path.exists():
        return [], []
    found = json.loads(path.read_text())
    figures = [
        (words, value) for words, value in found["figures"] if words.split(":")[0] not in fresh
    ]
    return figures, [text for text in found["failures"] if text.split(":")[0] not in fresh]


def main() -> None:
    """Run the parts; write the results, and keep those of parts that are not run now."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--cycles", type=int, help=f"of each part; else {CYCLES}, {FEWER}")
    parser.add_argument("--part", choices=PARTS)
    parser.add_argument("--who", choices=("root", "user"))
    parser.add_argument(apart.INSIDE, action="store_true")
    options = parser.parse_args()
    if options.inside:
        user = options.who == "user"
        apart.inside(lambda: _work(options.part, options.cycles, user=user))
        return
    runs = [
        (part, who)
        for part in ([options.part] if options.part else PARTS)
        for who in ([options.who] if options.who else ("root", "user"))
        if part not in LED_OUT or who == ("root" if part == "kernel" else "user")
    ]
    figures, failures = _kept({f"{part}, {who}" for part, who in runs})
    for part, who in runs:
        cycles = options.cycles or (CYCLES if part == "plain" else FEWER)
        words = ("--part", part, "--who", who, "--cycles", str(cycles))
        user = who == "user" and part not in LED_OUT
        found, wrong = apart.run("tests.torture.cycles", *words, user=user)
        figures += [(f"{part}, {who}: {text}", value) for text, value in found]
        failures += [f"{part}, {who}: {text}" for text in wrong]
        print(
            "\n".join([f"{part}, {who}", *(f"{value:>8}  {text}" for text, value in found), *wrong])
        )
    said = f" --cycles {options.cycles}" if options.cycles else ""
    results.write("cycles", f"python -m tests.torture.cycles{said}", figures, failures)
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()
