"""The holder against whoever is at its socket, and against its own end."""

from __future__ import annotations

import errno
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from _socket import MSG_DONTWAIT, SCM_RIGHTS, SOL_SOCKET, socket
from pathlib import Path

import pytest

from nslab.errors import KernelError, LabBusyError, LabNotRunningError
from nslab.kernel import interpreter, programs, reach, wire
from nslab.kernel.channel import Channel
from nslab.kernel.procfs import exchange, is_emptied, members, pid_space, process_name
from nslab.kernel.sandbox import OUTSIDE, Sandbox, running
from tests.kernel.labs import (
    descriptors,
    eventually,
    fresh_name,
    launchers_in,
    open_in,
    output_in,
    started,
)
from tests.kernel.sandboxed import NOBODY, nested

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import NoReturn

pytestmark = pytest.mark.kernel

GARBAGE = [
    b"nonsense",
    b"END",
    b"\xff\xfe\x00\x01",
    b"create\0a/b",
    b"create\0",
    b"create\0" + b"x" * 300,
    b"delete\0outside",
    b"socket",
    b"socket\x002\x002",
    b"socket\0two\x002\x000\0a",
    b"socket\x0099\x0099\x0099\0a",
    b"socket\x002\x002\x00" + b"9" * 40 + b"\0a",
    b"open" + b"\0a" * 300,
    b"sysctl",
    b"hosts",
    b"put",
    b"put\0name",
    b"keep",
    b"keep\0perhaps",
    b"\0",
    b"x" * (wire.MAX_BYTES + 1),
]


@pytest.fixture
def lab() -> Iterator[Sandbox]:
    with started("a", "b") as sandbox:
        yield sandbox


@pytest.fixture
def channel(lab: Sandbox) -> Iterator[socket]:
    channel, _ = reach.connect(lab.lab)
    channel.settimeout(5)
    yield channel
    channel.close()


def hand_over(channel: socket, payload: bytes, fds: list[int]) -> None:
    packed = b"".join(fd.to_bytes(4, sys.byteorder) for fd in fds)
    channel.sendmsg([payload], [(SOL_SOCKET, SCM_RIGHTS, packed)])


def test_the_holder_is_named(lab: Sandbox) -> None:
    assert process_name(lab.pid) == wire.HOLDER
    assert output_in(lab, "a", "ps", "-o", "comm=", "-p", "1") == "nslab-holder\n"


def test_garbage_is_answered_with_an_error_and_harms_nobody(lab: Sandbox, channel: socket) -> None:
    before = open_in(lab)
    for payload in GARBAGE:
        channel.send(payload)
        words, fds = wire.receive(channel)
        assert words[0] in ("error", "partial"), payload
        assert int(words[1]) > 0, payload
        assert fds == [], payload
    assert lab.names() == [OUTSIDE, "a", "b"]
    assert lab.get()[3] == "starting"
    assert open_in(lab) == before


def test_descriptors_that_nobody_asked_for_are_closed(lab: Sandbox, channel: socket) -> None:
    before = open_in(lab)
    reader, writer = os.pipe()
    for payload in (b"list", b"nonsense", b"put\0a pipe is no document", b"\0"):
        hand_over(channel, payload, [reader, writer])
        assert wire.receive(channel)[0][0] == ("ok" if payload == b"list" else "error")
    file = wire.memory_file(b"document")
    hand_over(channel, b"put\0source", [file, reader, writer])
    assert wire.receive(channel) == (["ok"], [])
    hand_over(channel, b"release", [reader, writer])
    wire.close([reader, writer, file])
    assert lab.get()[:2] == (b"document", "source")
    assert open_in(lab) == before + 1


def test_an_empty_message_ends_its_connection_alone(lab: Sandbox, channel: socket) -> None:
    hand_over(channel, b"", [0, 1])
    assert wire.receive(channel) == ([], [])
    assert lab.names() == [OUTSIDE, "a", "b"]


def test_many_requests_at_once_are_answered_in_order(lab: Sandbox, channel: socket) -> None:
    wire.send(channel, ["list"])
    wire.send(channel, ["nonsense"])
    wire.send(channel, ["open", "a"])
    assert wire.receive(channel)[0] == ["ok", *lab.names()]
    assert wire.receive(channel)[0][0] == "error"
    words, fds = wire.receive(channel)
    assert (words, len(fds)) == (["ok"], 2)
    wire.close(fds)


