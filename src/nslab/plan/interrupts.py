"""Signals that must not strike in the middle of an exchange with the kernel or the holder."""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # `signal` itself loads enum
import _thread
import contextlib
import os
from collections.abc import Callable, Iterator

from nslab.errors import NslabError

_ENDING = (_signal.SIGINT, _signal.SIGTERM, _signal.SIGHUP)
"""What ends a program that has no handler for it."""

Check = Callable[[], None]
"""Lets a signal that came meanwhile take effect: call it where everything so far can be undone."""


@contextlib.contextmanager
def held_back() -> Iterator[Check]:
    """Hold signals back until the block calls what it is given, or ends.

    These are Ctrl-C, SIGTERM, SIGHUP, and all that the program has handlers for, which may raise: a
    test's time limit comes by SIGALRM. The handlers get their signal then. One without a handler,
    whose default is to kill, raises KeyboardInterrupt at the check, so that the block can undo, and
    kills afterwards.
    In other threads than the main one nothing needs holding back: signals never strike there.
    """
    if _thread.get_native_id() != os.getpid():
        yield lambda: None
        return
    came: list[int] = []
    handlers = {number: _signal.getsignal(number) for number in _signal.valid_signals()}
    before = {
        number: handler
        for number, handler in handlers.items()
        if callable(handler) or (number in _ENDING and handler == _signal.SIG_DFL)
    }

    def check() -> None:
        while came:
            handler = before[came[0]]
            if not callable(handler):
                raise KeyboardInterrupt
            handler(came.pop(0), None)

    for each in before:
        _signal.signal(each, lambda number, _: came.append(number))
    try:
        yield check
    except BaseException:
        came[:] = [number for number in came if not callable(before[number])]
        raise
    finally:
        for each, handler in before.items():
            _signal.signal(each, handler)
        for number in came:
            _signal.raise_signal(number)


@contextlib.contextmanager
def blamed_on_signals(check: Check) -> Iterator[None]:
    """Let a signal that came be the reason of what failed: it may have struck a child at birth."""
    try:
        yield
    except (NslabError, OSError):
        check()
        raise
