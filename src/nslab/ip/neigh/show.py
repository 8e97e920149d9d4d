"""`ip neigh show`."""

from __future__ import annotations

from nslab.ip.neigh.choose import read_choice
from nslab.ip.neigh.entry import show_entry
from nslab.ip.neigh.states import NOARP
from nslab.netlink.message import Request
from nslab.netlink.rtnl.constants import RTM
from nslab.netlink.rtnl.neigh import Neigh

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nslab.ip.program import Program
    from nslab.ip.words import Words

_SHOWN = 0xFF & ~NOARP


def show(program: Program, words: Words) -> None:
    """Print the neighbours that are asked for, or those that need their protocol to be found."""
    choice = read_choice(program, words, _SHOWN)
    program.out.begin()
    for neigh in program.dump(Request(RTM.GETNEIGH, choice.query()), Neigh):
        if choice.takes(neigh):
            show_entry(program, neigh, with_link=not choice.index)
    program.out.end()
