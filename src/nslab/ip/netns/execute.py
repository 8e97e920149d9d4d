"""`ip netns exec`: a program in a named netns, or one after the other in all of them."""

from __future__ import annotations

from nslab.errors import IpError
from nslab.ip.enter import enter
from nslab.ip.execute import execute as become
from nslab.ip.execute import in_child
from nslab.ip.netns.directory import names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from nslab.ip.program import Program
    from nslab.ip.words import Words


def execute(program: Program, words: Words) -> None:
    """Run a program in a named netns: become it, or in a batch and with -all wait for it.

    Raises:
        IpError: it could not be run, or in a batch it failed; the exit code is its own.
    """
    if program.options.all:
        _execute_everywhere(program, words)
        return
    if not words:
        raise IpError("No netns name specified")
    name = words.take()
    if not words:
        raise IpError("No command specified")
    program.out.flush()
    if program.in_batch:
        _fail_as(_run_child(name, words.rest()))
        return
    enter(name)
    command = words.rest()
    _fail_as(become(command[0], command))


def _execute_everywhere(program: Program, words: Words) -> None:
    if not words:
        raise IpError("No command specified")
    command = words.rest()
    for name in names():
        program.out.raw(f"\nnetns: {name}\n")
        program.out.flush()
        if _run_child(name, command) is None:
            raise IpError("", 1, ends_batch=True)


def _fail_as(code: int | None) -> None:
    if code is None:
        raise IpError("", 1, ends_batch=True)
    if code:
        raise IpError("", code)


def _run_child(name: str, command: Sequence[str]) -> int | None:
    """Run a program in a child that is in the netns; give its exit code, None if a signal did."""

    def become_in() -> int:
        enter(name)
        return become(command[0], command)

    return in_child(become_in)
