"""`exec` and `shell`: what a program in a node gets and gives."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.cli.machine import NSLAB
from tests.cli.terminal import terminal_with
from tests.kernel.labs import eventually

if TYPE_CHECKING:
    from tests.cli.machine import Machine

pytestmark = pytest.mark.kernel

LIGHT = "import sys; from nslab.cli import main; main(['exec', '-l', 'nope', 'a', 'true']); "
HEAVY = {
    "argparse",
    "yaml",
    "typing",
    "dataclasses",
    "msgspec",
    "enum",
    "re",
    "socket",
    "subprocess",
    "json",
}


@pytest.mark.parametrize(
    ("script", "code"),
    [("exit 7", 7), ("kill -9 $$", 137), ("kill -TERM $$", 143), ("true", 0), ("exit 130", 130)],
)
def test_exit_codes(tutorial: Machine, script: str, code: int) -> None:
    assert tutorial.run("exec", "left", "sh", "-c", script).code == code


def test_programs_that_cannot_run(tutorial: Machine) -> None:
    missing = tutorial.run("exec", "left", "no-such-program")
    assert (missing.code, missing.err) == (
        127,
        "nslab: no-such-program: No such file or directory\n",
    )
    sentence = tutorial.run("exec", "left", "no-such a").err
    assert sentence.endswith("directory (hint: without quotes, or `sh -c 'no-such a'`)\n")
    late = tutorial.run("exec", "left", "-l", "tutorial", "true").err
    assert late == "nslab: -l: No such file or directory (hint: options stand before the node)\n"
    folder = tutorial.run("exec", "left", "/etc")
    assert (folder.code, folder.err) == (126, "nslab: /etc: Permission denied\n")


def test_words_after_the_node_are_the_command_s(tutorial: Machine) -> None:
    said = tutorial.run("exec", "left", "sh", "-c", 'echo "$@"', "sh", "-l", "--help", "a b")
    assert said.out == "-l --help a b\n"
    assert tutorial.run("exec", "--", "left", "--", "echo", "-v").out == "-v\n"
    where = tutorial.run("exec", "left", "sh", "-c", "echo $NSLAB_LAB/$NSLAB_NODE; hostname; pwd")
    assert where.out.splitlines() == ["tutorial/left", "left", str(tutorial.folder)]


def test_standard_streams_pass_through(tutorial: Machine) -> None:
    with tutorial.start(
        "exec", "left", "sh", "-c", "cat; echo e >&2", stdin=subprocess.PIPE
    ) as cat:
        assert cat.communicate("some\ntext", timeout=10) == ("some\ntext", "e\n")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1])
def test_signals_pass_through(tutorial: Machine, number: signal.Signals) -> None:
    script = f"trap 'exit 9' {number}; echo ready; while :; do sleep 0.01; done"
    with tutorial.start("exec", "left", "sh", "-c", script) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(number)
        assert process.wait(10) == 9


def test_the_terminal_passes_through(tutorial: Machine) -> None:
    script = "test -t 0 && stty size && read x && echo got $x && exec sleep 60"
    with terminal_with(tutorial, *NSLAB, "exec", "left", "sh", "-c", script) as terminal:
        assert terminal.shows("0 0\n")
        terminal.type("words\n")
        assert terminal.shows("got words")
        terminal.type("\x03")
        assert terminal.end() == 130


def test_a_terminal_is_as_it_was_after_a_program_that_was_killed(tutorial: Machine) -> None:
    inside = "stty -echo -icanon; kill -KILL $$"
    script = f"{' '.join(NSLAB)} exec left sh -c '{inside}'; echo $?; stty -a"
    with terminal_with(tutorial, "sh", "-c", script) as terminal:
        assert terminal.shows("137\n")
        assert terminal.shows(" icanon iexten echo ")
        assert terminal.end() == 0


def test_a_program_whose_lab_ends_says_so(tutorial: Machine) -> None:
    tutorial.run("up", str(tutorial.write("brief.yaml", "name: brief\nnodes: {a: }\n")))
    script = "echo ready; exec sleep 60"
    with tutorial.start("exec", "-l", "brief", "a", "sh", "-c", script) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        tutorial.run("down", "brief")
        assert process.communicate(timeout=10)[1] == 'nslab: the lab "brief" ended\n'
    assert process.returncode == 143


@pytest.mark.parametrize("shell", ["bash", "dash", "zsh", "fish"])
def test_a_shell_says_where_it_is(tutorial: Machine, shell: str) -> None:
    path = shutil.which(shell)
    if path is None:
        pytest.skip(f"{shell} is not installed")
    home = tutorial.folder / "home"
    (home / ".bashrc").write_text("PS1='mine> '; PROMPT_COMMAND='true'; echo mine\n")
    (home / ".zshrc").write_text("PROMPT='mine> '; echo mine\n")
    with terminal_with(tutorial, *NSLAB, "shell", "gw", SHELL=path) as terminal:
        assert shell in ("dash", "fish") or terminal.shows("mine\n")
        assert terminal.shows("tutorial/gw# ")
        terminal.type("hostname; cd /tmp\n")
        assert terminal.shows("gw\n")
        assert terminal.shows("tutorial/gw# ")
        terminal.type("exit 3\n")
        assert terminal.end() == 3


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
def test_a_shell_can_be_suspended(tutorial: Machine) -> None:
    (tutorial.folder / "home" / ".bashrc").write_text("")
    with terminal_with(tutorial, "bash", "--norc", "-i", SHELL="/bin/bash") as terminal:
        terminal.type(f"{' '.join(NSLAB)} shell gw\n")
        assert terminal.shows("tutorial/gw# ")
        for number in ("6", "8"):
            terminal.type("suspend\n")
            assert terminal.shows("Stopped")
            terminal.type(f"echo $(({number} * 7)) out; fg\n")
            assert terminal.shows(f"{int(number) * 7} out")
            terminal.type(f"echo $(({number} * 9)) in\n")
            assert terminal.shows(f"{int(number) * 9} in")
        terminal.type("exit 3\n")
        assert terminal.shows("exit")
        terminal.type("exit $?\n")
        assert terminal.end() == 3


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
def test_a_shell_that_nobody_could_continue_goes_on(tutorial: Machine) -> None:
    with terminal_with(tutorial, *NSLAB, "shell", "gw", SHELL="/bin/bash") as terminal:
        assert terminal.shows("tutorial/gw# ")
        terminal.type("suspend\n")
        terminal.type("echo $((6 * 7))\n")
        assert terminal.shows("42")


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
def test_ctrl_c_ends_what_runs_in_a_shell_and_not_the_shell(tutorial: Machine) -> None:
    with terminal_with(tutorial, *NSLAB, "shell", "gw", SHELL="/bin/bash") as terminal:
        assert terminal.shows("tutorial/gw# ")
        terminal.type("sleep 300\n")
        assert eventually(lambda: sleepers(tutorial))
        terminal.type("\x03")
        assert eventually(lambda: not sleepers(tutorial))
        assert terminal.shows("tutorial/gw# ")
        terminal.type("unfinished\x03")
        assert terminal.shows("tutorial/gw# ")
        terminal.type("echo $((6 * 7))\n")
        assert terminal.shows("42\n")
        terminal.process.send_signal(signal.SIGTERM)  # which an interactive shell ignores
        terminal.type("echo $((6 * 8)); exit 4\n")
        assert terminal.shows("48\n")
        assert terminal.end() == 4


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGHUP, 129), (signal.SIGKILL, -9)])
def test_a_shell_and_what_runs_in_it_ends_with_its_terminal_or_with_nslab(
    tutorial: Machine, number: signal.Signals, code: int
) -> None:
    with terminal_with(tutorial, *NSLAB, "shell", "gw", SHELL="/bin/bash") as terminal:
        assert terminal.shows("tutorial/gw# ")
        terminal.type("sleep 300\n")
        assert eventually(lambda: sleepers(tutorial))
        terminal.process.send_signal(number)
        assert terminal.end() == code
    assert eventually(lambda: not sleepers(tutorial))
    assert tutorial.run("show", "--drift").code == 0


def sleepers(machine: Machine) -> bool:
    return bool(machine.run("exec", "gw", "pgrep", "-x", "sleep").out)


@pytest.mark.parametrize("node", ["", ".", "..", "../../proc/1/ns/net", "n" * 300])
def test_what_no_node_is_called(tutorial: Machine, node: str) -> None:
    said = f'the lab "tutorial" has no node "{node}"'
    assert tutorial.run("exec", node, "true").failed(255, said)
    assert tutorial.run("shell", node).failed(255, said)


def test_a_node_that_lost_its_name_is_still_there(tutorial: Machine) -> None:
    tutorial.run("exec", "gw", "rm", "/run/netns/pc2")
    assert tutorial.run("exec", "pc2", "hostname").out == "pc2\n"


def test_exec_stays_light() -> None:
    loaded = LIGHT + "print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-S", "-c", f"import sys; sys.path[:0] = {sys.path!r}; {loaded}"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert set(done.stdout.split()) & HEAVY == set()
