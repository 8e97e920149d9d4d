"""`nslab show`: what the kernel has."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from nslab.cli.choice import lab_name, parser_of

if TYPE_CHECKING:
    from nslab.lab import Desired


def run(arguments: list[str]) -> int:
    """Print a running lab as the kernel has it; with --drift, exit 1 where it differs."""
    parser = parser_of("show")
    parser.add_argument("lab", nargs="?", help="which running lab")
    parser.add_argument("-l", "--lab", dest="option", help="the same as LAB")
    parser.add_argument("-o", "--output", choices=("yaml", "json", "table"), default="yaml")
    parser.add_argument("-j", "--json", action="store_true", help="the same as -o json")
    parser.add_argument("--drift", action="store_true", help="only what differs from the file")
    options = parser.parse_args(arguments)
    from nslab.lab import dumps
    from nslab.plan.session import connect

    lab = connect(lab_name(options.lab or options.option))
    style = "json" if options.json else options.output
    if options.drift:
        found = lab.drift()
        if style == "json":
            rows = [{"message": one.message, "command": one.command} for one in found]
            print(json.dumps(rows, indent=2))
        else:
            print("\n".join(map(str, found)) or f"{lab.name} is as the file says")
        return 1 if found else 0
    observed = lab.observed()
    if style == "table":
        text = _table(observed)
    else:
        text = dumps(observed, format="json" if style == "json" else "yaml")
    print(text.rstrip("\n"))
    return 0


def _table(lab: Desired) -> str:
    rows = [("NODE", "LINK", "MAC", "ADDRESSES")]
    for name, ends in lab.endpoints().items():
        rows += [(name, e.ifname, e.mac, " ".join(map(str, e.addresses))) for e in ends]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return "\n".join(
        "  ".join([*(row[i].ljust(widths[i]) for i in range(3)), row[3]]).rstrip() for row in rows
    )
