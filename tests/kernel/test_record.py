"""Records of what labs have in the machine, in a /run of the test's own."""

from __future__ import annotations

import json
import os
import stat
import subprocess
from pathlib import Path

import pytest

from nslab.errors import NslabError
from nslab.kernel import record
from nslab.kernel.procfs import start_time
from nslab.kernel.record import Holder, note, record_of, records
from tests.kernel.labs import started
from tests.kernel.sandboxed import sandboxed

FILE = Path("/run/nslab/lab.json")


def own() -> Holder:
    return Holder.of(os.getpid())


@sandboxed
def test_a_record_says_what_was_noted_last() -> None:
    assert records() == []
    note("lab", own(), "name", "lab-a", "/proc/1/fd/3", "{lab}-{node}")
    note("lab", own(), "name", "lab-b", "/proc/1/fd/4", "{lab}-{node}")
    note("lab", own(), "mac", "br0", "02:00:00:00:00:01")
    note("lab", own(), "name", "lab-a", None)
    (found,) = records()
    assert (found.lab, found.pattern) == ("lab", "{lab}-{node}")
    assert found.names == {"lab-b": "/proc/1/fd/4"}
    assert found.macs == {"br0": "02:00:00:00:00:01"}
    assert found.holder == own()
    assert found.holder.alive


@sandboxed
def test_only_root_can_read_it_and_nothing_stays() -> None:
    note("lab", own(), "mac", "br0", "02:00:00:00:00:01")
    assert stat.S_IMODE(FILE.parent.stat().st_mode) == 0o700
    found = record_of("lab")
    assert found is not None
    record.forget(found)
    assert not FILE.parent.exists()


@sandboxed
def test_a_line_that_was_being_written_ends_the_record() -> None:
    note("lab", own(), "name", "lab-a", "/proc/1/fd/3", "{lab}-{node}")
    with FILE.open("a") as file:
        file.write('["name", "lab-b", "/pro')
    found = record_of("lab")
    assert found is not None
    assert list(found.names) == ["lab-a"]


@pytest.mark.parametrize("text", ["[]", "{}", "3", '["other", 1, 2, 3]', '["lab"]', "\0"])
@sandboxed
def test_what_is_no_record_is_left_alone(text: str) -> None:
    note("lab", own(), "mac", "br0", None)
    FILE.write_text(text)
    assert records() == []
    with pytest.raises(NslabError, match='another lab "lab" has something in this machine'):
        note("lab", own(), "mac", "br0", None)
    assert FILE.read_text() == text


@sandboxed
def test_a_record_whose_writer_was_killed_at_its_beginning_is_in_nobody_s_way() -> None:
    note("lab", own(), "mac", "br0", "02:00:00:00:00:01")
    FILE.write_text("")
    note("lab", own(), "mac", "br1", "02:00:00:00:00:02")
    assert [one.macs for one in records()] == [{"br1": "02:00:00:00:00:02"}]
    FILE.write_text("")
    record.clear_stumps()
    assert not FILE.parent.exists()


@sandboxed
def test_a_dead_process_is_not_the_one_that_has_its_pid_now() -> None:
    holder = own()
    assert not Holder(holder.pid, holder.started + 1, holder.space).alive
    with subprocess.Popen(["sleep", "9"]) as sleeper:
        other = Holder.of(sleeper.pid)
        assert other.alive
        sleeper.kill()
    assert not other.alive


@sandboxed
def test_of_another_pid_namespace_nothing_is_known() -> None:
    assert Holder(999999, 1, 1).alive


@sandboxed
def test_a_zombie_is_dead() -> None:
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
    assert start_time(child) == 0
    os.waitpid(child, 0)


@sandboxed
def test_a_record_that_is_a_link_is_not_followed() -> None:
    target = Path("/run/target")
    target.write_text(json.dumps(["lab", *own().words()]) + "\n")
    note("other", own(), "mac", "br0", "02:00:00:00:00:01")
    FILE.symlink_to(target)
    with pytest.raises(NslabError):
        note("lab", own(), "mac", "br0", "02:00:00:00:00:01")
    assert len(target.read_text().splitlines()) == 1
    assert record_of("lab") is None


@sandboxed
def test_a_directory_that_we_made_goes_when_it_is_empty() -> None:
    made = Path("/run/made")
    record.note_made(str(made))
    (made / "foreign").touch()
    record.unmake(str(made))
    assert made.exists()
    assert not FILE.parent.exists()


@pytest.mark.kernel
def test_a_lab_tells_where_its_namespaces_are() -> None:
    with started("a", "b") as sandbox:
        for name, path in zip(("a", "b"), sandbox.paths(["a", "b"]), strict=True):
            assert Path(path).stat().st_ino == os.fstat(sandbox.handle(name).fd).st_ino
        with pytest.raises(NslabError, match='no node "c"'):
            sandbox.paths(["a", "c"])
