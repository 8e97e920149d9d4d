"""Run a program once, wholly: no process of it is left, and what it prints last is its result."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import signal
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import machine
import settle

BENCH = Path(__file__).resolve().parent

PATIENCE = 30.0
"""Seconds that a run has to clean up after itself when it is asked to stop."""

GRACE = 2.0
"""Seconds after its end in which what a run has started may still be dying."""

PR_SET_CHILD_SUBREAPER = 36


class RunError(Exception):
    """One run did not give a right result."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a program ended.

    Attributes:
        status: its exit status.
        printed: what it wrote to its standard output.
        errors: to its standard error.
        left: how many processes it left behind; they have been killed.
    """

    status: int
    printed: str
    errors: str
    left: int


def become_subreaper() -> None:
    """Be given the orphans of what we start (prctl(2)): nslab's holder is one when it is alone."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")


def figures_of(command: list[str], timeout: float) -> dict[str, Any]:
    """Run a program in the folder `bench` and give the line of JSON that it prints last.

    Args:
        command: the program; it finds our modules, as `python -m`.
        timeout: seconds after which it is given up.

    Raises:
        RunError: it failed, or left processes behind.
    """
    begun = time.monotonic()
    ended = run_once(command, timeout)
    if ended.status and time.monotonic() - begun > timeout:
        raise RunError(f"it was not done after {timeout:.0f} s")
    if ended.status:
        last = [line for line in ended.errors.splitlines() if line.strip()][-3:]
        why = " / ".join(last).replace(str(machine.ROOT), ".")
        raise RunError(f"exit status {ended.status}: {why}")
    if ended.left:
        raise RunError(f"it left {ended.left} processes behind")
    figures: dict[str, Any] = json.loads(ended.printed.splitlines()[-1])
    return figures


def run_once(command: list[str], timeout: float) -> Ended:
    """Run a program and all that it starts until nothing of it is left."""
    with (
        tempfile.TemporaryFile() as out,
        tempfile.TemporaryFile() as err,
        tempfile.TemporaryDirectory(prefix="nslab-bench-") as folder,
    ):
        process = subprocess.Popen(
            command,
            cwd=BENCH,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            env={**_plain_environment(), "TMPDIR": folder},
            start_new_session=True,
        )
        timers = _stop_after(process, timeout)
        try:
            status = _wait_for(process)
        except BaseException:
            timers += _stop_after(process, 0)
            _wait_for(process)
            raise
        finally:
            for timer in timers:
                timer.cancel()
            left = _end_orphans()
        out.seek(0)
        err.seek(0)
        return Ended(status, out.read().decode(), err.read().decode(errors="replace"), left)


def _wait_for(process: subprocess.Popen[bytes]) -> int:
    """Wait for one child and bury every orphan that dies meanwhile; return its exit status."""
    while True:
        pid, status = os.waitpid(-1, 0)
        if pid == process.pid:
            process.returncode = os.waitstatus_to_exitcode(status)
            return process.returncode


def _children() -> list[int]:
    """Give our living children, those that we were given among them."""
    found: list[int] = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            if path.read_text().rpartition(")")[2].split()[1] == str(os.getpid()):
                found.append(int(path.parent.name))
    return found


def _end_orphans() -> int:
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
            for child in _children():
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)
                ended += 1
        time.sleep(settle.POLL)


def _stop_after(process: subprocess.Popen[bytes], seconds: float) -> list[threading.Timer]:
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


def _plain_environment() -> dict[str, str]:
    """Give our environment without what makes Python slower or faster than it is by itself."""
    return {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
