"""The launcher: it takes short ways, and what is in a lab cannot lead it astray on them."""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from nslab.errors import NodeNotFoundError
from nslab.kernel import libc, programs
from nslab.kernel.launcher import Mounts
from tests.kernel.labs import eventually, launchers_in, output_in, started
from tests.kernel.sandboxed import sandboxed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from nslab.kernel.sandbox import Sandbox

pytestmark = pytest.mark.kernel


@pytest.fixture(scope="module")
def lab() -> Iterator[Sandbox]:
    with started("a", "b") as sandbox:
        yield sandbox


def netns_of(lab: Sandbox, node: str) -> str:
    """Tell in which netns a program of that node is."""
    return output_in(lab, node, "readlink", "/proc/self/ns/net").strip()


def own_netns(lab: Sandbox, node: str) -> str:
    """Tell which netns the holder keeps for that node."""
    return f"net:[{os.fstat(lab.handle(node).fd).st_ino}]"


def test_a_node_made_anew_is_not_the_old_one(lab: Sandbox) -> None:
    lab.create(["c"])
    lab.settle()
    before = lab.paths(["c"])
    assert netns_of(lab, "c") == own_netns(lab, "c")
    lab.delete(["c"])
    with pytest.raises(NodeNotFoundError):
        output_in(lab, "c", "true")
    lab.create(["d", "c"])  # the descriptor's number is another node's now
    lab.settle()
    assert lab.paths(["d"]) == before
    assert netns_of(lab, "c") == own_netns(lab, "c")
    assert netns_of(lab, "d") == own_netns(lab, "d")
    lab.delete(["c", "d"])


@pytest.mark.parametrize(
    "entry",
    [
        "true",
        "ln -s /proc/1/ns/net $0",
        "ln -s /proc/1/fd/../ns/net $0",
        "ln -s /proc/1/fd/0 $0",
        "ln -s /proc/1/fd/9999 $0",
        "ln -s /proc/1/fd $0",
        "ln -s ../nslab/fd0/9999 $0",
        "ln -s ../nslab/fd0/../fd0 $0",
        "ln -s ../nslab/fd7/5 $0",
        "ln -s /run/netns/a $0",
        "ln -s $0 $0",
        "echo text >$0",
        "mkfifo $0",
        "mkdir $0",
    ],
)
def test_what_is_put_in_a_node_s_place_is_passed_by(lab: Sandbox, entry: str) -> None:
    lab.create(["c"])
    lab.settle()
    output_in(lab, "a", "sh", "-c", f"rm $0; {entry}", "/run/netns/c")
    try:
        assert netns_of(lab, "c") == own_netns(lab, "c")
    finally:
        output_in(lab, "a", "rm", "-rf", "/run/netns/c")
        lab.delete(["c"])


@pytest.mark.parametrize("target", ["/proc/1/fd/0", "/proc/1/ns/net", "/run/netns/a"])
def test_a_link_makes_no_node(lab: Sandbox, target: str) -> None:
    output_in(lab, "a", "ln", "-s", target, "/run/netns/e")
    try:
        with pytest.raises(NodeNotFoundError):
            output_in(lab, "e", "true")
    finally:
        output_in(lab, "a", "rm", "/run/netns/e")


def test_a_program_s_mounts_and_host_name_are_its_own(lab: Sandbox) -> None:
    script = "mount -t tmpfs none /mnt && touch /mnt/mine && hostname other && uname -n"
    for _ in range(3):
        assert output_in(lab, "a", "sh", "-c", script) == "other\n"
        assert output_in(lab, "a", "sh", "-c", "uname -n; ls /mnt | grep -x mine || :") == "a\n"


