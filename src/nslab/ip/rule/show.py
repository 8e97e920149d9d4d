"""`ip rule show`."""

from __future__ import annotations

from nslab.ip.rule.choose import read_choice
from nslab.ip.rule.line import show_rule
from nslab.netlink.message import Request
from nslab.netlink.rtnl.constants import RTM
from nslab.netlink.rtnl.rule import Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nslab.ip.program import Program
    from nslab.ip.words import Words

_FAILED = 255


def show(program: Program, words: Words) -> None:
    """Print the rules of one family that are asked for, in the order in which they are tried."""
    choice = read_choice(program, words)
    program.out.begin()
    for rule in program.dump(Request(RTM.GETRULE, Rule(family=choice.family)), Rule, _FAILED):
        if choice.takes(rule):
            show_rule(program, rule)
    program.out.end()
