"""`nslab up`: make it so."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from nslab.cli.choice import load_file, parser_of, prepare_to_build

if TYPE_CHECKING:
    from nslab.plan.steps import Step


def run(arguments: list[str]) -> int:
    """Bring the lab of a file up, or bring a running one to the file."""
    parser = parser_of("up")
    parser.add_argument("file", nargs="?", help="the lab file (default ./lab.yaml)")
    parser.add_argument("-v", "--verbose", action="store_true", help="say each step")
    parser.add_argument("-q", "--quiet", action="store_true", help="say nothing but errors")
    options = parser.parse_args(arguments)
    prepare_to_build()
    from nslab.plan.session import up

    taken = 0

    def watch(step: Step) -> None:
        nonlocal taken
        taken += 1
        if options.verbose:
            print(step.command(), file=sys.stderr)

    lab = load_file(options.file)
    begun = time.monotonic()
    up(lab, keep=True, watch=watch)
    if not options.quiet:
        done = "nothing to do" if taken == 0 else f"{taken} steps"
        print(f"{lab.name} is up: {done}, {time.monotonic() - begun:.2f} s")
    return 0
