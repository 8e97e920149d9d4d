"""`nslab ping NODE outside`: the way out, hop by hop."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from msgspec.structs import asdict

from nslab.cli.choice import lab_name
from nslab.cli.text import GREEN, YELLOW, paint
from nslab.errors import printable

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from nslab.plan.way.trace import Hop


def run(options: argparse.Namespace) -> int:
    """Look at the way out of a node; exit 1 if it breaks, and say where."""
    from nslab.plan.running import connect

    hops = connect(lab_name(options.option)).trace(options.source)
    if options.json:
        print(json.dumps([asdict(hop) for hop in hops], indent=2))
    else:
        print("\n".join(_lines(options.source, hops)))
    return 0 if all(hop.ok is not False for hop in hops) else 1


def _lines(node: str, hops: list[Hop]) -> Iterator[str]:
    marks = {True: paint("yes", GREEN), False: paint("no ", YELLOW), None: "?  "}
    width = max(len(hop.name) for hop in hops)
    for hop in hops:
        mark = marks[hop.ok]
        hint = f" (hint: {hop.hint})" if hop.hint else ""
        yield f"  {mark} {hop.name.ljust(width)}  {printable(hop.detail + hint)}"
    broken = [hop for hop in hops if hop.ok is False]
    for hop in broken:
        yield f"{node} does not reach the outside: it breaks at {hop.name}"
    if all(hop.ok for hop in hops):
        yield f"{node} reaches the outside"
    elif not broken:
        yield f"{node} has a way out; whether it reaches the outside could not be asked"
