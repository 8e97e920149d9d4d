"""Programs beside a lab run only if its holder knows them."""

from __future__ import annotations

import os
from pathlib import Path
from unittest import mock

import pytest

from nslab.kernel import beside
from nslab.kernel.sandbox import Sandbox
from tests.kernel.labs import commands, eventually, started

pytestmark = pytest.mark.kernel


def test_one_whose_starter_is_killed_before_the_holder_knows_it_does_not_run() -> None:
    command = ["sleep", f"77{os.getpid()}"]
    with started() as sandbox:
        child = os.fork()
        if child == 0:
            own = Sandbox.connect(sandbox.lab)
            with mock.patch.object(own, "lodge", side_effect=lambda *_: os._exit(9)):
                beside.start(own, "sleeper", command)
            os._exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
        starter = f"nslab.kernel.beside import main; main() {Path(beside.__file__).parents[2]}"
        waiting = f"{starter} {sandbox.pid} "
        assert eventually(lambda: not any(waiting in text for text in commands()))
        assert " ".join(command) not in commands()
        assert sandbox.lodgers() == []


def test_one_that_the_holder_knows_runs_until_it_is_stopped() -> None:
    command = ["sleep", f"78{os.getpid()}"]
    with started() as sandbox:
        beside.start(sandbox, "sleeper", command)
        assert eventually(lambda: " ".join(command) in commands())
        assert sandbox.lodgers() == ["sleeper"]
        beside.stop(sandbox, "sleeper")
        assert " ".join(command) not in commands()
