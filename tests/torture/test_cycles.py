"""Some cycles of each kind, as `python -m tests.torture.cycles` does a thousand."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from nslab import Lab, up
from tests.kernel.sandboxed import NOBODY, as_user, nested, sandboxed
from tests.plan.way.world import World, in_world
from tests.torture import cycles


def nothing_grows(part: str, count: int) -> None:
    figures, failures = cycles.run(part, count, f"c{os.getpid()}", alone=False)
    assert failures == []
    assert dict(figures)["cycles in one process"] == count


@pytest.mark.parametrize(
    ("part", "count"), [("plain", 20), ("change", 6), ("programs", 6), ("ping", 6)]
)
@as_user(NOBODY)
def test_nothing_grows_and_no_namespace_stays(part: str, count: int) -> None:
    nothing_grows(part, count)
    assert cycles.exact(f"e{os.getpid()}") == []


@nested
def test_for_root_nothing_grows_and_no_namespace_stays() -> None:
    nothing_grows("plain", 10)


@in_world()
def test_nothing_grows_of_labs_that_the_kernel_leads_out(world: World) -> None:
    before = world.state()
    nothing_grows("kernel", 4)
    assert world.state() == before


@sandboxed
def test_what_stays_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[object] = []

    def leaky(name: str) -> None:
        with up(Lab(name)):
            kept.append(Path("/proc/self").stat())
        kept.append(Path("/dev/null").open("rb"))  # noqa: SIM115 - it is to stay
        kept.append(corpse := subprocess.Popen(["true"]))
        os.waitid(os.P_PID, corpse.pid, os.WEXITED | os.WNOWAIT)

    monkeypatch.setitem(cycles.PARTS, "plain", leaky)
    _, failures = cycles.run("plain", 4, f"c{os.getpid()}", alone=False)
    assert failures == ["descriptors grew by 2", "its corpses of processes grew by 2"]


@as_user(NOBODY)
def test_a_namespace_that_stays_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cycles, "_PATIENCE", 1.0)
    with up(Lab(f"s{os.getpid()}")):
        (wrong,) = cycles.exact(f"e{os.getpid()}")
        assert wrong.startswith("namespaces of earlier cycles are still there")
