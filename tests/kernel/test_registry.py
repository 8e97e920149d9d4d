from __future__ import annotations

import errno
import fcntl
import os
import shutil
import subprocess
import threading
from pathlib import Path

import pytest

from nslab.errors import KernelError, NetnsExistsError, NetnsNotFoundError, UsageError
from nslab.kernel import libc, registry
from nslab.kernel.netns import OWN, Netns
from tests.kernel.sandboxed import rootless, sandboxed, unprivileged

DIRECTORY = Path(registry.DIRECTORY)


def ip(*words: str) -> str:
    if shutil.which("ip") is None:
        pytest.skip("iproute2 is not installed")
    return subprocess.run(["ip", *words], check=True, capture_output=True, text=True).stdout


def mounted() -> list[str]:
    lines = Path("/proc/self/mountinfo").read_text().splitlines()
    return [line.split()[4] for line in lines if line.split()[4].startswith("/run/netns/")]


@sandboxed
def test_names_come_and_go() -> None:
    assert registry.names() == []
    registry.add("red")
    registry.add("blue")
    assert registry.names() == ["blue", "red"]
    with registry.open_named("red") as red, registry.open_named("blue") as blue:
        assert red.identity != blue.identity
        assert registry.identify(red) == ["red"]
    registry.delete("red")
    registry.delete("blue")
    assert registry.names() == mounted() == []


@rootless
def test_a_plain_user_in_a_user_namespace_can_do_the_same() -> None:
    registry.add("red")
    assert mounted() == ["/run/netns/red"]
    registry.delete("red")
    assert registry.names() == mounted() == []


@sandboxed
def test_iproute2_sees_our_names_and_we_see_its() -> None:
    ip("netns", "add", "theirs")
    registry.add("ours")
    assert registry.names() == ["ours", "theirs"]
    assert sorted(line.split()[0] for line in ip("netns", "list").splitlines()) == registry.names()
    with registry.open_named("theirs") as netns:
        assert registry.identify(netns) == ["theirs"]
    ip("netns", "delete", "ours")
    registry.delete("theirs")
    assert registry.names() == mounted() == []


@sandboxed
def test_a_name_is_given_once() -> None:
    registry.add("red")
    with registry.open_named("red") as red:
        with pytest.raises(NetnsExistsError, match='is named "red" already'):
            registry.add("red")
        with registry.open_named("red") as same:
            assert same.identity == red.identity
    assert mounted() == ["/run/netns/red"]


@sandboxed
def test_a_name_that_is_not_there() -> None:
    for act in (registry.delete, registry.open_named):
        with pytest.raises(NetnsNotFoundError, match='no network namespace is named "red"'):
            act("red")


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a\0b", "ä" * 128])
def test_what_cannot_be_a_name(name: str) -> None:
    for act in (registry.add, registry.delete, registry.open_named):
        with pytest.raises(UsageError, match="cannot name a network namespace"):
            act(name)


@sandboxed
def test_the_longest_name() -> None:
    registry.add("x" * 255)
    assert registry.names() == ["x" * 255]


@sandboxed
def test_one_netns_may_have_two_names() -> None:
    with Netns.create() as netns:
        registry.attach("one", netns)
        registry.attach("two", netns)
        registry.add("three")
        assert registry.identify(netns) == ["one", "two"]
    registry.delete("one")
    with registry.open_named("two") as netns:
        assert registry.identify(netns) == ["two"]


@sandboxed
def test_adopting_the_netns_of_a_process() -> None:
    with Netns.create() as netns:
        program = netns.call(lambda: subprocess.Popen(["sleep", "60"]))
        try:
            registry.adopt("red", program.pid)
            assert registry.pids(netns) == [program.pid]
        finally:
            program.kill()
            program.wait()
        assert registry.pids(netns) == []
        with registry.open_named("red") as red:
            assert red.identity == netns.identity
        with pytest.raises(NetnsNotFoundError, match="there is no process"):
            registry.adopt("blue", program.pid)
    assert registry.names() == ["red"]


