"""A shell in a terminal, as a reader has it: typed at, and read up to its next prompt."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import subprocess
import termios
import time
from pathlib import Path

_CONTROLS = re.compile(r"\x1b\[[0-9;?=>]*[A-Za-z]|\x1b\][^\x07]*\x07|\r")


class Shell:
    """A shell and its terminal, which says nothing of its own: no echo, no colours."""

    def __init__(self, command: str, home: str) -> None:
        """Start it by a command; `home` is the prompt that it should show."""
        self.home = home
        self.fd, theirs = pty.openpty()
        _silence(theirs)
        self.process = subprocess.Popen(
            ["setsid", "--ctty", "sh", "-c", f"exec {command}"],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env={
                **os.environ,
                "HOME": str(Path.cwd()),
                "SHELL": "/bin/bash",
                "TERM": "dumb",
                "HISTFILE": "",
            },
        )
        os.close(theirs)

    def say(self, line: str, prompt: str) -> str:
        """Type a line; give what is said before that prompt, or with "" until the shell ends."""
        os.write(self.fd, f"{line}\n".encode())
        return self.read(prompt)

    def read(self, prompt: str, seconds: float = 20.0) -> str:
        """Wait for a prompt, or with "" for the end; give what is said before."""
        end, seen, raw = time.monotonic() + seconds, "", b""
        while not (prompt and seen.endswith(prompt)):
            ready, _, _ = select.select([self.fd], [], [], max(0.0, end - time.monotonic()))
            assert ready, f"no prompt {prompt!r} in {seconds} s, but:\n{seen}"
            piece = self._piece()
            if not piece:
                assert not prompt, f"the shell ended, but said:\n{seen}"
                self.process.wait(10)
                break
            raw += piece
            seen = _CONTROLS.sub("", raw.decode(errors="replace"))
        return seen.removesuffix(prompt)

    def close(self) -> None:
        """End it, whatever it does."""
        os.close(self.fd)
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGHUP)
        self.process.wait(10)

    def _piece(self) -> bytes:
        try:
            return os.read(self.fd, 65536)
        except OSError:  # the last program has closed it
            return b""


def _silence(fd: int) -> None:
    modes = termios.tcgetattr(fd)
    modes[3] &= ~termios.ECHO
    termios.tcsetattr(fd, termios.TCSANOW, modes)
