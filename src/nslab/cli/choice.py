"""Which lab or which file is meant, and what a verb that changes labs needs beforehand."""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # `signal` makes enums of it all
import os
from typing import TYPE_CHECKING

from nslab.cli import STRUCK
from nslab.cli.candidates import SUFFIXES
from nslab.errors import LabNotRunningError, NslabError, UsageError
from nslab.kernel.limits import raise_descriptor_limit
from nslab.kernel.sandbox import running

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nslab.lab import Lab

DEFAULT_FILE = "lab.yaml"


def prepare_to_build(tell: Callable[[], None] = lambda: None) -> None:
    """Let SIGTERM and a closed terminal undo as Ctrl-C does; allow all descriptors there may be.

    Args:
        tell: called before the interruption takes effect; another one has none.
    """

    def interrupt(number: int, _: object) -> None:
        if not STRUCK:  # one is enough, and must not be disturbed while it is undoing and told
            STRUCK.append(number)
            tell()
            raise KeyboardInterrupt

    for number in (_signal.SIGINT, _signal.SIGTERM, _signal.SIGHUP):
        if _signal.getsignal(number) != _signal.SIG_IGN:  # as nohup wants it
            _signal.signal(number, interrupt)
    raise_descriptor_limit()


def load_file(path: str | None) -> Lab:
    """Load a lab file, by default ./lab.yaml."""
    from nslab.lab import load

    if path is None and not os.path.exists(DEFAULT_FILE):
        raise UsageError(
            f"there is no {DEFAULT_FILE} here", hint="say which lab file, as `nslab up FILE`"
        )
    return load(DEFAULT_FILE if path is None else path)


def lab_name(given: str | None) -> str:
    """Find the lab that is meant: as given, by $NSLAB_LAB, the only one, or ./lab.yaml's.

    Raises:
        LabNotRunningError: it is not running, or none is.
        UsageError: several are, and nothing says which.
    """
    names = running()
    name = given or os.environ.get("NSLAB_LAB")
    if name:
        if name not in names:
            raise not_running([name])
        return name
    if len(names) == 1:
        return names[0]
    if not names:
        raise LabNotRunningError("no lab is running", hint="`nslab up FILE` brings one up")
    own = _own_lab()
    if own in names:
        return own
    raise UsageError(f"several labs are running: {', '.join(names)}", hint="say which with -l LAB")


def looks_like_file(word: str) -> bool:
    """Tell a file's name from a lab's."""
    return word.endswith(SUFFIXES) or os.sep in word


def _own_lab() -> str:
    """Give the name that ./lab.yaml says; "" where there is no such file, or a bad one."""
    try:
        return load_file(None).name
    except NslabError:
        return ""


def not_running(names: Sequence[str]) -> LabNotRunningError:
    """Make the error of labs that are not running, with the nearest that is as its hint."""
    import difflib

    quoted = ", ".join(f'"{name}"' for name in names)
    near = difflib.get_close_matches(names[0], running(), 1)
    hint = f'did you mean "{near[0]}"?' if near else "`nslab ls` lists the running labs"
    what = f"no lab named {quoted} is running"
    return LabNotRunningError(what if len(names) == 1 else f"not running: {quoted}", hint=hint)