@sandboxed
def test_a_link_adopts_and_deleting_it_leaves_what_it_leads_to() -> None:
    elsewhere = "/run/elsewhere"
    registry.add("theirs", elsewhere)
    registry.prepare()
    (DIRECTORY / "red").symlink_to(f"{elsewhere}/theirs")
    (DIRECTORY / "own").symlink_to(f"/proc/{os.getpid()}/ns/net")
    assert registry.names() == ["own", "red"]
    with registry.open_named("red") as red, registry.open_named("theirs", elsewhere) as theirs:
        assert red.identity == theirs.identity
        assert registry.identify(theirs) == ["red"]
    registry.delete("red")
    registry.delete("own")
    assert registry.names() == []
    with registry.open_named("theirs", elsewhere) as theirs:
        assert registry.identify(theirs, elsewhere) == ["theirs"]


@sandboxed
def test_a_name_mounted_on_twice_goes_with_both() -> None:
    registry.add("red")
    with Netns.create() as netns:
        path = registry.path_of("red")
        libc.mount(f"/proc/self/fd/{netns.fd}", path, "none", libc.MS_BIND)
    registry.delete("red")
    assert registry.names() == mounted() == []


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
        registry.add("red")
        other.stdin.write("\n")
        assert other.stdout.readline() == "nsfs\n"
        registry.delete("red")
        other.stdin.write("\n")
        assert other.stdout.read() == ""


@sandboxed
def test_the_directory_becomes_a_shared_mount_once() -> None:
    def mounts() -> list[str]:
        lines = Path("/proc/self/mountinfo").read_text().splitlines()
        return [line for line in lines if line.split()[4] == "/run/netns"]

    before = mounts()  # the machine's own, hidden under this child's /run
    for _ in range(3):
        registry.prepare()
    (mount,) = [line for line in mounts() if line not in before]
    assert " shared:" in mount


@sandboxed
def test_another_program_s_lock_is_waited_for() -> None:
    DIRECTORY.mkdir()
    fd = os.open(DIRECTORY, os.O_RDONLY)
    fcntl.flock(fd, fcntl.LOCK_EX)
    adding = threading.Thread(target=registry.add, args=["red"])
    adding.start()
    adding.join(0.1)
    assert adding.is_alive()
    assert registry.names() == []
    os.close(fd)
    adding.join()
    assert registry.names() == ["red"]


@sandboxed
def test_what_cannot_be_mounted_leaves_no_name() -> None:
    netns = Netns(9999)
    try:
        with pytest.raises(KernelError) as caught:
            registry.attach("red", netns)
    finally:
        netns.fd = -1
    assert caught.value.errno == errno.ENOENT
    assert registry.names() == []


@unprivileged
def test_without_privilege_nothing_is_left() -> None:
    with pytest.raises(KernelError, match="Operation not permitted"):
        registry.add("nslab-test", f"/tmp/nslab-test-{os.getpid()}")  # noqa: S108 - not made
    assert not Path(f"/tmp/nslab-test-{os.getpid()}").exists()  # noqa: S108


@unprivileged
def test_without_privilege_there_is_no_place_for_names() -> None:
    with Netns.open(OWN) as netns, pytest.raises(KernelError, match="Permission denied"):
        registry.attach("nslab-test", netns, "/nslab-test")


@sandboxed
def test_a_plain_file_can_be_deleted_but_not_opened() -> None:
    registry.prepare()
    (DIRECTORY / "stale").write_text("")
    with pytest.raises(NetnsNotFoundError, match='no network namespace is named "stale"'):
        registry.open_named("stale")
    registry.delete("stale")
    assert registry.names() == []


def test_a_directory_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(KernelError, match="Not a directory"):
        registry.names(str(tmp_path / "file"))
    with pytest.raises(KernelError, match=r"mkdir .*: (Not a directory|File exists)"):
        registry.prepare(str(tmp_path / "file"))
