"""What another user of the machine can do to a lab: nothing but take its name, and that is told."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from socket import AF_UNIX, SOCK_SEQPACKET, socket

import pytest

from nslab import up
from nslab.errors import LabBusyError, LabNotRunningError, NslabError
from nslab.kernel import hostnames, libc, reach, record, registry, wire
from nslab.kernel.record import Holder
from nslab.kernel.sandbox import Sandbox, running
from nslab.lab import loads
from tests.kernel.labs import started
from tests.kernel.sandboxed import NOBODY, sandboxed
from tests.plan.way.world import World, in_world
from tests.security.other import STRANGER, another_user, asked

FILLED: list[socket] = []
LED_OUT: dict[str, object] = {
    "name": "led",
    "bridges": {"lan": {"subnet": "10.0.1.0/24", "uplink": True, "ports": ["a"]}},
}


def listen_and_take_none(*names: str) -> None:
    """Listen under root's labs' names, and let the queues be full."""
    for name in names:
        listener = socket(AF_UNIX, SOCK_SEQPACKET)
        listener.bind(wire.address_of(name, 0))
        listener.listen(0)
        FILLED.append(listener)
        while True:
            caller = socket(AF_UNIX, SOCK_SEQPACKET)
            caller.setblocking(False)  # noqa: FBT003 - the only way to say it
            FILLED.append(caller)
            try:
                caller.connect(wire.address_of(name, 0))
            except BlockingIOError:
                break


@sandboxed
def test_who_takes_a_name_and_no_connections_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reach, "_PATIENCE", 0.1)
    with another_user(lambda: listen_and_take_none("office")) as said:
        assert said == "None"
        told = 'somebody has the name of the lab "office" and takes no connections'
        for act in (Sandbox.connect, Sandbox.start):
            with pytest.raises(LabBusyError, match=told) as caught:
                act("office")
            assert caught.value.hint is not None
        with pytest.raises(LabBusyError, match=told):
            up(loads("name: office\nnodes: {a: }"))
    with Sandbox.start("office") as sandbox:
        sandbox.end()


@sandboxed
def test_who_takes_many_names_does_not_hold_up_the_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reach, "_GLANCE", 0.1)
    names = [f"office{number}" for number in range(40)]
    with started("a") as own, another_user(lambda: listen_and_take_none(*names)) as said:
        assert said == "None"
        begun = time.monotonic()
        assert running() == [own.lab]
        assert time.monotonic() - begun < 40 * 0.1  # all together, not each


@sandboxed
def test_a_lab_whose_holder_is_busy_is_listed() -> None:
    with started("a") as own:
        os.kill(own.pid, 19)  # SIGSTOP: as busy as can be
        assert running() == [own.lab]
        os.kill(own.pid, 18)


@sandboxed
def test_a_foreign_lab_cannot_be_joined() -> None:
    with started("a") as lab:
        tries = {
            "find it": lambda: Sandbox.connect(lab.lab),
            "ask its holder": lambda: _first_answer(lab.lab, 0),
            "enter": lambda: libc.setns(os.pidfd_open(lab.pid), libc.CLONE_NEWNET),
            "read its memory": lambda: Path(f"/proc/{lab.pid}/mem").read_bytes(),
            "read its environment": lambda: Path(f"/proc/{lab.pid}/environ").read_bytes(),
            "list its descriptors": lambda: os.listdir(f"/proc/{lab.pid}/fd"),  # noqa: PTH208
            "open its netns": lambda: Path(f"/proc/{lab.pid}/ns/net").stat(),
            "look at its files": lambda: os.listdir(f"/proc/{lab.pid}/root"),  # noqa: PTH208
            "end it": lambda: os.kill(lab.pid, 9),
        }
        for user in (NOBODY, STRANGER):
            for words, act in tries.items():
                assert asked(act, user).startswith(_REFUSALS), f"{user} can {words}"
        assert lab.names() == ["outside", "a"]


_REFUSALS = (
    "LabNotRunningError",
    "b''",  # the holder has closed the connection
    "BrokenPipeError",
    "ConnectionResetError",
    "KernelError",
    "PermissionError",
)


def _first_answer(lab: str, uid: int) -> bytes:
    channel = socket(AF_UNIX, SOCK_SEQPACKET)
    channel.settimeout(5)
    channel.connect(wire.address_of(lab, uid))
    channel.send(b"list")
    return channel.recv(100)


@sandboxed
def test_a_plain_users_lab_cannot_be_joined_by_another_plain_user() -> None:
    def start() -> int:
        FILLED.append(held := Sandbox.start("theirs"))  # type: ignore[arg-type]
        held.create(["a"])
        held.settle()
        return held.pid

    with another_user(start, NOBODY) as pid:
        if not pid.isdecimal():
            pytest.skip(f"no lab for a plain user here: {pid}")
        assert asked(lambda: Sandbox.connect("theirs").names(), NOBODY) == "['outside', 'a']"
        assert asked(lambda: Sandbox.connect("theirs")).startswith("LabNotRunningError")
        assert asked(lambda: _first_answer("theirs", NOBODY)).startswith(_REFUSALS)
        everything = libc.CLONE_NEWUSER | libc.CLONE_NEWNET
        entered = asked(lambda: libc.setns(os.pidfd_open(int(pid)), everything))
        assert entered.startswith("KernelError")


@sandboxed
def test_nothing_is_told_to_who_answers_in_a_labs_name() -> None:
    def listen() -> None:
        listener = socket(AF_UNIX, SOCK_SEQPACKET)
        listener.bind(wire.address_of("office", 0))
        listener.listen(8)
        FILLED.append(listener)

    with another_user(listen) as said:
        assert said == "None"
        with pytest.raises(LabNotRunningError, match=f"by the user with id {NOBODY}"):
            Sandbox.connect("office")
        command = [sys.executable, "-m", "nslab", "exec", "-l", "office", "a", "true"]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        assert done.returncode != 0
        assert "is taken by the user" in done.stderr
        assert running() == []


@in_world()
def test_nobody_else_can_hold_up_what_root_does_to_the_machine(world: World) -> None:
    def take_every_name() -> None:
        for name in ("nslab-host", "nslab.0.led.lock", "nslab"):
            lock = socket(AF_UNIX, SOCK_SEQPACKET)
            lock.bind(f"\0{name}")
            FILLED.append(lock)

    before = world.state()
    with another_user(take_every_name) as said:
        assert said == "None"
        world.up(LED_OUT)
        held = asked(lambda: os.open(record.DIRECTORY, os.O_RDONLY))
        assert held.startswith(("PermissionError", "FileNotFoundError"))
        world.nslab("down", "led")
    assert world.state() == before


def plant(path: Path) -> None:
    """Let there be a directory to which others may write."""
    path.mkdir()
    path.chmod(0o777)


def link(path: Path) -> None:
    """Let there be a link to a directory of root's."""
    Path("/run/elsewhere").mkdir()
    path.symlink_to("/run/elsewhere")


