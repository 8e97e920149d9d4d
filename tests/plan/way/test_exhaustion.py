"""Machines where something is used up: one line that says what and what helps, nothing left."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING
from unittest import mock

import pytest

from nslab import Lab, up
from nslab.errors import NslabError, PrivilegeError, StepError
from nslab.kernel import libc
from nslab.kernel.sandbox import running
from nslab.plan import bring
from tests.kernel.labs import eventually, fresh_name
from tests.kernel.sandboxed import NOBODY, as_user, nested
from tests.plan.way.world import World, in_world

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

LAB: dict[str, object] = {
    "name": "tight",
    "bridges": {"lan": {"subnet": "10.0.1.0/24", "uplink": True, "ports": ["pc", "web"]}},
    "nodes": {"web": {"publish": ["8080:80"]}},
}
MEGABYTE = 1 << 20
SOMEBODY = 70000
"""A user of whom no process runs."""


def tried(world: World, *options: str, within: Sequence[str] = ()) -> tuple[int, str]:
    """Bring the lab up within a limit and take it down: exit code and what was said.

    Either it is up, or the reason is told in one line; nothing is left.
    """
    path = world.folder / "tight.json"
    path.write_text(json.dumps(LAB))
    before = world.state()
    done = subprocess.run(
        command(world, ("up", "-q", str(path), *options), within),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    lines = done.stderr.splitlines()
    if done.returncode:
        assert len(lines) == 1, lines
        assert lines[0].startswith("nslab: "), lines
        assert "this is a bug" not in lines[0], lines
    else:
        assert not lines
        subprocess.run(command(world, ("down", "-q", "tight")), check=True)
    assert world.state() == before
    return done.returncode, done.stderr


def command(world: World, words: Sequence[str], within: Sequence[str] = ()) -> list[str]:
    """Give the command that runs nslab, as a user of whom no process runs, within a limit."""
    own = [str(SOMEBODY) if word == str(NOBODY) else word for word in world._command(words)]
    place = own.index("env")
    return [*own[:place], *within, *own[place:]]


def few_descriptors(world: World) -> None:
    said = [tried(world, within=("prlimit", f"--nofile={most}")) for most in (8, 10, 13, 18, 40)]
    assert [code for code, _ in said] == [1, 1, 1, 1, 0], said
    assert all("open files" in words and "(hint: " in words for code, words in said if code), said


@in_world()
def test_few_descriptors_for_root(world: World) -> None:
    few_descriptors(world)


@in_world(user=True)
def test_few_descriptors_for_a_user(world: World) -> None:
    few_descriptors(world)


@in_world(user=True)
def test_few_processes(world: World) -> None:
    said = [tried(world, within=("prlimit", f"--nproc={most}")) for most in (1, 2, 3, 4, 50)]
    assert [code for code, _ in said][:2] == [1, 1], said
    assert said[-1][0] == 0, said
    assert "Resource temporarily unavailable (hint: `ulimit -u`" in said[0][1], said


@contextlib.contextmanager
def cgroup() -> Iterator[Path]:
    """Make a group of processes whose number can be limited, or skip."""
    for above in (Path("/sys/fs/cgroup/pids"), Path("/sys/fs/cgroup")):
        made = above / f"nslab-test-{os.getpid()}"
        with contextlib.suppress(OSError):
            made.mkdir()
            break
    else:
        pytest.skip("no cgroup of the tests' own can be made here")
    try:
        if not (made / "pids.max").exists():
            pytest.skip("no cgroup here limits the number of processes")
        yield made
    finally:
        assert eventually(lambda: not (made / "cgroup.procs").read_text())
        made.rmdir()


@in_world()
def test_few_processes_of_a_cgroup(world: World) -> None:
    with cgroup() as group:
        join = ("sh", "-c", f'echo $$ >{group}/cgroup.procs && exec "$@"', "sh")
        said = []
        for most in (1, 2, 3, 4, 100):
            (group / "pids.max").write_text(str(most))
            said.append(tried(world, within=join))
    assert [code for code, _ in said][:2] == [1, 1], said
    assert said[-1][0] == 0, said
    assert all("cgroup" in words for code, words in said if code), said


@in_world()
def test_little_memory(world: World) -> None:
    said = [
        tried(world, within=("prlimit", f"--as={most * MEGABYTE}")) for most in (30, 45, 60, 400)
    ]
    assert [code for code, _ in said] == [1, 1, 1, 0], said
    assert all("memory" in words for code, words in said if code), said


@in_world()
def test_a_full_run(world: World) -> None:
    for inodes in (1, 2, 3, 4):
        libc.mount("tmpfs", "/run", "tmpfs", 0, f"size=4k,nr_inodes={inodes}")
        code, words = tried(world, "--host")
        assert code == 1
        assert "No space left on device (hint: " in words, words
        assert os.listdir("/run") == []  # noqa: PTH208
        code, words = tried(world)  # a lock there keeps others from changing the machine
        assert code == 0 or "No space left on device (hint: " in words, words
        libc.umount("/run")


@in_world()
def test_a_run_that_is_read_only(world: World) -> None:
    libc.mount("", "/run", "none", 0x20 | libc.MS_RDONLY | libc.MS_NOSUID | libc.MS_NODEV)
    for options in ([], ["--host"]):
        code, words = tried(world, *options)
        assert code == 1
        assert "Read-only file system (hint: " in words


@in_world(user=True)
def test_a_full_tmp(world: World) -> None:
    path = world.folder / "tight.json"
    path.write_text(json.dumps(LAB))
    libc.mount("tmpfs", str(world.folder), "tmpfs", 0, "size=8k,nr_inodes=2,mode=777")
    assert tried(world)[0] == 0
    libc.umount(str(world.folder))


def lab_of(name: str) -> Lab:
    lab = Lab(name)
    lan = lab.bridge("lan", subnet="10.0.0.0/24")
    for number in range(9):
        lab.node(f"n{number}", on=lan)
    return lab


@nested
def test_network_namespaces_that_are_used_up() -> None:
    Path("/proc/sys/user/max_net_namespaces").write_text("7")
    name = fresh_name()
    with pytest.raises(NslabError, match=r"it needs 10 more namespaces, and .* allows 7"):
        up(lab_of(name))
    with (
        mock.patch.object(
            bring, "refusal_of", return_value=None
        ),  # others take some in that very moment
        pytest.raises(StepError, match=r"cannot add the namespace n\d.*No space left") as caught,
    ):
        up(lab_of(name))
    assert caught.value.hint == "the limit is in /proc/sys/user/max_net_namespaces"
    assert running() == []


@as_user(1000)
def test_user_namespaces_that_are_used_up() -> None:
    Path("/proc/sys/user/max_user_namespaces").write_text("0")
    with pytest.raises(PrivilegeError, match=r"isolate: unshare.*No space left") as caught:
        up(lab_of(fresh_name()))
    assert "max_user_namespaces" in str(caught.value.hint)
    assert running() == []
