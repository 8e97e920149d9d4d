"""`nslab ping`: who reaches whom."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from nslab.cli.candidates import nodes
from nslab.cli.choice import lab_name, prepare_to_build
from nslab.cli.parser import Parser, add_argument, add_json, add_lab, count, parser_of, seconds
from nslab.errors import NslabError
from nslab.kernel.sandbox import OUTSIDE

if TYPE_CHECKING:
    import argparse

    from nslab.kernel.echo import Echo
    from nslab.plan.session import Pings


def parser() -> Parser:
    """Make the verb's parser."""
    made = parser_of(
        "ping", "Ask by ICMP who reaches whom: exit 1 if any pair fails, and say which."
    )
    add_argument(
        made,
        "source",
        "FROM",
        "the node that asks (default: every one)",
        many="?",
        candidates=nodes,
    )
    add_argument(
        made,
        "target",
        "TO",
        "the node that is asked (default: all others), or `outside`: the way out, hop by hop",
        many="?",
        candidates=nodes,
    )
    made.add_argument(
        "--timeout",
        metavar="SECONDS",
        type=seconds,
        default=1.0,
        help="how long to wait for one answer (default: 1)",
    )
    made.add_argument(
        "--tries",
        metavar="N",
        type=count(1, 1000),
        default=3,
        help="how often to ask before a pair counts as broken (default: 3)",
    )
    add_lab(made)
    add_json(made, "print every pair as a JSON list")
    return made


def run(arguments: list[str]) -> int:
    """Ping one pair, one row or every pair; exit 1 and name the broken pairs if any fails."""
    options = parser().parse_args(arguments)
    prepare_to_build()
    if options.target == OUTSIDE:
        from nslab.cli.hops import run as trace

        return trace(options)
    pings = _ask(options)
    if options.json:
        print(json.dumps([_row(one) for one in pings.echoes], indent=2))
    else:
        from nslab.cli.matrix import report

        print(report(pings.echoes))
    return 0 if pings.ok else 1


def _ask(options: argparse.Namespace) -> Pings:
    from nslab.plan.session import connect

    lab = connect(lab_name(options.option))
    pings = lab.ping(options.source, options.target, timeout=options.timeout, tries=options.tries)
    if pings.echoes:
        return pings
    if options.target is not None:
        raise NslabError(f"{options.target} has no address to ping")
    raise NslabError(f'the lab "{lab.name}" has no two nodes with addresses')


def _row(one: Echo) -> dict[str, str | float | None]:
    return {
        "from": one.probe.source,
        "to": one.probe.target,
        "address": str(one.probe.address),
        "ms": None if one.seconds is None else round(one.seconds * 1000, 3),
        "reason": one.reason,
    }
