"""What the shell's completion offers for an argument: running labs, nodes, lab files, programs."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import Namespace

Candidates = Callable[[str, "Namespace"], Iterable[str]]
"""Gives words for an argument, from its beginning and from what else stands in the line."""

SUFFIXES = (".yaml", ".yml", ".toml", ".json")
"""What a lab file's name ends in."""


def labs(_: str, __: Namespace) -> list[str]:
    """Give the running labs."""
    from nslab.kernel.sandbox import running

    return running()


def files(prefix: str, _: Namespace) -> list[str]:
    """Give the lab files and the folders beside what is typed."""
    from pathlib import Path

    start = prefix[: prefix.rfind("/") + 1]
    found = []
    for path in Path(start or ".").expanduser().iterdir():
        if path.is_dir():
            found.append(f"{start}{path.name}/")
        elif path.name.endswith(SUFFIXES):
            found.append(f"{start}{path.name}")
    return found


def labs_or_files(prefix: str, typed: Namespace) -> list[str]:
    """Give the running labs and the lab files."""
    return labs(prefix, typed) + files(prefix, typed)


def nodes(_: str, typed: Namespace) -> list[str]:
    """Give the nodes of the lab that is meant."""
    from nslab.cli.choice import lab_name
    from nslab.plan.running import connect

    return [node.name for node in connect(lab_name(typed.option)).desired().nodes]


def targets(prefix: str, typed: Namespace) -> list[str]:
    """Give what a node can ask: the lab's nodes and, once one is typed, the outside."""
    from nslab.kernel.sandbox import OUTSIDE

    return nodes(prefix, typed) + [OUTSIDE] * bool(typed.source)


def nodes_and_fabrics(_: str, typed: Namespace) -> list[str]:
    """Give every netns that a command can run in: nodes, fabrics and the outside."""
    from nslab.cli.choice import lab_name
    from nslab.kernel.sandbox import Sandbox

    with Sandbox.connect(lab_name(typed.option)) as sandbox:
        return sandbox.names()


def programs(prefix: str, typed: Namespace) -> list[str]:
    """Give the programs on PATH for a command's first word, files for those after it."""
    from pathlib import Path

    if typed.command:
        return files(prefix, typed)
    found: set[str] = set()
    for folder in map(Path, os.get_exec_path()):
        if folder.is_dir():
            found.update(path.name for path in folder.glob(f"{_plain(prefix)}*"))
    return sorted(found)


def _plain(prefix: str) -> str:
    from glob import escape

    return escape(prefix.replace("/", ""))
