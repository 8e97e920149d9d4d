"""Every error of a user's: one line, its exit code, nothing left behind, no traceback."""

from __future__ import annotations

import errno
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest

from nslab.cli import VERBS, ls, main
from tests.cli.machine import NSLAB, TUTORIAL

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cli.machine import Machine, Said

    Nslab = Callable[..., Said]

pytestmark = pytest.mark.kernel

FULL = Path("/dev/full")


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["pign"], 2, 'unknown verb "pign" (hint: did you mean "ping"?)'),
        (["help", "pign"], 2, 'did you mean "ping"?'),
        (["a\nb\x1b[31m"], 2, 'unknown verb "a\\nb\\x1b[31m"'),
        (["show", "--nonsense"], 2, "unrecognized arguments: --nonsense"),
        (["show", "--dri"], 2, "unrecognized arguments: --dri"),
        (["show", "a", "b"], 2, "unrecognized arguments: b"),
        (["show", "-o", "xml"], 2, "invalid choice: 'xml'"),
        (["show", "-j", "-o", "table"], 2, "choose one"),
        (["up", "-v", "-q"], 2, "not allowed with"),
        (["down", "--all", "a"], 2, '"--all" means every lab, and "a" only one'),
        (["ping", "--timeout", "0"], 2, '"0" is not a number of seconds above 0'),
        (["ping", "--timeout", "nan"], 2, '"nan" is not a number of seconds'),
        (
            ["ping", "--timeout", "1e99"],
            2,
            '"1e99" is not a number of seconds above 0, at most 86400',
        ),
        (["-l", "lab", "exec"], 2, 'unknown verb "-l" (hint: options come after the verb)'),
        (["ping", "--tries", "-1"], 2, "--tries"),
        (["ping", "--tries", "²"], 2, '"²" is not a number from 1 to 1000'),
        (["completion", "csh"], 2, "invalid choice: 'csh'"),
        (["draw", "--diff", "office"], 2, '"office" is no file'),
        (["draw", "-o", "x.png"], 2, 'no format is known by ".png" (hint: .txt, .svg, .dot, .gv, '),
        (["exec", "onlynode"], 2, "a node and a command are needed"),
        (["exec", "-x", "a", "true"], 2, 'unknown option "-x"'),
        (["exec", "-l"], 2, '"-l" needs a lab'),
        (["shell"], 2, "the following arguments are required: NODE"),
        (["up"], 2, "there is no lab.yaml here"),
        (["plan", "missing.yaml"], 2, 'cannot read "missing.yaml": No such file or directory'),
        (["up", ""], 2, 'cannot read ""'),
        (["up", "/etc"], 2, 'cannot read "/etc": Is a directory'),
        (["up", "/etc/hostname"], 2, 'cannot tell the format of "/etc/hostname"'),
    ],
)
def test_a_wrong_call(nslab: Nslab, words: list[str], code: int, message: str) -> None:
    assert nslab(*words).failed(code, message)


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["show"], 1, "no lab is running (hint: `nslab up FILE` brings one up)"),
        (["ping"], 1, "no lab is running"),
        (["down"], 1, "no lab is running"),
        (["draw"], 1, "no lab is running, and there is no lab.yaml here"),
        (["exec", "a", "true"], 255, "no lab is running"),
        (["shell", "a"], 255, "no lab is running"),
        (["show", "nope"], 1, 'no lab named "nope" is running (hint: `nslab ls`'),
        (["down", "nope"], 1, 'no lab named "nope" is running'),
        (["down", "nope", "nor"], 1, 'not running: "nope", "nor"'),
        (["ping", "-l", ".."], 1, 'no lab named ".." is running'),
        (["exec", "-l", "nope", "a", "true"], 255, 'no lab named "nope" is running'),
    ],
)
def test_a_lab_that_is_not_there(
    machine: Machine, words: list[str], code: int, message: str
) -> None:
    assert machine.run(*words).failed(code, message)
    assert machine.labs() == []


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        ("nodes: {a: {forwrd: true}}", ["forwrd", 'did you mean "forward"?']),
        ("nodes: {a: {routes: [{dst: default, via: 10.9.9.9}]}}", ['"10.9.9.9"']),
        (
            "bridges: {b: {subnet: 10.0.0.0/24, ports: [{node: a, addresses: [10.1.0.1/24]}]}}",
            ["10.1.0.1/24", "10.0.0.0/24"],
        ),
        ("bridges: {b: {subnet: 10.0.0.0/30, ports: [a, c, d]}}", ["10.0.0.0/30"]),
        ("nodes: {a: {}}\nbridges: {a: {}}", ['"a"']),
        ("nodes: {a: {}, a: {}}", ['"a"']),
        ("bridges: {b: {ports: ['a:waytoolongifname']}}", ["longer than 15 bytes"]),
        (f"nodes: {{{'n' * 64}: {{}}}}", ["longer than 63 bytes"]),
        ("nodes: [", ["not YAML"]),
        ("", ["bad.yaml"]),
        ("\x00\x01", ["bad.yaml"]),
        ("- 1", ["bad.yaml"]),
        ("bridges: {b: {uplink: true}}", ["uplink", "no subnet to lead out"]),
    ],
)
def test_a_bad_file(nslab: Nslab, tmp_path: Path, text: str, messages: list[str]) -> None:
    (tmp_path / "bad.yaml").write_text(text, encoding="utf-8")
    for verb in ("up", "plan"):
        assert nslab(verb, "bad.yaml").failed(2, "bad.yaml", *messages)


