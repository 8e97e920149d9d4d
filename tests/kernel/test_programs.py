"""Programs in nodes: what they get, what comes back, and who ends whom."""

from __future__ import annotations

import contextlib
import errno
import os
import select
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from nslab.errors import KernelError, LabNotRunningError, NodeNotFoundError, NslabError
from nslab.kernel import interpreter, launchers, programs, wire
from nslab.kernel.limits import raise_descriptor_limit
from tests.kernel.labs import (
    commands,
    descriptors,
    eventually,
    launchers_in,
    output_in,
    started,
)
from tests.kernel.sandboxed import nested

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from nslab.kernel.sandbox import Sandbox

    Place = tuple[str, int, str]

pytestmark = pytest.mark.kernel

PIPE = subprocess.PIPE


@pytest.fixture(scope="module")
def lab() -> Iterator[Sandbox]:
    with started("a", "b") as sandbox:
        yield sandbox


@pytest.fixture
def place(lab: Sandbox) -> Place:
    return lab.lab, lab.pid, "a"


@pytest.mark.parametrize("code", [0, 1, 7, 126, 127, 255])
def test_exit_codes_come_back(place: Place, code: int) -> None:
    assert programs.popen(place, ["sh", "-c", f"exit {code}"]).wait(20) == code


@pytest.mark.parametrize("name", ["TERM", "KILL", "INT", "HUP", "SEGV", "PIPE", "USR1", "ALRM"])
def test_a_program_s_death_by_signal_comes_back(place: Place, name: str) -> None:
    number = signal.Signals[f"SIG{name}"]
    assert programs.popen(place, ["sh", "-c", f"kill -{name} $$"]).wait(20) == -number


