"""A lab's sandbox as its clients use it."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from unittest import mock

import pytest

from nslab.errors import (
    KernelError,
    LabNotRunningError,
    NetnsCreationError,
    NodeNotFoundError,
    NslabError,
    PrivilegeError,
)
from nslab.kernel import programs
from nslab.kernel.channel import Channel
from nslab.kernel.sandbox import OUTSIDE, Sandbox, running
from tests.kernel.labs import descriptors, eventually, fresh_name, links, output_in, started

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.kernel


@pytest.fixture
def lab() -> Iterator[Sandbox]:
    with started("a", "b") as sandbox:
        yield sandbox


def test_from_start_to_end() -> None:
    name = fresh_name()
    before = descriptors()
    sandbox = Sandbox.start(name)
    assert name in running()
    assert sandbox.names() == [OUTSIDE]
    with pytest.raises(FileExistsError):
        Sandbox.start(name)
    sandbox.end()
    assert name not in running()
    with pytest.raises(LabNotRunningError, match=f'no lab named "{name}" is running') as caught:
        Sandbox.connect(name)
    assert caught.value.hint == "`nslab ls` lists the running labs"
    assert descriptors() == before


def test_a_name_that_cannot_be_one_is_no_running_lab() -> None:
    with pytest.raises(LabNotRunningError):
        Sandbox.connect("x" * 200)


def test_another_connection_sees_the_same_lab(lab: Sandbox) -> None:
    with Sandbox.connect(lab.lab) as other:
        assert other.pid == lab.pid
        assert other.names() == lab.names() == [OUTSIDE, "a", "b"]
        assert os.path.sameopenfile(other.handle("a").fd, lab.handle("a").fd)


def test_handles_open_once_and_are_inside(lab: Sandbox) -> None:
    assert lab.handle("a") is lab.handle("a")
    assert not os.path.sameopenfile(lab.handle("a").fd, lab.handle("b").fd)
    assert links(lab, "a") == ["lo"]
    assert not os.get_inheritable(lab.handle("a").fd)
    assert not os.get_inheritable(lab.handle("a").transport.fileno())


def test_created_ones_are_there_at_once(lab: Sandbox) -> None:
    names = [f"n{number}" for number in range(250)]  # more than fit one message
    lab.create(names)
    assert links(lab, "n249") == ["lo"]
    assert lab.names() == [OUTSIDE, "a", "b", *names]
    lab.close_handles()
    lab.open(names)
    assert len({os.fstat(lab.handle(name).fd).st_ino for name in names}) == 250
    before = descriptors()
    sockets = lab.sockets(2, 2, 0, names)
    assert descriptors() == before + 250
    for sock in sockets:
        sock.close()
    lab.delete(names)
    assert lab.names() == [OUTSIDE, "a", "b"]


def test_only_as_many_handles_as_there_is_room_for_stay_open(lab: Sandbox) -> None:
    lab.room = lab._chunk = lab._maker._at_once = 3
    lab.create([f"n{number}" for number in range(10)])
    lab.settle()
    assert len(lab._handles) == 3
    for number in range(10):
        assert links(lab, f"n{number}") == ["lo"]
        assert len(lab._handles) == 3


def test_what_was_waited_for_stays_open_as_what_was_used_last(lab: Sandbox) -> None:
    lab.room = lab._chunk = lab._maker._at_once = 3
    lab.create(["c", "d", "e"])
    first = lab.handle("c")
    lab.handle("a")
    assert lab.handle("c") is first


@pytest.mark.parametrize("known", [["a"], ["a", "b"], []])
def test_an_unknown_name_is_told(lab: Sandbox, known: list[str]) -> None:
    asked = [*known, "bb", "a"]
    lab.close_handles()
    before = descriptors()
    asks: list[Callable[[], object]] = [
        lambda: lab.open(asked),
        lambda: lab.handle("bb"),
        lambda: lab.sockets(2, 2, 0, asked),
        lambda: lab.sysctl("bb", ["net.ipv4.ip_forward"]),
    ]
    for ask in asks:
        with pytest.raises(NodeNotFoundError, match=f'"{lab.lab}" has no node "bb"') as caught:
            ask()
        assert caught.value.hint == 'did you mean "b"?'
        lab.close_handles()
        assert descriptors() == before
    lab.delete(["bb"])
    assert lab.names() == [OUTSIDE, "a", "b"]


def test_a_name_far_from_all_others(lab: Sandbox) -> None:
    with pytest.raises(NodeNotFoundError) as caught:
        lab.handle("zzzzzz")
    assert caught.value.hint == "`nslab show` lists the nodes"


def test_what_is_foreseen_is_made_once(lab: Sandbox) -> None:
    names = [f"n{number}" for number in range(500)]
    lab.foresee({name: [] for name in names})
    assert lab.lodgers() == []  # another question comes in between
    lab.create(names[:300])
    assert links(lab, "n299") == ["lo"]
    lab.create([*names[300:], "one-more"])
    lab.settle()
    assert lab.names() == [OUTSIDE, "a", "b", *names, "one-more"]
    lab.create(["n7"])  # a second time
    with pytest.raises(NetnsCreationError):
        lab.settle()


def test_what_is_no_longer_wanted_is_not_begun(lab: Sandbox) -> None:
    names = [f"n{number}" for number in range(5000)]
    lab.create(names)
    lab.forgo()
    made = lab.names()[3:]
    assert 0 < len(made) < 500
    assert made == names[: len(made)]
    lab.create(names[len(made) : len(made) + 1])  # nothing of it is remembered
    assert links(lab, names[len(made)]) == ["lo"]


def test_what_could_not_be_asked_for_is_still_to_be_made(lab: Sandbox) -> None:
    lab.create(["c"])
    lab.settle()
    refusal = KernelError("ask", errno.ENOBUFS, "no room")
    with mock.patch.object(Channel, "send", side_effect=refusal), pytest.raises(KernelError):
        lab.create(["d", "e"])
    lab.settle()
    assert lab.names() == [OUTSIDE, "a", "b", "c", "d", "e"]
    with mock.patch.object(Channel, "send", side_effect=refusal), pytest.raises(KernelError):
        lab.create(["f"])
    lab.forgo()
    assert "f" not in lab.names()


def test_what_needs_a_netns_waits_for_it(lab: Sandbox) -> None:
    names = [f"n{number}" for number in range(400)]
    lab.create(names)
    assert lab.sysctl("n399", ["net.ipv4.ip_forward"]) == ["0"]
    lab.create(["c"])
    for sock in lab.sockets(2, 2, 0, ["c", "b"]):
        sock.close()
    lab.create(["d"])
    assert len(lab.paths(["d"])) == 1


def test_names_that_are_taken_or_cannot_be(lab: Sandbox) -> None:
    for name, number in (("a", errno.EEXIST), ("x/y", errno.EINVAL), ("..", errno.EEXIST)):
        lab.create([f"before-{number}", name, f"after-{number}"])
        with pytest.raises(NetnsCreationError, match="create a network namespace") as caught:
            lab.settle()
        assert (caught.value.netns, caught.value.errno) == (name, number)
        assert lab.names() == [OUTSIDE, "a", "b", f"before-{number}"]
        lab.delete([f"before-{number}"])


def test_the_first_of_several_failures_is_told_once(lab: Sandbox) -> None:
    lab._maker._at_once = 1
    lab.create(["c", "a", "b", "d"])
    with pytest.raises(NetnsCreationError) as caught:
        lab.settle()
    assert caught.value.netns == "a"
    assert lab.names() == [OUTSIDE, "a", "b", "c", "d"]


def test_a_name_that_somebody_in_the_lab_has_taken(lab: Sandbox) -> None:
    output_in(lab, "a", "touch", "/run/netns/c")
    lab.create(["c"])
    with pytest.raises(NetnsCreationError) as caught:
        lab.settle()
    assert caught.value.hint == "somebody in the lab made a namespace of that name"
    assert lab.names() == [OUTSIDE, "a", "b"]


def test_deleting_ends_the_processes_inside_and_no_others(lab: Sandbox) -> None:
    script, pipe = ["sh", "-c", "echo ready; exec sleep 60"], subprocess.PIPE
    with (
        programs.popen((lab.lab, lab.pid, "a"), script, stdout=pipe) as doomed,
        programs.popen((lab.lab, lab.pid, "b"), script, stdout=pipe) as other,
    ):
        for process in (doomed, other):
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
        lab.delete(["a", "a"])
        assert doomed.wait() == -signal.SIGTERM
        assert other.poll() is None
        other.kill()
    assert lab.names() == [OUTSIDE, "b"]
    with pytest.raises(NodeNotFoundError):
        lab.handle("a")
    lab.create(["a"])
    assert links(lab, "a") == ["lo"]


def test_deleting_ends_processes_that_make_others(lab: Sandbox) -> None:
    chain = "import os\nwhile True:\n    if os.fork(): os._exit(0)"
    inode = os.fstat(lab.handle("a").fd).st_ino
    for _ in range(6):
        command = [sys.executable, "-I", "-S", "-c", chain]
        programs.popen((lab.lab, lab.pid, "a"), command).wait(20)
    lab.delete(["a"])

    def inside(entry: Path) -> bool:
        try:
            return (entry / "ns/net").stat().st_ino == inode
        except OSError:  # it has ended
            return False

    assert not any(map(inside, Path("/proc").glob("[0-9]*")))


def test_what_is_deleted_before_it_is_watched(lab: Sandbox) -> None:
    lab.create(names := [f"n{number}" for number in range(100)])
    lab.settle()
    lab.put(b"{}", "x")
    lab.conclude(b"note")
    lab.delete(names)
    assert lab.names() == [OUTSIDE, "a", "b"]


def test_a_name_that_was_taken_away_inside_can_be_deleted(lab: Sandbox) -> None:
    output_in(lab, "a", "rm", "/run/netns/b")
    lab.delete(["b"])
    assert lab.names() == [OUTSIDE, "a"]
    with pytest.raises(KernelError, match="give up outside"):
        lab.delete([OUTSIDE])
    assert links(lab, OUTSIDE) == ["lo"]


def test_sockets_live_in_their_netns(lab: Sandbox) -> None:
    one, other = lab.sockets(1, 1, 0, ["a", "b"])
    abstract = "\0same-name"
    one.bind(abstract)
    other.bind(abstract)  # no clash: abstract addresses belong to a netns
    one.close()
    other.close()
    with pytest.raises(KernelError, match="socket: ") as caught:
        lab.sockets(2, 99, 0, ["a"])
    assert caught.value.errno == errno.EINVAL


def test_sysctls_are_read_and_set_where_they_belong(lab: Sandbox) -> None:
    (before,) = lab.sysctl("a", ["net.ipv4.ip_forward"])
    assert before in ("0", "1")
    other = "1" if before == "0" else "0"
    assert lab.sysctl("a", [f"net.ipv4.ip_forward={other}"]) == [before]
    assert lab.sysctl("a", ["net/ipv4/ip_forward"]) == [other]
    assert lab.sysctl("b", ["net.ipv4.ip_forward"]) == [before]
    missing, refused, outside = lab.sysctl(
        "a", ["net.ipv4.nonsense", "net.ipv4.ip_forward=x", "../1/environ"]
    )
    assert isinstance(missing, OSError)
    assert missing.errno == errno.ENOENT
    assert isinstance(refused, OSError)
    assert refused.errno == errno.EINVAL
    assert isinstance(outside, OSError)
    assert lab.sysctl("a", []) == []


def test_hosts_of_any_length(lab: Sandbox) -> None:
    text = "".join(f"10.1.{number // 256}.{number % 256} host{number}\n" for number in range(9000))
    lab.set_hosts(text)
    assert output_in(lab, "a", "cat", "/etc/hosts") == text
    lab.set_hosts("")
    assert output_in(lab, "b", "cat", "/etc/hosts") == ""


def test_a_list_of_names_of_any_length(lab: Sandbox) -> None:
    names = [f"{number:063}" for number in range(600)]
    lab.create(names)
    assert lab.names() == [OUTSIDE, "a", "b", *names]
    lab.delete(names)
    assert lab.names() == [OUTSIDE, "a", "b"]


def test_a_document_is_kept(lab: Sandbox) -> None:
    document, source, started_at, state = lab.get()
    assert (document, source, state) == (b"", "", "starting")
    assert abs(started_at - Path(f"/proc/{lab.pid}").stat().st_ctime) < 60
    before = descriptors()
    for content in (b"one" * 100_000, b"", bytes(range(256))):
        lab.put(content, "/some/where.yaml")
        with Sandbox.connect(lab.lab) as other:
            assert other.get() == (content, "/some/where.yaml", started_at, "up")
    assert descriptors() == before


def test_writers_wait_for_their_turn(lab: Sandbox) -> None:
    lab.become_writer()  # whoever starts a lab is its first writer
    order: list[int] = []
    others = [Sandbox.connect(lab.lab) for _ in range(2)]

    def write(number: int) -> None:
        others[number].become_writer()
        order.append(number)

    threads = [threading.Thread(target=write, args=[number]) for number in range(2)]
    for thread in threads:
        thread.start()
        thread.join(0.05)
        assert thread.is_alive()
    assert lab.names() == [OUTSIDE, "a", "b"]  # others are answered meanwhile
    lab.release()
    threads[0].join(5)
    assert order == [0]
    threads[1].join(0.05)
    assert threads[1].is_alive()
    others[0].close()  # a turn ends with its connection, too
    threads[1].join(5)
    assert order == [0, 1]
    others[1].close()


def test_a_writer_who_gave_up_waiting_has_no_turn(lab: Sandbox) -> None:
    quitter, last = Sandbox.connect(lab.lab), Sandbox.connect(lab.lab)
    quitter._channel.send(["write"])
    last._channel.send(["write"])
    quitter.close()
    lab.release()
    assert last._channel.receive() == (["ok"], [])
    last.close()


def test_whoever_waits_is_told_that_the_lab_ended() -> None:
    with started("a") as sandbox:
        other = Sandbox.connect(sandbox.lab)
        errors: list[Exception] = []

        def wait() -> None:
            try:
                other.become_writer()
            except LabNotRunningError as error:
                errors.append(error)

        thread = threading.Thread(target=wait)
        thread.start()
        thread.join(0.05)
        sandbox.end()
        thread.join(5)
        assert [str(error) for error in errors] == [f'the lab "{sandbox.lab}" ended']
        for ask in (other.names, other.release, lambda: other.create(["x"])):
            with pytest.raises(LabNotRunningError, match=r"ended|is running"):
                ask()
        other.end()
        other.end()


def test_ending_leaves_nothing_when_it_returns() -> None:
    read_end, write_end = os.pipe()
    with started("a") as sandbox:
        command = ["sh", "-c", "sleep 60 & setsid sleep 60 & exec sleep 60"]
        process = programs.popen((sandbox.lab, sandbox.pid, "a"), command, stdout=write_end)
        os.close(write_end)
        with Sandbox.connect(sandbox.lab) as other:
            assert eventually(lambda: sleepers(sandbox) == 3)
            other.end()
        assert process.wait() == -signal.SIGTERM
        assert os.read(read_end, 1) == b""
        os.close(read_end)
        assert not Path(f"/proc/{sandbox.pid}/ns/net").exists()


def sleepers(sandbox: Sandbox) -> int:
    own = Path(f"/proc/{sandbox.pid}/ns/pid").stat().st_ino
    found = 0
    for path in Path("/proc").glob("[0-9]*"):
        try:
            inside = (path / "ns/pid").stat().st_ino == own
            found += inside and (path / "comm").read_text() == "sleep\n"
        except OSError:
            continue
    return found


def test_another_process_that_got_the_holder_s_pid_is_not_waited_for() -> None:
    with started() as sandbox:
        other = Sandbox.connect(sandbox.lab)
        sandbox.end()
        with subprocess.Popen(["sleep", "60"]) as sleeper:
            other.pid = sleeper.pid
            other.end()
            assert sleeper.poll() is None
            sleeper.kill()


def test_a_lab_ends_with_its_starter_unless_it_is_kept() -> None:
    for kept in (False, True):
        name, (read_end, write_end) = fresh_name(), os.pipe()
        starter = os.fork()
        if starter == 0:
            start_and_wait(name, write_end, kept=kept)
        os.close(write_end)
        try:
            assert os.read(read_end, 2) == b"up"
            os.kill(starter, signal.SIGKILL)
            os.waitpid(starter, 0)
            if kept:
                with Sandbox.connect(name) as sandbox:
                    assert sandbox.names() == [OUTSIDE, "a"]
                    sandbox.keep(kept=False)
            assert os.read(read_end, 1) == b""  # the last process in the lab is gone
            assert eventually(lambda: name not in running())  # noqa: B023 - it is called here
        finally:
            os.close(read_end)


def test_a_lab_ends_with_its_starter_also_where_that_was_forked() -> None:
    name, (read_end, write_end) = fresh_name(), os.pipe()
    starter = os.fork()
    if starter == 0:
        sandbox = Sandbox.start(name)
        if (child := os.fork()) == 0:
            time.sleep(60)
            os._exit(1)
        os.write(write_end, str(child).encode())
        sandbox.names()
        time.sleep(60)
        os._exit(1)
    child = int(os.read(read_end, 16))
    os.close(read_end)
    os.close(write_end)
    assert name in running()
    os.kill(starter, signal.SIGKILL)
    os.waitpid(starter, 0)
    try:
        assert eventually(lambda: name not in running())
    finally:
        os.kill(child, signal.SIGKILL)


def start_and_wait(name: str, output: int, *, kept: bool) -> None:
    try:
        sandbox = Sandbox.start(name)
        sandbox.create(["a"])
        if kept:
            sandbox.keep()
        script = "setsid sleep 60 & printf up; sleep 60"
        programs.popen((name, sandbox.pid, "a"), ["sh", "-c", script], stdout=output).wait()
    except PrivilegeError:
        os.write(output, b"no")
    finally:
        os._exit(1)


def test_a_stopped_holder_is_told_of_and_can_go_on(lab: Sandbox) -> None:
    os.kill(lab.pid, signal.SIGSTOP)
    with pytest.raises(NslabError, match="is stopped and answers nobody"):
        lab.names()
    with Sandbox.connect(lab.lab) as other, pytest.raises(NslabError, match="is stopped"):
        other.become_writer()
    with Sandbox.connect(lab.lab) as other, pytest.raises(NslabError, match="is stopped"):
        other.end()
    os.kill(lab.pid, signal.SIGCONT)
    assert eventually(lambda: lab.lab not in running())  # it had been told to end


HEEDFUL = "trap 'sleep 0.1; echo cleared up; exit 3' TERM; echo ready; while :; do sleep 0.01; done"
HEEDLESS = "trap '' TERM; echo ready; while :; do sleep 0.01; done"


@pytest.mark.parametrize("deleted", [True, False], ids=["its node ends", "its lab ends"])
def test_a_program_clears_up_before_its_end(deleted: bool) -> None:  # noqa: FBT001
    with started("a") as sandbox:
        place = (sandbox.lab, sandbox.pid, "a")
        heedful, heedless = (
            programs.popen(place, ["sh", "-c", script], stdout=subprocess.PIPE)
            for script in (HEEDFUL, HEEDLESS)
        )
        for process in (heedful, heedless):
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
        if deleted:
            sandbox.delete(["a"])
        else:
            sandbox.end()
        assert (heedful.communicate()[0], heedful.returncode) == (b"cleared up\n", 3)
        assert (heedless.communicate()[0], heedless.returncode) == (b"", -signal.SIGKILL)


def test_a_stopped_program_hears_that_its_lab_ends() -> None:
    with started("a") as sandbox:
        place = (sandbox.lab, sandbox.pid, "a")
        with programs.popen(place, ["sh", "-c", HEEDFUL], stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
            process.send_signal(signal.SIGSTOP)
            sandbox.end()
            assert process.stdout.read() == b"cleared up\n"