def test_a_program_s_mounts_stay_while_one_that_it_left_behind_runs(lab: Sandbox) -> None:
    script = "mount -t tmpfs none /mnt; touch /mnt/mine; exec 3<&0; (read -r _; ls /mnt) <&3 &"
    with programs.popen(
        (lab.lab, lab.pid, "a"),
        ["sh", "-c", script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        process.wait(20)
        for _ in range(3):
            output_in(lab, "b", "true")
        assert process.communicate("go\n", timeout=20)[0] == "mine\n"  # type: ignore[arg-type]


def test_what_is_mounted_in_the_lab_itself_the_next_program_sees(lab: Sandbox) -> None:
    if shutil.which("nsenter") is None:
        pytest.skip("nsenter is not installed")
    users = [Path(f"/proc/{one}/ns/user").stat().st_ino for one in (lab.pid, "self")]
    user = ["-U", "--preserve-credentials"] if users[0] != users[1] else []
    enter = ["nsenter", "-t", str(lab.pid), *user, "-m", "--"]
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(3):
            assert output_in(lab, "a", "ls", folder) == ""
            script = "mount -t tmpfs none $0 && touch $0/there"
            subprocess.run([*enter, "sh", "-c", script, folder], check=True)
            assert output_in(lab, "a", "ls", folder) == "there\n"
            subprocess.run([*enter, "umount", folder], check=True)


def held(lab: Sandbox) -> int:
    """Count the mount namespaces that the lab's launcher holds, its own not included."""
    client = launchers_in(lab.lab)[0]
    found: list[Path] = []
    try:
        for entry in Path(f"/proc/{client.pid}/fd").iterdir():
            with contextlib.suppress(FileNotFoundError):
                found.append(entry.readlink())
    except PermissionError:
        pytest.skip("only root sees what a launcher has open")
    return sum(link.name == "mountinfo" for link in found) - 1


def test_what_a_program_mounted_is_gone_before_its_end_is_told(lab: Sandbox) -> None:
    output_in(lab, "a", "true")
    assert eventually(lambda: held(lab) == 0, 5)
    for _ in range(5):
        output_in(lab, "a", "mount", "-t", "tmpfs", "none", "/mnt")
        assert held(lab) == 0


def test_nothing_of_ended_programs_is_held_for_long(lab: Sandbox) -> None:
    for _ in range(200):
        output_in(lab, "a", "true")
    assert held(lab) <= 130
    assert eventually(lambda: held(lab) == 0, 5)


def test_nothing_of_a_running_program_is_held_for_long(lab: Sandbox) -> None:
    with programs.popen((lab.lab, lab.pid, "a"), ["sleep", "60"]) as process:
        assert eventually(lambda: held(lab) == 0, 5)
        process.kill()
    assert process.returncode < 0


def test_a_program_is_looked_for_on_its_own_path(lab: Sandbox, tmp_path: Path) -> None:
    for name in ("one", "two"):
        program = tmp_path / name / "here"
        program.parent.mkdir()
        program.write_text(f"#!/bin/sh\necho {name}\n")
        program.chmod(0o755)

    def says(*words: str, **environment: str) -> bytes:
        place = (lab.lab, lab.pid, "a")
        with programs.popen(place, words, env=environment, stdout=subprocess.PIPE) as process:
            return os.fsencode(process.communicate(timeout=20)[0])

    assert says("here", PATH=f"/nowhere:{tmp_path}/one:{tmp_path}/two") == b"one\n"
    assert says("here", PATH=f"{tmp_path}/two:{tmp_path}/one") == b"two\n"
    with pytest.raises(FileNotFoundError):
        says("here")
    assert says("echo", "found") == b"found\n"  # where there is no PATH, a default one serves


def test_descriptors_that_stand_in_each_other_s_way(lab: Sandbox) -> None:
    """The launcher gets them under numbers that the program shall have for others of them."""
    pipes = [os.pipe() for _ in range(20)]
    place, taken = (lab.lab, lab.pid, "a"), [fd for pair in pipes for fd in pair]
    writable = sorted(pair[1] for pair in pipes)
    script = "; ".join(f"echo {fd} >/proc/$$/fd/{fd}" for fd in writable)
    with programs.popen(place, ["sh", "-c", script], pass_fds=taken) as process:
        assert process.wait(20) == 0
    for readable, other in pipes:
        assert os.read(readable, 10) == f"{other}\n".encode()
        os.close(readable)
        os.close(other)


def test_what_is_held_leaves_descriptors_to_programs(lab: Sandbox) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    running: list[subprocess.Popen[bytes] | subprocess.Popen[str]] = []
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))  # with another launcher, thus
        for _ in range(20):
            output_in(lab, "a", "true")
        launcher = launchers_in(lab.lab)[-1]
        resource.prlimit(launcher.pid, resource.RLIMIT_NOFILE, (64, hard))
        place = (lab.lab, lab.pid, "a")
        running.extend(programs.popen(place, ["sleep", "60"]) for _ in range(22))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        for process in running:
            process.kill()
            process.wait()


@sandboxed
def test_mounts_tell_when_they_have_changed() -> None:
    own = os.open("/proc/self", os.O_PATH | os.O_CLOEXEC)
    mounts = Mounts(own)
    assert not mounts.have_changed()
    libc.mount("tmpfs", "/mnt", "tmpfs")
    assert mounts.have_changed()
    mounts.close()
    assert not mounts.have_changed()
    mounts = Mounts(own)
    assert not mounts.have_changed()
    libc.umount("/mnt")
    assert mounts.have_changed()
    mounts.close()
    os.close(own)
