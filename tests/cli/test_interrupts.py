"""Interrupted half-way: one line, the exit code of its signal, nothing left behind."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from nslab.cli.failure import report
from tests.cli.machine import NSLAB
from tests.cli.terminal import terminal_with
from tests.kernel.labs import eventually

if TYPE_CHECKING:
    from tests.cli.machine import Machine

pytestmark = pytest.mark.kernel


@pytest.fixture(scope="module")
def large(machine: Machine) -> str:
    """Give the file of a lab of 300 nodes."""
    ports = ", ".join(f"n{number}" for number in range(300))
    text = f"name: large\nbridges: {{lan: {{subnet: 10.0.0.0/16, ports: [{ports}]}}}}\n"
    return str(machine.write("large.yaml", text))


def interrupt(machine: Machine, path: str, number: signal.Signals) -> tuple[int, list[str]]:
    """Bring a lab up and interrupt that between its cables; give exit code and last words."""
    with machine.start("up", "-v", path) as process:
        assert process.stderr is not None
        while " type veth " not in process.stderr.readline():
            assert process.poll() is None
        process.send_signal(number)
        said = process.stderr.read().splitlines()
    return process.returncode, [line for line in said if line.startswith("nslab: ")]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_up_of_a_large_lab(machine: Machine, large: str, number: signal.Signals) -> None:
    done = interrupt(machine, large, number)
    assert done == (128 + number, ['nslab: interrupted: the lab "large" was undone'])
    assert machine.labs() == []


def test_killed_at_once(machine: Machine, large: str) -> None:
    assert interrupt(machine, large, signal.SIGKILL) == (-signal.SIGKILL, [])
    assert eventually(lambda: machine.labs() == [], 2.0)


def test_a_change_half_way(machine: Machine, large: str) -> None:
    path = machine.write("changed.yaml", "name: large\nnodes: {kept: {}}\n")
    machine.run("up", "-q", str(path))
    path.write_text(Path(large).read_text() + "nodes: {kept: {}}\n")
    before = machine.run("show").out
    done = interrupt(machine, str(path), signal.SIGINT)
    assert done == (130, ['nslab: interrupted: the lab "large" is as it was before'])
    assert machine.run("show").out == before
    assert machine.run("show", "--drift").code == 0
    machine.run("down")


def test_a_person_is_told_that_it_is_being_undone(machine: Machine, large: str) -> None:
    path = machine.write("told.yaml", "name: large\nnodes: {kept: {}}\n")
    machine.run("up", "-q", str(path))
    path.write_text(Path(large).read_text() + "nodes: {kept: {}}\n")
    with terminal_with(machine, *NSLAB, "up", "-v", str(path)) as terminal:
        assert terminal.shows(" type veth ")
        terminal.type("\x03")
        assert terminal.shows("undoing ")
        assert terminal.shows('nslab: interrupted: the lab "large" is as it was before')
        assert terminal.end() == 130
    machine.run("down")


STRUCK = """
import sys
from nslab import cli
def main(_):
    try:
        exec("raise KeyboardInterrupt")  # as where a dataclass is made
    except KeyboardInterrupt:
        return 130
cli.main = main
sys.exit(cli.entry())
"""


def test_the_exit_code_does_not_depend_on_where_the_signal_struck() -> None:
    assert subprocess.run([sys.executable, "-c", STRUCK], check=False).returncode == 130


def test_a_signal_that_python_hides_in_another_error(capsys: pytest.CaptureFixture[str]) -> None:
    hidden = RuntimeError("Error calling __set_name__")
    hidden.__cause__ = KeyboardInterrupt()
    assert report(hidden) == 130
    assert capsys.readouterr().err == "nslab: interrupted\n"


def test_ping(tutorial: Machine) -> None:
    tutorial.run("exec", "pc1", "ip", "link", "set", "eth0", "down")
    with tutorial.start("ping", "pc2", "pc1", "--timeout", "60") as process:
        assert process.stderr is not None
        assert not eventually(lambda: process.poll() is not None, 0.3)
        process.send_signal(signal.SIGINT)
        assert process.stderr.read() == "nslab: interrupted\n"
    assert process.returncode == 130


SWALLOWED = """
import os, signal, sys

class Struck:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGINT)

class Finder:
    @staticmethod
    def find_spec(name, *_):
        if name == "nslab.plan":
            Struck()

sys.meta_path.insert(0, Finder)
sys.argv = ["nslab", "down", "nothing"]
from nslab.cli import entry
entry()
"""


def test_ctrl_c_is_not_lost_in_an_import(machine: Machine) -> None:
    done = subprocess.run(
        machine.command(sys.executable, "-c", SWALLOWED),
        capture_output=True,
        text=True,
        check=False,
        env=machine.environment,
    )
    assert (done.returncode, done.stderr) == (130, "nslab: interrupted\n")
