"""`nslab plan`: what `up` would do."""

from __future__ import annotations

import json

from nslab.cli.choice import load_file, parser_of


def run(arguments: list[str]) -> int:
    """Print the steps that `up` would take."""
    parser = parser_of("plan")
    parser.add_argument("file", nargs="?", help="the lab file (default ./lab.yaml)")
    parser.add_argument("--script", action="store_true", help="a shell script for stock tools")
    parser.add_argument("-j", "--json", action="store_true", help="as a JSON list")
    options = parser.parse_args(arguments)
    from nslab.plan.script import script
    from nslab.plan.session import diff

    lab = load_file(options.file)
    if options.script:
        print(script(lab.resolve()), end="")
        return 0
    plan = diff(lab)
    if options.json:
        steps = [{"words": step.words(), "command": step.command()} for step in plan]
        print(json.dumps(steps, indent=2))
    else:
        print(plan or f"nothing to do: {lab.name} is as the file says")
    return 0
