"""A machine of the tests' own, alone or with a lab on it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from nslab.cli import main, up
from nslab.errors import PrivilegeError
from nslab.kernel.sandbox import Sandbox
from tests.cli.machine import TUTORIAL, Machine, Said, machine_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def able() -> None:
    """Skip where this machine gives this user no namespaces."""
    try:
        Sandbox.start(f"able-{os.getpid()}").end()
    except PrivilegeError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def machine(able: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:  # noqa: ARG001
    """Give a machine; each test leaves it without labs of its own."""
    with machine_in(tmp_path_factory.mktemp("machine")) as made:
        yield made


@pytest.fixture(scope="module")
def tutorial(machine: Machine) -> Iterator[Machine]:
    """Give the machine with the tutorial's lab on it, until the module's end."""
    done = machine.run("up", str(TUTORIAL))
    assert done.code == 0, done.err
    yield machine
    machine.run("down", "tutorial")


@pytest.fixture
def nslab(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Callable[..., Said]:
    """Give nslab within this process: for what needs no lab and makes none."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(up, "prepare_to_build", lambda _: None)  # it sets this process's signals
    monkeypatch.setenv("COLUMNS", "100")

    def run(*words: str) -> Said:
        try:
            code = main(list(words))
        except SystemExit as done:
            code = int(done.code or 0)
        return Said(code, *capsys.readouterr())

    return run
