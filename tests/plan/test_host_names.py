"""Names of nodes in the machine's /run/netns, on a machine of the test's own."""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from nslab import Lab, diff, up
from nslab.cli import main
from nslab.errors import NetnsExistsError, NslabError, PrivilegeError, StepError, UsageError
from nslab.kernel import record
from nslab.kernel.procfs import start_time
from nslab.plan.ending import sweep
from nslab.plan.host import leave
from nslab.plan.steps.name import AddName
from tests.kernel.labs import eventually
from tests.kernel.sandboxed import sandboxed, unprivileged
from tests.plan.played import ip, kill_holder, none_runs
from tests.state import files, state

if TYPE_CHECKING:
    from nslab.plan.steps import Step

NAMES = Path("/run/netns")
RECORDS = Path("/run/nslab")

pytestmark = pytest.mark.skipif(shutil.which("ip") is None, reason="needs iproute2")


def star(count: int = 2, name: str = "office") -> Lab:
    lab = Lab(name)
    lan = lab.bridge("lan", subnet="10.0.0.0/24")
    for number in range(1, count + 1):
        lab.node(f"pc{number}", on=lan)
    return lab


def named() -> list[str]:
    return sorted(path.name for path in NAMES.iterdir()) if NAMES.exists() else []


@sandboxed
def test_iproute2_finds_the_nodes() -> None:
    with up(star(), host=True) as lab:
        listed = {line.split()[0] for line in ip("netns", "list").splitlines()}
        assert listed == {"office-pc1", "office-pc2"}
        assert "10.0.0.1/24" in ip("netns", "exec", "office-pc1", "ip", "address")
        assert "10.0.0.2/24" in ip("-n", "office-pc2", "address")
        with lab["pc1"].popen(["sleep", "9"]) as sleeper:
            assert eventually(lambda: bool(ip("netns", "pids", "office-pc1")))
            pid = ip("netns", "pids", "office-pc1").split()[0]
            assert ip("netns", "identify", pid).strip() == "office-pc1"
            sleeper.kill()


@sandboxed
def test_our_own_ip_finds_the_nodes() -> None:
    with up(star(), host=True):
        nslab = ["python3", "-m", "nslab", "ip"]
        environment = {**os.environ, "PYTHONPATH": str(Path(record.__file__).parents[2])}
        words = ["netns", "exec", "office-pc1", "ip", "-j", "address", "show", "eth0"]
        said = subprocess.run(
            [*nslab, *words], capture_output=True, text=True, check=True, env=environment
        ).stdout
        assert json.loads(said)[0]["addr_info"][0]["local"] == "10.0.0.1"


@sandboxed
def test_names_lead_to_the_nodes_whoever_keeps_them() -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (300, 300))
    with up(star(20), host=True, keep=True) as lab:
        before = {path.name: path.readlink() for path in NAMES.iterdir()}
        up(star(250))
        assert lab.drift() == []
        assert not diff(star(250))
        assert {name: (NAMES / name).readlink() for name in before} == before
        for name in ("pc1", "pc20", "pc250"):
            own = lab[name].run(["stat", "-Lc", "%i", "/proc/self/ns/net"], capture_output=True)
            assert (NAMES / f"office-{name}").stat().st_ino == int(own.stdout)
        up(star(245))
        assert len(named()) == 245
        lab.down()
    assert named() == []


@sandboxed
def test_everything_is_as_it_was_after_down() -> None:
    before = state()
    lab = up(star(), host=True)
    assert NAMES.exists()
    lab.down()
    assert state() == before


@sandboxed
def test_a_directory_that_was_there_stays() -> None:
    ip("netns", "add", "mine")
    before = state()
    up(star(), host=True).down()
    assert state() == before
    assert named() == ["mine"]


@sandboxed
def test_a_second_up_takes_no_step_and_a_bare_one_leaves_the_names() -> None:
    with up(star(), host=True):
        assert not diff(star(), host=True)
        assert not diff(star())
        up(star())
        assert named() == ["office-pc1", "office-pc2"]


@sandboxed
def test_names_follow_the_nodes() -> None:
    with up(star(), host=True) as lab:
        assert [str(step) for step in diff(star(3)).commands()][-1].endswith("office-pc3")
        up(star(3))
        assert named() == ["office-pc1", "office-pc2", "office-pc3"]
        up(star(1))
        assert named() == ["office-pc1"]
        assert lab.drift() == []


