"""Labs for which this machine has no room: refused before the first step."""

from __future__ import annotations

import resource
import signal
from pathlib import Path

import pytest

from nslab import diff, up
from nslab.errors import NslabError
from nslab.kernel import cgroup, limits
from nslab.kernel.sandbox import running
from nslab.plan import room
from nslab.plan.costs import CABLE, NETNS
from nslab.plan.diff import compare
from nslab.plan.lower import lower
from nslab.plan.room import Needs, Room, crowded, needs_of_change, needs_of_lab
from tests.kernel.sandboxed import nested
from tests.plan.labs import star

NEEDED = Needs(30_000, 30_000)


def test_a_lab_needs_what_its_plan_makes() -> None:
    state = lower(star("star", 5).resolve())
    assert needs_of_lab(state) == needs_of_change(compare(state, {})) == Needs(6, 5)


def test_what_fits_is_not_refused() -> None:
    assert crowded(NEEDED, Room()) == ("", "")
    assert crowded(NEEDED, Room(30_000, NEEDED.memory)) == ("", "")


@pytest.mark.parametrize(
    ("there", "why", "hint"),
    [
        (
            Room(namespaces=10_000),
            "it needs 30,000 more namespaces, and user.max_net_namespaces allows 10,000",
            "`sudo sysctl -w user.max_net_namespaces=65536`",
        ),
    ],
)
def test_what_does_not_fit_is_said_with_its_remedy(there: Room, why: str, hint: str) -> None:
    assert crowded(NEEDED, there) == (why, hint)


def test_too_little_memory_is_said_with_how_many_would_fit() -> None:
    why, hint = crowded(Needs(2000, 2000), Room(memory=1000 * (NETNS + CABLE)))
    assert "of memory, and 0." in why
    assert hint == "that is enough for about 1,000 of its 2,000 new namespaces"


@nested
def test_a_lab_beyond_the_limit_of_namespaces_is_refused_and_leaves_nothing() -> None:
    Path("/proc/sys/user/max_net_namespaces").write_text("7")
    with pytest.raises(NslabError, match="it needs 21 more namespaces, and user") as caught:
        up(star("star", 20))
    assert str(caught.value).startswith('no room for the lab "star": ')
    assert running() == []


@nested
def test_a_lab_may_have_more_namespaces_than_a_process_may_have_descriptors() -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (300, 300))
    with up(star("star", 100), keep=True) as lab:
        up(star("star", 400))
        assert len(lab.observed().nodes) == 400
        assert up(star("star", 400)).drift() == []
        assert diff(star("star", 400)).steps == ()
        assert not lab.ping("n0", "n399").broken
        up(star("star", 395))
        assert len(lab.observed().nodes) == 395
        with lab["n0"].popen(["sleep", "60"]) as sleeper:
            lab.down()
            assert sleeper.wait(5) == -signal.SIGTERM
    assert running() == []


@nested
def test_a_lab_of_more_namespaces_than_a_program_can_open_at_once() -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (120, 120))
    with up(star("star", 60)) as lab:
        assert lab.drift() == []
        assert len(lab.observed().nodes) == 60


@nested
def test_a_lab_that_takes_more_memory_than_is_left_is_refused() -> None:
    room.limits.memory = lambda: 1 << 20  # type: ignore[attr-defined]
    with pytest.raises(NslabError, match=r"about 0.0 GiB of memory, and 0.0 GiB is left"):
        up(star("star", 20))
    assert running() == []


def test_the_memory_that_is_left_is_known_here() -> None:
    assert 0 < (limits.memory() or 0) < 1 << 50


@pytest.mark.parametrize(
    ("own", "files", "left"),
    [
        ("0::/", {"": None}, None),
        ("0::/a/b", {"/a": (1000, 300, "inactive_file 50")}, 750),
        ("0::/a/b", {"/a": (1000, 300, ""), "/a/b": (500, 100, "")}, 400),
        ("4:memory:/a\n0::/", {"/memory/a": (900, 300, "total_inactive_file 1")}, 601),
        ("4:memory:/not/seen", {"/memory": (900, 300, "")}, 600),
    ],
)
def test_the_groups_of_both_versions_limit_memory(
    own: str,
    files: dict[str, tuple[int, int, str] | None],
    left: int | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for group, said in files.items():
        folder = tmp_path / group.strip("/")
        folder.mkdir(parents=True, exist_ok=True)
        first = "memory" in group
        names = ("limit_in_bytes", "usage_in_bytes") if first else ("max", "current")
        for name, number in zip(names, said[:2] if said else (), strict=False):
            (folder / f"memory.{name}").write_text(f"{number}\n")
        (folder / "memory.stat").write_text(said[2] if said else "")
    (tmp_path / "own").write_text(own)
    monkeypatch.setattr(cgroup, "_MOUNT", str(tmp_path))
    monkeypatch.setattr(cgroup, "_OWN", str(tmp_path / "own"))
    assert cgroup.memory_left() == left
