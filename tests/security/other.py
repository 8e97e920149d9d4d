"""Another user of the same machine, played by a child: only root can be somebody else."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from nslab.kernel import libc
from tests.kernel.sandboxed import NOBODY
from tests.plan.way.world import python_for_all

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

STRANGER = 54321
"""A user with whom nobody has anything in common."""


def asked(function: Callable[[], object], user: int = STRANGER) -> str:
    """Let a user do something; give what it says of the result, or of the error."""
    with _child(function, user) as said:
        return said


@contextlib.contextmanager
def another_user(function: Callable[[], object], user: int = NOBODY) -> Iterator[str]:
    """Let a user do something and stay; give what it says of the result, or of the error."""
    with _child(function, user) as said:
        yield said


@contextlib.contextmanager
def _child(function: Callable[[], object], user: int) -> Iterator[str]:
    if os.getuid() != 0 or Path("/proc/self/uid_map").read_text().split()[2] != "4294967295":
        pytest.skip("only root can be another user")
    python = python_for_all() or sys.executable
    readable, writable = os.pipe()
    child = os.fork()
    if child == 0:
        sys.executable = python  # the tests' own may be out of others' reach
        _be(user, function, writable)
    os.close(writable)
    try:
        with os.fdopen(readable) as file:
            yield file.readline().rstrip("\n")
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def _be(user: int, function: Callable[[], object], writable: int) -> None:
    try:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
        libc.prctl(4, 1)  # PR_SET_DUMPABLE: else /proc/self stays root's
        result = function()
        said = repr(result)
    except BaseException as error:  # noqa: BLE001 - the parent shall see whatever it is
        said = f"{type(error).__name__}: {error}"
    os.write(writable, said.replace("\n", " ").encode() + b"\n")
    signal.alarm(60)
    signal.pause()
