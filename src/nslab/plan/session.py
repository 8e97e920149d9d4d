"""Bring a lab up, or compute what that would take."""

from __future__ import annotations

import contextlib
import gc
import os
import time
from typing import TYPE_CHECKING

from msgspec.structs import replace

from nslab.errors import LabBusyError, LabNotRunningError, OvertakenError, StepError
from nslab.kernel import libc
from nslab.kernel.sandbox import Sandbox
from nslab.lab import Desired, Lab, desired_of
from nslab.plan.interrupts import blamed_on_signals, held_back
from nslab.plan.wanted import Wanted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nslab.plan.apply import Watch
    from nslab.plan.bring import Coming
    from nslab.plan.host.names import HostNames
    from nslab.plan.interrupts import Check
    from nslab.plan.plan import Plan
    from nslab.plan.running import Running
    from nslab.plan.way.choose import Choice

_PATIENCE = 20.0
"""Seconds to wait for somebody else's holder that is only starting, or only ending."""


def up(
    lab: Lab | Desired,
    *,
    keep: bool = False,
    watch: Watch | None = None,
    uplink: Choice = "auto",
    host: HostNames = None,
) -> Running:
    """Make the kernel match the lab; one that runs already is changed by the fewest steps.

    Args:
        lab: what is to be.
        keep: whether the lab outlives this process. Without it the lab ends with the returned
            object's `with` block, its `down()`, or this process, however that ends.
        watch: called with each step as it is begun.
        uplink: how a lab with an uplink is led out: "kernel" (root: a veth and the machine's own
            forwarding), "pasta", "none", or "auto", which takes the first that can be had.
        host: whether the nodes have names in the machine's /run/netns (root): True for LAB-NODE, a
            text with `{node}` for others, False for none; None leaves it as it is.

    Raises:
        LabFileError: the lab cannot be.
        LabBusyError: a lab of this name runs from another file.
        NslabError: this machine has no room for it.
        PrivilegeError: this machine lets this user make no namespaces.
        StepError: a step failed; everything done before it has been undone.
        KeyboardInterrupt: likewise undone.
    """
    with _without_collection():
        desired = desired_of(lab)
        wanted = Wanted(desired, _source(lab), uplink, host, keep=keep)
        try:
            return _up(wanted, watch)
        except OSError as error:
            raise libc.of_oserror(f'bring the lab "{desired.name}" up', error) from None


def diff(lab: Lab | Desired, *, uplink: Choice = "auto", host: HostNames = None) -> Plan:
    """Compute the steps that `up` would take now, without taking any.

    Args:
        lab: what is to be.
        uplink: as for `up`.
        host: as for `up`.

    Raises:
        LabFileError: the lab cannot be.
        LabBusyError: a lab of this name runs from another file.
        NslabError: a link that is not ours stands in the way, or there is no way out.
    """
    from nslab.plan.bring import plan_of

    return plan_of(Wanted(desired_of(lab), _source(lab), uplink, host))


@contextlib.contextmanager
def _without_collection() -> Iterator[None]:
    """Do not search for garbage in circles: a large lab takes many objects and makes none.

    To look through them time and again took a tenth of the time until 10,000 nodes are up. What is
    left of them counts as old afterwards, so that the next search is not for them.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        if not gc.get_freeze_count():  # nobody has put objects there, who would miss them
            gc.freeze()
            gc.unfreeze()
        gc.enable()


def _source(lab: Lab | Desired) -> str:
    """Name the file that the lab is from, the same from wherever it is called."""
    said = (lab.source or "") if isinstance(lab, Lab) else ""
    return os.path.realpath(said) if os.path.exists(said) else said


def _up(wanted: Wanted, watch: Watch | None) -> Running:
    name = wanted.desired.name
    deadline = time.monotonic() + _PATIENCE
    while True:
        with held_back() as check, blamed_on_signals(check):
            try:
                with contextlib.suppress(LabNotRunningError):  # which is soon known
                    return _change(wanted, watch, check)
                with contextlib.suppress(FileExistsError):
                    return _begin(wanted, watch, check)
            except (OvertakenError, StepError) as error:
                from nslab.plan.way.lead import is_overtaken

                if not (wanted.direct and is_overtaken(error)):
                    raise
                wanted = replace(wanted, direct=False)
                continue
        if time.monotonic() > deadline:
            raise LabBusyError(f'the lab "{name}" is being brought up or down by somebody else')
        time.sleep(0.02)


def _begin(wanted: Wanted, watch: Watch | None, check: Check) -> Running:
    coming: list[Coming] = []
    sandbox = Sandbox.start(wanted.desired.name, lambda: coming.append(_prepare(wanted)))
    from nslab.plan.bring import begin
    from nslab.plan.running import Running

    begin(sandbox, wanted, coming[0], watch, check)
    if wanted.keep:
        sandbox.close()
    else:
        sandbox.release()
        from nslab.kernel import launchers

        launchers.start_ahead(sandbox.lab, sandbox.pid)
    return Running(wanted.desired.name, sandbox.pid, None if wanted.keep else sandbox)


def _change(wanted: Wanted, watch: Watch | None, check: Check) -> Running:
    with Sandbox.connect(wanted.desired.name) as sandbox:
        from nslab.plan.bring import change
        from nslab.plan.running import Running

        change(sandbox, wanted, watch, check)
        return Running(wanted.desired.name, sandbox.pid, None)


def _prepare(wanted: Wanted) -> Coming:
    """Load and work out what `begin` needs: the holder takes as long to start."""
    import nslab.plan.running  # noqa: F401
    from nslab.plan.bring import prepare

    if not wanted.keep:
        from nslab.kernel import launchers  # noqa: F401
    return prepare(wanted)
