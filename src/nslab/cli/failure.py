"""How the command says that something went wrong: a line on stderr, and the exit code."""

from __future__ import annotations

import errno
import os
import sys

from nslab.cli import interrupted
from nslab.cli.text import inside
from nslab.errors import LabFileError, LabNotRunningError, NslabError, printable

_OF_WRITING = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
"""What a full or broken device answers; that what is printed goes there, the error does not say."""


def report(error: BaseException) -> int:
    """Say an error in one line, a lab file's problems in one each; give the exit code."""
    drop_unwritable_output()
    if isinstance(error, NslabError):
        _say_known(error)
        return error.exit_code
    if (interruption := _interruption(error)) is not None:
        _say(str(interruption) or "interrupted")
        return interrupted()
    if isinstance(error, OSError):
        if not isinstance(error, BrokenPipeError):  # whoever read has had enough: no error
            _say(_reason(error))
        return 1
    if isinstance(error, MemoryError):
        _say("out of memory (hint: `ulimit -v` and the cgroup's limit set how much there may be)")
        return 1
    _say_bug(error)
    return 1


def _interruption(error: BaseException | None) -> KeyboardInterrupt | None:
    """Find what Ctrl-C raised: Python hides it in another error where it struck in a new class."""
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__
    return error


def drop_unwritable_output() -> None:
    """Write out what was printed; where that fails, forget it, so that Python's end is silent."""
    if sys.stdout is None:
        return
    try:
        sys.stdout.flush()
    except OSError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.close(nowhere)


def _say_known(error: NslabError) -> None:
    if isinstance(error, LabFileError):
        for problem in error.problems:
            _say(str(problem))
    else:
        hint = (inside() if isinstance(error, LabNotRunningError) else "") or error.hint
        _say(f"{error} (hint: {hint})" if hint else str(error))


def _reason(error: OSError) -> str:
    reason = error.strerror or type(error).__name__
    if error.filename:
        return f'"{error.filename}": {reason}'
    return f"cannot write: {reason}" if error.errno in _OF_WRITING else reason


def _say_bug(error: BaseException) -> None:
    import traceback

    if os.environ.get("NSLAB_DEBUG"):
        traceback.print_exception(error)
    frames = traceback.extract_tb(error.__traceback__)
    place = f" in {frames[-1].name}, line {frames[-1].lineno}" if frames else ""
    what = f"{type(error).__name__}: {error}".rstrip(": ")
    _say(
        f"this is a bug in nslab: {what}{place}"
        " (hint: please report it, with what NSLAB_DEBUG=1 prints)"
    )


def _say(text: str) -> None:
    if sys.stderr is None:
        return
    try:
        print(f"nslab: {printable(text)}", file=sys.stderr, flush=True)
    except OSError:
        return  # nobody is there to be told
