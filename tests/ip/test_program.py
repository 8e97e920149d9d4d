"""A program that is run in somebody else's process, by a test or by `nslab.cli.main`."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

import pytest

from nslab.ip import program

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path


@pytest.fixture(name="restored")
def _restored() -> Iterator[None]:
    yield
    gc.enable()


@pytest.mark.parametrize("words", [["-V"], ["nonsense"], ["-nonsense"]])
@pytest.mark.usefixtures("restored")
def test_garbage_is_collected_afterwards_where_it_was_before(words: Sequence[str]) -> None:
    gc.enable()
    program.run("ip", words)
    assert gc.isenabled()
    gc.disable()
    program.run("ip", words)
    assert not gc.isenabled()


@pytest.mark.usefixtures("restored")
def test_garbage_is_not_collected_after_a_batch_where_it_was_not_before(tmp_path: Path) -> None:
    lines = tmp_path / "lines"
    lines.write_text("nonsense\n")
    gc.disable()
    assert program.run("ip", ["-batch", str(lines)]) == 1
    assert not gc.isenabled()
