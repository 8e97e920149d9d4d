"""A few labs at once, as `python -m tests.torture.many` does with fifty."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from nslab import Lab, up
from nslab.kernel.sandbox import Sandbox
from tests.kernel.sandboxed import sandboxed
from tests.torture import apart, many

if TYPE_CHECKING:
    from tests.torture.results import Figure


def none_feels_another(figures: list[Figure], failures: list[str]) -> None:
    assert failures == []
    found = dict(figures)
    assert found["pairs of nodes that reached each other"] == 6 * 12
    assert found["labs that went on while others were changed, ended and killed"] == 2
    assert found["frames of another lab among them"] == 0
    assert int(found["frames that were listened to"]) > 6 * 12
    assert int(found["neighbours that nodes knew"]) > 0


@sandboxed
def test_no_lab_of_roots_feels_another() -> None:
    none_feels_another(*many.run(6, f"m{os.getpid()}"))


@pytest.mark.kernel
@pytest.mark.usefixtures("able")
def test_no_lab_of_a_plain_user_feels_another() -> None:
    if os.getuid() == 0:
        none_feels_another(*apart.run("tests.torture.many", "--labs", "6", user=True))
    else:
        none_feels_another(*many.run(6, f"m{os.getpid()}"))


@sandboxed
def test_a_foreign_frame_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    own = many.macs
    monkeypatch.setattr(many, "macs", lambda name: set() if name.endswith("-5") else own(name))
    _, failures = many.run(6, f"f{os.getpid()}")
    assert any("foreign frames" in one for one in failures)
    assert any("knows [" in one for one in failures)


@sandboxed
def test_a_lab_that_is_left_behind_would_be_noticed() -> None:
    prefix = f"l{os.getpid()}"
    before = many.facts(prefix)
    with up(Lab(f"{prefix}-0")), Sandbox.connect(f"{prefix}-0"):
        assert many.facts(prefix) != before
    assert many.facts(prefix)["processes"] == []
