"""Labs of more namespaces than one process may have descriptors."""

from __future__ import annotations

import _thread
import errno
import os
import resource
import signal
import subprocess
from pathlib import Path
from unittest import mock

import pytest

from nslab.errors import KernelError, NetnsCreationError
from nslab.kernel import libc, programs
from nslab.kernel.keeper import Keeper
from nslab.kernel.sandbox import OUTSIDE, Sandbox, running
from tests.kernel.labs import eventually, links, open_in, output_in, started
from tests.kernel.sandboxed import nested, sandboxed

MOST = 300
NAMES = [f"n{number}" for number in range(500)]
RAMPAGE = """
echo /proc/[0-9]*
trap "" TERM
kill -TERM -1
for thread in $(ls /proc/1/task); do kill -9 $thread; done
kill -9 -1
"""
MOST_NAMESPACES = Path("/proc/sys/user/max_net_namespaces")


def limit() -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (MOST, MOST))


def threads(sandbox: Sandbox) -> list[Path]:
    """Give the holder's own entry in /proc, then its keepers'."""
    return sorted(Path(f"/proc/{sandbox.pid}/task").iterdir(), key=lambda path: int(path.name))


def kept(sandbox: Sandbox) -> list[int]:
    """Count the descriptors of each keeper."""
    return [len(list((task / "fd").iterdir())) for task in threads(sandbox)[1:]]


def inodes(sandbox: Sandbox, names: list[str]) -> list[int]:
    return [os.fstat(sandbox.handle(name).fd).st_ino for name in names]


def all_are_there() -> None:
    limit()
    with started(*NAMES) as sandbox:
        assert sandbox.names() == [OUTSIDE, *NAMES]
        assert len(kept(sandbox)) > 2
        assert min(kept(sandbox)) > 50
        assert sum(kept(sandbox)) + open_in(sandbox) > len(NAMES)
        numbers = inodes(sandbox, NAMES)
        assert len(set(numbers)) == len(NAMES)
        assert [Path(path).stat().st_ino for path in sandbox.paths(NAMES)] == numbers
        said = output_in(sandbox, "n0", "stat", "-Lc", "%i", *(f"/run/netns/{n}" for n in NAMES))
        assert [int(line) for line in said.split()] == numbers
        for name in ("n0", "n250", "n499"):
            assert links(sandbox, name) == ["lo"]
            assert sandbox.sysctl(name, ["net.ipv4.ip_forward"]) == ["0"]
            sandbox.sockets(2, 2, 0, [name])[0].close()
            assert identity(sandbox.netns(name)) == numbers[NAMES.index(name)]
            seen = output_in(sandbox, name, "readlink", "/proc/self/ns/net")
            assert seen == f"net:[{numbers[NAMES.index(name)]}]\n"


def identity(fd: int) -> int:
    try:
        return os.fstat(fd).st_ino
    finally:
        os.close(fd)


@sandboxed
def test_all_namespaces_are_there() -> None:
    all_are_there()


@nested
def test_all_namespaces_are_there_for_root_of_a_user_namespace() -> None:
    all_are_there()


@nested
def test_what_is_deleted_is_let_go_of() -> None:
    limit()
    with started("first") as sandbox:
        before = open_in(sandbox)
        MOST_NAMESPACES.write_text(str(len(NAMES) + 20))
        for _ in range(3):
            assert eventually(lambda: creates(sandbox, NAMES), 20)
            assert len(kept(sandbox)) > 2
            sandbox.delete(NAMES[100:])
            assert inodes(sandbox, ["first", "n0", "n99"])
            sandbox.delete(NAMES)
            assert sandbox.names() == [OUTSIDE, "first"]
        assert kept(sandbox) == [1]  # of "first"
        assert len(output_in(sandbox, "first", "sh", "-c", "ls -d /run/nslab/fd*").split()) == 2
        sandbox.delete(["first"])
        sandbox.close_handles()
        assert eventually(lambda: kept(sandbox) == [])
        assert open_in(sandbox) <= before


def creates(sandbox: Sandbox, names: list[str]) -> bool:
    """Make namespaces, as soon as the kernel has let go of those before."""
    try:
        sandbox.create(names)
        sandbox.settle()
    except NetnsCreationError as error:
        sandbox.delete(names)
        if error.errno != errno.ENOSPC:
            raise
        return False
    return True


