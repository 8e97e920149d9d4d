"""`ip rule flush`."""

from __future__ import annotations

from nslab.errors import IpError, KernelError
from nslab.ip.rule.choose import read_choice
from nslab.netlink.message import Request
from nslab.netlink.rtnl.constants import RTM
from nslab.netlink.rtnl.rule import Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nslab.ip.program import Program
    from nslab.ip.words import Words

_FAILED = 255


def flush(program: Program, words: Words) -> None:
    """Delete the rules that are asked for, but never those of priority 0.

    Raises:
        IpError: a word is wrong, or the kernel refused; rules before that one are gone.
    """
    choice = read_choice(program, words)
    rules = _dump(program, choice.family)
    program.out.begin()
    for rule in rules:
        chosen = choice.takes(rule) and choice.protocol in (None, rule.protocol)
        if chosen and rule.priority is not None:
            try:
                program.transport.request(Request(RTM.DELRULE, rule))
            except KernelError as error:
                raise _end(program, error) from None
    program.out.end()


def _dump(program: Program, family: int) -> list[Rule]:
    try:
        return program.transport.dump(Request(RTM.GETRULE, Rule(family=family)), Rule)
    except KernelError as error:
        raise _end(program, error) from None


def _end(program: Program, error: KernelError) -> IpError:
    return IpError(f"{program.refusal(error)}\nFlush terminated", _FAILED)
