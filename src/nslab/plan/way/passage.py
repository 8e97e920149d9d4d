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
    from nslab.nft.rules import Table
    from nslab.plan.steps import Step
    from nslab.plan.way.choose import Way
    from nslab.plan.way.lead import Leading


def first(leading: Leading) -> list[Step]:
    """Give the steps before the lab's links and routes change.

    The machine guards the lab before it has routes to it.
    """
    way, before = leading.way, leading.before
    steps: list[Step] = []
    if before is not None and before.kind == "pasta" and not _is_kept(way, before):
        steps.append(StopPasta(OUTSIDE, before))
    return steps + (list(_machine(leading)) if way is not None and way.direct else [])


def then(leading: Leading, sandbox: Sandbox | None) -> list[Step]:
    """Give the steps after the lab's links and routes have changed.

    Args:
        leading: what is, and what is to be.
        sandbox: the running lab, None for a new one.
    """
    way, before = leading.way, leading.before
    steps = list(_tables(leading, sandbox))
    if way is not None and way.kind == "pasta" and not _is_kept(way, before):
        steps.append(StartPasta(OUTSIDE, way))
    if way is None or not way.direct:
        steps += _machine(leading)
    return steps + list(_dropping(way, before))


def _machine(leading: Leading) -> Iterator[Step]:
    """Let the machine do what it shall for the lab, or nothing."""
    way, before = leading.way, leading.before
    kept = before if before is not None and before.kind == "kernel" else None
    if way is not None and way.kind == "kernel":
        ruleset = host.ruleset() if program.is_here() else []
        if not host.is_open_for(way, ruleset, leading.versions):
            yield OpenHost(HOST, way, leading.versions, tables.doors(ruleset), kept)
    elif kept is not None:
        yield CloseHost(HOST, kept, leading.versions)


def _tables(leading: Leading, sandbox: Sandbox | None) -> Iterator[Step]:
    """Bring the table of `outside` to what it should be; a direct way out needs none."""
    table, old = (_table(way) for way in (leading.way, leading.before))
    place = None if sandbox is None else (sandbox.lab, sandbox.pid, OUTSIDE)
    listed = program.listed(["table", "inet", tables.OURS], place) if place else []
    if not (rules.same(table, listed) if table else not listed):
        yield SetTable(OUTSIDE, table, old if listed else None)


def _table(way: Way | None) -> Table | None:
    return None if way is None or way.direct else tables.outside_table(way)


def _dropping(way: Way | None, before: Way | None) -> Iterator[Step]:
    """End the connections through ports that are published no longer."""
    if before is None or before.kind != "kernel":
        return
    for one in before.forwards:
        if way is None or one not in way.forwards:
            yield DropConnections(HOST, one.published, tables.led_to(before, one)[0])
            if not before.direct:
                yield DropConnections(OUTSIDE, one.published, one.inside)


def _is_kept(way: Way | None, before: Way | None) -> bool:
    """Tell whether pasta leads out as it did."""
    if way is None or before is None or not way.kind == before.kind == "pasta":
        return False
    return (way.near, way.far) == (before.near, before.far)
