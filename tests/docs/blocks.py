"""What each fenced block of a document must prove, by its language.

    python    runs, in one namespace a document
    console   its commands run (after `$ `), and say what stands below them
    yaml      is a lab file, or the file that its title names
    sh        is good POSIX shell
    toml      is good TOML
    text      is a figure: nothing to prove
    (none)    is what `nslab draw` makes of one of the examples

`title="FILE"` after the language saves the block first, for the commands of later blocks.
`skip="REASON"` says that the block cannot run here; the tests count those.

In what a command says, `…` stands for anything within a line, alone for any lines, and a number
with a decimal point for any such number.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tomllib
import unittest
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING

import yaml
from sybil import Document, Example
from sybil.evaluators.python import PythonEvaluator
from sybil.parsers.markdown.lexers import RawFencedCodeBlockLexer

from nslab.lab import load, loads

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sybil import Region

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
_FENCES = RawFencedCodeBlockLexer(re.compile(r"(?P<info>[^\n]*)\n"))
_NUMBER = re.compile(r"(?<![\d.])\d+\.\d+(?![\d.])")


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
    if "title" in said:
        path = Path(said["title"])
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(example.parsed)
        assert example.document.text.count(said["title"]) > 1, "the reader is not told the name"
    _PROOFS[language](example)


def prove_python(example: Example) -> None:
    """Run it, or only compile the file that a command will run."""
    if "title" in info_of(example.region)[1]:
        compile(example.parsed, example.path, "exec")
    else:
        PythonEvaluator()(example)


def prove_console(example: Example) -> None:
    """Run each command and compare."""
    for command, expected in sessions(example.parsed):
        done = subprocess.run(
            ["sh", "-c", command],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=30,
        )
        if not expected:
            assert done.returncode == 0, f"$ {command}\n{done.stdout}"
        assert matches(expected, done.stdout), f"$ {command}\n{done.stdout}"


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


def sessions(text: str) -> Iterator[tuple[str, str]]:
    """Cut a console block into commands, each with what it says."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, said = part.partition("\n")
        while command.endswith("\\"):
            more, _, said = said.partition("\n")
            command = f"{command[:-1]}{more.removeprefix('> ')}"
        yield command, said


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