def test_every_problem_has_its_line(nslab: Nslab, tmp_path: Path) -> None:
    text = "nodes:\n  a: {forwrd: true}\n  b: {sysctl: 3}\nlinks: []\n"
    (tmp_path / "bad.yaml").write_text(text, encoding="utf-8")
    said = nslab("up", "bad.yaml")
    assert said.code == 2
    places = [line.split(": ")[1] for line in said.err.splitlines()]
    assert places == ["bad.yaml:2", "bad.yaml:3", "bad.yaml:4"]


def test_hostile_files(nslab: Nslab, tmp_path: Path) -> None:
    levels = [f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]" for n in range(1, 20)]
    bomb = "\n".join(["l0: &l0 [x, x]", *levels])
    (tmp_path / "bomb.yaml").write_text(bomb, encoding="utf-8")
    assert nslab("up", "bomb.yaml").failed(2, "bomb.yaml")
    (tmp_path / "deep.json").write_text("[" * 100_000, encoding="utf-8")
    assert nslab("up", "deep.json").failed(2, "deep.json")
    with (tmp_path / "huge.yaml").open("wb") as file:
        file.truncate(65 << 20)
    assert nslab("up", "huge.yaml").failed(2, "larger than 64 MiB")
    (tmp_path / "latin.yaml").write_bytes(b"name: caf\xe9\n")
    assert nslab("up", "latin.yaml").failed(2, "latin.yaml:1", "not UTF-8")


def test_a_node_that_is_not_there(tutorial: Machine) -> None:
    near = 'the lab "tutorial" has no node "pc0" (hint: did you mean "pc'
    assert tutorial.run("ping", "pc0").failed(1, near)
    assert tutorial.run("ping", "left", "pc0").failed(1, near)
    assert tutorial.run("exec", "pc0", "true").failed(255, near)
    assert tutorial.run("shell", "pc0").failed(255, near)
    assert tutorial.run("show", "tutorail").failed(1, 'did you mean "tutorial"?')


