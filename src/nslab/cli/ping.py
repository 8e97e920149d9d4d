"""`nslab ping`: who reaches whom."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from nslab.cli.candidates import nodes, targets
from nslab.cli.choice import lab_name, prepare_to_build
from nslab.cli.parser import (
    Parser,
    add_argument,
    add_json,
    add_lab,
    address,
    count,
    parser_of,
    seconds,
)
from nslab.cli.progress import Bar, Count
from nslab.errors import UsageError
from nslab.kernel.sandbox import OUTSIDE

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence

    from nslab.kernel.echo import Echo
    from nslab.plan.expect.finding import Checks, Finding
    from nslab.plan.pings import Pings
    from nslab.plan.running import Running


def parser() -> Parser:
    """Make the verb's parser."""
    made = parser_of(
        "ping",
        "Test what the lab expects; without `expect`, and with FROM, ask by ICMP who reaches whom."
        " Exit 1 if it is not as expected, 2 if that could not be tested.",
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
        candidates=targets,
    )
    _add_which(made)
    _add_patience(made)
    add_lab(made)
    add_json(made, "print every pair, or every expectation, as a JSON list")
    made.add_argument("-q", "--quiet", action="store_true", help="show no progress")
    return made


def _add_which(made: Parser) -> None:
    which = made.add_mutually_exclusive_group()
    which.add_argument(
        "--all",
        action="store_true",
        dest="every",
        help="ask every pair, whatever the lab expects; exit 1 if any fails",
    )
    which.add_argument(
        "--expect",
        action="store_true",
        help="test what the lab expects, or without `expect` that each segment is whole",
    )
    made.add_argument(
        "--outside",
        metavar="ADDRESS",
        type=address,
        action="append",
        default=[],
        help="what `outside` stands for (default: the machine's gateway or name server)",
    )


def _add_patience(made: Parser) -> None:
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


def run(arguments: list[str]) -> int:
    """Test what the lab expects, or ping one pair, one row or every pair."""
    from nslab.plan.running import connect

    options = parser().parse_args(arguments)
    if options.source and (options.every or options.expect):
        raise UsageError("FROM and TO do not go with --all and --expect")
    prepare_to_build()
    if options.target == OUTSIDE:
        from nslab.cli.hops import run as trace

        return trace(options)
    lab = connect(lab_name(options.option))
    named = options.source or options.every
    if options.expect or (not named and lab.desired().expect):
        return _check(lab, options)
    pings = _ask(lab, options)
    if pings.ok or named:
        _tell(pings.echoes, options)
        return 0 if pings.ok else 1
    return _blame(lab, pings.echoes, options)


def _check(lab: Running, options: argparse.Namespace) -> int:
    """Test expectations and tell all that was found."""
    checks = _test(lab, options)
    if options.json:
        print(json.dumps([_finding(one) for one in checks.findings], indent=2))
    else:
        from nslab.cli.findings import report

        print(report(checks.findings))
    return _code(checks)


def _test(lab: Running, options: argparse.Namespace) -> Checks:
    with Bar(f"{lab.name}: ping", hidden=options.quiet) as bar:
        return lab.check(
            outside=options.outside,
            timeout=options.timeout,
            tries=options.tries,
            progress=_progress(bar, "probes"),
        )


def _code(checks: Checks) -> int:
    return 1 if checks.broken else 2 if checks.untested else 0


def _blame(lab: Running, echoes: Sequence[Echo], options: argparse.Namespace) -> int:
    """Say where it breaks between those on one segment: of the others nothing was expected."""
    from nslab.cli.findings import explain, told_by

    checks = _test(lab, options)
    told, rest = told_by(checks.findings, echoes)
    _tell(told, options)
    if not options.json and (rest or checks.ok):
        print(explain(rest))
    return _code(checks)


def _ask(lab: Running, options: argparse.Namespace) -> Pings:
    with Bar(f"{lab.name}: ping", hidden=options.quiet) as bar:
        return lab.ping(
            options.source,
            options.target,
            timeout=options.timeout,
            tries=options.tries,
            progress=_progress(bar, "pairs"),
        )


def _progress(bar: Bar, noun: str) -> Callable[[int, int], None]:
    """Give what tells a bar how many are done, of how many."""
    count = Count(noun, None)

    def tell(done: int, total: int) -> None:
        count.done, count.total = done, total
        bar.reach(done / total, lambda: str(count))

    return tell


def _tell(echoes: Sequence[Echo], options: argparse.Namespace) -> None:
    if options.json:
        print(json.dumps([_row(one) for one in echoes], indent=2))
    else:
        from nslab.cli.matrix import report

        print(report(echoes))


def _finding(one: Finding) -> dict[str, str | float | bool | None]:
    return {
        "expect": str(one.expectation),
        "from": one.source,
        "to": one.target,
        "address": None if one.address is None else str(one.address),
        "protocol": one.expectation.protocol,
        "port": one.expectation.port or None,
        "reach": one.expectation.reach,
        "outcome": one.outcome,
        "ms": _ms(one.seconds),
        "reason": one.reason,
    }


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 3)


def _row(one: Echo) -> dict[str, str | float | None]:
    return {
        "from": one.probe.source,
        "to": one.probe.target,
        "address": str(one.probe.address),
        "ms": _ms(one.seconds),
        "reason": one.reason,
    }
