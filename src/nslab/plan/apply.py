"""Taking the steps of a plan: in order, in batches, and back again if one fails."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from nslab.errors import KernelError, NetnsCreationError, NslabError, StepError
from nslab.plan.steps import AddNetns, DeleteNetns, SetSysctl, Step

if TYPE_CHECKING:
    from nslab.kernel.sandbox import Sandbox

_BATCH = 64
_BY_HAND = (DeleteNetns, SetSysctl)

Watch = Callable[[Step], None]
"""Told of each step as it is begun."""


def apply(steps: Sequence[Step], sandbox: Sandbox, watch: Watch | None = None) -> None:
    """Take the steps.

    Raises:
        StepError: a step failed; those before it have been undone.
        KeyboardInterrupt: likewise undone.
    """
    done: list[Step] = []
    try:
        for run in _runs(steps):
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
    with _undisturbed():
        with contextlib.suppress(NslabError):
            sandbox.settle()
        for step in reversed(done):
            back = step.undo()
            try:
                _take([back], sandbox, [])
                sandbox.settle()
            except StepError as error:
                errors.append(error.cause)
            except NslabError as error:
                errors.append(error)
    return errors


def _runs(steps: Sequence[Step]) -> Iterator[list[Step]]:
    """Cut the steps into runs that can go out together: of one netns, or all AddNetns."""
    run: list[Step] = []
    for step in steps:
        if run and not (_together(run[-1], step) and len(run) < _BATCH):
            yield run
            run = []
        run.append(step)
    if run:
        yield run


def _together(one: Step, other: Step) -> bool:
    if isinstance(one, AddNetns) or isinstance(other, AddNetns):
        return type(one) is type(other)
    if isinstance(one, _BY_HAND) or isinstance(other, _BY_HAND):
        return False
    return one.netns == other.netns


def _take(run: list[Step], sandbox: Sandbox, done: list[Step]) -> None:
    first = run[0]
    if isinstance(first, AddNetns):
        done.extend(run)  # which of them are there is known later; undoing skips those that are not
        sandbox.create([step.netns for step in run])
    elif isinstance(first, _BY_HAND):
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


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """Let no second Ctrl-C stop the undoing half-way."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM))
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
