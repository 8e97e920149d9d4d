"""What a holder keeps for its clients beside namespaces: files in memory, and descriptors."""

from __future__ import annotations

import os
import time

from nslab.kernel import wire

TYPE_CHECKING = False
if TYPE_CHECKING:
    Reply = tuple[list[str], list[int]]
    """The words of an answer and its descriptors, which the holder closes once they are sent."""

FILES = {"hosts": "/run/nslab/hosts", "resolver": "/run/nslab/resolv.conf"}
"""The files that lie over /etc/hosts and /etc/resolv.conf."""

_ATTEMPTS = 16


class Memory:
    """The lab's file, what else it was to become, and descriptors by the names of what they are.

    Beside it lies a note of whoever brought the lab to what it is, for who changes it next.

    Each method is a request: it takes words and descriptors, and gives words and descriptors.
    """

    def __init__(self) -> None:
        self.document = -1
        self.note = -1
        self.attempts: list[int] = []
        self.source = ""
        self.started = str(int(time.time()))
        self.lodged: dict[str, int] = {}

    def descriptors(self) -> set[int]:
        """Give those that are kept: they stay open when they were handed over."""
        return {*self.lodged.values(), self.document, self.note, *self.attempts}

    def file(self, words: list[str], _: list[int]) -> Reply:
        """Read what every node finds in /etc/hosts (`hosts`) or /etc/resolv.conf (`resolver`).

        A second word is what it shall be from now on. The file stays the same one, so that programs
        that run already find it changed.
        """
        path = FILES[words[0]]
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            before = file.read()
        for text in words[1:]:
            with open(path, "w", encoding="utf-8", errors="surrogateescape") as file:
                file.write(text)
        return ["ok", before], []

    def lodge(self, words: list[str], fds: list[int]) -> Reply:
        """Keep a descriptor under a name, or let go of the one that is kept there."""
        before = self.lodged.pop(words[0], -1)
        if before >= 0:
            os.close(before)
        if fds:
            self.lodged[words[0]] = fds[0]
        return ["ok"], []

    def lend(self, words: list[str], _: list[int]) -> Reply:
        """Give the descriptor that is kept under a name, if one is."""
        return ["ok"], [self.lodged[name] for name in words if name in self.lodged]

    def lodgers(self, _: list[str], __: list[int]) -> Reply:
        """Name the kept pidfds whose processes live."""
        return ["ok", *(name for name, fd in self.lodged.items() if not wire.is_ready(fd))], []

    def put(self, words: list[str], fds: list[int]) -> Reply:
        """Keep a file (the lab as it was last brought up) and the name of its source."""
        source, document = words[0], fds[0]
        wire.read_file(document)
        self.attempts += [self.document] * (self.document >= 0)
        self.document, self.source = document, source
        return ["ok"], []

    def get(self, _: list[str], __: list[int]) -> Reply:
        """Give the kept file, its source, when the lab began, and whether it is all up."""
        state = "up" if self.document >= 0 else "starting"
        return ["ok", self.source, self.started, state], [self.document] * (self.document >= 0)

    def attempt(self, _: list[str], fds: list[int]) -> Reply:
        """Keep the file that the lab is being brought to, until it is there (`conclude`)."""
        wanted = wire.read_file(fds[0])
        if all(wire.read_file(fd) != wanted for fd in self.attempts):
            self.attempts.append(fds[0])
            wire.close(self.attempts[:-_ATTEMPTS])
            del self.attempts[:-_ATTEMPTS]
        return ["ok"], []

    def attempted(self, _: list[str], __: list[int]) -> Reply:
        """Give what else the lab was, or was to become, since a change was last concluded."""
        return ["ok"], [*self.attempts]

    def conclude(self, note: int) -> None:
        """Forget all but the kept file, and keep a note with it."""
        wire.read_file(note)
        wire.close([*self.attempts, *self.noted()])
        self.attempts, self.note = [], note

    def noted(self) -> list[int]:
        """Give the note, if there is one."""
        return [self.note] * (self.note >= 0)
