"""Running a program as a child of one's own."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING
from unittest import mock

import pytest

from nslab.errors import LabNotRunningError
from nslab.kernel import libc, spawn
from tests.kernel.sandboxed import sandboxed

if TYPE_CHECKING:
    from pathlib import Path


def test_a_program_whose_parent_is_killed_before_it_begins_does_not_begin(tmp_path: Path) -> None:
    made = tmp_path / "made"
    real = spawn._die_with_parent

    def too_late(parted: int) -> None:
        parent = os.getppid()
        os.kill(parent, signal.SIGKILL)
        while os.getppid() == parent:
            time.sleep(0.001)
        real(parted)

    readable, writable = os.pipe()
    os.set_inheritable(writable, True)  # noqa: FBT003 - the only way to say it
    parent = os.fork()
    if parent == 0:
        with mock.patch.object(spawn, "_die_with_parent", too_late):
            spawn.run_child("lab", ["touch", str(made)], os.environ)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(parent, 0)[1]) == -signal.SIGKILL
    os.close(writable)
    assert os.read(readable, 1) == b""  # whoever was to be the program has ended, too
    os.close(readable)
    assert not made.exists()


@sandboxed
def test_a_lab_that_ends_as_it_is_joined_has_ended() -> None:
    libc.unshare(libc.CLONE_NEWPID)
    first = os.fork()
    if first == 0:
        os._exit(0)
    os.waitpid(first, 0)
    with pytest.raises(LabNotRunningError, match='the lab "office" ended'):
        spawn.run_child("office", ["true"], os.environ)
