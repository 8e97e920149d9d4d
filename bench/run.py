"""Run the benchmark: every contestant in turn, round after round, and write the report.

Usage: python3 bench/run.py [--quick] [--nodes 10,100] [--rounds 3] [--only floor,commands,uplink]
Needs Python >= 3.11 alone; what the contestants need is in bench/README.md.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import json
import os
import shlex
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import field
import machine
import report
import settle

if TYPE_CHECKING:
    from collections.abc import Callable

NODES = [10, 100, 1000]
QUICK_NODES = [10, 100]
ROUNDS = 5
COMMAND_ROUNDS = 20
"""Whole commands run this many times as often as stars."""

COMMANDS, UPLINK = "commands", "uplink"
"""What `--only` calls the comparisons of whole commands and of ways out."""

UPLINK_ROUNDS = 2
"""The ways out run this many times as often as stars."""

SLOW_NODES = 1000
"""A slow contestant makes at most about this many nodes in all its rounds of one size."""

TIMEOUT = 900.0
"""Seconds after which one run is given up."""

PATIENCE = 30.0
"""Seconds that a run has to clean up after itself when it is asked to stop."""

GRACE = 2.0
"""Seconds after its end in which what a run has started may still be dying."""

MOST_NODES = 1023
"""The kernel lets a bridge have no more ports."""

PR_SET_CHILD_SUBREAPER = 36


class RunError(Exception):
    """One run did not give a right result."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line asks for."""

    nodes: list[int]
    rounds: int
    only: list[str]
    python: str
    results: Path
    output: Path | None
    readme: Path | None
    timeout: float


