"""`ip netns identify` and `ip netns pids`: which process is in which netns."""

from __future__ import annotations

import os

from nslab.errors import IpError
from nslab.ip.enter import DIRECTORY
from nslab.ip.netns.directory import names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nslab.ip.program import Program
    from nslab.ip.words import Words


def identify(program: Program, words: Words) -> None:
    """Print the name of the netns that a process is in, this one unless told another.

    Of several names it is the last one of the directory; without a name the line is empty.
    """
    given = words.take() if words else None
    if words:
        raise IpError("extra arguments specified")
    if given is not None and not _is_pid(given):
        raise IpError(f"Specified string '{given}' is not a pid")
    wanted = _identity(f"/proc/{given or 'self'}/ns/net")
    found = [name for name in names() if _find_identity(f"{DIRECTORY}/{name}") == wanted]
    program.out.raw(f"{found[-1] if found else ''}\n")


def pids(program: Program, words: Words) -> None:
    """Print the processes in a named netns."""
    if not words:
        raise IpError("No netns name specified")
    name = words.take()
    if words:
        raise IpError("extra arguments specified")
    wanted = _identity(f"{DIRECTORY}/{name}")
    for entry in os.listdir("/proc"):
        if _is_pid(entry) and _find_identity(f"/proc/{entry}/ns/net") == wanted:
            program.out.raw(f"{entry}\n")


def _is_pid(word: str) -> bool:
    return word.isascii() and word.isdigit()


def _identity(path: str) -> tuple[int, int]:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        raise IpError(f"Cannot open network namespace: {reason}") from None
    status = os.fstat(fd)
    os.close(fd)
    return status.st_dev, status.st_ino


def _find_identity(path: str) -> tuple[int, int] | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino
