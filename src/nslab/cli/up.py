"""`nslab up`: make it so."""

from __future__ import annotations

import sys
import time
from functools import cache
from typing import TYPE_CHECKING

from nslab.cli.candidates import files
from nslab.cli.choice import load_file, prepare_to_build
from nslab.cli.parser import (
    Parser,
    add_argument,
    add_host,
    add_json,
    add_loudness,
    add_uplink,
    parser_of,
)
from nslab.cli.progress import Bar
from nslab.cli.text import number_of

if TYPE_CHECKING:
    from nslab.cli.building import Building
    from nslab.lab import Desired
    from nslab.plan.steps import Step


def parser() -> Parser:
    """Make the verb's parser."""
    made = parser_of(
        "up",
        "Bring a lab up, or a running one to its file by the fewest steps;"
        " what fails or is interrupted half-way is undone.",
    )
    add_argument(
        made, "file", "FILE", "the lab file (default: ./lab.yaml)", many="?", candidates=files
    )
    add_uplink(made)
    add_host(made)
    add_json(made, "say what was done as a JSON object")
    add_loudness(made, "say each step on stderr, as the command that does the same")
    return made


def run(arguments: list[str]) -> int:
    """Bring the lab of a file up, or bring a running one to the file."""
    options = parser().parse_args(arguments)
    steps: list[Step] = []
    bar = Bar("up", hidden=options.quiet or options.verbose)
    prepare_to_build(lambda: _say_undoing(bar, steps, quiet=options.quiet))
    from nslab.kernel.sandbox import running

    lab = load_file(options.file)
    desired = lab.resolve()
    new = lab.name not in running()
    begun = time.monotonic()
    bar.words = f"{lab.name}: up"
    with bar:
        from nslab.plan.session import up

        @cache
        def building() -> Building:
            from nslab.cli.building import Building  # loads what the first step has loaded

            return Building(bar, desired, new=new)

        def watch(step: Step) -> None:
            steps.append(step)
            building().take(step)
            if options.verbose:
                print(step.command(), file=sys.stderr)

        up(lab, keep=True, watch=watch, uplink=options.uplink, host=options.host)
    if not options.quiet:
        taken = time.monotonic() - begun
        print((_json if options.json else _words)(desired, steps, taken, new=new))
    return 0


def _say_undoing(bar: Bar, steps: list[Step], *, quiet: bool) -> None:
    """Say why an interruption may take a while, to a person."""
    if steps and not quiet:
        bar.give_way(f"undoing {number_of(len(steps), 'step')}…")


def _words(desired: Desired, steps: list[Step], taken: float, *, new: bool) -> str:
    size = ", ".join(
        number_of(len(group), noun)
        for group, noun in (
            (desired.nodes, "node"),
            (desired.bridges, "bridge"),
            (desired.cables, "cable"),
        )
        if group or noun == "node"
    )
    if not steps:
        return f"{desired.name} is up, as the file says: nothing to do"
    done = f"{number_of(len(steps), 'step')}"
    first = f"is up: {size} in {taken:.2f} s ({done})"
    again = f"is changed: {done} in {taken:.2f} s ({size})"
    return "\n".join([f"{desired.name} {first if new else again}", *_on_machine(steps)])


def _on_machine(steps: list[Step]) -> list[str]:
    """Say which steps changed the machine itself."""
    from nslab.kernel.sandbox import HOST
    from nslab.plan.steps import Deed

    own = [step.words() for step in steps if step.netns == HOST and isinstance(step, Deed)]
    return [f"  on this machine: {words}" for words in own]


def _json(desired: Desired, steps: list[Step], taken: float, *, new: bool) -> str:
    import json

    report = {
        "lab": desired.name,
        "new": new,
        "nodes": len(desired.nodes),
        "bridges": len(desired.bridges),
        "cables": len(desired.cables),
        "seconds": round(taken, 3),
        "steps": [{"words": step.words(), "command": step.command()} for step in steps],
    }
    return json.dumps(report, indent=2)
