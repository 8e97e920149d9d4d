"""What a program in a node is started with, told by who asks to the launcher that starts it."""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # `signal` itself loads enum
import errno
import fcntl
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

IGNORED = (
    _signal.SIGHUP,
    _signal.SIGINT,
    _signal.SIGQUIT,
    _signal.SIGTERM,
    _signal.SIGTSTP,
    _signal.SIGTTIN,
    _signal.SIGTTOU,
    _signal.SIGUSR1,
    _signal.SIGUSR2,
    _signal.SIGALRM,
)
"""What may be sent to all of the caller's process group; it is for the programs."""

PYTHONS = (_signal.SIGPIPE, _signal.SIGXFSZ)
"""What Python itself ignores, and no program that it starts shall."""

_OURS = {*IGNORED, *PYTHONS}
"""All that is not by default where a program is started."""


class Launch:
    """What to start, and how.

    Attributes:
        node: where.
        program: the file, or what is looked for on the environment's PATH.
        words: the program's arguments, the first one included.
        environment: what it gets, as words `key=value`.
        cwd: its directory; where the lab hides that, it is `/`.
        umask: what it may not give others.
        session: whether it leads a session of its own.
        ignored: the signals that it ignores.
        blocked: the signals that it has blocked.
        targets: the numbers of its descriptors.
    """

    __slots__ = (
        "blocked",
        "cwd",
        "environment",
        "ignored",
        "node",
        "program",
        "session",
        "targets",
        "umask",
        "words",
    )

    def __init__(  # noqa: PLR0913 - all that a program is given
        self,
        node: str,
        program: str,
        words: Sequence[str],
        environment: Sequence[str],
        *,
        cwd: str,
        umask: int,
        session: bool,
        ignored: Sequence[int],
        blocked: Sequence[int],
        targets: Sequence[int],
    ) -> None:
        self.node = node
        self.program = program
        self.words = words
        self.environment = environment
        self.cwd = cwd
        self.umask = umask
        self.session = session
        self.ignored = ignored
        self.blocked = blocked
        self.targets = targets

    def pack(self) -> list[str]:
        """Give it as words of a message."""
        numbers = [
            [self.umask, int(self.session), len(self.words)],
            self.ignored,
            self.blocked,
            self.targets,
        ]
        return [
            self.node,
            self.program,
            self.cwd,
            *(" ".join(map(str, row)) for row in numbers),
            *self.words,
            *self.environment,
        ]

    @classmethod
    def unpack(cls, message: Sequence[str]) -> Launch:
        """Read it back."""
        node, program, cwd, *rest = message
        numbers = [[int(word) for word in row.split()] for row in rest[:4]]
        umask, session, count = numbers[0]
        return cls(
            node,
            program,
            rest[4 : 4 + count],
            rest[4 + count :],
            cwd=cwd,
            umask=umask,
            session=bool(session),
            ignored=numbers[1],
            blocked=numbers[2],
            targets=numbers[3],
        )

    def start(self, environment: Mapping[bytes, bytes], fds: list[int]) -> int:
        """Start it where this process is; posix_spawnp(3) copies no memory, which fork(2) would.

        Args:
            environment: its own, taken apart.
            fds: its descriptors, in the order of `targets`; those in the way get other numbers.

        Raises:
            OSError: it cannot be run.
        """
        if not self.program:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        _move(fds, max((2, *self.targets)) + 1)
        spare = {0, 1, 2}.difference(self.targets)
        return os.posix_spawnp(
            self.program,
            list(self.words),
            environment,
            file_actions=[
                *((os.POSIX_SPAWN_DUP2, *pair) for pair in zip(fds, self.targets, strict=True)),
                *((os.POSIX_SPAWN_CLOSE, fd) for fd in spare),
            ],
            setsid=self.session,
            setsigmask=self.blocked,
            setsigdef=_OURS.difference(self.ignored),
        )


def _move(fds: list[int], free: int) -> None:
    """Give descriptors numbers from `free` on."""
    for index, fd in enumerate(fds):
        if fd < free:
            fds[index] = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, free)
            os.close(fd)