@pytest.mark.parametrize("request_", [["list"], ["open", *["a"] * 100], ["nonsense"]])
def test_one_that_never_reads_does_not_stop_the_others(
    lab: Sandbox, channel: socket, request_: list[str]
) -> None:
    before = open_in(lab)

    def send_until_thrown_out() -> bool:
        try:
            while True:
                wire.send(channel, request_, flags=MSG_DONTWAIT)
        except BlockingIOError:
            return False  # the holder is not as fast
        except ConnectionError:
            return True

    lab._channel._socket.settimeout(5)
    assert eventually(send_until_thrown_out, 10)
    assert lab.names() == [OUTSIDE, "a", "b"]
    assert open_in(lab) == before - 1
    with Sandbox.connect(lab.lab) as other:
        assert other.names() == lab.names()


def test_a_writer_that_never_reads_loses_its_turn(lab: Sandbox) -> None:
    deaf, _ = reach.connect(lab.lab)
    with pytest.raises((BlockingIOError, ConnectionError)):
        flood(deaf)
    deaf.close()
    other = Sandbox.connect(lab.lab)
    other._channel._socket.settimeout(5)
    lab.release()
    other.become_writer()
    other.close()


def flood(channel: socket) -> None:
    wire.send(channel, ["write"])
    while True:
        wire.send(channel, ["list"], flags=MSG_DONTWAIT)


def test_another_user_gets_no_answer(lab: Sandbox) -> None:
    def knock() -> bytes:
        channel = socket(wire.AF_UNIX, wire.SOCK_SEQPACKET)
        channel.connect(wire.address_of(lab.lab, 0))
        try:
            channel.send(b"end")
            return channel.recv(1)
        except ConnectionError:
            return b""

    assert as_nobody(lambda: repr(knock())) == "b''"
    assert lab.names() == [OUTSIDE, "a", "b"]


def as_nobody(function: Callable[[], str]) -> str:
    """Let another user do something, and give what comes of it."""
    if os.getuid() != 0:
        pytest.skip("only root can be another user")
    readable, writable = os.pipe()
    child = os.fork()
    if child == 0:
        os.setresuid(NOBODY, NOBODY, NOBODY)
        os.write(writable, function().encode())
        os._exit(0)
    os.close(writable)
    os.waitpid(child, 0)
    with os.fdopen(readable) as file:
        return file.read()


def test_a_name_that_another_user_has_taken_is_told() -> None:
    if os.getuid() != 0:
        pytest.skip("only root can be another user")
    name, (readable, writable) = fresh_name(), os.pipe()
    squatter = os.fork()
    if squatter == 0:
        os.setresuid(NOBODY, NOBODY, NOBODY)
        listener = socket(wire.AF_UNIX, wire.SOCK_SEQPACKET)
        listener.bind(wire.address_of(name, 0))
        listener.listen(8)
        os.write(writable, b"!")
        time.sleep(60)
        os._exit(0)
    try:
        os.read(readable, 1)
        taken = f'the name of the lab "{name}" is taken by the user with id {NOBODY}'
        with pytest.raises(LabNotRunningError, match=taken):
            Sandbox.connect(name)
        with pytest.raises(LabBusyError, match=taken):
            Sandbox.start(name)
        assert name not in running()
    finally:
        os.kill(squatter, signal.SIGKILL)
        os.waitpid(squatter, 0)
        wire.close([readable, writable])
    with started() as sandbox:
        assert sandbox.lab != name


def test_a_name_that_is_taken_but_not_answered_is_somebody_s_beginning() -> None:
    name = fresh_name()
    claim = socket(wire.AF_UNIX, wire.SOCK_SEQPACKET)
    claim.bind(wire.address_of(name, os.getuid()))
    with pytest.raises(FileExistsError):
        Sandbox.start(name)
    with pytest.raises(LabNotRunningError):
        Sandbox.connect(name)
    assert name not in running()
    claim.close()
    assert name not in running()


def test_a_holder_that_dies_at_its_start_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interpreter, "_START", "print(1 / 0)")
    before = descriptors()
    with pytest.raises(Exception, match="died at its start: ZeroDivisionError: division by zero"):
        Sandbox.start(fresh_name())
    monkeypatch.setattr(interpreter, "_START", "raise SystemExit")
    with pytest.raises(Exception, match="died at its start: no reason"):
        Sandbox.start(fresh_name())
    assert descriptors() == before


