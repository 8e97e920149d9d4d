"""Programs in nodes on a terminal, as a shell with job control starts them."""

from __future__ import annotations

import os
import pty
import select
import signal
import time

import pytest

from tests.kernel.labs import joiner, started

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import NoReturn

pytestmark = pytest.mark.kernel


class Terminal:
    """A terminal with a shell's duties on it: one job in front, continued whenever it stops."""

    def __init__(self, command: list[str]) -> None:
        readable, writable = os.pipe()
        try:
            self.leader, self.master = pty.fork()
        except OSError as error:
            pytest.skip(f"no pseudo-terminals here: {error}")
        if self.leader == 0:
            lead(command, writable)
        os.close(writable)
        self.reports = os.fdopen(readable)
        self.seen = ""

    def type(self, text: str) -> None:
        os.write(self.master, text.encode())

    def expect(self, text: str) -> None:
        end = time.monotonic() + 10
        while text not in self.seen:
            assert select.select([self.master], [], [], end - time.monotonic())[0], self.seen
            self.seen += os.read(self.master, 4096).decode()
        self.seen = self.seen.partition(text)[2]

    def report(self) -> str:
        assert select.select([self.reports], [], [], 10)[0], self.seen
        return self.reports.readline()

    def close(self) -> None:
        os.kill(self.leader, signal.SIGKILL)
        os.waitpid(self.leader, 0)
        os.close(self.master)
        self.reports.close()


def lead(command: list[str], reports: int) -> NoReturn:
    """Do as a shell with job control does for one job; tell what becomes of it."""
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    job = os.fork()
    if job == 0:
        os.setpgid(0, 0)
        os.tcsetpgrp(0, os.getpid())
        signal.signal(signal.SIGTTOU, signal.SIG_DFL)
        os.execv(command[0], command)  # noqa: S606 - `nslab exec`
    while True:
        _, status = os.waitpid(job, os.WUNTRACED)
        in_front = os.tcgetpgrp(0) == job
        if not os.WIFSTOPPED(status):
            break
        os.write(reports, f"stopped, in front: {in_front}\n".encode())
        os.tcsetpgrp(0, job)
        os.killpg(job, signal.SIGCONT)
    os.write(reports, f"{os.waitstatus_to_exitcode(status)}, in front: {in_front}\n".encode())
    time.sleep(60)
    os._exit(0)


@pytest.fixture
def terminal(request: pytest.FixtureRequest) -> Iterator[Terminal]:
    with started("a") as lab:
        terminal = Terminal(joiner((lab.lab, lab.pid, "a"), *request.param))
        yield terminal
        terminal.close()


READER = "test -t 0 && echo ready; while read -r line; do echo got:$line; done; exit 9"


@pytest.mark.parametrize("terminal", [["sh", "-c", READER]], indirect=True)
def test_a_terminal_passes_through_with_job_control(terminal: Terminal) -> None:
    terminal.expect("ready")
    terminal.type("one\n")
    terminal.expect("got:one")
    terminal.type("\x1a")  # Ctrl-Z
    assert terminal.report() == "stopped, in front: True\n"
    terminal.type("two\n")
    terminal.expect("got:two")
    terminal.type("\x04")  # end of file
    assert terminal.report() == "9, in front: True\n"


@pytest.mark.parametrize(
    ("terminal", "keys", "report"),
    [
        (["sh", "-c", READER], "\x03", 128 + signal.SIGINT),
        (["sh", "-c", READER], "\x1c", 128 + signal.SIGQUIT),
        (["sh", "-c", f"trap 'exit 5' INT; {READER}"], "\x03", 5),
    ],
    indirect=["terminal"],
)
def test_the_terminal_s_keys_reach_the_program_once(
    terminal: Terminal, keys: str, report: int
) -> None:
    terminal.expect("ready")
    terminal.type(keys)
    assert terminal.report() == f"{report}, in front: True\n"


@pytest.mark.parametrize("terminal", [["sh", "-i"], ["bash", "--norc", "-i"]], indirect=True)
def test_a_shell_inside_has_job_control_and_gives_the_terminal_back(terminal: Terminal) -> None:
    terminal.type("PS1='at the prompt> '; set -m; echo $((3 * 7))\n")
    terminal.expect("21")
    terminal.type("sh -c 'echo $((5 * 7)); read x'\n")
    terminal.expect("35")
    terminal.type("\x1a")
    terminal.expect("Stopped")
    terminal.expect("at the prompt> ")
    terminal.type("kill -9 %1; sh -c 'echo $((7 * 7)); read x'\n")
    terminal.expect("49")
    terminal.type("\x03")
    terminal.expect("at the prompt> ")
    terminal.type("echo $((6 * 7))\n")
    terminal.expect("42")
    terminal.expect("at the prompt> ")
    terminal.type("exit 3\n")
    code, _, place = terminal.report().partition(", ")
    assert code in ("3", "2")  # dash says 2: it cannot name the group that had the terminal before
    assert place == "in front: True\n"


@pytest.mark.parametrize("terminal", [["bash", "--norc", "-i"]], indirect=True)
def test_a_shell_that_suspends_itself_gives_the_terminal_away_and_gets_it_back(
    terminal: Terminal,
) -> None:
    terminal.type("PS1='at the prompt> '; echo $((3 * 7))\n")
    terminal.expect("21")
    for number in ("5", "7"):
        terminal.type("suspend\n")
        assert terminal.report() == "stopped, in front: True\n"
        terminal.type(f"echo $(({number} * 7))\n")
        terminal.expect(str(int(number) * 7))
    terminal.type("exit 3\n")
    assert terminal.report() == "3, in front: True\n"