def become_subreaper() -> None:
    """Be given the orphans of what we start (prctl(2)): nslab's holder is one when it is alone."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")


def wait_for(process: subprocess.Popen[bytes]) -> int:
    """Wait for one child and bury every orphan that dies meanwhile; return its exit status."""
    while True:
        pid, status = os.waitpid(-1, 0)
        if pid == process.pid:
            process.returncode = os.waitstatus_to_exitcode(status)
            return process.returncode


def children() -> list[int]:
    """Give our living children, those that we were given among them."""
    found: list[int] = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            if path.read_text().rpartition(")")[2].split()[1] == str(os.getpid()):
                found.append(int(path.parent.name))
    return found


def end_orphans() -> int:
    """Kill what a run has left behind, after a moment of grace; return how many."""
    deadline, ended = time.monotonic() + GRACE, 0
    while True:
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return ended
        if pid:
            continue
        if time.monotonic() > deadline:
            for child in children():
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)
                ended += 1
        time.sleep(settle.POLL)


def stop_after(process: subprocess.Popen[bytes], seconds: float) -> list[threading.Timer]:
    """Ask the run to stop when its time is over, and make it stop when it does not."""

    def send(number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)

    timers = [
        threading.Timer(seconds, send, (signal.SIGTERM,)),
        threading.Timer(seconds + PATIENCE, send, (signal.SIGKILL,)),
    ]
    for timer in timers:
        timer.start()
    return timers


def plain_environment() -> dict[str, str]:
    """Give our environment without what makes Python slower or faster than it is by itself."""
    return {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}


def run_once(command: list[str], timeout: float) -> dict[str, Any]:
    """Run one contestant once; return the figures that it prints."""
    with (
        tempfile.TemporaryFile() as out,
        tempfile.TemporaryFile() as err,
        tempfile.TemporaryDirectory(prefix="nslab-bench-") as folder,
    ):
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            env={**plain_environment(), "TMPDIR": folder},
            start_new_session=True,
        )
        timers = stop_after(process, timeout)
        try:
            status = wait_for(process)
        except BaseException:
            timers += stop_after(process, 0)
            wait_for(process)
            raise
        finally:
            for timer in timers:
                timer.cancel()
            left = end_orphans()
        out.seek(0)
        err.seek(0)
        printed, errors = out.read().decode(), err.read().decode(errors="replace")
    if status:
        last = [line for line in errors.splitlines() if line.strip()][-3:]
        why = " / ".join(last).replace(str(machine.ROOT), ".")
        raise RunError(f"exit status {status}: {why}")
    if left:
        raise RunError(f"it left {left} processes behind")
    figures: dict[str, Any] = json.loads(printed.splitlines()[-1])
    return figures


def rounds_of(contestant: field.Contestant, nodes: int, rounds: int) -> int:
    """Tell how many rounds a contestant runs of one size: at least one."""
    return min(rounds, max(1, SLOW_NODES // nodes)) if contestant.slow else rounds


def say(text: str) -> None:
    """Tell the person in front of the terminal how far we are."""
    print(text, file=sys.stderr, flush=True)


def run_all(
    field_here: list[field.Contestant], options: Options
) -> tuple[list[report.Run], list[report.Failure]]:
    """Run every round of every size, in alternation."""
    runs: list[report.Run] = []
    failures: list[report.Failure] = []
    for nodes in options.nodes:
        for number in range(options.rounds):
            for contestant in field_here:
                failed = any(f.contestant == contestant.key and f.nodes == nodes for f in failures)
                if failed or number >= rounds_of(contestant, nodes, options.rounds):
                    continue
                label = f"{nodes} nodes, round {number + 1}: {contestant.key}"
                command = contestant.full_command(nodes, check=number == 0)
                settle.settle()
                try:
                    figures = run_once(command, options.timeout)
                except RunError as failure:
                    say(f"{label}: FAILED: {failure}")
                    failures.append(report.Failure(contestant.key, nodes, str(failure)))
                    continue
                run = report.Run.load({**figures, "contestant": contestant.key, "nodes": nodes})
                say(f"{label}: {run.up:.3f} s")
                runs.append(run)
    return runs, failures


def compare(
    options: Options, key: str, title: str, lack: Callable[[str], str | None], command: list[str]
) -> tuple[dict[str, Any], str | None]:
    """Run a comparison, if that was asked for and can be done; give its figures, or why none.

    Args:
        options: what the command line asks for.
        key: what `--only` calls it.
        title: what it compares.
        lack: says why it cannot be done with an interpreter's nslab, or None.
        command: prints its figures.
    """
    if options.only and key not in options.only:
        return {}, "they were not asked for"
    obstacle = lack(options.python)
    if obstacle is None:
        try:
            return run_once(command, options.timeout), None
        except RunError as failure:
            obstacle = str(failure)
    say(f"skipped: {title}: {obstacle}")
    return {}, obstacle


def entries(options: Options) -> tuple[list[report.Entry], list[field.Contestant]]:
    """Find out who can run here, and describe everybody."""
    described, able = [], []
    for contestant in field.contestants(options.python):
        if options.only and contestant.key not in options.only:
            skipped: str | None = "it was not asked for"
        else:
            skipped = contestant.obstacle()
        if skipped is None:
            able.append(contestant)
        else:
            say(f"skipped: {contestant.key}: {skipped}")
        version = "" if skipped else contestant.version()
        described.append(
            report.Entry(
                contestant.key, contestant.title, contestant.description(), version, skipped
            )
        )
    return described, able


def parse(arguments: list[str]) -> Options:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="N = 10 and 100, one round")
    parser.add_argument("--nodes", help="sizes of the star, with commas (default 10,100,1000)")
    parser.add_argument("--rounds", type=int, help=f"rounds of each size (default {ROUNDS})")
    parser.add_argument(
        "--only", default="", help=f"names of contestants, {COMMANDS} or {UPLINK}, with commas"
    )
    parser.add_argument("--python", help="the interpreter that has nslab (default: .venv's)")
    parser.add_argument("--results", type=Path, default=field.BENCH / "results.json")
    parser.add_argument(
        "--output",
        type=Path,
        help="the report (default: docs/benchmarks.md for the full run, none for a part of it)",
    )
    parser.add_argument("--timeout", type=float, default=TIMEOUT, help="seconds for one run")
    found = parser.parse_args(arguments)
    nodes = [int(word) for word in found.nodes.split(",")] if found.nodes else NODES
    if found.quick and not found.nodes:
        nodes = QUICK_NODES
    if not all(1 <= count <= MOST_NODES for count in nodes):
        parser.error(f"a bridge takes 1 to {MOST_NODES} nodes")
    only = [word for word in found.only.split(",") if word]
    beside = machine.ROOT / ".venv/bin/python"
    python = found.python or (str(beside) if beside.exists() else sys.executable)
    unknown = set(only) - {COMMANDS, UPLINK} - {one.key for one in field.contestants(python)}
    if unknown:
        parser.error(f"no such contestant: {', '.join(sorted(unknown))}")
    rounds = found.rounds or (1 if found.quick else ROUNDS)
    whole = not (only or found.quick or found.nodes)
    output = found.output or (machine.ROOT / "docs/benchmarks.md" if whole else None)
    readme = machine.ROOT / "README.md" if whole else None
    return Options(nodes, rounds, only, python, found.results, output, readme, found.timeout)


def command_line(arguments: list[str]) -> str:
    """Give the command to repeat this run, with paths as seen from the checkout."""
    words = [
        os.path.relpath(word, machine.ROOT) if word.startswith("/") else word for word in arguments
    ]
    return shlex.join(["python3", "bench/run.py", *words])


def main() -> int:
    options = parse(sys.argv[1:])
    become_subreaper()
    described, able = entries(options)
    surroundings = machine.describe()
    started = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())
    waited = settle.settle()
    rounds = options.rounds * COMMAND_ROUNDS, options.rounds * UPLINK_ROUNDS
    command = field.commands(options.python, rounds[0])
    times = compare(options, COMMANDS, "whole commands", field.no_commands, command)
    command = field.uplink(options.python, rounds[1])
    ways = compare(options, UPLINK, "ways out", field.no_uplink, command)
    runs, failures = run_all(able, options)
    settle.settle()
    results = report.Results(
        command=command_line(sys.argv[1:]),
        started=started,
        machine=surroundings,
        settled=waited,
        entries=described,
        runs=runs,
        failures=failures,
        commands=report.Commands(*times),
        uplinks=report.Uplinks(*ways),
    )
    options.results.write_text(json.dumps(results.dump(), indent=1) + "\n")
    if options.output is not None:
        options.output.write_text(report.document(results))
    if options.readme is not None:
        options.readme.write_text(report.with_summary(options.readme.read_text(), results))
    print(report.tables(results))
    return 1 if failures or not (runs or times[0] or ways[0]) else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("interrupted: nothing was written")
