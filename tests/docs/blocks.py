"""What each fenced block of a document must prove, by its language.

    python    runs, in one namespace a document
    console   its commands run (after `$ `), and say what stands below them; `nslab shell NODE`
              is typed at in a terminal, after `# ` or the prompt that it shows, until it ends
    yaml      is a lab file, or the file that its title names
    sh        is good POSIX shell
    toml      is good TOML
    text      is a figure: nothing to prove
    (none)    is what `nslab draw` makes of one of the examples

`title="FILE"` after the language saves the block first, for the commands of later blocks.
`skip="REASON"` says that the block cannot run here; the tests count those. `needs="PROGRAM …"`
says what must be installed for the block to run;
`ids` among them stands for user ids beside one's own, which a plain user's tests have not.

In what a command says, `…` stands for anything within a line, alone for any lines, and a number
with a decimal point for any such number.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
import unittest
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import yaml
from sybil import Document, Example
from sybil.evaluators.python import PythonEvaluator
from sybil.parsers.markdown.lexers import RawFencedCodeBlockLexer

from nslab.lab import load, loads
from tests.docs.terminal import Shell

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sybil import Region

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
_FENCES = RawFencedCodeBlockLexer(re.compile(r"(?P<info>[^\n]*)\n"))
_PROMPT = re.compile(r"^([\w/]*[$#]) ", re.MULTILINE)
_NUMBER = re.compile(r"(?<![\d.])\d+\.\d+(?![\d.])")


class Turn(NamedTuple):
    """One command of a console block: what stands before it, the command, what it says."""

    prompt: str
    command: str
    said: str


class MissingProgramError(unittest.SkipTest):
    """This machine lacks what a block needs."""


def parse(path: Path) -> Document:
    """Find the blocks of a document."""
    return Document.parse(str(path), _blocks)


def info_of(region: Region) -> tuple[str, dict[str, str]]:
    """Give a block's language and what else stands beside it."""
    language, *rest = [*shlex.split(region.lexemes["info"]), ""]
    return language, dict(word.split("=", 1) for word in rest if word)


def _blocks(document: Document) -> Iterator[Region]:
    for region in _FENCES(document):
        region.parsed = region.lexemes["source"]
        region.evaluator = evaluate
        yield region


def evaluate(example: Example) -> None:
    """Prove a block; the working directory is the document's own."""
    language, said = info_of(example.region)
    if "skip" in said:
        raise unittest.SkipTest(said["skip"])
    for name in said.get("needs", "").split():
        if not (has_other_ids() if name == "ids" else shutil.which(name)):
            raise MissingProgramError(name)
    if "title" in said:
        path = Path(said["title"])
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(example.parsed)
        assert example.document.text.count(said["title"]) > 1, "the reader is not told the name"
    _PROOFS[language](example)


def has_other_ids() -> bool:
    """Tell whether programs can become another user here."""
    lines = Path("/proc/self/uid_map").read_text().splitlines()
    return sum(int(line.split()[2]) for line in lines) > 1


def prove_python(example: Example) -> None:
    """Run it, or only compile the file that a command will run."""
    if "title" in info_of(example.region)[1]:
        compile(example.parsed, example.path, "exec")
    else:
        PythonEvaluator()(example)


def prove_console(example: Example) -> None:
    """Run each command and compare."""
    here = turns(example.parsed)
    for turn, after in zip(here, [*here[1:], None], strict=True):
        if turn.prompt != "$":
            found = converse(example, turn, after)
        elif turn.command.startswith("nslab shell "):
            found = enter(example, turn, after)
        else:
            found = run(turn)
        assert matches(turn.said, found), f"{turn.prompt} {turn.command}\n{found}"


