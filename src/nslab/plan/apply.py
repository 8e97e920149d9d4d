"""Taking the steps of a plan: in order, in batches, and back again if one fails."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import TYPE_CHECKING

from nslab.errors import (
    KernelError,
    NetnsCreationError,
    NodeNotFoundError,
    NslabError,
    StepError,
    SysctlError,
)
from nslab.kernel import libc
from nslab.kernel.sandbox import HOST
from nslab.plan.ready import awaited
from nslab.plan.steps import (
    AddNetns,
    Deed,
    DeleteAddress,
    DeleteLink,
    DeleteNetns,
    DeleteRoute,
    Remember,
    SetLink,
    SetSysctl,
    Step,
    delete_together,
)

if TYPE_CHECKING:
    from nslab.kernel.sandbox import Handle, Sandbox
    from nslab.kernel.transport import Transport
    from nslab.netlink.message import Request
    from nslab.plan.interrupts import Check

_BATCH = 64
_NOT_THERE = (errno.ENODEV, errno.ENOENT, errno.ESRCH, errno.EADDRNOTAVAIL)

Watch = Callable[[Step], None]
"""Told of each step as it is begun."""


def apply(
    steps: Sequence[Step],
    sandbox: Sandbox,
    watch: Watch | None = None,
    check: Check | None = None,
    *,
    whole: bool = False,
) -> None:
    """Take the steps.

    Args:
        steps: what is to be done.
        sandbox: where.
        watch: told of each step of the lab's as it is begun.
        check: called between steps that can be undone; what it raises undoes them.
        whole: the sandbox holds nothing else and is ended as a whole by the caller if a step
            fails: nothing is undone one by one.

    Raises:
        StepError: a step failed; those before it have been undone.
    """
    done: list[Step] = []
    try:
        _take_all(steps, sandbox, done, watch, check)
    except NslabError as error:
        raise _step_error(error, [] if whole else undo(done, sandbox)) from None
    except BaseException:
        if not whole:
            undo(done, sandbox)
        raise


def _take_all(
    steps: Sequence[Step],
    sandbox: Sandbox,
    done: list[Step],
    watch: Watch | None,
    check: Check | None,
) -> None:
    runs = list(_runs(steps, sandbox))
    last = _last_runs(runs, awaited(steps))
    for place, run in enumerate(runs):
        if check is not None and not isinstance(run[0], DeleteNetns):
            check()
        for step in run:
            if watch is not None and not isinstance(step, Remember):
                watch(step)
        if run[0].is_sent and not sandbox.has_open(run[0].netns):
            with contextlib.suppress(NodeNotFoundError):  # who needs what is not there will tell
                sandbox.open_ahead(_places(runs[place : place + _BATCH]))
        _take(run, sandbox, done)
        if last.get(run[0].netns) == place:
            sandbox.close_handle(run[0].netns)
    sandbox.settle()


def _last_runs(runs: Sequence[list[Step]], kept: Collection[str]) -> dict[str, int]:
    """Tell where messages are sent in each netns for the last time, but for those to be kept open.

    To close it at once takes a small part of what it takes when the bridges are up: then the hosts
    tell each other what groups they listen to, which keeps all CPUs busy.
    """
    sent = ((run[0].netns, place) for place, run in enumerate(runs) if run[0].is_sent)
    return {name: place for name, place in sent if name not in kept}


def _places(runs: Sequence[list[Step]]) -> list[str]:
    """Name the namespaces in which messages are sent, each once: they are opened together."""
    return list(dict.fromkeys(run[0].netns for run in runs if run[0].is_sent))


def _step_error(error: NslabError, undo_errors: Sequence[NslabError]) -> NslabError:
    if isinstance(error, NetnsCreationError):
        return StepError(AddNetns(error.netns), error, undo_errors)
    if isinstance(error, SysctlError):
        return StepError(SetSysctl(error.netns, error.key, error.value), error, undo_errors)
    if isinstance(error, StepError):
        return StepError(error.failed, error.cause, undo_errors)
    return error


def undo(done: Sequence[Step], sandbox: Sandbox) -> list[NslabError]:
    """Take steps back, the last first; go on where one fails, and give all that went wrong."""
    errors: list[NslabError] = []
    with contextlib.suppress(NslabError):
        sandbox.forgo()
    for run in _runs([back for step in reversed(done) for back in step.undo()], sandbox):
        try:
            if run[0].is_sent:
                refused = _send(run, sandbox, [])
                errors += [why for step, why in refused if not _is_so_already(step, why)]
            else:
                _take(run, sandbox, [])
                sandbox.settle()
        except NslabError as error:
            errors.append(error.cause if isinstance(error, StepError) else error)
    return errors


def _is_so_already(step: Step, error: KernelError) -> bool:
    """Tell whether a step that undoes another finds all as it should be.

    The kernel has deleted by itself, with something else, what is to be deleted; or the step to be
    undone, whose answer was lost, had not been taken.
    """
    if isinstance(step, DeleteAddress | DeleteLink | DeleteRoute | SetLink):
        return error.errno in _NOT_THERE
    return error.errno == errno.EEXIST


def _runs(steps: Sequence[Step], sandbox: Sandbox) -> Iterator[list[Step]]:
    """Cut the steps into runs that can go out together: of one netns, or all of one kind, or both.

    Messages name other netns by their descriptors, which have to be open until they are sent.
    """
    most = min(_BATCH, sandbox.room - 1)
    run: list[Step] = []
    last: object = None
    for step in steps:
        shared = step.company()
        if run and (shared is None or shared != last or len(run) == most):
            yield run
            run = []
        run.append(step)
        last = shared
    if run:
        yield run


def _take(run: list[Step], sandbox: Sandbox, done: list[Step]) -> None:
    first = run[0]
    if isinstance(first, AddNetns):
        done.extend(run)  # which of them are there is known later; undoing skips those that are not
        sandbox.create([step.netns for step in run])
    elif isinstance(first, DeleteNetns):
        sandbox.delete([step.netns for step in run])
    elif isinstance(first, Deed):
        _act(first, sandbox)
        done.append(first)
    else:
        for step, why in _send(run, sandbox, done):
            why.hint = why.hint or step.remedy(why.errno)
            raise StepError(step, why)


def _act(deed: Deed, sandbox: Sandbox) -> None:
    try:
        deed.act(sandbox)
    except (NetnsCreationError, SysctlError):
        raise
    except NslabError as error:
        raise StepError(deed, error) from None
    except OSError as error:
        why = libc.of_oserror("this machine", error)
        raise StepError(deed, why) from None


def _send(run: list[Step], sandbox: Sandbox, done: list[Step]) -> list[tuple[Step, KernelError]]:
    """Send the messages of steps in one netns; give those that the kernel refused.

    They go out together, but none waits for a netns that only a later one needs.
    """
    refused: list[tuple[Step, KernelError]] = []
    asked: list[tuple[Step, Request]] = []

    def opened(name: str) -> Handle:
        if asked and sandbox.awaits(name):
            flush()
        return sandbox.handle(name)

    def flush() -> None:
        refused.extend(_exchange(asked, sandbox.handle(run[0].netns).transport, done))
        asked.clear()

    if len(run) > 1 and isinstance(run[0], DeleteLink) and run[0].netns != HOST:
        asked += delete_together([step for step in run if isinstance(step, DeleteLink)])
    else:
        for step in run:
            requests = step.requests(opened)
            asked += [(step, request) for request in requests]
    flush()
    return refused


def _exchange(
    asked: Sequence[tuple[Step, Request]], transport: Transport, done: list[Step]
) -> list[tuple[Step, KernelError]]:
    try:
        errors = transport.batch([request for _, request in asked])
    except KernelError as error:  # answers were lost: the steps may have been taken
        done.extend(step for step, _ in asked)
        raise StepError(asked[0][0], error) from None
    if not any(errors):
        done.extend([step for step, _ in asked])
        return []
    answers = [(step, error) for (step, _), error in zip(asked, errors, strict=True)]
    done.extend(step for step, error in answers if error is None)
    return [(step, error) for step, error in answers if error is not None]
