"""Moments at which to kill: after so many steps, after so many calls into the kernel.

Both are seams of the process that runs nslab: `apply` takes its steps one by one, and Python tells
a profiler of each function in C that returns. So such a moment does not depend on the clock.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING
from unittest import mock

from nslab.plan import apply
from nslab.plan.steps import AddNetns
from tests.torture.machine import holders

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import FrameType

    from nslab.kernel.sandbox import Sandbox
    from nslab.plan.steps import Step

    Reached = Callable[[], None]
    """Told of each moment."""

COMMAND, HOLDER, BOTH = "the command", "the holder", "both"

_KERNEL = {"posix", "_io", "_socket", "socket", "_posixsubprocess", "fcntl", "select"}


def strike(victim: str, command: int, known: Sequence[int] = ()) -> None:
    """Kill, as nobody should.

    Args:
        victim: which.
        command: the PID of the command.
        known: those of the holders; a process that has joined a lab cannot find them.
    """
    pids = (known or holders()) if victim in (HOLDER, BOTH) else []
    for pid in [*pids, *([command] if victim in (COMMAND, BOTH) else [])]:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


def after(place: int, victim: str) -> Reached:
    """Strike at the moment of that number, the first being 1."""
    seen, known = 0, holders()

    def reached() -> None:
        nonlocal seen
        seen += 1
        if seen == place:
            sys.setprofile(None)
            strike(victim, os.getpid(), known)

    return reached


def at_steps(reached: Reached) -> None:
    """Let this process tell of each step that it has taken; it takes them one by one."""
    taken = apply._take

    def take(run: list[Step], sandbox: Sandbox, done: list[Step]) -> None:
        taken(run, sandbox, done)
        if isinstance(run[0], AddNetns):
            sandbox.settle()
        reached()

    mock.patch.object(apply, "_BATCH", 1).start()
    mock.patch.object(apply, "_take", take).start()


def count_all(step: Reached, call: Reached) -> None:
    """Let this process tell of each step and each call, and do all as ever."""
    taken = apply._take

    def take(run: list[Step], sandbox: Sandbox, done: list[Step]) -> None:
        taken(run, sandbox, done)
        for _ in run:
            step()

    mock.patch.object(apply, "_take", take).start()
    at_calls(call)


def at_calls(reached: Reached) -> None:
    """Let this process tell of each call into the kernel that has returned."""

    def profile(frame: FrameType, event: str, called: object) -> None:
        system_call = frame.f_globals.get("__name__") == "nslab.kernel.libc"
        if (event == "return" and system_call) or (event == "c_return" and _is_kernel_s(called)):
            reached()

    sys.setprofile(profile)


def _is_kernel_s(called: object) -> bool:
    """Tell by the module of a function in C, or of the object whose method it is."""
    own = getattr(called, "__module__", None)
    return (own or type(getattr(called, "__self__", None)).__module__) in _KERNEL