def run(turn: Turn) -> str:
    """Run a command, which must not fail silently; give what it says."""
    done = subprocess.run(
        ["sh", "-c", turn.command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=30,
    )
    if not turn.said:
        assert done.returncode == 0, f"$ {turn.command}\n{done.stdout}"
    return done.stdout


def enter(example: Example, turn: Turn, after: Turn | None) -> str:
    """Start a shell that stays for the blocks below; give what it says before its prompt."""
    assert after is not None, "what prompt does it show?"
    shell = Shell(turn.command, f"{after.prompt} ")
    shells_of(example).append(shell)
    return shell.read(shell.home)


def converse(example: Example, turn: Turn, after: Turn | None) -> str:
    """Type a command into the shell; give what it says before the prompt that should follow."""
    shells = shells_of(example)
    assert shells, "there is no shell to type into"
    if turn.command == "exit" and f"{turn.prompt} " in {"# ", shells[-1].home}:
        return shells.pop().say("exit", "")
    prompt = shells[-1].home
    if after is not None and after.prompt not in {"#", "$"}:
        prompt = f"{after.prompt} "
    return shells[-1].say(turn.command, prompt)


def shells_of(example: Example) -> list[Shell]:
    """Give the shells that the document has started, the innermost last."""
    shells: list[Shell] = example.namespace.setdefault("shells", [])
    return shells


def prove_yaml(example: Example) -> None:
    """Load it as a lab; of a workflow, check the commands."""
    if not info_of(example.region)[1].get("title", "").startswith(".github/"):
        loads(str(example.parsed), name="unnamed")
        return
    for job in yaml.safe_load(example.parsed)["jobs"].values():
        for step in job["steps"]:
            check_shell(step.get("run", ""))


def prove_sh(example: Example) -> None:
    """Parse it; what can run stands in console blocks."""
    check_shell(example.parsed)


def prove_toml(example: Example) -> None:
    """Parse it."""
    tomllib.loads(example.parsed)


def prove_picture(example: Example) -> None:
    """Find it among the pictures of the examples."""
    from nslab import draw_text

    labs = [load(path).resolve() for path in sorted((ROOT / "examples").glob("*.yaml"))]
    assert any(example.parsed.strip("\n") in draw_text(lab, width=100) for lab in labs)


def turns(text: str) -> list[Turn]:
    """Cut a console block into its commands."""
    _, *parts = _PROMPT.split(text)
    return [_turn(*pair) for pair in zip(parts[::2], parts[1::2], strict=True)]


def _turn(prompt: str, text: str) -> Turn:
    command, _, said = text.partition("\n")
    while command.endswith("\\"):
        more, _, said = said.partition("\n")
        command = f"{command[:-1]}{more.removeprefix('> ')}"
    return Turn(prompt, command, said)


def matches(expected: str, found: str) -> bool:
    """Compare, with the wildcards that this module's first lines name."""
    lines = [_pattern(line.rstrip()) for line in expected.splitlines()]
    text = "".join(f"{line.rstrip()}\n" for line in found.splitlines())
    return re.fullmatch("".join(lines), text) is not None


def _pattern(line: str) -> str:
    if line == "…":
        return r"(?:.*\n)*?"
    words = [re.escape(part).replace("…", ".*?") for part in _NUMBER.split(line)]
    return re.sub(r"(?:\\ )+", " +", r"\d+\.\d+".join(words)) + r"\n"


def check_shell(text: str) -> None:
    """Parse, run nothing."""
    done = subprocess.run(["sh", "-n"], input=text, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def furnish(folder: Path) -> None:
    """Make a folder in which commands of documents run: as in the checkout, but all their own."""
    plugin = (
        () if entry_points(group="pytest11", name="nslab") else ("-p", "nslab.testing.fixtures")
    )
    bins = folder / ".bin"
    bins.mkdir()
    for name, words in {
        "nslab": ("-m", "nslab"),
        "pytest": ("-m", "pytest", "-p", "no:cacheprovider", *plugin),
        "python": (),
    }.items():
        (bins / name).write_text(f'#!/bin/sh\nexec {shlex.join([sys.executable, *words])} "$@"\n')
        (bins / name).chmod(0o755)
    (folder / "examples").symlink_to(ROOT / "examples")
    os.chdir(folder)
    os.environ.update(PATH=f"{bins}:{os.environ['PATH']}", COLUMNS="100")
    for name in ("NSLAB_LAB", "NSLAB_NODE", "PYTEST_ADDOPTS", "PYTEST_CURRENT_TEST", "CI"):
        os.environ.pop(name, None)


_PROOFS: dict[str, Callable[[Example], None]] = {
    "python": prove_python,
    "console": prove_console,
    "yaml": prove_yaml,
    "sh": prove_sh,
    "toml": prove_toml,
    "text": lambda _: None,
    "": prove_picture,
}