def test_a_lab_from_another_file(tutorial: Machine) -> None:
    (tutorial.folder / "sub").mkdir()
    tutorial.write("sub/tutorial.yaml", "nodes: {x: {}}")
    busy = ('a lab named "tutorial" is up from another file', "nslab down tutorial")
    for verb in ("up", "plan"):
        assert tutorial.run(verb, "sub/tutorial.yaml").failed(1, *busy)
    assert tutorial.run("show", "--drift").code == 0


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["show"], 1),
        (["ping"], 1),
        (["down", "tutorial"], 1),
        (["exec", "right", "true"], 255),
        (["shell", "right"], 255),
        (["exec", "-l", "tutorial", "right", "true"], 255),
    ],
)
def test_a_lab_is_not_found_from_inside(tutorial: Machine, words: list[str], code: int) -> None:
    inside = "this process runs in the node left: its own lab is found from outside"
    assert tutorial.run("exec", "left", *NSLAB, *words).failed(code, inside)
    assert inside in tutorial.run("exec", "left", *NSLAB, "ls").err
    assert inside in tutorial.run("exec", "left", *NSLAB, "down", "--all").err


def test_output_that_cannot_be_written(tutorial: Machine) -> None:
    with FULL.open("w") as full:
        for words in (["ls"], ["help"], ["show", "--help"], ["ping"], ["plan", str(TUTORIAL)]):
            with tutorial.start(*words, stdout=full) as process:
                _, said = process.communicate(timeout=20)
            assert (process.returncode, said) == (
                1,
                "nslab: cannot write: No space left on device\n",
            )
    for path, why in ((FULL, "No space left on device"), ("/nope/x", "No such file or directory")):
        assert tutorial.run("draw", "-o", str(path)).failed(1, f'cannot write "{path}": {why}')


def test_a_reader_that_has_had_enough(tutorial: Machine) -> None:
    for words in (["show"], ["ls", "-j"], ["help"]):
        with tutorial.start(*words) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            process.stdout.close()
            assert process.wait(20) == 1
            assert process.stderr.read() == ""


def test_a_folder_that_was_deleted(tutorial: Machine) -> None:
    said = "mkdir gone && cd gone && rmdir ../gone && exec"
    for words in ("ls", "show --drift", "down nope"):
        command = f"{said} {' '.join(NSLAB)} {words}"
        done = subprocess.run(
            tutorial.command("sh", "-c", command),
            check=False,
            capture_output=True,
            text=True,
            env=tutorial.environment,
            cwd=tutorial.folder,
            timeout=20,
        )
        assert "cannot write" not in done.stderr
        assert done.returncode == (1 if "nope" in words else 0), done.stderr


def test_what_was_not_written_is_not_said_to_be(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def wrong() -> NoReturn:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(ls, "running", wrong)
    assert main(["ls"]) == 1
    assert capsys.readouterr().err == "nslab: Too many open files\n"


WORDS_OF = {
    "help": "",
    "up": f"-v {TUTORIAL}",
    "plan": f"--script {TUTORIAL}",
    "exec": "pc1 true",
    "shell": "pc1",
    "ping": "--all",
    "ip": "link",
    "bridge": "link",
    "completion": "bash",
    "down": "nope",
}
CLOSED = (">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-")


@pytest.mark.parametrize("verb", ["help", *VERBS])
def test_closed_streams(tutorial: Machine, verb: str) -> None:
    for closed in CLOSED:
        line = f"{' '.join(NSLAB)} {verb} {WORDS_OF.get(verb, '')} {closed}"
        done = subprocess.run(
            tutorial.command("sh", "-c", line),
            check=False,
            env={**tutorial.environment, "SHELL": "/bin/sh"},
            cwd=tutorial.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        assert done.returncode == (verb == "down"), done  # it alone fails
        assert "bug" not in done.stderr


@pytest.mark.parametrize("debug", ["", "1"])
def test_a_bug_is_told_in_a_line(
    debug: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def wrong() -> NoReturn:
        raise KeyError("some\nthing")

    monkeypatch.setattr(ls, "running", wrong)
    monkeypatch.setenv("NSLAB_DEBUG", debug)
    assert main(["ls"]) == 1
    *before, last = capsys.readouterr().err.splitlines()
    assert last.startswith("nslab: this is a bug in nslab: KeyError: 'some\\nthing' in wrong, line")
    assert "report it" in last
    assert (before[:1] == ["Traceback (most recent call last):"]) == bool(debug)
    assert bool(before) == bool(debug)
