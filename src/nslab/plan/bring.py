"""What `up` does: a new lab begins in its sandbox, a running one is changed; or it is undone."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from nslab.errors import KernelError, LabInterrupted, LabNotRunningError, NslabError
from nslab.kernel import record
from nslab.kernel.sandbox import OUTSIDE, Sandbox
from nslab.lab.dump import written
from nslab.lab.load import remember
from nslab.plan.apply import apply
from nslab.plan.effects import unlike
from nslab.plan.ending import make_room
from nslab.plan.host.hosting import hosting
from nslab.plan.lower import lower
from nslab.plan.observe import read_standing
from nslab.plan.plan import parted
from nslab.plan.planning import defaults_of, host_defaults, plan_change, plan_new, same_source
from nslab.plan.ready import await_links
from nslab.plan.room import needs_of_change, needs_of_lab, refusal_of
from nslab.plan.segment import note_of
from nslab.plan.state import KEPT
from nslab.plan.steps import Remember
from nslab.plan.way.lead import Leading, decide, refuse_overtaken

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nslab.lab import Desired
    from nslab.plan.apply import Watch
    from nslab.plan.interrupts import Check
    from nslab.plan.plan import Plan
    from nslab.plan.state import State
    from nslab.plan.steps import Step
    from nslab.plan.wanted import Wanted

_NOTHING = b"", "", ""
"""What a new lab remembers: no document, no source, no hosts."""


def plan_of(wanted: Wanted) -> Plan:
    """Compute what `up` would do.

    Raises:
        NslabError: as for `session.diff`.
    """
    desired = wanted.desired
    try:
        sandbox = Sandbox.connect(desired.name)
    except LabNotRunningError:
        leading = decide(desired, wanted.uplink)
        own = hosting(desired, wanted.host, None, {})
        return plan_new(desired, lower(desired), leading, own, host_defaults())
    with sandbox:
        same_source(sandbox, wanted.source)
        return plan_change(sandbox, wanted)[0]


class Coming(NamedTuple):
    """What a new lab shall be: all that can be worked out before there is a holder.

    Attributes:
        state: its namespaces.
        memory: what the holder is to keep.
        refusal: why the machine has no room for it, if so.
    """

    state: State
    memory: Remember
    refusal: NslabError | None


def prepare(wanted: Wanted) -> Coming:
    """Work that out."""
    state = lower(wanted.desired)
    refusal = refusal_of(wanted.desired.name, needs_of_lab(state))
    return Coming(state, _memory(wanted, _NOTHING), refusal)


def begin(
    sandbox: Sandbox, wanted: Wanted, coming: Coming, watch: Watch | None, check: Check
) -> None:
    """Bring a new lab up in its sandbox; if that fails, it ends, and leaves nothing.

    Its namespaces are asked for first: the holder makes them while all else is worked out.

    Raises:
        NslabError: as for `session.up`.
        KeyboardInterrupt: a signal came; likewise undone.
    """
    desired = wanted.desired
    leading = Leading()
    try:
        if coming.refusal is not None:
            raise coming.refusal  # noqa: TRY301 - the holder is there by now, and must end
        defaults, standing = defaults_of(sandbox, [coming.state]), read_standing(sandbox)
        sandbox.foresee(_to_make(coming.state, defaults))
        make_room(desired.name)
        if desired.uplinks():
            leading = decide(desired, wanted.uplink, direct=wanted.direct)
        own = hosting(desired, wanted.host, None, {})
        plan = plan_new(desired, coming.state, leading, own, defaults, standing)
        steps = _with_memory(plan.steps, coming.memory)
        apply(steps, sandbox, watch, check, whole=True)
        await_links(steps, sandbox)
        refuse_overtaken(leading)
        check()
        if wanted.keep:
            sandbox.keep()
        _conclude(sandbox, coming.state)
    except BaseException as error:
        _abandon(sandbox, desired, leading)
        if isinstance(error, KeyboardInterrupt):
            undone = f'interrupted: the lab "{desired.name}" was undone'
            raise LabInterrupted(undone) from None
        if isinstance(error, LabNotRunningError):
            ended = f'the lab "{desired.name}" was ended while it came up'
            raise LabNotRunningError(ended) from None
        raise
    _tidy(sandbox)


def _to_make(state: State, defaults: dict[str, str]) -> dict[str, list[str]]:
    """Give each netns that is to be made, with the sysctls that a new one is to have else."""
    return {
        name: [f"{key}={netns.sysctl[key]}" for key in unlike(netns.sysctl, defaults, defaults)]
        for name, netns in state.items()
        if name not in KEPT
    }


def change(sandbox: Sandbox, wanted: Wanted, watch: Watch | None, check: Check) -> None:
    """Change a running lab, by the fewest steps; if one fails, it is as it was before.

    Raises:
        NslabError: as for `session.up`.
        KeyboardInterrupt: a signal came; likewise undone.
    """
    desired = wanted.desired
    try:
        sandbox.become_writer(check)
        source = same_source(sandbox, wanted.source)
        plan, state = plan_change(sandbox, wanted)
        if (refusal := refusal_of(sandbox.lab, needs_of_change(plan))) is not None:
            raise refusal
        memory = _memory(replace(wanted, source=source), _remembered(sandbox))
        if plan.steps:
            sandbox.attempt(memory.document)
        apply(_with_memory(plan.steps, memory), sandbox, watch, check)
        await_links(plan.steps, sandbox)
        _conclude(sandbox, state)
    except KeyboardInterrupt:
        raise LabInterrupted(f'interrupted: the lab "{desired.name}" is as it was before') from None
    finally:
        _tidy(sandbox)


def _abandon(sandbox: Sandbox, desired: Desired, leading: Leading) -> None:
    """End a lab that is not up yet, and take back what the machine did for it."""
    from nslab.plan.host import leave

    kernel = leading.way is not None and leading.way.kind == "kernel"
    leave.part(sandbox, desired)
    if kernel:
        from nslab.plan.way.host import part_from_machine

        part_from_machine(sandbox)
    sandbox.end()
    leave.settle(sandbox.lab, sandbox.pid)
    if kernel:
        from nslab.plan.way.host import close_for

        close_for(desired.name)


def _conclude(sandbox: Sandbox, state: State) -> None:
    """Have the holder forget what else the lab might have been; failing that, the next change does.

    The lab is wholly as desired by now, and nothing can be undone any more.
    """
    with contextlib.suppress(KernelError):
        sandbox.conclude(note_of(state))


def _remembered(sandbox: Sandbox) -> tuple[bytes, str, str]:
    document, source, _, _ = sandbox.get()
    return document, source, sandbox.hosts()


def _memory(wanted: Wanted, before: tuple[bytes, str, str]) -> Remember:
    now = written(wanted.desired)
    remember(now, wanted.desired)
    return Remember(OUTSIDE, now, wanted.source, _hosts(wanted.desired), before)


def _with_memory(steps: Sequence[Step], memory: Remember) -> list[Step]:
    """Have the lab remembered once it is as it shall be, before namespaces end for good."""
    inner, ending = parted(steps)
    return [*inner, memory, *ending]


def _tidy(sandbox: Sandbox) -> None:
    """Forget a record of nothing; if that fails, the next command does it."""
    if not record.are_any():
        return
    from nslab.plan.host import leave

    with contextlib.suppress(NslabError, OSError):
        leave.tidy(sandbox.lab)


def _hosts(desired: Desired) -> str:
    lines = ["127.0.0.1 localhost", "::1 localhost ip6-localhost ip6-loopback"]
    for name, ends in desired.endpoints().items():
        lines += [f"{address.ip} {name}" for end in ends for address in end.addresses]
    return "\n".join(lines) + "\n"
