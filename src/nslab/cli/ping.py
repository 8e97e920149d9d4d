"""`nslab ping`: who reaches whom."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from nslab.cli.choice import add_lab_option, lab_name, parser_of, prepare_to_build

if TYPE_CHECKING:
    from nslab.kernel.echo import Echo
    from nslab.plan.session import Pings

_MATRIX = 12


def run(arguments: list[str]) -> int:
    """Ping one pair, one row or every pair; exit 1 and name the broken pairs if any fails."""
    parser = parser_of("ping")
    parser.add_argument("source", nargs="?", metavar="FROM")
    parser.add_argument("target", nargs="?", metavar="TO")
    parser.add_argument("-j", "--json", action="store_true", help="as a JSON list")
    add_lab_option(parser)
    options = parser.parse_args(arguments)
    prepare_to_build()
    from nslab.plan.session import connect

    pings = connect(lab_name(options.lab)).ping(options.source, options.target)
    if options.json:
        print(json.dumps([_row(one) for one in pings.echoes], indent=2))
    else:
        print(_report(pings))
    return 0 if pings.ok else 1


def _row(one: Echo) -> dict[str, str | float | None]:
    return {
        "from": one.probe.source,
        "to": one.probe.target,
        "address": str(one.probe.address),
        "ms": None if one.seconds is None else round(one.seconds * 1000, 3),
        "reason": one.reason,
    }


def _report(pings: Pings) -> str:
    good = len(pings.echoes) - len(pings.broken)
    lines = [f"{good} of {len(pings.echoes)} pairs reach each other"]
    found = {one.probe.target for one in pings.echoes}
    sources = dict.fromkeys(one.probe.source for one in pings.echoes)
    targets = [name for name in {**sources, **dict.fromkeys(sorted(found))} if name in found]
    if len(targets) <= _MATRIX:
        lines = [*_matrix(pings, targets), *lines]
    lines += [
        f"{one.probe.source} -> {one.probe.target} ({one.probe.address}): {one.reason}"
        for one in pings.broken
    ]
    return "\n".join(lines)


def _matrix(pings: Pings, targets: list[str]) -> list[str]:
    sources = list(dict.fromkeys(one.probe.source for one in pings.echoes))
    cells = {(one.probe.source, one.probe.target): _cell(one) for one in pings.echoes}
    first = max(len("from \\ to, ms"), *(len(name) for name in sources))
    rows = ["  ".join(["from \\ to, ms".ljust(first), *(name.rjust(6) for name in targets)])]
    for source in sources:
        row = [cells.get((source, target), "-") for target in targets]
        padded = (
            cell.rjust(max(6, len(target))) for cell, target in zip(row, targets, strict=True)
        )
        rows.append("  ".join([source.ljust(first), *padded]))
    return rows


def _cell(one: Echo) -> str:
    return "FAIL" if one.seconds is None else f"{one.seconds * 1000:.2f}"
