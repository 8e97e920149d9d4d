"""`ip neigh get`."""

from __future__ import annotations

from nslab.errors import IpError
from nslab.ip.neigh.commands import USAGE
from nslab.ip.neigh.entry import show_entry
from nslab.ip.neigh.target import Target
from nslab.ip.output import InText
from nslab.ip.words import Elsewhere, line_error, matches
from nslab.netlink.message import Request
from nslab.netlink.rtnl.constants import RTM
from nslab.netlink.rtnl.neigh import Neigh

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nslab.ip.program import Program
    from nslab.ip.words import Words


def get(program: Program, words: Words) -> None:
    """Print one neighbour, in text whatever the options say.

    Raises:
        IpError: a word is wrong or missing, or there is no such neighbour.
    """
    if program.options.resolve:
        raise Elsewhere
    target = Target(program.options.family)
    while words:
        word = words.take()
        if word == "dev":
            target.link = words.take()
        elif matches(word, "[proxy]"):
            target.read_proxy(words)
        else:
            target.read_to(_no_help(words, word))
    if target.link is None or not target.family:
        raise IpError("Device and address are required arguments.")
    body = Neigh(
        family=target.family,
        flags=target.flags,
        ifindex=program.links.index(target.link),
        dst=target.address,
    )
    found = program.get(Request(RTM.GETNEIGH, body), Neigh)
    with InText(program.out):
        show_entry(program, found)


def _no_help(words: Words, word: str) -> str:
    word = words.take() if word == "to" else word
    if matches(word, "[help]"):
        raise line_error(USAGE)
    return word
