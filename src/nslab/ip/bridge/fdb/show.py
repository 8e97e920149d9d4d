"""`bridge fdb show`."""

from __future__ import annotations

from nslab.ip.bridge.fdb.commands import USAGE
from nslab.ip.bridge.fdb.entry import show_entry
from nslab.ip.bridge.links import index_of
from nslab.ip.bridge.numbers import lenient
from nslab.ip.words import duplicate, find, line_error, matches, unsigned, wrong
from nslab.netlink.message import Request
from nslab.netlink.rtnl.constants import AF, RTM
from nslab.netlink.rtnl.neigh import NUD, Neigh

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nslab.ip.program import Program
    from nslab.ip.words import Words

_STATES = {
    "[permanent]": NUD.PERMANENT,
    "[static]": NUD.NOARP,
    "[temp]": NUD.NOARP,
    "[stale]": NUD.STALE,
    "[reachable]": NUD.REACHABLE,
    "[dynamic]": NUD.REACHABLE,
    "all": 0xFFFF,
}


class _Choice:
    """Which entries are asked for; 0 and None where nothing was said."""

    def __init__(self) -> None:
        self.link: str | None = None
        self.bridge: str | None = None
        self.vlan = 0
        self.states = 0
        self.dynamic = False

    def takes(self, entry: Neigh, index: int) -> bool:
        return (
            index in (0, entry.ifindex)
            and (not self.states or bool(self.states & entry.state))
            and self.vlan in (0, entry.vlan or 0)
            and not (self.dynamic and entry.state & NUD.PERMANENT)
        )


def show(program: Program, words: Words) -> None:
    """Print the forwarding entries of bridges and of other links that have some."""
    choice = _read(words)
    bridge = index_of(program, choice.bridge)
    index = index_of(program, choice.link, "device")
    query = Neigh(family=AF.BRIDGE, ifindex=index, master=bridge or None)
    program.out.begin()
    for entry in program.dump(Request(RTM.GETNEIGH, query), Neigh):
        if choice.takes(entry, index):
            show_entry(program, entry, with_link=not index)
    program.out.end()


def _read(words: Words) -> _Choice:
    """Read what is asked for; words that are not known are passed over, as ever."""
    choice = _Choice()
    while words:
        word = words.take()
        if word in ("brport", "dev"):
            choice.link = words.take()
        elif word == "br":
            choice.bridge = words.take()
        elif word == "vlan":
            _read_vlan(choice, words.take())
        elif word == "state":
            choice.states |= _read_state(words.take())
        elif word == "dynamic":
            choice.dynamic = True
        elif matches(word, "[help]"):
            raise line_error(USAGE)
    return choice


def _read_vlan(choice: _Choice, word: str) -> None:
    if choice.vlan:
        raise duplicate("vlan", word)
    choice.vlan = lenient(word, 32)


def _read_state(word: str) -> int:
    known = find(word, _STATES)
    number = unsigned(word, 32) if known is None else known
    if number is None:
        raise wrong(word, "invalid state")
    return number
