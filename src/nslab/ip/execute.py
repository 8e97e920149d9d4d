"""Becoming another program, as C's execvp does it."""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # `signal` itself loads enum
import errno
import os

from nslab.errors import IpError
from nslab.ip.complain import complain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

FAILED = 1
_GOES_ON = (errno.EACCES, errno.ENOENT, errno.ESTALE, errno.ENOTDIR, errno.ENODEV, errno.ETIMEDOUT)


def execute(program: str, words: Sequence[str]) -> int:
    """Become a program, found on PATH; comes back with the exit code only if it cannot be run."""
    for number in (_signal.SIGPIPE, _signal.SIGXFSZ):  # Python had them ignored
        _signal.signal(number, _signal.SIG_DFL)
    environment = own_environment()
    worst = errno.ENOENT
    for path in _candidates(program, environment):
        number = _try(path, words, environment)
        worst = number if worst != errno.EACCES or number not in _GOES_ON else worst
        if number not in _GOES_ON:
            break
    complain(f'exec of "{program}" failed: {os.strerror(worst)}')
    return FAILED


def in_child(act: Callable[[], int]) -> int | None:
    """Run a function in a child; give the exit code that it gave, None if a signal ended it.

    A child ends with its function, whatever that raises, and never returns to the caller's code.
    """
    child = os.fork()
    if child == 0:
        code = FAILED
        try:
            code = act()
        except IpError as error:
            complain(str(error))
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    return os.WEXITSTATUS(status) if os.WIFEXITED(status) else None


def own_environment() -> dict[str, str]:
    """Give the environment that this process was started with: Python may have set LC_CTYPE."""
    environment = dict(os.environ)
    if environment.get("LC_CTYPE") in ("C.UTF-8", "C.utf8", "UTF-8"):
        with open("/proc/self/environ", "rb") as file:
            given = file.read().split(b"\0")
        if not any(entry.startswith(b"LC_CTYPE=") for entry in given):
            del environment["LC_CTYPE"]
    return environment


def _candidates(program: str, environment: dict[str, str]) -> Iterator[str]:
    if "/" in program:
        yield program
    elif program:
        for directory in environment.get("PATH", "/bin:/usr/bin").split(":"):
            yield f"{directory}/{program}" if directory else program


def _try(path: str, words: Sequence[str], environment: dict[str, str]) -> int:
    """Become that file, a script without `#!` by the shell; comes back with the error's number."""
    try:
        os.execve(path, list(words), environment)
    except OSError as error:
        if error.errno != errno.ENOEXEC:
            return error.errno or 0
    try:
        os.execve("/bin/sh", ["/bin/sh", path, *words[1:]], environment)
    except OSError as error:
        return error.errno or 0
