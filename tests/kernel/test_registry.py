from __future__ import annotations

import fcntl
import os
import subprocess
import threading
from pathlib import Path

import pytest

from nslab.errors import KernelError, UsageError
from nslab.kernel import libc, registry
from nslab.kernel.netns import OWN
from tests.kernel.sandboxed import rootless, sandboxed, unprivileged

DIRECTORY = Path(registry.DIRECTORY)


def mounts() -> list[str]:
    lines = Path("/proc/self/mountinfo").read_text().splitlines()
    return [line for line in lines if line.split()[4] == "/run/netns"]


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a\0b", "ä" * 128])
def test_what_cannot_be_a_name(name: str) -> None:
    with pytest.raises(UsageError, match="cannot name a network namespace"):
        registry.check_name(name)


def test_the_longest_name() -> None:
    registry.check_name("x" * 255)


@sandboxed
def test_names_appear_in_mount_namespaces_made_before() -> None:
    registry.prepare()
    script = "echo ready; read _; stat -f -c %T /run/netns/red; read _; ls /run/netns"
    command = ["unshare", "--mount", "--propagation", "unchanged", "sh", "-c", script]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    ) as other:
        assert other.stdin is not None
        assert other.stdout is not None
        assert other.stdout.readline() == "ready\n"
        red = DIRECTORY / "red"
        red.touch()
        libc.mount(OWN, str(red), "none", libc.MS_BIND)
        other.stdin.write("\n")
        assert other.stdout.readline() == "nsfs\n"
        libc.umount(str(red))
        red.unlink()
        other.stdin.write("\n")
        assert other.stdout.read() == ""


def become_shared_once() -> None:
    before = mounts()  # the machine's own, hidden under this child's /run
    for _ in range(3):
        registry.prepare()
    (mount,) = [line for line in mounts() if line not in before]
    assert " shared:" in mount


@sandboxed
def test_the_directory_becomes_a_shared_mount_once() -> None:
    become_shared_once()


@rootless
def test_so_it_does_for_a_plain_user_in_a_user_namespace() -> None:
    become_shared_once()


@sandboxed
def test_another_program_s_lock_is_waited_for() -> None:
    DIRECTORY.mkdir()
    before = mounts()
    fd = os.open(DIRECTORY, os.O_RDONLY)
    fcntl.flock(fd, fcntl.LOCK_EX)
    preparing = threading.Thread(target=registry.prepare)
    preparing.start()
    preparing.join(0.1)
    assert preparing.is_alive()
    assert mounts() == before
    os.close(fd)
    preparing.join()
    assert len(mounts()) == len(before) + 1


@unprivileged
def test_without_privilege_there_is_no_place_for_names() -> None:
    with pytest.raises(KernelError, match="Permission denied"):
        registry.prepare("/nslab-test")


def test_what_is_no_directory(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(KernelError, match=r"mkdir .*: (Not a directory|File exists)"):
        registry.prepare(str(tmp_path / "file"))
