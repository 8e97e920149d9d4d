"""`bridge fdb get`."""

from __future__ import annotations

from nslab.ip.bridge.fdb.commands import USAGE
from nslab.ip.bridge.fdb.entry import show_entry
from nslab.ip.bridge.fdb.mac import read_mac
from nslab.ip.bridge.links import index_of
from nslab.ip.bridge.numbers import lenient
from nslab.ip.words import garbage, line_error, matches, unsigned, wrong
from nslab.netlink.message import Request
from nslab.netlink.rtnl.constants import AF, RTM
from nslab.netlink.rtnl.neigh import NTF, NUD, Neigh

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nslab.ip.program import Program
    from nslab.ip.words import Words

_FAILED = 2
_VNI_BITS = 24


class _Query:
    """Which entry is asked for."""

    def __init__(self) -> None:
        self.link: str | None = None
        self.bridge: str | None = None
        self.mac: str | None = None
        self.flags = 0
        self.vlan = -1
        self.vni: int | None = None
        self.dynamic = False


def get(program: Program, words: Words) -> None:
    """Print one forwarding entry.

    Raises:
        IpError: a word is wrong or missing, or there is no such entry.
    """
    query = _read(words)
    if query.mac is None or (query.link is None and query.bridge is None):
        raise line_error("Device or master and address are required arguments.")
    mac = read_mac(query.mac)
    body = Neigh(
        family=AF.BRIDGE,
        flags=query.flags,
        lladdr=mac,
        vlan=query.vlan if query.vlan >= 0 else None,
        vni=query.vni,
        ifindex=index_of(program, query.link, "device"),
        master=index_of(program, query.bridge) or None,
    )
    found = program.get(Request(RTM.GETNEIGH, body), Neigh, _FAILED)
    program.out.begin()
    if not (query.dynamic and found.state & NUD.PERMANENT):
        show_entry(program, found)
    program.out.end()


def _read(words: Words) -> _Query:
    query = _Query()
    while words:
        word = words.take()
        if word in ("brport", "dev"):
            query.link = words.take()
        elif word == "br":
            query.bridge = words.take()
        elif word == "self" or matches(word, "[master]"):
            query.flags |= NTF.SELF if word == "self" else NTF.MASTER
        elif word == "vni":
            _read_vni(query, words)
        elif matches(word, "[vlan]"):
            _read_vlan(query, word, words)
        elif matches(word, "[dynamic]"):
            query.dynamic = True
        else:
            _read_to(query, words, word)
    return query


def _read_vni(query: _Query, words: Words) -> None:
    word = words.take()
    query.vni = unsigned(word, _VNI_BITS)
    if query.vni is None:
        raise wrong(word, "invalid VNI\n")


def _read_vlan(query: _Query, word: str, words: Words) -> None:
    if query.vlan >= 0:
        raise garbage("vlan", word)
    query.vlan = lenient(words.take(), 16)


def _read_to(query: _Query, words: Words, word: str) -> None:
    word = words.take() if word == "to" else word
    if matches(word, "[help]"):
        raise line_error(USAGE)
    if query.mac is not None:
        raise garbage("to", word)
    query.mac = word
