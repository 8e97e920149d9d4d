"""A progress bar for work that turns out to be long."""

from __future__ import annotations

import shutil
import sys
import time
from typing import TYPE_CHECKING, NoReturn, Self

from nslab.cli.text import is_terminal

if TYPE_CHECKING:
    from collections.abc import Callable

    from tqdm import tqdm

_PATIENCE = 1.0
"""Seconds of work before the bar appears; until then its library is not even loaded."""


class Bar:
    """A progress bar on stderr, where that is a terminal; gone when its `with` block ends."""

    def __init__(
        self, words: str, unit: str, total: Callable[[], int | None], *, hidden: bool = False
    ) -> None:
        """Begin.

        Args:
            words: what is under way.
            unit: what is counted.
            total: tells how many there will be, None if that is not known; called at most once.
            hidden: whether to show nothing at all.
        """
        self.words = words
        self.unit = unit
        self.total = total
        self.done = 0
        self._shown: tqdm[NoReturn] | None = None
        self._begun = time.monotonic()
        self._hidden = hidden or not is_terminal(sys.stderr)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._shown is not None:
            self._shown.close()

    def advance(self, done: int = 1) -> None:
        """Count so many as done."""
        self.reach(self.done + done)

    def reach(self, done: int) -> None:
        """Say how many are done by now."""
        if self._shown is not None:
            self._shown.update(done - self.done)
        elif not self._hidden and time.monotonic() > self._begun + _PATIENCE:
            self._shown = self._show()
            self._shown.update(done)
        self.done = done

    def _show(self) -> tqdm[NoReturn]:
        import threading

        from tqdm import tqdm

        tqdm.monitor_interval = 0  # no thread, and no lock for other processes: this one draws
        tqdm.set_lock(threading.RLock())
        shown = tqdm(
            desc=self.words,
            unit=f" {self.unit}",
            total=self.total(),
            file=sys.stderr,
            leave=False,
            smoothing=0,
            ncols=shutil.get_terminal_size().columns - 4,  # room for the terminal's own `^C`
            ascii=None if "utf" in (sys.stderr.encoding or "").lower() else True,
        )
        shown.start_t -= time.monotonic() - self._begun  # it times the whole work
        return shown
