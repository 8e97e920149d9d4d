"""Taking the steps of a plan: in order, in batches, and back again if one fails."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from nslab.errors import KernelError, NetnsCreationError, NslabError, StepError
from nslab.plan.steps import (
    AddNetns,
    DeleteAddress,
    DeleteLink,
    DeleteNetns,
    DeleteRoute,
    SetSysctl,
    Step,
)

if TYPE_CHECKING:
    from nslab.kernel.sandbox import Sandbox
    from nslab.plan.interrupts import Check

_BATCH = 64
_NOT_THERE = (errno.ENODEV, errno.ENOENT, errno.ESRCH, errno.EADDRNOTAVAIL)
_WHOLE = (AddNetns, DeleteNetns)
_ALONE = (SetSysctl,)

Watch = Callable[[Step], None]
"""Told of each step as it is begun."""


def apply(
    steps: Sequence[Step], sandbox: Sandbox, watch: Watch | None = None, check: Check | None = None
) -> None:
    """Take the steps.

    Args:
        steps: what is to be done.
        sandbox: where.
        watch: told of each step as it is begun.
        check: called between steps that can be undone; what it raises undoes them.

    Raises:
        StepError: a step failed; those before it have been undone.
    """
    done: list[Step] = []
    try:
        for run in _runs(steps):
            if check is not None and not isinstance(run[0], DeleteNetns):
                check()
            if watch is not None:
                for step in run:
                    watch(step)
            _take(run, sandbox, done)
        sandbox.settle()
    except StepError as error:
        raise StepError(error.step, error.command, error.cause, undo(done, sandbox)) from None
    except NetnsCreationError as error:
        step = AddNetns(error.netns)
        raise StepError(step.words(), step.command(), error, undo(done, sandbox)) from None
    except BaseException:
        undo(done, sandbox)
        raise


def undo(done: Sequence[Step], sandbox: Sandbox) -> list[NslabError]:
    """Take steps back, the last first; go on where one fails, and give all that went wrong."""
    errors: list[NslabError] = []
    with contextlib.suppress(NslabError):
        sandbox.settle()
    for step in reversed(done):
        for back in step.undo():
            try:
                _take([back], sandbox, [])
                sandbox.settle()
            except NslabError as error:
                cause = error.cause if isinstance(error, StepError) else error
                if not _gone_already(back, cause):
                    errors.append(cause)
    return errors


def _gone_already(step: Step, cause: NslabError) -> bool:
    """Tell whether the kernel has deleted by itself, with something else, what is to be deleted."""
    deletes = isinstance(step, DeleteAddress | DeleteLink | DeleteRoute)
    return deletes and isinstance(cause, KernelError) and cause.errno in _NOT_THERE


def _runs(steps: Sequence[Step]) -> Iterator[list[Step]]:
    """Cut the steps into runs that can go out together: of one netns, or all of one kind."""
    run: list[Step] = []
    for step in steps:
        if run and not (_together(run[-1], step) and len(run) < _BATCH):
            yield run
            run = []
        run.append(step)
    if run:
        yield run


def _together(one: Step, other: Step) -> bool:
    if isinstance(one, _ALONE) or isinstance(other, _ALONE):
        return False
    if isinstance(one, _WHOLE) or isinstance(other, _WHOLE):
        return type(one) is type(other)
    return one.netns == other.netns


def _take(run: list[Step], sandbox: Sandbox, done: list[Step]) -> None:
    first = run[0]
    if isinstance(first, AddNetns):
        done.extend(run)  # which of them are there is known later; undoing skips those that are not
        sandbox.create([step.netns for step in run])
    elif isinstance(first, DeleteNetns):
        sandbox.delete([step.netns for step in run])
    elif isinstance(first, SetSysctl):
        try:
            first.act(sandbox)
        except KernelError as error:
            raise StepError(first.words(), first.command(), error) from None
        done.append(first)
    else:
        _send(run, sandbox, done)


def _send(run: list[Step], sandbox: Sandbox, done: list[Step]) -> None:
    requests = [(step, request) for step in run for request in step.requests(sandbox.handle)]
    errors = sandbox.handle(run[0].netns).transport.batch([request for _, request in requests])
    failed: tuple[Step, KernelError] | None = None
    for (step, _), error in zip(requests, errors, strict=True):
        if error is None:
            done.append(step)
        elif failed is None:
            failed = step, error
    if failed is not None:
        step, error = failed
        raise StepError(step.words(), step.command(), error)