@pytest.mark.parametrize("prepare", [plant, link])
@sandboxed
def test_a_run_directory_that_is_not_roots_alone_is_refused(prepare: object) -> None:
    assert callable(prepare)
    prepare(Path(record.DIRECTORY))
    with pytest.raises(NslabError, match="cannot be trusted"):
        record.note("lab", Holder.of(os.getpid()), "mac", "b''", "02:00:00:00:00:01")
    with pytest.raises(NslabError, match="cannot be trusted"), record.alone():
        pytest.fail("it was taken")
    assert record.records() == []
    assert list(Path("/run").rglob("*.json")) == []


@pytest.mark.parametrize("prepare", [plant, link])
@sandboxed
def test_names_are_not_put_where_others_may_write(prepare: object) -> None:
    assert callable(prepare)
    prepare(Path(registry.DIRECTORY))
    with pytest.raises(NslabError, match="cannot be trusted"):
        hostnames.add("lab", Holder.of(os.getpid()), "lab-a", "/proc/1/fd/3", "{lab}-{node}")
    assert not any(path.is_symlink() for path in Path(registry.DIRECTORY).iterdir())


@sandboxed
def test_only_root_can_read_what_the_machine_remembers() -> None:
    record.note("lab", Holder.of(os.getpid()), "mac", "b''", "02:00:00:00:00:01")
    assert asked(lambda: os.listdir(record.DIRECTORY)).startswith("PermissionError")  # noqa: PTH208
    file = f"{record.DIRECTORY}/lab.json"
    assert asked(lambda: Path(file).read_text()).startswith("PermissionError")
    assert record.records()[0].macs == {"b''": "02:00:00:00:00:01"}
