"""What is not implemented here is left to the real program, if the machine has one."""

from __future__ import annotations

import os
import sys

from nslab.ip.complain import complain
from nslab.ip.execute import execute, in_child
from nslab.ip.words import matches

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from nslab.ip.program import Program

NOT_HERE = 1
"""The exit code where there is no real program."""

_FORMATS = {
    "json": "-j",
    "pretty": "-p",
    "oneline": "-o",
    "details": "-d",
    "statistics": "-s",
    "brief": "-br",
    "human": "-h",
    "iec": "-iec",
    "numeric": "-N",
    "resolve": "-r",
    "timestamp": "-t",
}


def hand_over(name: str, arguments: Sequence[str]) -> int:
    """Become the real program with these arguments; comes back only where there is none."""
    program = find_real(name)
    if program is None:
        return _refuse(name, arguments)
    return execute(program, [name, *_outside_netns(arguments)])


def run_elsewhere(program: Program, words: Sequence[str]) -> int:
    """Run one line of a batch by the real program; give its exit code."""
    real = find_real(program.name)
    if real is None:
        return _refuse(program.name, words)
    options = program.options
    given = [option for key, option in _FORMATS.items() for _ in range(getattr(options, key))]
    if options.family:
        from nslab.ip.options import FAMILIES

        names = {number: family for family, number in FAMILIES.items()}
        given += ["-f", names[options.family]]
    command = [program.name, *given, *words]
    code = in_child(lambda: execute(real, command))
    return NOT_HERE if code is None else code


def find_real(name: str) -> str | None:
    """Find the next program of that name on PATH that is not this one."""
    own = _identity(sys.argv[0])
    for directory in os.environ.get("PATH", os.defpath).split(":"):
        path = f"{directory or '.'}/{name}"
        runs = os.access(path, os.X_OK) and os.path.isfile(path)
        if runs and _identity(path) != own and not _is_ours(path):
            return path
    return None


def _is_ours(path: str) -> bool:
    """Say whether a program is a copy of this one: a script that starts nslab."""
    with open(path, "rb") as file:
        start = file.read(2048)
    return start.startswith(b"#!") and b"nslab" in start


def _identity(path: str) -> tuple[int, int] | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _outside_netns(arguments: Sequence[str]) -> list[str]:
    """Leave out -netns NAME: this process is in there already."""
    left: list[str] = []
    rest = list(arguments)
    while rest and rest[0].startswith("-"):
        option = rest.pop(0)
        plain = option[1:] if option.startswith("--") else option
        if matches(plain, "-[netns]"):
            rest[:1] = []
            continue
        left.append(option)
        if option == "--":
            break
        if any(matches(plain, known) for known in ("-[family]", "-l[oops]", "-rc[vbuf]")):
            left += rest[:1]
            rest[:1] = []
    return left + rest


def _refuse(name: str, words: Sequence[str]) -> int:
    line = " ".join((name, *words))
    complain(f'nslab does not have "{line}", and no program "{name}" on PATH can be asked')
    return NOT_HERE
