"""What a lab's processes see: user ids, /run, /etc/hosts, /proc."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from nslab.errors import KernelError
from nslab.kernel import programs, root
from nslab.kernel.sandbox import OUTSIDE
from tests.kernel.labs import output_in, started
from tests.kernel.sandboxed import as_user, sandboxed, unprivileged, with_subordinate_ids

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from nslab.kernel.sandbox import Sandbox

pytestmark = pytest.mark.kernel


@pytest.fixture(scope="module")
def lab() -> Iterator[Sandbox]:
    with started("a", "b") as sandbox:
        yield sandbox


def id_map(kind: str, pid: int | str = "self") -> list[list[int]]:
    lines = Path(f"/proc/{pid}/{kind}_map").read_text().splitlines()
    return [[int(number) for number in line.split()] for line in lines]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", None),
        ("other:100000:65536\n", None),
        ("me:100000:65536\n", (100000, 65536)),
        ("# comment\n\n  1001:200000:10\nme:100000:65536\n", (200000, 10)),
        ("me:100000\nme:x:5\nme:5:x\nme:-1:5\nme:7:8:9\nme:300000:1", (300000, 1)),
        ("M\udcfcller:1:2\nme:100000:65536\n", (100000, 65536)),
    ],
)
def test_subordinate_ids(tmp_path: Path, text: str, expected: tuple[int, int] | None) -> None:
    file = tmp_path / "subuid"
    file.write_text(text, encoding="utf-8", errors="surrogateescape")
    assert root.subordinate(str(file), "me", 1001) == expected


def test_no_file_of_subordinate_ids(tmp_path: Path) -> None:
    assert root.subordinate(str(tmp_path / "nothing"), "me", 1001) is None


@unprivileged
def test_a_user_without_subordinate_ids_is_root_alone() -> None:
    user, group = os.getuid(), os.getgid()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(root, "subordinate", lambda *_: None)
        root.map_ids()
    assert (id_map("uid"), id_map("gid")) == ([[0, user, 1]], [[0, group, 1]])
    assert (os.getuid(), os.getgid()) == (0, 0)
    assert Path("/proc/self/setgroups").read_text() == "deny\n"


@unprivileged
def test_without_newuidmap_one_id_has_to_do() -> None:
    user = os.getuid()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(root, "subordinate", lambda *_: (100000, 65536))
        patch.setenv("PATH", "/nowhere")
        root.map_ids()
    assert id_map("uid") == [[0, user, 1]]


@unprivileged
def test_a_refused_range_leaves_one_id() -> None:
    user = os.getuid()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(root, "subordinate", lambda *_: (1, 4_000_000_000))  # nobody grants that
        root.map_ids()
    assert id_map("uid") == [[0, user, 1]]
    with pytest.raises(OSError, match="Invalid argument"):
        os.setuid(1)


@with_subordinate_ids
def test_subordinate_ids_become_those_of_daemons() -> None:
    user, group = os.getuid(), os.getgid()
    root.map_ids()
    users, groups = id_map("uid"), id_map("gid")
    assert users[0] == [0, user, 1]
    assert groups[0] == [0, group, 1]
    (first, _, count), *more = users[1:]
    assert (first, more) == (1, [])
    assert count > 100
    os.setgroups([5])
    os.setresgid(7, 7, 7)
    os.setresuid(9, 9, 9)  # as a daemon that drops its privileges does
    assert (os.getuid(), os.getgid(), os.getgroups()) == (9, 7, [5])


@with_subordinate_ids
def test_groups_mapped_and_users_not() -> None:
    run = root._run
    user = os.getuid()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(root, "_run", lambda name, *rest: name == "newgidmap" and run(name, *rest))
        root.map_ids()
    assert id_map("uid") == [[0, user, 1]]
    assert len(id_map("gid")) == 2


@as_user(1000)
def test_a_lab_of_a_user_whom_nobody_knows() -> None:
    code = (
        "from nslab.kernel.sandbox import Sandbox; s = Sandbox.start('lab');"
        "print(open(f'/proc/{s.pid}/uid_map').read().split()); s.end()"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout == "['0', '1000', '1']\n"


def test_root_keeps_its_ids_and_a_user_becomes_root(lab: Sandbox) -> None:
    assert output_in(lab, "a", "id", "-u") == "0\n"
    holder, own = id_map("uid", lab.pid), id_map("uid")
    if os.getuid() == 0:
        assert holder == own
    else:
        assert holder[0] == [0, os.getuid(), 1]


def test_the_machine_s_mounts_stay_as_they_are() -> None:
    before = Path("/proc/self/mountinfo").read_text()
    hosts = Path("/etc/hosts").read_bytes()
    with started("a") as sandbox:
        sandbox.set_hosts("10.0.0.1 a\n")
        assert output_in(sandbox, "a", "cat", "/etc/hosts") == "10.0.0.1 a\n"
        output_in(sandbox, "a", "mount", "-t", "tmpfs", "tmpfs", "/mnt")
        assert Path("/etc/hosts").read_bytes() == hosts
        assert Path("/proc/self/mountinfo").read_text() == before
    assert Path("/proc/self/mountinfo").read_text() == before


def test_mounts_of_one_program_are_its_own(lab: Sandbox) -> None:
    script = "mount -t tmpfs tmpfs /mnt; touch /mnt/x; ls /mnt"
    assert output_in(lab, "a", "sh", "-c", script) == "x\n"
    assert "x\n" not in output_in(lab, "a", "ls", "/mnt")


def test_the_resolver_is_the_machine_s(lab: Sandbox) -> None:
    if not Path("/etc/resolv.conf").exists():
        pytest.skip("this machine has no /etc/resolv.conf")
    assert output_in(lab, "a", "cat", "/etc/resolv.conf") == Path("/etc/resolv.conf").read_text()


@sandboxed
def test_of_run_only_what_is_needed_stays() -> None:
    Path("/run/resolver").mkdir()
    Path("/run/resolver/stub.conf").write_text("nameserver 127.0.0.53\n")
    Path("/run/user/5").mkdir(parents=True)
    Path("/run/user/5/socket").write_text("")
    Path("/run/secret").write_text("")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(root, "_resolver", lambda: "/run/resolver/stub.conf")
        patch.setenv("XDG_RUNTIME_DIR", "/run/user/5")
        root.build_root("/run/nslab/hosts", "/run/nslab/resolv.conf")
    assert sorted(path.name for path in Path("/run").iterdir()) == [
        "netns",
        "nslab",
        "resolver",
        "user",
    ]
    assert Path("/run/resolver/stub.conf").read_text() == "nameserver 127.0.0.53\n"
    assert Path("/run/user/5/socket").exists()
    assert list(Path("/run/netns").iterdir()) == []
    assert Path("/etc/hosts").read_text() == ""
    Path("/run/nslab/hosts").write_text("10.0.0.1 a\n")
    assert Path("/etc/hosts").read_text() == "10.0.0.1 a\n"


@sandboxed
def test_what_is_not_there_need_not_be_kept() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(root, "_resolver", lambda: "/run/nothing")
        patch.setenv("XDG_RUNTIME_DIR", "/somewhere/else")
        root.build_root("/run/nslab/hosts", "/run/nslab/resolv.conf")
    assert sorted(path.name for path in Path("/run").iterdir()) == ["netns", "nslab"]


@unprivileged
def test_without_privilege_there_is_no_root_to_build() -> None:
    with pytest.raises(KernelError, match="mount none on /: Operation not permitted"):
        root.build_root("/run/nslab/hosts", "/run/nslab/resolv.conf")


def test_names_are_in_run_netns(lab: Sandbox) -> None:
    assert output_in(lab, "a", "ls", "/run/netns").split() == ["a", "b", OUTSIDE]
    lab.create(["c"])
    lab.settle()
    assert output_in(lab, "a", "ls", "/run/netns").split() == ["a", "b", "c", OUTSIDE]
    lab.delete(["c"])
    assert output_in(lab, "a", "ls", "/run/netns").split() == ["a", "b", OUTSIDE]


def test_ip_netns_finds_the_nodes(lab: Sandbox) -> None:
    if shutil.which("ip") is None:
        pytest.skip("iproute2 is not installed")
    inode = os.fstat(lab.handle("b").fd).st_ino
    inside = ["ip", "netns", "exec", "b", "readlink", "/proc/self/ns/net"]
    assert output_in(lab, "a", *inside) == f"net:[{inode}]\n"
    assert output_in(lab, "a", "ip", "-n", "b", "-br", "link").split()[0] == "lo"
    listed = output_in(lab, "a", "ip", "netns", "list").splitlines()
    assert {line.split()[0] for line in listed} == {"a", "b", OUTSIDE}


def test_processes_of_the_lab_alone_are_in_proc(lab: Sandbox) -> None:
    if not is_proc_the_lab_s_own(lab):
        pytest.skip("this machine lets nobody mount /proc in a user namespace")
    assert output_in(lab, "a", "cat", "/proc/1/comm") == "nslab-holder\n"
    place = (lab.lab, lab.pid, "b")
    ready = ["sh", "-c", "echo ready; exec sleep 60"]
    with programs.popen(place, ready, stdout=subprocess.PIPE) as sleeper:
        assert sleeper.stdout is not None
        sleeper.stdout.readline()
        own = ["nslab-holder", "sh", "sleep"]
        script = "until grep -q sleep /proc/[0-9]*/comm; do :; done; cat /proc/[0-9]*/comm"
        assert sorted(output_in(lab, "a", "sh", "-c", script).split()) == own
        sleeper.kill()


def is_proc_the_lab_s_own(lab: Sandbox) -> bool:
    mounts = output_in(lab, "a", "cat", "/proc/self/mountinfo").splitlines()
    return len([line for line in mounts if line.split()[4] == "/proc"]) > 1


def test_message_queues_and_semaphores_are_the_lab_s(lab: Sandbox) -> None:
    own = os.readlink("/proc/self/ns/ipc")  # noqa: PTH115 - no path, a name
    assert output_in(lab, "a", "readlink", "/proc/self/ns/ipc").strip() != own
