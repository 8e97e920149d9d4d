"""`nslab down`: remove every trace."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from nslab.cli.candidates import labs
from nslab.cli.choice import lab_name, not_running
from nslab.cli.parser import Parser, add_argument, add_json, add_lab, add_loudness, parser_of
from nslab.cli.progress import Bar, Count
from nslab.cli.text import inside, say_swept
from nslab.errors import LabNotRunningError, UsageError
from nslab.kernel.sandbox import Sandbox, running
from nslab.plan.ending import sweep, take_down

if TYPE_CHECKING:
    import argparse


def parser() -> Parser:
    """Make the verb's parser."""
    made = parser_of("down", "End labs and remove every trace of them, their processes included.")
    add_argument(made, "lab", "LAB", "a running lab", many="*", candidates=labs)
    made.add_argument("--all", action="store_true", help="every running lab of this user")
    add_lab(made, "the same as LAB")
    add_json(made, "say what was done as a JSON list")
    add_loudness(made, "say each step on stderr as it is taken")
    return made


def run(arguments: list[str]) -> int:
    """End the labs of the given names, the only one, or all; exit 1 if one was not running."""
    options = parser().parse_args(arguments)
    swept = sweep()
    names = _names(options)
    if not names:  # one may have been ending just then
        swept += sweep()
    if not names and not swept:
        names = _none(options)
    if not options.quiet:
        say_swept(swept)
    with Bar("down", hidden=options.quiet or options.verbose) as bar:
        done = {}
        count = Count("labs", len(names))
        for name in names:
            bar.reach(count.done / len(names), lambda: str(count))
            done[name] = _end(name, loud=options.verbose) or name in swept
            count.done += 1
    if not all(done.values()):  # likewise
        done |= dict.fromkeys((name for name in sweep() if name in done), True)
    if options.json:
        rows = [{"lab": name, "ended": ended} for name, ended in done.items()]
        print(json.dumps(rows, indent=2))
    elif not options.quiet:
        print("".join(f"{name} is down\n" for name, ended in done.items() if ended), end="")
    missing = [name for name, ended in done.items() if not ended]
    if missing and not options.all:
        raise not_running(missing)
    return 0


def _names(options: argparse.Namespace) -> list[str]:
    """Give the names of the labs to end, none where none runs."""
    given = [*options.lab, *([options.option] if options.option else [])]
    if options.all and given:
        raise UsageError(f'"--all" means every lab, and "{given[0]}" only one')
    if options.all or given:
        return running() if options.all else list(dict.fromkeys(given))
    try:
        return [lab_name(None)]
    except LabNotRunningError:
        return []


def _none(options: argparse.Namespace) -> list[str]:
    """Say that there is nothing to do: to who wants no lab to run that is no failure."""
    if not options.all:
        return [lab_name(None)]
    if not options.quiet:
        print(inside() or "no lab is running", file=sys.stderr)
    return []


def _end(name: str, *, loud: bool) -> bool:
    try:
        with Sandbox.connect(name) as sandbox:
            if loud:
                what = f"end the holder of {name}, process {sandbox.pid}"
                print(f"{what}: the kernel removes all that it holds", file=sys.stderr)
            take_down(sandbox)
    except LabNotRunningError:
        return False
    return True