@nested
def test_a_killed_holder_takes_all_with_it() -> None:
    Path("/proc/sys/user/max_net_namespaces").write_text("12")
    sandbox = Sandbox.start(fresh_name())
    sandbox.create([f"n{number}" for number in range(10)])  # the limit is reached
    sandbox.settle()
    readable, writable = os.pipe()
    script = "trap '' HUP INT TERM; setsid sleep 60 & echo ready; sleep 60"
    place = (sandbox.lab, sandbox.pid, "n3")
    program = programs.popen(place, ["sh", "-c", script], stdout=writable)
    os.close(writable)
    assert os.read(readable, 6) == b"ready\n"
    begun = time.monotonic()
    os.kill(sandbox.pid, signal.SIGKILL)
    assert program.wait(2) == -signal.SIGKILL
    assert os.read(readable, 1) == b""  # no process has it open any more
    os.close(readable)
    with pytest.raises(LabNotRunningError, match="ended"):
        sandbox.names()
    sandbox.close()
    assert eventually(lambda: running() == [])
    left = 2 - (time.monotonic() - begun)
    assert eventually(can_start_as_large_a_lab, left, pause=0.3)  # every try takes some itself


def can_start_as_large_a_lab() -> bool:
    try:
        with started(*[f"n{number}" for number in range(10)]):
            return True
    except (KernelError, pytest.skip.Exception):
        return False


def test_a_zombie_that_nobody_reaps_does_not_hold_up_the_end(
    lab: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Channel, "refuse_stopped", lambda _: None)
    script = ["sh", "-c", "echo ready; exec sleep 60"]
    with programs.popen((lab.lab, lab.pid, "a"), script, stdout=subprocess.PIPE) as program:
        assert program.stdout is not None
        program.stdout.readline()
        space = pid_space(lab.pid)
        os.kill(lab.pid, signal.SIGSTOP)  # as slow as a holder can be
        (launcher,) = launchers_in(lab.lab)
        os.kill(launcher.pid, signal.SIGSTOP)  # it will not reap the program
        ending = threading.Thread(target=lab.end)
        ending.start()
        ending.join(0.2)
        assert ending.is_alive()
        os.kill(lab.pid, signal.SIGCONT)
        ending.join(5)
        assert not ending.is_alive()
        assert is_emptied(lab.pid, space)
        assert program.wait() == -signal.SIGKILL


def test_a_holder_that_shows_nothing_any_more_is_waited_for(
    lab: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    listdir, closed = os.listdir, f"/proc/{lab.pid}/fd"

    def look(path: str) -> list[str]:
        if path == closed:  # as a plain user's holder does at its end, once its memory is gone
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return listdir(path)

    script = ["sh", "-c", "echo ready; exec sleep 60"]
    with programs.popen((lab.lab, lab.pid, "a"), script, stdout=subprocess.PIPE) as program:
        assert program.stdout is not None
        program.stdout.readline()
        monkeypatch.setattr(os, "listdir", look)
        assert not is_emptied(lab.pid, pid_space(lab.pid))  # the program lives
        program.kill()


@nested
def test_more_connections_than_descriptors_wait_for_their_turn() -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
    with started("a") as sandbox:
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
        children = [os.fork() or hold_connections(sandbox.lab, 20) for _ in range(4)]
        try:
            assert eventually(lambda: descriptors(sandbox.pid) == 64)
            sandbox._channel._socket.settimeout(5)
            assert sandbox.names() == [OUTSIDE, "a"]  # who was there first is served meanwhile
        finally:
            for child in children:
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)
        with Sandbox.connect(sandbox.lab) as other:
            other._channel._socket.settimeout(5)
            assert other.names() == [OUTSIDE, "a"]


def hold_connections(lab: str, count: int) -> NoReturn:
    connections = [reach.connect(lab) for _ in range(count)]
    time.sleep(60)
    os._exit(len(connections))


def test_sysctls_by_their_words() -> None:
    assert exchange("kernel.ostype") == exchange("kernel/ostype") == "Linux"
    assert exchange("kernel.nonsense") == f"!{errno.ENOENT}"
    assert exchange("kernel") == f"!{errno.EISDIR}"
    for key in ("kernel/../kernel/ostype", "kernel.//.kernel.ostype"):
        assert exchange(key) == f"!{errno.EINVAL}"
    assert exchange("kernel.ostype=Other") in (f"!{errno.EACCES}", f"!{errno.EPERM}")


def test_no_such_process() -> None:
    assert process_name(2**22 + 1) == ""
    assert is_emptied(2**22 + 1, 1)
    assert process_name(os.getpid()) == Path("/proc/self/comm").read_text().strip()
    assert not is_emptied(os.getpid(), pid_space(os.getpid()))
    assert pid_space(2**22 + 1) == 0


def test_who_has_ended_and_is_not_reaped_counts_as_gone() -> None:
    living = subprocess.Popen(["sleep", "60"])
    ended = subprocess.Popen(["true"])
    try:
        os.waitid(os.P_PID, ended.pid, os.WEXITED | os.WNOWAIT)
        assert {living.pid, ended.pid}.intersection(members()) == {living.pid}
    finally:
        living.kill()
        living.wait()
        ended.wait()
