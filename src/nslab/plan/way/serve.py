"""The programs beside a lab that are its relays: which there are, and which there shall be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nslab.kernel.sandbox import OUTSIDE
from nslab.plan.steps.relay import (
    SetResolver,
    StartRelay,
    StartResolver,
    StopRelay,
)
from nslab.plan.way import ports, resolver
from nslab.plan.way.lead import Serving

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nslab.kernel.sandbox import Sandbox
    from nslab.lab.model import Desired
    from nslab.plan.steps import Step
    from nslab.plan.way.choose import Way


def serve(
    desired: Desired,
    way: Way | None,
    past: Sequence[Desired] = (),
    before: Way | None = None,
    sandbox: Sandbox | None = None,
) -> Serving:
    """Compare the relays that a lab shall have with those that run.

    Args:
        desired: what is to be.
        way: the way out that is to be.
        past: the lab as it was last brought up, and what it was to become since.
        before: the way out that is.
        sandbox: the running lab, None for a new one.
    """
    wanted = _starts(desired, way)
    known = {name: step for lab in past for name, step in _starts(lab, before).items()}
    alive = set(sandbox.lodgers()) if sandbox is not None and (wanted or known) else set()
    ending = [step for name, step in known.items() if name in alive and name not in wanted]
    beginning: list[Step] = [step for name, step in wanted.items() if name not in alive]
    if way is not None or any(lab.uplinks() for lab in past):
        beginning += _resolver_file(way, sandbox)
    return Serving(tuple(each for step in ending for each in step.undo()), tuple(beginning))


def _starts(lab: Desired, way: Way | None) -> dict[str, Step]:
    """Give the step that starts each relay, by the name under which the holder keeps it."""
    found: dict[str, Step] = {}
    for node, published, targets in ports.wanted(lab):
        found[ports.lodged(node, published, targets)] = StartRelay(node, published, targets)
    server = resolver.relayed(resolver.of_machine()) if way is not None else None
    if way is not None and server is not None:
        found[resolver.lodged(server, way)] = StartResolver(OUTSIDE, way, server)
    return found


def refuse_busy(serving: Serving) -> None:
    """See that the machine's ports are free before anything is built.

    Raises:
        NslabError: a port to be published cannot be had.
    """
    leaving = [step.published for step in serving.ending if isinstance(step, StopRelay)]
    for step in serving.beginning:
        if isinstance(step, StartRelay) and not any(map(step.published.meets, leaving)):
            ports.refuse_busy(step.netns, step.published)


def _resolver_file(way: Way | None, sandbox: Sandbox | None) -> Iterator[Step]:
    """Let the nodes ask what they can reach."""
    machine = resolver.of_machine()
    text = resolver.of_lab(machine, way) if way is not None else machine
    now = sandbox.resolver() if sandbox is not None else machine
    if text != now:
        yield SetResolver(OUTSIDE, text, now)
