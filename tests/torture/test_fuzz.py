"""The kept inputs and a few thousand mutants, the same in every run."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from tests.kernel.sandboxed import _forked
from tests.torture import fuzz
from tests.torture.fuzz import Guard, run


@pytest.mark.parametrize(("target", "inputs"), [("loader", 4000), ("netlink", 20000), ("ip", 6000)])
def test_strange_inputs_are_refused_or_taken(target: str, inputs: int) -> None:
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        Path(folder).chmod(0o755)  # a plain user reads it
        found = run(target, inputs, 100, Path(folder), 1, guided=False)
    assert found["findings"] == []
    assert found["count"] == inputs


def _endless(_: bytes) -> None:
    while True:
        pass


def _huge(_: bytes) -> None:
    bytearray(2 * fuzz.MEMORY)


def _broken(data: bytes) -> None:
    raise ValueError(data)


@pytest.mark.parametrize(
    ("target", "name"),
    [(_endless, "TooSlowError"), (_huge, "MemoryError"), (_broken, "ValueError")],
)
def test_the_guard_notices(target: object, name: str) -> None:
    def tried() -> None:
        guard = Guard(target, 0.2)  # type: ignore[arg-type]
        guard(b"long")
        guard(b"x")
        ((place, (_, data)),) = guard.findings.items()
        assert place.startswith(f"{name} at ")
        assert data == b"x"
        assert guard.count == 2

    _forked(lambda: None, tried)()
