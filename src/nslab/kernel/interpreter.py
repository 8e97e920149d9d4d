"""Processes of our own: a fresh interpreter that runs the `main` of one module, and nothing else.

It looks at no setting of the user's and loads no `site`, so it starts in half the time.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # `signal` itself loads enum
import os
import sys

_START = "import sys; sys.path.insert(0, sys.argv.pop(1)); from {} import main; main()"
_PACKAGES = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

_SETTABLE = _signal.valid_signals() - {_signal.SIGKILL, _signal.SIGSTOP}
"""The signals that a process may be started with as they are by default."""


def command(module: str, *words: str) -> list[str]:
    """Give the command that runs the `main` of a module with these words as its arguments.

    A virtual environment's link to the interpreter would take longer to start.
    """
    return [
        os.path.realpath(sys.executable),
        "-I",
        "-S",
        "-X",
        f"utf8={sys.flags.utf8_mode}",
        "-c",
        _START.format(module),
        _PACKAGES,
        *words,
    ]


def start(
    module: str, *words: str, channel: int, said: int | None = None, session: bool = False
) -> int:
    """Run it as a child, with all signals as they are by default; give its PID.

    Args:
        module: whose `main`; it begins with `keep_only`.
        words: its arguments, before the last, which is the number of the channel.
        channel: the one descriptor that it has use for beside the standard ones.
        said: where it may complain. All else that it would say goes nowhere.
        session: whether it leads a session of its own, so that no terminal's Ctrl-C reaches it.

    Raises:
        OSError: there can be no more processes, or descriptors.
    """
    channel, *spare = _above_standard(channel)
    arguments = command(module, *words, str(channel))
    nowhere = [(os.POSIX_SPAWN_OPEN, fd, os.devnull, os.O_RDWR, 0) for fd in (0, 1)]
    try:
        return os.posix_spawn(
            arguments[0],
            arguments,
            os.environ,
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_RDWR, 0)
                if said is None
                else (os.POSIX_SPAWN_DUP2, said, 2),
                *nowhere,
                (os.POSIX_SPAWN_DUP2, channel, channel),  # the same: exec leaves it open then
            ],
            setsid=session,
            setsigmask=[],
            setsigdef=_SETTABLE,
        )
    finally:
        for fd in spare:
            os.close(fd)


def keep_only(channel: int) -> None:
    """Close what the process that started this one left open, all but the channel."""
    os.set_inheritable(channel, False)  # noqa: FBT003 - the only way to say it
    for fd in map(int, os.listdir("/proc/self/fd")):  # they may be above the limit of open files
        if fd > 2 and fd != channel:
            os.closerange(fd, fd + 1)  # the listing's own is closed already


def _above_standard(fd: int) -> list[int]:
    """Give the descriptor, or where it has the number of a standard stream a copy, to be closed."""
    if fd > 2:
        return [fd]
    import fcntl

    return [fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 3)] * 2