@sandboxed
def test_names_come_late_change_and_go() -> None:
    with up(star()) as lab:
        assert named() == []
        up(star(), host="{node}.{lab}")
        assert named() == ["pc1.office", "pc2.office"]
        up(star(3))
        assert named() == ["pc1.office", "pc2.office", "pc3.office"]
        up(star(), host=True)
        assert named() == ["office-pc1", "office-pc2"]
        commands = diff(star(), host=False).commands()
        assert commands == [f"rm /run/netns/office-pc{n}" for n in (1, 2)]
        up(star(), host=False)
        assert lab.drift() == []
        assert files("/run") == []


@sandboxed
def test_what_is_missing_or_leads_elsewhere_is_drift_and_is_mended() -> None:
    with up(star(), host=True) as lab:
        (NAMES / "office-pc2").unlink()
        (found,) = lab.drift()
        assert str(found) == "pc2: the name /run/netns/office-pc2 is missing on this machine"
        up(star())
        assert lab.drift() == []
        assert "10.0.0.2/24" in ip("-n", "office-pc2", "address")


@pytest.mark.parametrize("verb", ["ls", "down", "up", "sweep"])
@sandboxed
def test_the_names_of_a_killed_lab_are_cleared_by_the_next(verb: str) -> None:
    before = state()
    lab = up(star(), host=True)
    kill_holder(lab)
    assert len(leave.leftovers()) == 2
    if verb == "up":
        up(star(name="other")).down()
    elif verb == "sweep":
        assert sweep() == ["office"]
    else:
        main([verb, *(["office"] if verb == "down" else [])])
    assert leave.leftovers() == []
    assert state() == before


@sandboxed
def test_a_killed_lab_can_have_its_names_again() -> None:
    kill_holder(up(star(), host=True))
    assert len(diff(star(), host=True)) > len(diff(star()))
    with up(star(), host=True):
        assert "10.0.0.1/24" in ip("-n", "office-pc1", "address")


@pytest.mark.parametrize("kind", ["netns", "file", "link", "directory"])
@sandboxed
def test_a_name_of_somebody_else_is_refused_and_untouched(kind: str) -> None:
    path = NAMES / "office-pc2"
    ip("netns", "add", "office-pc2")
    if kind != "netns":
        ip("netns", "delete", "office-pc2")
    if kind == "file":
        path.write_text("mine")
    elif kind == "link":
        path.symlink_to("/proc/1/fd/7")
    elif kind == "directory":
        path.mkdir()
    before = state()
    with pytest.raises(NetnsExistsError, match="office-pc2 is there already") as error:
        up(star(), host=True)
    assert "--host-names" in str(error.value.hint)
    assert none_runs()
    assert state() == before
    with up(star()):
        with pytest.raises(NetnsExistsError):
            up(star(), host=True)
        assert diff(star()).steps == ()
    assert state() == before


@sandboxed
def test_what_took_the_place_of_a_name_is_neither_taken_over_nor_removed() -> None:
    lab = up(star(), host=True)
    path = NAMES / "office-pc1"
    path.unlink()
    path.symlink_to("/proc/self/ns/net")
    with pytest.raises(NetnsExistsError):
        up(star())
    lab.down()
    assert named() == ["office-pc1"]
    assert str(path.readlink()) == "/proc/self/ns/net"


@sandboxed
def test_a_name_that_is_taken_meanwhile_undoes_all() -> None:
    def watch(step: Step) -> None:
        if isinstance(step, AddName) and step.name.node == "pc2":
            (NAMES / "office-pc2").touch()

    with pytest.raises(StepError, match=r"cannot name pc2 office-pc2 on this machine \[ln -s"):
        up(star(), host=True, watch=watch)
    assert named() == ["office-pc2"]
    assert none_runs()


def forge(pid: int, started: int, text: str) -> None:
    """Write a record and a link as a lab would have left them."""
    RECORDS.mkdir(mode=0o700)
    holder = [pid, started, Path("/proc/self/ns/pid").stat().st_ino]
    lines = [["gone", *holder], ["name", "gone-a", text, "{lab}-{node}"]]
    (RECORDS / "gone.json").write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    NAMES.mkdir()
    (NAMES / "gone-a").symlink_to(text)


