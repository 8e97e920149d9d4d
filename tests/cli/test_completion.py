"""The TAB key, in real shells."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from nslab.cli import VERBS
from tests.cli.machine import NSLAB
from tests.cli.terminal import terminal_with

if TYPE_CHECKING:
    from tests.cli.machine import Machine

pytestmark = pytest.mark.kernel


def offered(machine: Machine, line: str) -> list[str]:
    """Ask as a shell's script does: the answer comes on descriptor 8."""
    asked = {"_ARGCOMPLETE": "1", "_ARGCOMPLETE_SHELL": "bash", "_ARGCOMPLETE_IFS": "\n"}
    done = subprocess.run(
        machine.command("sh", "-c", f"exec {' '.join(NSLAB)} 8>&1 9>&2 >/dev/null"),
        capture_output=True,
        text=True,
        check=False,
        cwd=machine.folder,
        env={**machine.environment, **asked, "COMP_LINE": line, "COMP_POINT": str(len(line))},
    )
    assert done.stderr == ""
    return sorted(word.strip() for word in done.stdout.splitlines())


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("nslab ", sorted([*VERBS, "help"])),
        ("nslab sh", ["shell", "show"]),
        ("nslab help comp", ["completion"]),
        (
            "nslab ping --",
            [
                "--all",
                "--expect",
                "--help",
                "--json",
                "--lab",
                "--outside",
                "--quiet",
                "--timeout",
                "--tries",
            ],
        ),
        ("nslab ping ", ["gw", "left", "pc1", "pc2", "pc3"]),
        ("nslab ping left pc", ["pc1", "pc2", "pc3"]),
        ("nslab exec ", ["gw", "lan", "left", "outside", "pc1", "pc2", "pc3"]),
        ("nslab exec -l tutorial p", ["pc1", "pc2", "pc3"]),
        ("nslab exec -l nope p", []),
        ("nslab exec gw nsen", ["nsenter"]),
        ("nslab show -o ", ["json", "table", "yaml"]),
        ("nslab down ", ["tutorial"]),
        ("nslab up o", ["office.toml", "office.yaml"]),
        ("nslab up sub/", ["sub/inner.yaml"]),
        ("nslab draw t", ["tutorial"]),
        ("nslab completion ", ["bash", "fish", "zsh"]),
        ("nslab up --uplink ", ["auto", "kernel", "none", "pasta"]),
        ("nslab plan --uplink p", ["pasta"]),
        ("nslab up --upl", ["--uplink"]),
        ("nslab ping pc1 ou", ["outside"]),
    ],
)
def test_what_is_offered(tutorial: Machine, line: str, words: list[str]) -> None:
    (tutorial.folder / "sub").mkdir(exist_ok=True)
    for name in ("office.yaml", "office.toml", "office.txt", "sub/inner.yaml"):
        tutorial.write(name, "")
    assert offered(tutorial, line) == words


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_tab_key(tutorial: Machine, shell: str) -> None:
    path = shutil.which(shell)
    if path is None:
        pytest.skip(f"{shell} is not installed")
    options = {"bash": ["--norc"], "zsh": ["-f"], "fish": ["--no-config"]}[shell]
    script = tutorial.run("completion", shell).out
    tutorial.write("script", script)
    tools = tutorial.folder / "bin"
    tools.mkdir(exist_ok=True)
    program = tools / "nslab"
    program.write_text(f'#!/bin/sh\nexec {" ".join(NSLAB)} "$@"\n')
    program.chmod(0o755)
    search = f"{tools}:{tutorial.environment['PATH']}"
    with terminal_with(tutorial, path, *options, PATH=search) as terminal:
        terminal.type("autoload -Uz compinit; compinit -D\n" if shell == "zsh" else "")
        terminal.type(". ./script; echo rea''dy\n")
        assert terminal.shows("ready\n")
        terminal.type("nslab ping le\t")
        assert terminal.shows("left ")
        terminal.type("pc3\n")
        assert terminal.shows("left -> pc3 (10.0.2.4): ")
