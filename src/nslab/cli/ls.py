"""`nslab ls`: the running labs."""

from __future__ import annotations

import json
import time

from nslab.cli.choice import parser_of
from nslab.errors import LabNotRunningError
from nslab.kernel.sandbox import running


def run(arguments: list[str]) -> int:
    """List this user's running labs."""
    parser = parser_of("ls")
    parser.add_argument("-j", "--json", action="store_true", help="as a JSON list")
    options = parser.parse_args(arguments)
    from nslab.plan.session import summary

    found = []
    for name in running():
        try:
            found.append(summary(name))
        except LabNotRunningError:
            continue  # it ended, or is only beginning
    if options.json:
        print(json.dumps(found, indent=2))
        return 0
    for lab in found:
        minutes = (time.time() - int(lab["started"])) / 60
        print(
            f"{lab['lab']}\t{lab['state']}\t{lab['nodes']} nodes\t{minutes:.0f} min\t{lab['file']}"
        )
    return 0
