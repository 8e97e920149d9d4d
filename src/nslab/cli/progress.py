"""How long work shows itself: by a bar on a terminal, else by a line now and then."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from typing import TYPE_CHECKING, NoReturn, Self

from nslab.cli.text import is_terminal

if TYPE_CHECKING:
    from collections.abc import Callable

    from tqdm import tqdm

_PATIENCE = 1.0
"""Seconds of work before the bar appears; until then its library is not even loaded."""

_PAUSE = 0.1
"""Seconds between two looks of the bar."""

_SILENCE = 5.0
"""Seconds between two lines where there is no terminal."""


_WIDE, _NARROW = "{percentage:3.0f}%|{bar}| {desc}, {remaining} left", "{percentage:3.0f}% {desc}"
_MUCH = 76  # columns, less than which have no room for a bar


class Bar:
    """Shows on stderr how far a work has come; a bar is gone when its `with` block ends."""

    def __init__(self, words: str, *, hidden: bool = False) -> None:
        """Begin.

        Args:
            words: what is under way.
            hidden: whether to show nothing at all.
        """
        self.words = words
        self._drawn: tqdm[NoReturn] | None = None
        self._begun = time.monotonic()
        self._is_bar = is_terminal(sys.stderr)
        self._hidden = hidden or sys.stderr is None
        self._next = self._begun + (_PATIENCE if self._is_bar else _SILENCE)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._drawn is not None:
            self._drawn.close()

    def is_due(self) -> bool:
        """Tell whether somebody would see how far the work is by now."""
        return time.monotonic() >= self._next and not self._hidden

    def reach(self, share: float | None, text: Callable[[], str]) -> None:
        """Say how far the work is.

        Args:
            share: from 0 to 1, None where nobody knows.
            text: gives what is being done, and how much of it.
        """
        if not self.is_due():
            return
        now = time.monotonic()
        if self._is_bar:
            self._draw(share, text())
            self._next = now + _PAUSE
        else:
            with contextlib.suppress(OSError):  # whoever reads has had enough
                print(f"{self.words}: {text()}", file=sys.stderr, flush=True)
            self._next = now + _SILENCE

    def give_way(self, text: str) -> None:
        """Put a line in the bar's place, for good; a signal's handler may do so at any moment."""
        self._hidden = True
        if self._is_bar:
            with contextlib.suppress(OSError):  # it may be the terminal's end that interrupts
                line = f"\r\x1b[K{text}\n".encode(sys.stderr.encoding or "ascii", "replace")
                os.write(sys.stderr.fileno(), line)

    def _draw(self, share: float | None, text: str) -> None:
        if self._drawn is None:
            self._drawn = self._bar()
        width = _columns()
        shape = "{desc}" if share is None else _WIDE if width >= _MUCH else _NARROW
        self._drawn.bar_format = f"{_escaped(self.words)} {shape}"
        self._drawn.ncols = width
        self._drawn.n = share or 0.0
        self._drawn.set_description_str(text, refresh=True)

    def _bar(self) -> tqdm[NoReturn]:
        import threading

        from tqdm import tqdm

        tqdm.monitor_interval = 0  # no thread, and no lock for other processes: this one draws
        tqdm.set_lock(threading.RLock())
        drawn = tqdm(
            total=1.0,
            file=sys.stderr,
            leave=False,
            smoothing=0,
            delay=1e-9,  # nothing is drawn by itself
            ascii=None if "utf" in (sys.stderr.encoding or "").lower() else True,
        )
        drawn.start_t -= time.monotonic() - self._begun  # it times the whole work
        return drawn


def _escaped(words: str) -> str:
    return words.replace("{", "{{").replace("}", "}}")


def _columns() -> int:
    """Give the terminal's width now, less the room for its own `^C`."""
    try:
        return max(20, os.get_terminal_size(sys.stderr.fileno()).columns - 4)
    except (OSError, ValueError):
        return _MUCH


class Count:
    """Counts what a stage of a work has done, and how fast it is."""

    def __init__(self, noun: str, total: int | None) -> None:
        """Begin to count now; `noun` is the plural of what is counted."""
        self.noun = noun
        self.total = total
        self.done = 0
        self._begun = time.monotonic()

    def __str__(self) -> str:
        done = min(self.done, self.total) if self.total else self.done
        of = f" of {self.total:,}" if self.total else ""
        things, blank, what = self.noun.partition(" ")
        if (self.total or done) == 1:
            things = things.removesuffix("s")
        taken = time.monotonic() - self._begun
        rate = f", {done / taken:,.0f}/s" if done > taken / 2 else ""
        return f"{done:,}{of} {things}{blank}{what}{rate}"
