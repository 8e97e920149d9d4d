"""The steps from one way out to another: pasta, the tables of nftables, the machine itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nslab.kernel.sandbox import HOST, OUTSIDE
from nslab.nft import program, rules
from nslab.plan.steps.way import (
    CloseHost,
    DropConnections,
    OpenHost,
    SetTable,
    StartPasta,
    StopPasta,
)
from nslab.plan.way import host, tables

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nslab.kernel.sandbox import Sandbox
    from nslab.plan.steps import Step
    from nslab.plan.way.choose import Way
    from nslab.plan.way.lead import Leading


def closing(leading: Leading) -> list[Step]:
    """Give the steps away from a way out that is to be another one, or none."""
    way, before = leading.way, leading.before
    if before is None or (way is not None and way.kind == before.kind == "kernel"):
        return []
    if before.kind == "kernel":
        return [CloseHost(HOST, before, leading.versions)]
    return [] if _same(way, before) else [StopPasta(OUTSIDE, before)]


def opening(leading: Leading, sandbox: Sandbox | None) -> list[Step]:
    """Give the steps to the way out that is to be.

    Args:
        leading: what is, and what is to be.
        sandbox: the running lab, None for a new one.
    """
    way, before = leading.way, leading.before
    steps = list(_tables(leading, sandbox))
    if way is not None and way.kind == "pasta" and not _same(way, before):
        steps.append(StartPasta(OUTSIDE, way))
    if way is not None and way.kind == "kernel":
        ruleset = host.ruleset() if program.is_here() else []
        if not (_same(way, before) and host.is_open_for(way, ruleset, leading.versions)):
            kept = before if before is not None and before.kind == "kernel" else None
            steps.append(OpenHost(HOST, way, leading.versions, tables.doors(ruleset), kept))
    return steps + list(_dropping(way, before))


def _tables(leading: Leading, sandbox: Sandbox | None) -> Iterator[Step]:
    """Bring the table of `outside` to what it should be."""
    table = tables.outside_table(leading.way) if leading.way else None
    place = None if sandbox is None else (sandbox.lab, sandbox.pid, OUTSIDE)
    known = (leading.before is not None or leading.led) and place is not None
    listed = program.listed(["table", "inet", tables.OURS], place) if known else []
    old = tables.outside_table(leading.before) if leading.before and listed else None
    if table is None and not listed:
        return
    if table is None or not rules.same(table, listed):
        yield SetTable(OUTSIDE, table, old)


def _dropping(way: Way | None, before: Way | None) -> Iterator[Step]:
    """End the connections through ports that are published no longer."""
    if before is None or before.kind != "kernel":
        return
    near = {item.version: item.ip for item in before.near}
    for one in before.forwards:
        if way is None or one not in way.forwards:
            yield DropConnections(HOST, one.published, near[one.inside.version])
            yield DropConnections(OUTSIDE, one.published, one.inside)


def _same(way: Way | None, before: Way | None) -> bool:
    """Tell whether a way out is as it was, as far as the machine and pasta are concerned."""
    if way is None or before is None or way.kind != before.kind:
        return False
    if way.kind == "pasta":
        return (way.near, way.far) == (before.near, before.far)
    return (way.near, way.plain, way.forwards) == (before.near, before.plain, before.forwards)
