"""`bridge fdb flush`: the kernel deletes the entries that fit, all at once."""

from __future__ import annotations

from nslab.errors import IpError
from nslab.ip.bridge.links import index_of
from nslab.ip.bridge.numbers import lenient
from nslab.ip.words import garbage, matches
from nslab.netlink.message import Request
from nslab.netlink.rtnl.constants import AF, RTM
from nslab.netlink.rtnl.neigh import NTF, NUD, Neigh

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nslab.ip.program import Program
    from nslab.ip.words import Words

_BULK = 0x200  # NLM_F_BULK
_VLANS = 4096
_BOTH = NUD.NOARP | NUD.PERMANENT
_STATES = {
    "permanent": (NUD.PERMANENT, NUD.PERMANENT, 0),
    "nopermanent": (NUD.PERMANENT, 0, NUD.PERMANENT),
    "static": (_BOTH, NUD.NOARP, 0),
    "nostatic": (NUD.NOARP, 0, NUD.NOARP),
    "dynamic": (_BOTH, 0, NUD.NOARP),
    "nodynamic": (NUD.NOARP, NUD.NOARP, 0),
}
"""By its word, which bits of an entry's state matter, those to be set and those not to be."""

_FLAGS = {
    "added_by_user": NTF.USE,
    "extern_learn": NTF.EXT_LEARNED,
    "sticky": NTF.STICKY,
    "offloaded": NTF.OFFLOADED,
}


class _Choice:
    """What shall be deleted."""

    def __init__(self) -> None:
        self.link: str | None = None
        self.port: str | None = None
        self.vlan = -1
        self.flags = 0
        self.flags_mask = 0
        self.state = 0
        self.state_mask = 0

    def set_flag(self, flag: int, *, wanted: bool) -> None:
        self.flags_mask |= flag
        self.flags = self.flags | flag if wanted else self.flags & ~flag

    def set_state(self, mask: int, there: int, gone: int) -> None:
        self.state_mask |= mask
        self.state = (self.state | there) & ~gone


def flush(program: Program, words: Words) -> None:
    """Delete entries of a bridge, a port or a tunnel.

    Raises:
        IpError: a word is wrong or missing, or the kernel refused.
    """
    choice = _read(words)
    if choice.link is None:
        raise IpError("Device is a required argument.")
    index = index_of(program, choice.link)
    port = index_of(program, choice.port, "bridge port device")
    if choice.vlan >= _VLANS:
        raise IpError(f'Invalid VLAN ID "{choice.vlan}"')
    if not choice.flags & (NTF.SELF | NTF.MASTER):
        choice.flags |= NTF.SELF
    program.talk(Request(RTM.DELNEIGH, _body(choice, index, port), _BULK))


def _body(choice: _Choice, index: int, port: int) -> Neigh:
    return Neigh(
        family=AF.BRIDGE,
        ifindex=index,
        state=choice.state,
        flags=choice.flags,
        oif=port or None,
        vlan=choice.vlan if choice.vlan >= 0 else None,
        flags_mask=choice.flags_mask or None,
        state_mask=choice.state_mask or None,
    )


def _read(words: Words) -> _Choice:
    """Read what shall go; words that are not known are passed over, as ever."""
    choice = _Choice()
    while words:
        word = words.take()
        if word == "dev":
            choice.link = words.take()
        elif word == "brport":
            _read_port(choice, words)
        elif word == "vlan":
            _read_vlan(choice, words)
        elif word in _STATES:
            choice.set_state(*_STATES[word])
        elif word.removeprefix("no") in _FLAGS:
            choice.set_flag(_FLAGS[word.removeprefix("no")], wanted=not word.startswith("no"))
        else:
            _read_rest(choice, words, word)
    return choice


def _read_port(choice: _Choice, words: Words) -> None:
    if choice.port is not None:
        raise garbage("brport", "brport")
    choice.port = words.take()


def _read_vlan(choice: _Choice, words: Words) -> None:
    if choice.vlan >= 0:
        raise garbage("vlan", "vlan")
    choice.vlan = lenient(words.take(), 16)


def _read_rest(choice: _Choice, words: Words, word: str) -> None:
    if word == "self":
        choice.flags |= NTF.SELF
    elif word == "master":
        choice.flags |= NTF.MASTER
    elif matches(word, "[help]"):
        words.take()
