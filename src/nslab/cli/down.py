"""`nslab down`: remove every trace."""

from __future__ import annotations

from nslab.cli.choice import lab_name, parser_of
from nslab.errors import LabNotRunningError
from nslab.kernel.sandbox import Sandbox, running


def run(arguments: list[str]) -> int:
    """End the labs of the given names, the only one, or all."""
    parser = parser_of("down")
    parser.add_argument("labs", nargs="*", metavar="LAB")
    parser.add_argument("-l", "--lab", help="the same as LAB")
    parser.add_argument("--all", action="store_true", help="every running lab of this user")
    options = parser.parse_args(arguments)
    if options.all:
        names = running()
    else:
        names = [*options.labs, *([options.lab] if options.lab else [])] or [lab_name(None)]
    missing: list[LabNotRunningError] = []
    for name in dict.fromkeys(names):
        try:
            with Sandbox.connect(name) as sandbox:
                sandbox.end()
            print(f"{name} is down")
        except LabNotRunningError as error:
            missing.append(error)
    if missing and not options.all:
        raise missing[0]
    return 0