def test_a_program_that_has_ended_before_its_launcher_goes_on(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It does where both are on one CPU, now and then; here for certain."""
    said = {"ended": 0}

    def ask(
        client: launchers.Client, words: list[str], fds: list[int]
    ) -> tuple[list[str], list[int]]:
        reply, given = asked(client, words, fds)
        if reply[:1] == ["pid"]:
            reply = ["ended", reply[1], os.read(given[0], 16).decode()]
            wire.close(given)
            given = []
        said["ended"] += reply[0] == "ended"
        return reply, given

    asked = launchers.Client.ask
    monkeypatch.setattr(launchers.Client, "ask", ask)
    before = descriptors()
    for look in ("poll", "wait"):
        process = programs.popen(place, ["sh", "-c", "echo out; exit 7"], stdout=PIPE)
        assert process.returncode is None
        assert getattr(process, look)() == process.returncode == 7
        process.kill()  # whoever has its PID now
        assert process.communicate()[0] == b"out\n"
    assert programs.popen(place, ["sh", "-c", "kill -TERM $$"]).wait() == -signal.SIGTERM
    assert said == {"ended": 3}
    assert descriptors() == before


def test_short_programs_on_one_cpu(lab: Sandbox, place: Place) -> None:
    cpus = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cpus)})
    try:
        for code in range(100):
            assert programs.popen(place, ["sh", "-c", f"exit {code}"]).wait(20) == code
        assert output_in(lab, "a", "nproc") == "1\n"
        launchers.drop(launchers.client_of(*place[:2]))
    finally:
        os.sched_setaffinity(0, cpus)


@pytest.mark.parametrize("name", ["TERM", "INT", "HUP", "QUIT", "USR1", "USR2", "WINCH", "ALRM"])
def test_signals_reach_the_program(place: Place, name: str) -> None:
    script = f"trap 'echo caught; exit 3' {name}; echo ready; while :; do sleep 0.01; done"
    with programs.popen(place, ["sh", "-c", script], stdout=PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.Signals[f"SIG{name}"])
        assert process.stdout.read() == "caught\n"
    assert process.returncode == 3


def test_the_program_s_signals_are_as_they_were(place: Place) -> None:
    def masks(text: str) -> dict[str, int]:
        lines = [line.split(":\t") for line in text.splitlines() if line.startswith("Sig")]
        return {key: int(value, 16) for key, value in lines if key in ("SigBlk", "SigIgn")}

    own = masks(Path("/proc/self/status").read_text())
    python_s = 1 << signal.SIGPIPE - 1 | 1 << signal.SIGXFSZ - 1
    glibc_s = 1 << 32 - 1 | 1 << 33 - 1  # what posix_spawn(3) sets for its threads' own signals
    with programs.popen(place, ["cat", "/proc/self/status"], stdout=PIPE, text=True) as process:
        inside = masks(str(process.communicate()[0]))
    inside["SigIgn"] &= ~glibc_s
    assert inside == {"SigBlk": own["SigBlk"], "SigIgn": own["SigIgn"] & ~python_s & ~glibc_s}


def test_it_works_in_a_program_that_ignores_its_children(place: Place) -> None:
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        assert programs.popen(place, ["sh", "-c", "exit 7"]).wait(20) == 7
    finally:
        signal.signal(signal.SIGCHLD, before)


def test_it_inherits_three_descriptors_and_what_is_passed(place: Place) -> None:
    readable, writable = os.pipe()
    script = f"ls /proc/$$/fd; echo passed >/proc/$$/fd/{writable}"
    process = programs.popen(place, ["sh", "-c", script], stdout=PIPE, pass_fds=[writable])
    os.close(writable)
    with process, os.fdopen(readable) as pipe:
        assert pipe.read() == "passed\n"
        assert process.stdout is not None
        assert set(process.stdout.read().split()) == {b"0", b"1", b"2", str(writable).encode()}


@nested
def test_a_program_of_a_caller_with_many_descriptors() -> None:
    raise_descriptor_limit()
    with started("a") as lab:
        for _ in range(1100):  # select(2) takes none above 1023
            os.dup(2)
        with programs.popen((lab.lab, lab.pid, "a"), ["sleep", "60"]) as program:
            assert program.poll() is None
            program.kill()


def test_standard_input_and_its_end(place: Place) -> None:
    text = b"line\n" * 200_000
    with programs.popen(place, ["cat"], stdin=PIPE, stdout=PIPE) as process:
        out, _ = process.communicate(text, timeout=20)  # type: ignore[arg-type]
    assert out == text
    assert process.returncode == 0


def test_both_outputs_of_any_size(place: Place) -> None:
    script = "head -c 5000000 /dev/zero; head -c 3000000 /dev/zero >&2"
    with programs.popen(place, ["sh", "-c", script], stdout=PIPE, stderr=PIPE) as process:
        out, err = process.communicate(timeout=20)
    assert (len(out), len(err)) == (5_000_000, 3_000_000)


@pytest.mark.parametrize(
    "environment", [{}, {"A": "b c\nd", "Ü": "ö\udcff"}, {"LC_ALL": "C"}, {"LC_CTYPE": "C.UTF-8"}]
)
def test_the_environment_is_the_one_given(place: Place, environment: dict[str, str]) -> None:
    with programs.popen(place, ["/usr/bin/env", "-0"], stdout=PIPE, env=environment) as process:
        words = os.fsencode(process.communicate()[0]).split(b"\0")
    assert words[:-1] == [os.fsencode(f"{key}={value}") for key, value in environment.items()]


def test_the_environment_is_inherited(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "/nowhere")
    with programs.popen(place, ["env", "-0"], stdout=PIPE) as process:
        inside = os.fsencode(process.communicate()[0]).split(b"\0")
    assert inside[:-1] == [os.fsencode(f"{key}={value}") for key, value in os.environ.items()]
    assert b"PYTHONPATH=/nowhere" in inside


def test_a_shell_where_asked(place: Place) -> None:
    script = 'echo "$0" "$1" $((1 + 1))'
    for args, expected in ((script, "/bin/sh  2\n"), ([script, "zero", "one"], "zero one 2\n")):
        with programs.popen(place, args, shell=True, stdout=PIPE, text=True) as process:  # noqa: S604
            assert process.communicate()[0] == expected


def test_another_name_for_the_program(place: Place) -> None:
    with programs.popen(
        place, ["me", "-c", "echo $0"], executable="/bin/sh", stdout=PIPE
    ) as process:
        assert process.communicate()[0] == b"me\n"
    with programs.popen(place, [Path("/bin/echo"), "x"], stdout=PIPE) as process:
        assert process.communicate()[0] == b"x\n"


def test_what_is_not_there_or_not_executable(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = tmp_path / "plain"
    plain.write_text("text")
    empty = {"PATH": str(tmp_path)}
    for program, error in (
        ("no-such-program", FileNotFoundError),
        (str(tmp_path / "nothing"), FileNotFoundError),
        (str(plain), PermissionError),
        (str(tmp_path), PermissionError),
    ):
        with pytest.raises(error) as caught:
            programs.popen(place, [program])
        assert caught.value.filename == program
    with pytest.raises(FileNotFoundError):
        programs.popen(place, ["sh"], env=empty)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PermissionError):
        programs.popen(place, ["plain"])
    with pytest.raises(NotADirectoryError):
        programs.popen(place, [f"{plain}/below"])


@pytest.mark.parametrize("program", ["", "\udcff", "/é\n"])
def test_names_that_no_program_has(place: Place, program: str) -> None:
    with pytest.raises(FileNotFoundError):
        programs.popen(place, [program])


def test_what_no_program_can_be_given(place: Place) -> None:
    with pytest.raises(ValueError, match="null byte"):
        programs.popen(place, ["echo", "a\0b"])
    with pytest.raises(ValueError, match="variable name"):
        programs.popen(place, ["true"], env={"A=B": "c"})
    with pytest.raises(ValueError, match="descriptors"):
        programs.popen(place, ["true"], pass_fds=range(1000, 1300))


def test_a_program_that_is_no_program(place: Place, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"\0\1\2")
    file.chmod(0o755)
    with pytest.raises(OSError, match="Exec format error"):
        programs.popen(place, [file])


@pytest.mark.parametrize(
    "node", ["aa", "", ".", "..", "../../proc/1/ns/net", "a/", "n" * 300, "(host)"]
)
def test_an_unknown_node(place: Place, node: str) -> None:
    with pytest.raises(NodeNotFoundError) as caught:
        programs.popen((*place[:2], node), ["true"])
    assert str(caught.value) == f'the lab "{place[0]}" has no node "{node}"'


def test_a_node_whose_name_was_deleted_in_the_lab(lab: Sandbox) -> None:
    lab.create(["c"])
    lab.settle()
    output_in(lab, "a", "rm", "/run/netns/c")
    assert output_in(lab, "c", "uname", "-n") == "c\n"
    output_in(lab, "a", "ln", "-s", "/proc/1/ns/net", "/run/netns/c")
    inode = os.fstat(lab.handle("c").fd).st_ino
    assert output_in(lab, "c", "readlink", "/proc/self/ns/net") == f"net:[{inode}]\n"
    lab.delete(["c"])


def test_the_working_directory(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def where(cwd: Path | None) -> str:
        with programs.popen(place, ["/bin/pwd"], cwd=cwd, stdout=PIPE, text=True) as process:
            return str(process.communicate()[0]).rstrip("\n")

    assert where(tmp_path) == str(tmp_path)
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    assert where(None) == str(gone)
    gone.rmdir()
    assert where(None) == "/"
    with pytest.raises(FileNotFoundError):
        where(gone)


def test_a_working_directory_that_is_hidden_in_the_lab(place: Place) -> None:
    hidden = [path for path in Path("/run").iterdir() if path.is_dir() and os.access(path, os.X_OK)]
    if not hidden:
        pytest.skip("/run is empty on this machine")
    script = ["sh", "-c", f"test -d {hidden[0]} || /bin/pwd"]
    if str(hidden[0]) in ("/run/netns", "/run/nslab"):
        pytest.skip("/run has nothing that a lab hides")
    with programs.popen(place, script, cwd=hidden[0], stdout=PIPE) as process:
        assert process.communicate()[0] == b"/\n"


def test_a_program_beside_the_working_directory(place: Place, tmp_path: Path) -> None:
    program = tmp_path / "here"
    program.write_text("#!/bin/sh\necho $0\n")
    program.chmod(0o755)
    with programs.popen(place, ["./here"], cwd=tmp_path, stdout=PIPE) as process:
        assert process.communicate()[0] == b"./here\n"
    with pytest.raises(FileNotFoundError):
        programs.popen(place, ["./here"])


def test_it_sees_its_own_node(lab: Sandbox) -> None:
    for name in ("a", "b"):
        assert output_in(lab, name, "uname", "-n") == f"{name}\n"
        inode = os.fstat(lab.handle(name).fd).st_ino
        assert output_in(lab, name, "readlink", "/proc/self/ns/net") == f"net:[{inode}]\n"
    links = output_in(lab, "a", "ls", "/sys/class/net").split()
    if links == sorted(entry.name for entry in Path("/sys/class/net").iterdir()) != ["lo"]:
        pytest.skip("this machine lets nobody mount /sys in a user namespace")
    assert links == ["lo"]


def test_the_machine_s_own_name_stays(place: Place) -> None:
    before = os.uname().nodename
    script = ["sh", "-c", "uname -n; cat /proc/sys/kernel/hostname"]
    with programs.popen(place, script, stdout=PIPE) as process:
        assert process.communicate()[0] == b"a\na\n"
    assert os.uname().nodename == before


def test_killing_it(place: Place) -> None:
    script = ["sh", "-c", "echo ready; exec sleep 60"]
    with programs.popen(place, script, stdout=PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        process.kill()
        assert select.select([process.stdout], [], [], 2)[0]
        assert process.stdout.read() == b""  # nobody has the other end
    assert process.returncode == -signal.SIGKILL


def test_a_time_limit(place: Place) -> None:
    with programs.popen(place, ["sleep", "60"], stdout=PIPE) as process:
        with pytest.raises(subprocess.TimeoutExpired) as caught:
            process.communicate(timeout=0.1)
        assert caught.value.cmd == process.args == ["sleep", "60"]
        process.kill()
        assert process.communicate(timeout=2)[0] == b""


def test_fifty_at_once_from_threads(place: Place) -> None:
    results: dict[int, object] = {}

    def work(number: int) -> None:
        with programs.popen(
            place, ["sh", "-c", f"echo {number}; exit {number}"], stdout=PIPE
        ) as one:
            results[number] = one.communicate(timeout=30)[0], one.wait()

    threads = [threading.Thread(target=work, args=[number]) for number in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == {number: (f"{number}\n".encode(), number) for number in range(50)}


def test_a_lab_that_ended_meanwhile() -> None:
    with started("a") as sandbox:
        place = (sandbox.lab, sandbox.pid, "a")
        sandbox.end()
        with pytest.raises(LabNotRunningError, match=f'the lab "{sandbox.lab}" ended'):
            programs.popen(place, ["true"])
        with pytest.raises(LabNotRunningError):
            programs.popen((sandbox.lab, os.getpid(), "a"), ["true"])  # a PID used again


def test_the_holder_s_death_ends_the_program() -> None:
    with started("a") as sandbox:
        script = ["sh", "-c", "echo ready; exec sleep 60"]
        with programs.popen((sandbox.lab, sandbox.pid, "a"), script, stdout=PIPE) as process:
            assert process.stdout is not None
            process.stdout.readline()
            os.kill(sandbox.pid, signal.SIGKILL)
            assert process.wait(2) == -signal.SIGKILL


def test_a_program_whose_lab_ends_keeps_nothing_from_ending() -> None:
    """Nobody has asked for the program's end: who reaps it must not be its user."""
    with started("a") as sandbox:
        process = programs.popen((sandbox.lab, sandbox.pid, "a"), ["sleep", "60"])
        began = time.monotonic()
        sandbox.end()
        assert time.monotonic() - began < 5
        assert process.wait(2) == -signal.SIGTERM


def test_a_launcher_that_is_killed_takes_its_programs_along(place: Place) -> None:
    script = ["sh", "-c", "echo ready; exec sleep 60"]
    with programs.popen(place, script, stdout=PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        launcher = launchers_in(place[0])[0]
        os.kill(launcher.pid, signal.SIGKILL)
        assert process.wait(5) == -signal.SIGKILL
    os.waitid(os.P_PID, launcher.pid, os.WEXITED | os.WNOWAIT)
    assert programs.popen(place, ["sh", "-c", "exit 3"]).wait(20) == 3


def test_a_launcher_that_is_stopped_is_left_alone(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert programs.popen(place, ["true"]).wait(20) == 0
    launcher = launchers_in(place[0])[0]
    os.kill(launcher.pid, signal.SIGSTOP)
    try:
        monkeypatch.setattr(launchers, "_PATIENCE", 0.2)
        with pytest.raises(NslabError, match="does not answer"):
            programs.popen(place, ["true"])
    finally:
        os.kill(launcher.pid, signal.SIGCONT)
    monkeypatch.undo()
    assert programs.popen(place, ["sh", "-c", "exit 3"]).wait(20) == 3


class StruckError(Exception):
    """What a signal's handler raises, as a test's time limit does."""


@contextlib.contextmanager
def struck_by_alarm(launcher: launchers.Client, first: Callable[[], None]) -> Iterator[None]:
    """Have SIGALRM do something and raise; let the launcher go on in the end."""

    def strike(*_: object) -> None:
        first()
        raise StruckError

    previous = signal.signal(signal.SIGALRM, strike)
    try:
        yield
    finally:
        signal.signal(signal.SIGALRM, previous)
        os.kill(launcher.pid, signal.SIGCONT)


def begin_struck(place: Place, launcher: launchers.Client, *command: str) -> None:
    """Begin a program, and be struck while its launcher, which is stopped, does not answer."""
    os.kill(launcher.pid, signal.SIGSTOP)
    signal.setitimer(signal.ITIMER_REAL, 0.1)
    with pytest.raises(StruckError):
        programs.popen(place, command)


def test_whoever_is_interrupted_takes_no_answer_from_the_next(place: Place) -> None:
    assert programs.popen(place, ["true"]).wait(20) == 0
    launcher = launchers_in(place[0])[0]
    before, sleep = descriptors(), f"sleep 60.{os.getpid()}"
    with struck_by_alarm(launcher, lambda: os.kill(launcher.pid, signal.SIGCONT)):
        for code in range(40, 43):
            begin_struck(place, launcher, *sleep.split())
            assert programs.popen(place, ["sh", "-c", f"exit {code}"]).wait(20) == code
    assert launchers_in(place[0])[0].pid == launcher.pid
    assert descriptors() == before

    assert eventually(lambda: sleep not in commands(), 5)  # nobody has heard of them


def test_an_answer_that_comes_too_late_for_the_interrupted(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert programs.popen(place, ["true"]).wait(20) == 0
    launcher = launchers_in(place[0])[0]
    monkeypatch.setattr(launchers, "_HASTE", 0.01)
    with struck_by_alarm(launcher, lambda: None):
        begin_struck(place, launcher, "sh", "-c", "exit 40")
    for code in (41, 42):
        assert programs.popen(place, ["sh", "-c", f"exit {code}"]).wait(20) == code


def test_no_program_is_begun_where_its_answer_finds_no_descriptor(place: Place) -> None:
    import resource

    sleep = f"sleep 61.{os.getpid()}"
    assert programs.popen(place, ["true"]).wait(20) == 0
    taken: list[int] = []
    with contextlib.suppress(OSError):
        taken.extend(os.dup(0) for _ in range(resource.getrlimit(resource.RLIMIT_NOFILE)[0]))
    try:
        with pytest.raises(OSError, match="Too many open files"):
            programs.popen(place, sleep.split())
        os.close(taken.pop())
        with pytest.raises(OSError, match="Too many open files"):
            programs.popen(place, sleep.split())
    finally:
        for fd in taken:
            os.close(fd)
    assert sleep not in commands()


def test_a_forked_process_does_not_take_a_program_s_end_away(place: Place) -> None:
    process = programs.popen(place, ["sh", "-c", "exit 7"])
    child = os.fork()
    if child == 0:
        os._exit(process.wait() == 0 and process.poll() == 0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1
    assert process.wait(20) == 7


def test_signals_while_another_thread_waits(place: Place) -> None:
    for _ in range(50):
        process = programs.popen(place, ["sleep", "0.01"])
        thread = threading.Thread(target=process.wait)
        thread.start()
        while process.returncode is None:
            process.send_signal(0)
        thread.join()
        assert process.returncode == 0


@pytest.mark.parametrize("option", ["user", "group", "preexec_fn", "process_group", "close_fd"])
def test_options_without_a_meaning_in_a_node(place: Place, option: str) -> None:
    options: Any = {option: 0}
    with pytest.raises(TypeError, match=f"no option {option}$"):
        programs.popen(place, ["true"], **options)


def test_a_umask_of_its_own(place: Place) -> None:
    with programs.popen(place, ["sh", "-c", "umask"], umask=0o077, stdout=PIPE) as process:
        assert process.communicate()[0] == b"0077\n"


def test_variables_without_a_name(place: Place) -> None:
    with programs.popen(place, ["sleep", "60"]) as other:
        with pytest.raises(ValueError, match="illegal environment variable name"):
            programs.popen(place, ["true"], env={"": "x"})
        assert other.poll() is None
        other.kill()


def test_what_a_program_inherits_is_the_caller_s_of_that_moment(place: Place) -> None:
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
    before = os.umask(0o027)
    try:
        resource.setrlimit(resource.RLIMIT_CORE, (0 if soft else hard, hard))
        limit = str(resource.getrlimit(resource.RLIMIT_CORE)[0]).replace("-1", "unlimited")
        script = ["sh", "-c", "umask; ulimit -c"]
        with programs.popen(place, script, stdout=PIPE, text=True) as process:
            assert process.communicate()[0] == f"0027\n{limit}\n"
    finally:
        os.umask(before)
        resource.setrlimit(resource.RLIMIT_CORE, (soft, hard))


def test_a_forked_process_has_a_launcher_of_its_own(place: Place) -> None:
    assert programs.popen(place, ["true"]).wait(20) == 0
    child = os.fork()
    if child == 0:
        code = 1
        try:
            code = programs.popen(place, ["sh", "-c", "exit 5"]).wait(20)
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 5
    assert programs.popen(place, ["true"]).wait(20) == 0


def test_a_program_outlives_who_started_it(lab: Sandbox, tmp_path: Path) -> None:
    told = tmp_path / "told"
    child = os.fork()
    if child == 0:
        script = ["sh", "-c", f"sleep 0.3; echo done > {told}"]
        programs.popen((lab.lab, lab.pid, "a"), script)
        os._exit(0)
    os.waitpid(child, 0)
    assert eventually(lambda: told.exists() and told.read_text() == "done\n", 5)


def test_a_launcher_started_ahead_is_the_one_that_is_asked() -> None:
    with started("a") as sandbox:
        launchers.start_ahead(sandbox.lab, sandbox.pid)
        (ahead,) = launchers_in(sandbox.lab)
        place = (sandbox.lab, sandbox.pid, "a")
        assert programs.popen(place, ["sh", "-c", "exit 3"]).wait(20) == 3
        assert launchers_in(sandbox.lab) == [ahead]
    assert not launchers_in(sandbox.lab)
    assert not Path(f"/proc/{ahead.pid}").exists()


def test_a_launcher_that_could_not_be_started_ahead_is_missed_by_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: object, **__: object) -> int:
        raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))

    with started("a") as sandbox:
        place = (sandbox.lab, sandbox.pid, "a")
        with monkeypatch.context() as patched:
            patched.setattr(interpreter, "start", refuse)
            launchers.start_ahead(sandbox.lab, sandbox.pid)
            with pytest.raises(KernelError, match="start a launcher"):
                programs.popen(place, ["true"])
        assert programs.popen(place, ["true"]).wait(20) == 0


def test_a_launcher_that_died_before_it_was_asked_is_replaced() -> None:
    with started("a") as sandbox:
        launchers.start_ahead(sandbox.lab, sandbox.pid)
        (ahead,) = launchers_in(sandbox.lab)
        os.kill(ahead.pid, signal.SIGKILL)
        os.waitid(os.P_PID, ahead.pid, os.WEXITED | os.WNOWAIT)
        place = (sandbox.lab, sandbox.pid, "a")
        assert programs.popen(place, ["sh", "-c", "exit 3"]).wait(20) == 3


@pytest.mark.parametrize("threads", [0, 1])
def test_the_umask_is_read_and_left_as_it_is(threads: int) -> None:
    code = (
        "import os, threading, nslab.kernel.programs as programs; os.umask(0o027);"
        f"[threading.Thread(target=threading.Event().wait).start() for _ in range({threads})];"
        "print(oct(programs._umask()), oct(os.umask(0)), flush=True); os._exit(0)"
    )
    script = f"import sys; sys.path[:0] = {sys.path!r}; {code}"
    done = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    )
    assert done.stdout == "0o27 0o27\n"


def test_a_block_that_fails_does_not_wait_for_its_server(place: Place) -> None:
    with (
        pytest.raises(ZeroDivisionError),
        programs.popen(place, ["sleep", "60"]) as process,
    ):
        raise ZeroDivisionError
    assert process.returncode == -signal.SIGKILL


def test_a_process_that_is_forked_while_others_start_programs_starts_some(place: Place) -> None:
    ending = threading.Event()

    def work() -> None:
        while not ending.is_set():
            programs.popen(place, ["true"]).wait()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(10):
            child = os.fork()
            if child == 0:
                signal.alarm(20)
                os._exit(programs.popen(place, ["true"]).wait())
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    finally:
        ending.set()
        for thread in threads:
            thread.join()


def test_text_is_passed_on_as_the_caller_encodes_it(lab: Sandbox) -> None:
    code = (
        "import os, sys; from nslab.kernel import programs;"
        f"place = {lab.lab!r}, {lab.pid}, 'a';"
        "programs.popen(place, ['printf', '%s', '\u20ac']).wait()"
    )
    variables = {**os.environ, "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0"}
    command = [sys.executable, "-X", "utf8=1", "-c", code]
    done = subprocess.run(command, env=variables, capture_output=True, check=True)
    assert done.stdout.decode() == "\u20ac"