@nested
def test_deleting_ends_the_programs_in_there_and_no_others() -> None:
    limit()
    with started(*NAMES) as sandbox:
        places = [(sandbox.lab, sandbox.pid, name) for name in ("n0", "n1", "n499")]
        sleepers = [programs.popen(place, ["sleep", "60"]) for place in places]
        sandbox.delete(["n0", "n499"])
        assert sleepers[0].wait(5) == sleepers[2].wait(5) == -signal.SIGTERM
        assert sleepers[1].poll() is None
        sandbox.create(["n0"])
        assert output_in(sandbox, "n0", "hostname") == "n0\n"
        sleepers[1].kill()
        sleepers[1].wait()


@nested
def test_nothing_in_the_lab_sees_or_ends_a_keeper() -> None:
    limit()
    with started(*NAMES) as sandbox:
        place = (sandbox.lab, sandbox.pid, "n0")
        before = [task.name for task in threads(sandbox)]
        with programs.popen(place, ["sh", "-c", RAMPAGE], stdout=subprocess.PIPE) as shell:
            said, _ = shell.communicate(timeout=20)
        assert len(said.split()) == 2  # the holder, the shell
        assert [task.name for task in threads(sandbox)] == before
        assert links(sandbox, "n1") == ["lo"]


@nested
def test_a_keeper_that_is_killed_takes_the_lab_along() -> None:
    limit()
    with started(*NAMES) as sandbox:
        place = (sandbox.lab, sandbox.pid, "n0")
        with programs.popen(place, ["sleep", "60"]) as sleeper:
            os.kill(int(threads(sandbox)[-1].name), signal.SIGKILL)
            assert sleeper.wait(5) == -signal.SIGKILL
        assert eventually(lambda: running() == [])


@nested
def test_a_lab_has_ended_when_its_end_was_waited_for() -> None:
    limit()
    for _ in range(5):
        with started(*NAMES) as sandbox:
            sleeper = programs.popen((sandbox.lab, sandbox.pid, "n0"), ["sleep", "60"])
            sandbox.end()
            assert has_ended(sleeper.pid)
            sleeper.wait()


def has_ended(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except FileNotFoundError:
        return True


@nested
def test_links_of_tables_that_somebody_took_away() -> None:
    limit()
    with started(*NAMES[:100]) as sandbox:
        output_in(sandbox, "n0", "sh", "-c", "rm /run/nslab/fd*; touch /run/nslab/fd1")
        sandbox.create(NAMES[100:])
        sandbox.settle()
        assert len(set(inodes(sandbox, NAMES))) == len(NAMES)
        output_in(sandbox, "n0", "sh", "-c", "rm /run/nslab/fd*")
        sandbox.delete(NAMES)
        assert eventually(lambda: kept(sandbox) == [])


@nested
def test_a_keeper_opens_and_closes() -> None:
    table, pipe = "/run/fd0", os.pipe()
    keeper = Keeper(pipe, table)
    os.close(pipe[1])
    assert Path(table, str(pipe[1])).stat() == os.fstat(pipe[0])
    opened = keeper.open(pipe[0])
    os.close(opened)
    keeper.close([pipe[1]])
    assert os.read(pipe[0], 1) == b""  # nobody has the other end
    assert os.path.lexists(table)
    keeper.close([pipe[0]])
    assert not os.path.lexists(table)


@nested
def test_where_there_can_be_no_keeper_all_is_as_before() -> None:
    pipe = os.pipe()
    with (
        mock.patch.object(_thread, "start_new_thread", side_effect=RuntimeError("can't start")),
        pytest.raises(OSError, match="Resource temporarily unavailable"),
    ):
        Keeper(pipe, "/run/fd0")
    refused = libc.failure("unshare", errno.ENOMEM)
    with (
        mock.patch.object(libc, "unshare", side_effect=refused),
        pytest.raises(KernelError, match="unshare: Cannot allocate memory"),
    ):
        Keeper(pipe, "/run/fd0")
    with pytest.raises(FileNotFoundError):
        Keeper(pipe, "/run/none/fd0")
    os.write(pipe[1], b"!")
    assert os.read(pipe[0], 1) == b"!"
    assert eventually(lambda: len(list(Path("/proc/self/task").iterdir())) == 1)