@sandboxed
def test_a_pid_that_was_used_again_is_another_process() -> None:
    text = f"/proc/{os.getpid()}/fd/5"
    forge(os.getpid(), start_time(os.getpid()) - 1, text)
    assert leave.leftovers() == ["/run/netns/gone-a"]
    assert leave.sweep() == ["gone"]
    assert named() == []


@sandboxed
def test_what_a_living_process_has_stays() -> None:
    forge(os.getpid(), start_time(os.getpid()), f"/proc/{os.getpid()}/fd/5")
    assert leave.sweep() == []
    assert named() == ["gone-a"]
    with pytest.raises(NslabError, match='another lab "gone" has something in this machine'):
        up(star(name="gone"), host=True)
    assert none_runs()


@sandboxed
def test_a_link_with_another_text_than_recorded_stays() -> None:
    forge(os.getpid(), 1, f"/proc/{os.getpid()}/fd/5")
    (NAMES / "gone-a").unlink()
    (NAMES / "gone-a").symlink_to("/proc/1/ns/net")
    leave.sweep()
    assert named() == ["gone-a"]
    assert not RECORDS.exists()


@pytest.mark.parametrize("path", [RECORDS, NAMES])
@sandboxed
def test_a_link_in_the_place_of_a_directory_is_not_followed(path: Path) -> None:
    trap = Path("/run/trap")
    trap.mkdir(mode=0o777)
    path.symlink_to(trap)
    with pytest.raises(NslabError, match=f"{path} cannot be trusted"):
        up(star(), host=True)
    assert none_runs()
    assert not [*trap.iterdir()]
    assert leave.sweep() == []


@pytest.mark.parametrize("path", [RECORDS, NAMES])
@sandboxed
def test_a_directory_that_others_may_change_is_not_used(path: Path) -> None:
    path.mkdir()
    path.chmod(0o777)
    with pytest.raises(NslabError, match="others than root may change it"):
        up(star(), host=True)
    assert none_runs()


@unprivileged
def test_a_plain_user_is_told_that_it_takes_root() -> None:
    with pytest.raises(PrivilegeError, match="names in the machine's /run/netns take root"):
        diff(star(), host=True)


@sandboxed
def test_names_must_differ_and_be_names() -> None:
    with pytest.raises(UsageError, match='"lab" names all nodes alike'):
        diff(star(), host="lab")
    with pytest.raises(UsageError, match="cannot name a network namespace"):
        diff(star(), host="../{node}")


@sandboxed
def test_two_labs_keep_their_own() -> None:
    with up(star(), host=True):
        with up(star(name="lab"), host=True):
            assert len(named()) == 4
        assert named() == ["office-pc1", "office-pc2"]
    assert files("/run") == []


@sandboxed
def test_the_command_says_it_with_options() -> None:
    path = Path("/run/office.yaml")
    path.write_text("name: office\ncables: [{ends: [a, b]}]\n")
    assert main(["plan", "--host", str(path)]) == 0
    assert not NAMES.exists()
    for options, expected in (
        (["--host"], ["office-a", "office-b"]),
        ([], ["office-a", "office-b"]),
        (["--host-names", "{node}"], ["a", "b"]),
        (["--no-host"], []),
    ):
        assert main(["up", "-q", *options, str(path)]) == 0
        assert named() == expected
    assert main(["up", "--host", "--no-host", str(path)]) == 2
    assert main(["down", "-q"]) == 0


@sandboxed
def test_doctor_lists_what_a_killed_lab_left() -> None:
    from nslab.cli.checks.machine import left_behind

    assert list(left_behind()) == []
    kill_holder(up(star(), host=True))
    assert [check.name for check in left_behind()] == [
        "/run/netns/office-pc1",
        "/run/netns/office-pc2",
    ]


@pytest.mark.parametrize("directory_there", [True, False])
@sandboxed
def test_what_an_up_that_was_killed_at_its_first_name_began_is_swept(
    *, directory_there: bool
) -> None:
    before = state()
    record.note_made(str(NAMES))
    assert NAMES.exists()
    if not directory_there:
        NAMES.rmdir()
    assert leave.sweep() == []
    assert state() == before
