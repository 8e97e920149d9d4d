"""A terminal of the tests' own, with a program in it."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cli.machine import Machine

_CONTROLS = re.compile(r"\x1b\[[0-9;?=>]*[A-Za-z]|\x1b[()=>][A-B0-2]?|\x1b\][^\x07]*\x07|\r")


class Terminal:
    """What a person sees and types."""

    def __init__(self, fd: int, process: subprocess.Popen[bytes]) -> None:
        self.fd = fd
        self.process = process
        self.seen = ""

    def type(self, text: str) -> None:
        """Press keys."""
        os.write(self.fd, text.encode())

    def shows(self, text: str, seconds: float = 10.0) -> bool:
        """Wait until the screen has shown a text, from the last one found on."""
        end = time.monotonic() + seconds
        while text not in self.seen:
            self._read(end)
            if time.monotonic() > end:
                return False
        self.seen = self.seen.partition(text)[2]
        return True

    def end(self) -> int:
        """Wait for the program; give its exit code."""
        return self.process.wait(10)

    def _read(self, end: float) -> None:
        ready, _, _ = select.select([self.fd], [], [], max(0.0, end - time.monotonic()))
        if ready:
            try:
                got = os.read(self.fd, 65536).decode(errors="replace")
            except OSError:  # the last program has closed it
                got = ""
                time.sleep(0.02)
            self.seen += _CONTROLS.sub("", got)


@contextmanager
def terminal_with(machine: Machine, *words: str, **environment: str) -> Iterator[Terminal]:
    """Run a program in a terminal of its own."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        ["setsid", "--ctty", *machine.command(*words)],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        cwd=machine.folder,
        env={**machine.environment, "TERM": "xterm", **environment},
    ) as process:
        os.close(theirs)
        try:
            yield Terminal(ours, process)
        finally:
            process.kill()
            os.close(ours)
