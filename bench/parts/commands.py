"""Whole commands, from the start of the process to its end.

`nslab ip …` against `ip …`: each pair of commands does the same work, turn by turn, and `python -c
pass` of nslab's interpreter takes part as the least that any command in Python costs. A batch of
links is made in a netns of its own, which is made before and deleted after the time is taken. Then
`nslab exec` in a lab, and what it costs to import nslab and each verb of it.

Run as `python3 -m parts.commands NSLAB PYTHON ROUNDS` in a sandbox; prints one line of JSON.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import settle
from alternation import turns
from field.environments import no_command, no_iproute2
from field.sandbox import sandboxed
from parts.part import Figures, Part
from process import RunError, figures_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from options import Options

ROUNDS = 60

PAIRS = 1000
"""Lines of a batch: each makes a pair of links."""

NETNS, NODE = "bench", "h0"

FEWER = 6
"""A batch, and imports, run this many times less often than the short commands."""

EXEC = f"nslab exec {NODE} true"
NETNS_EXEC = f"ip netns exec {NETNS} true"
SHOW = "ip link show"
BATCH = f"ip -batch FILE ({PAIRS} link add)"

BARE = ("-c", "pass")

LAB = "{name: bench, bridges: {lan: {subnet: 10.0.0.0/24, ports: [h0, h1]}}}"


def sides(nslab: str, python: str, words: list[str]) -> dict[str, list[str]]:
    """Give the commands of a comparison with `ip`."""
    return {"nslab": [nslab, "ip", *words], "ip": ["ip", *words], "python": [python, *BARE]}


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


def compared(
    commands: dict[str, list[str]], rounds: int, timer: Callable[[list[str]], float] = seconds
) -> dict[str, list[float]]:
    """Time commands in turn."""
    found: dict[str, list[float]] = {side: [] for side in commands}
    for _, side in turns(dict.fromkeys(commands, rounds)):
        found[side].append(timer(commands[side]))
    return found


def in_a_lab(nslab: str, python: str, rounds: int) -> dict[str, list[float]]:
    """Time a command in a node."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "lab.yaml"
        file.write_text(LAB)
        subprocess.run([nslab, "up", "--quiet", str(file)], check=True, stdout=sys.stderr)
        commands = {"nslab": [nslab, "exec", NODE, "true"], "python": [python, *BARE]}
        found = compared(commands, rounds)
        subprocess.run([nslab, "down", "--all"], check=True, stdout=sys.stderr)
    return found


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


def with_ip(nslab: str, python: str, rounds: int) -> dict[str, dict[str, list[float]]]:
    """Time what both `ip` and `nslab ip` understand."""
    subprocess.run(["ip", "netns", "add", NETNS], check=True)
    inside = sides(nslab, python, ["netns", "exec", NETNS, "true"])
    found = {NETNS_EXEC: compared(inside, rounds)}
    found[SHOW] = compared(sides(nslab, python, ["link", "show"]), rounds)
    subprocess.run(["ip", "netns", "delete", NETNS], check=True)
    with tempfile.NamedTemporaryFile("w") as batch:
        batch.writelines(f"link add a{n} type veth peer name b{n}\n" for n in range(PAIRS))
        batch.flush()
        both = sides(nslab, python, ["-netns", NETNS, "-batch", batch.name])
        del both["python"]
        found[BATCH] = compared(both, max(1, rounds // FEWER), fresh)
    return found


def imports(python: str, rounds: int) -> dict[str, list[float]]:
    """Time a process that imports nslab, or one of its verbs, and does nothing."""
    names = subprocess.run(
        [python, "-c", "import nslab.cli; print(*nslab.cli.VERBS)"],
        capture_output=True,
        check=True,
        text=True,
    ).stdout.split()
    modules = {"nslab": "nslab", **{f"nslab {name}": f"nslab.cli.{name}" for name in names}}
    commands = {name: [python, "-c", f"import {module}"] for name, module in modules.items()}
    return compared({"python": [python, *BARE], **commands}, max(1, rounds // FEWER))


def measure(options: Options) -> Figures:
    """Measure all of it in one sandbox."""
    if why := no_iproute2() or no_command(options.python):
        return {"skipped": why}
    nslab = str(Path(options.python).with_name("nslab"))
    rounds = options.rounds or (FEWER if options.quick else ROUNDS)
    words = ["-m", "parts.commands", nslab, options.python, str(rounds)]
    try:
        return figures_of(sandboxed([sys.executable, *words]), options.timeout)
    except RunError as failure:
        return {"skipped": str(failure)}


def main(nslab: str, python: str, rounds: int) -> None:
    """Be the program in the sandbox."""
    found = {EXEC: in_a_lab(nslab, python, rounds), **with_ip(nslab, python, rounds)}
    print(json.dumps({"commands": found, "imports": imports(python, rounds)}))


PART = Part("commands", "whole commands, and imports", measure)

if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
