"""Signals at any moment, for the whole process group: undone or done, told in one line."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from tests.cli.machine import NSLAB
from tests.cli.striking import SIGNALS, Blow, blows, fits, not_begun, strike
from tests.kernel.labs import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cli.machine import Machine

pytestmark = pytest.mark.kernel

INTERRUPTED = "nslab: interrupted\n"
LAB = "name: struck\nbridges: {{lan: {{subnet: 10.0.0.0/16, ports: [{ports}]}}}}\n"


def text(count: int) -> str:
    return LAB.format(ports=", ".join(f"n{number}" for number in range(count)))


@pytest.fixture
def file(machine: Machine) -> Iterator[Path]:
    yield machine.write("struck.yaml", text(20))
    machine.run("down", "--all", "-q")


def struck(machine: Machine, blow: Blow, *words: str) -> int:
    """Run nslab and strike it; it must end as it should. Give the exit code."""
    command = machine.command(*NSLAB, *words)
    code, said = strike(command, blow, cwd=machine.folder, env=machine.environment)
    assert fits(code, said, blow), (blow, code, said)
    return code


def seconds(machine: Machine, *words: str) -> float:
    """Say how long a command takes that nothing strikes."""
    begun = time.monotonic()
    assert machine.run(*words).code == 0
    return time.monotonic() - begun


def test_up(machine: Machine, file: Path) -> None:
    longest = seconds(machine, "up", "-q", str(file))
    machine.run("down")
    codes = set()
    for blow in blows(1, 12, longest):
        code = struck(machine, blow, "up", "-q", str(file))
        codes.add(code)
        if machine.labs():  # the signal came when all was done
            assert machine.run("show", "--drift").code == 0
            machine.run("down")
    assert codes & {129, 130, 143}


def test_up_of_a_change(machine: Machine, file: Path) -> None:
    machine.run("up", "-q", str(file))
    before = machine.run("show").out
    file.write_text(text(30))
    longest = seconds(machine, "up", "-q", str(file))
    after = machine.run("show").out
    for blow in blows(2, 6, longest):
        file.write_text(text(20))
        assert machine.run("up", "-q", str(file)).code == 0
        file.write_text(text(30))
        struck(machine, blow, "up", "-q", str(file))
        assert machine.run("show").out in (before, after)
        assert machine.run("show", "--drift").code == 0


@pytest.mark.parametrize("number", SIGNALS)
def test_up_that_is_struck_twice_after_any_step(
    machine: Machine, file: Path, number: signal.Signals
) -> None:
    steps = len(json.loads(machine.run("plan", "-j", str(file)).out))
    for place in range(1, steps, steps // 3):
        command = machine.command(*NSLAB, "up", "-v", str(file))
        with subprocess.Popen(
            command,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            cwd=machine.folder,
            env=machine.environment,
        ) as process:
            assert process.stderr is not None
            for _ in range(place):
                process.stderr.readline()
            for _ in range(2):
                os.killpg(process.pid, number)
                time.sleep(0.01)
            said = [line for line in process.stderr if line.startswith("nslab: ")]
        assert process.returncode in (0, 128 + number)
        assert "Traceback" not in "".join(said)
        if process.returncode and not machine.labs():
            assert said == ['nslab: interrupted: the lab "struck" was undone\n']
        machine.run("down", "--all")


def test_down(machine: Machine, file: Path) -> None:
    machine.run("up", "-q", str(file))
    longest = seconds(machine, "down", "struck")
    for blow in blows(3, 6, longest):
        machine.run("up", "-q", str(file))
        struck(machine, blow, "down", "struck")
        if machine.labs():  # it was not begun
            assert machine.run("show", "--drift").code == 0


def test_ping_and_exec(machine: Machine, file: Path) -> None:
    machine.run("up", "-q", str(file))
    longest = seconds(machine, "ping", "--all")
    for blow in blows(4, 6, longest):
        struck(machine, blow, "ping", "--all")
    for blow in blows(5, 6, longest):
        command = machine.command(*NSLAB, "exec", "n1", "sleep", "300")
        code, said = strike(command, blow, cwd=machine.folder, env=machine.environment)
        own = code in (128 + blow.number, -blow.number) and said in ("", INTERRUPTED)
        assert own or not_begun(code, said), (blow, code, said)
    assert eventually(lambda: not sleepers(machine), 5.0)
    assert machine.run("show", "--drift").code == 0


def sleepers(machine: Machine) -> str:
    return machine.run("exec", "n1", "pgrep", "-x", "sleep").out


def test_up_that_waits_for_another_one(machine: Machine, file: Path) -> None:
    """Whoever holds the lab to change it may take long: waiting ends by Ctrl-C at once."""
    machine.run("up", "-q", str(file))
    code = (
        "from nslab.kernel.sandbox import Sandbox\n"
        "import time\n"
        "sandbox = Sandbox.connect('struck')\n"
        "sandbox.become_writer()\n"
        "print('holds', flush=True)\n"
        "time.sleep(300)\n"
    )
    command = machine.command(sys.executable, "-c", code)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as other:
        try:
            assert other.stdout is not None
            assert other.stdout.readline() == "holds\n"
            file.write_text(text(21))
            with machine.start("up", str(file)) as process:
                assert not eventually(lambda: process.poll() is not None, 0.7)
                process.send_signal(signal.SIGINT)
                assert eventually(lambda: process.poll() is not None, 5)
                assert process.stderr is not None
                said = process.stderr.read()
            assert process.returncode == 130
            assert said in (
                INTERRUPTED,
                INTERRUPTED[:-1] + ': the lab "struck" is as it was before\n',
            )
        finally:
            other.kill()
    assert machine.run("show", "--drift").code == 0
