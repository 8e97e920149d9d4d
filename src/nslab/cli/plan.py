"""`nslab plan`: what `up` would do."""

from __future__ import annotations

import json

from nslab.cli.candidates import files
from nslab.cli.choice import load_file
from nslab.cli.parser import Parser, add_argument, add_host, add_json, add_uplink, parser_of


def parser() -> Parser:
    """Make the verb's parser."""
    made = parser_of(
        "plan", "Print the steps that `up` would take now, one command a line, and take none."
    )
    add_argument(
        made, "file", "FILE", "the lab file (default: ./lab.yaml)", many="?", candidates=files
    )
    add_uplink(made)
    add_host(made)
    form = made.add_mutually_exclusive_group()
    form.add_argument(
        "--script",
        action="store_true",
        help="print a shell script that builds the whole lab with stock tools",
    )
    add_json(form, "print the steps as a JSON list")
    form.add_argument(
        "-v", "--verbose", action="store_true", help="say each step in words above its command"
    )
    return made


def run(arguments: list[str]) -> int:
    """Print the steps that `up` would take."""
    options = parser().parse_args(arguments)
    from nslab.plan.session import diff

    lab = load_file(options.file)
    if options.script:
        from nslab.plan.script import script

        print(script(lab.resolve()), end="")
        return 0
    plan = diff(lab, uplink=options.uplink, host=options.host)
    if options.json:
        steps = [{"words": step.words(), "command": step.command()} for step in plan]
        print(json.dumps(steps, indent=2))
    elif options.verbose:
        print("".join(f"# {step.words()}\n{step.command()}\n" for step in plan), end="")
    elif plan:
        print(plan)
    if not plan and not options.json:
        print(f"nothing to do: {lab.name} is as the file says")
    return 0
