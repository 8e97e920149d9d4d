"""`ip neigh flush`: delete what is asked for, round after round until nothing is left."""

from __future__ import annotations

from nslab.errors import IpError
from nslab.ip.neigh.choose import Choice, read_choice
from nslab.ip.neigh.entry import show_entry
from nslab.ip.neigh.states import FAILED, NOARP, PERMANENT
from nslab.ip.output import InText
from nslab.netlink.message import Request
from nslab.netlink.rtnl.constants import RTM
from nslab.netlink.rtnl.neigh import Neigh

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from nslab.ip.program import Program
    from nslab.ip.words import Words

_ROUNDS = 10
_FLUSHED = ~(PERMANENT | NOARP)


def flush(program: Program, words: Words) -> None:
    """Delete the neighbours that are asked for; with -s say how many, with -s -s which ones.

    Raises:
        IpError: a word is wrong, nothing was asked for, or ten rounds were not enough.
    """
    if not words:
        raise IpError("Flush requires arguments.")
    choice = read_choice(program, words, _FLUSHED)
    with InText(program.out):
        _flush(program, choice)


def _flush(program: Program, choice: Choice) -> None:
    for number in range(1, _ROUNDS + 1):
        found = _find(program, choice)
        if not found:
            _tell_end(program, number - 1)
            return
        _delete(program, found)
        _tell(program, f"\n*** Round {number}, deleting {len(found)} entries ***\n")
        choice.states &= ~FAILED
    program.out.raw(f"*** Flush not complete bailing out after {_ROUNDS} rounds\n")
    raise IpError("")


def _find(program: Program, choice: Choice) -> list[Neigh]:
    every = program.dump(Request(RTM.GETNEIGH, choice.query()), Neigh)
    found = [neigh for neigh in every if choice.takes(neigh)]
    if program.options.statistics > 1:
        for neigh in found:
            show_entry(program, neigh, with_link=not choice.index)
    return found


def _delete(program: Program, found: Sequence[Neigh]) -> None:
    for error in program.transport.batch([Request(RTM.DELNEIGH, _key(neigh)) for neigh in found]):
        if error is not None:
            raise IpError(f"Failed to send flush request: {error.reason}")


def _key(neigh: Neigh) -> Neigh:
    return Neigh(family=neigh.family, ifindex=neigh.ifindex, flags=neigh.flags, dst=neigh.dst)


def _tell_end(program: Program, rounds: int) -> None:
    if rounds == 0:
        _tell(program, "Nothing to flush.\n")
        return
    _tell(program, f"*** Flush is complete after {rounds} round{'s' if rounds > 1 else ''} ***\n")


def _tell(program: Program, line: str) -> None:
    if program.options.statistics:
        program.out.raw(line)
