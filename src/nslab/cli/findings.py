"""What came of a lab's expectations, for a reader: a line each, and their sum."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from nslab.cli.text import RED, YELLOW, number_of, paint
from nslab.errors import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nslab.kernel.echo import Echo
    from nslab.plan.expect.finding import Finding

_LIST = 40  # lines
_COLOURS = {"broken": RED, "untested": YELLOW}


def report(findings: Sequence[Finding]) -> str:
    """Say all that was found; of many, what is not as expected alone."""
    shown = findings if len(findings) <= _LIST else [one for one in findings if not one.ok]
    return "\n".join([*map(_line, shown), _sum(findings)])


def told_by(
    findings: Sequence[Finding], echoes: Sequence[Echo]
) -> tuple[list[Echo], list[Finding]]:
    """Have pings say what was found of the same pairs; give what is not as expected besides."""
    found = {(one.source, one.target, one.address): one for one in findings if not one.ok}
    told = []
    for echo in echoes:
        probe = echo.probe
        why = None if echo.ok else found.pop((probe.source, probe.target, probe.address), None)
        told.append(echo if why is None else replace(echo, reason=why.reason))
    return told, list(found.values())


def explain(findings: Sequence[Finding]) -> str:
    """Say what is not as expected between those on one segment."""
    broken = [_line(one) for one in findings if not one.ok]
    if not broken:
        return "on each segment all reach each other; of the others nothing is expected"
    return "\n".join(broken)


def _line(one: Finding) -> str:
    text, reason = printable(str(one)), printable(one.reason)
    return text.removesuffix(reason) + paint(reason, _COLOURS[one.outcome]) if reason else text


def _sum(findings: Sequence[Finding]) -> str:
    counts = dict.fromkeys(("ok", "broken", "untested"), 0)
    for one in findings:
        counts[one.outcome] += 1
    text = f"{counts['ok']:,} of {number_of(len(findings), 'expectation')} met"
    if counts["broken"]:
        text += f", {counts['broken']:,} broken"
    if counts["untested"]:
        text += f", {counts['untested']:,} could not be tested"
    return text
