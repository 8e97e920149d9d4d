"""`bridge vlan set` and `bridge vlan global set`: the options of VLANs."""

from __future__ import annotations

from nslab.errors import IpError
from nslab.ip.bridge.link.words import STATES
from nslab.ip.bridge.links import index_of
from nslab.ip.bridge.numbers import lenient
from nslab.ip.bridge.vlan.details import OPTIONS
from nslab.ip.words import matches, unsigned, wrong
from nslab.netlink.message import Request
from nslab.netlink.rtnl.bridge_spec import BRIDGE_VLAN_INFO
from nslab.netlink.rtnl.constants import AF, RTM
from nslab.netlink.rtnl.vlan import VlanEntry, VlanOptions, Vlans

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nslab.ip.program import Program
    from nslab.ip.words import Words

_VLANS = 4096


class _Change:
    """What the words say: the link, its VLANs, and their options by the names in the message."""

    def __init__(self) -> None:
        self.index = 0
        self.vid: int | None = None
        self.range: int | None = None
        self.values: dict[str, int] = {}


def change(program: Program, words: Words) -> None:
    """Change the options of the VLANs of a port or bridge.

    Raises:
        IpError: a word is wrong or missing, or the kernel refused.
    """
    wanted = _Change()
    while words:
        word = words.take()
        if word == "state":
            wanted.values["state"] = _read_state(words.take())
        elif word == "mcast_router":
            wanted.values["mcast_router"] = _read_number(word, words.take(), 8)
        elif not _read_place(program, wanted, word, words) and matches(word, "[help]"):
            words.take()
    info = (BRIDGE_VLAN_INFO.ONLY_OPTS, _vid_of(wanted))
    entry = VlanEntry(info=info, range=wanted.range, **wanted.values)  # type: ignore[arg-type]
    body = Vlans(family=AF.BRIDGE, ifindex=wanted.index, entries=(entry,))
    program.talk(Request(RTM.NEWVLAN, body))


def change_global(program: Program, words: Words) -> None:
    """Change the options that a bridge has for VLANs.

    Raises:
        IpError: a word is wrong or missing, or the kernel refused.
    """
    wanted = _Change()
    while words:
        word = words.take()
        if word in OPTIONS:
            wanted.values[OPTIONS[word]] = _read_number(word, words.take(), _bits_of(word))
        elif not _read_place(program, wanted, word, words) and word == "help":
            words.take()
    values = wanted.values
    options = VlanOptions(id=_vid_of(wanted), range=wanted.range, **values)  # type: ignore[arg-type]
    body = Vlans(family=AF.BRIDGE, ifindex=wanted.index, options=(options,))
    program.talk(Request(RTM.NEWVLAN, body))


def _vid_of(wanted: _Change) -> int:
    if not wanted.index or wanted.vid is None:
        raise IpError("Device and VLAN ID are required arguments.")
    return wanted.vid & 0xFFFF


def _read_place(program: Program, wanted: _Change, word: str, words: Words) -> bool:
    """Read which link or VLANs are meant, if the word says so; tell whether it did."""
    if word == "dev":
        wanted.index = index_of(program, words.take(), "network device")
    elif word == "vid":
        _read_vid(wanted, words.take())
    return word in ("dev", "vid")


def _read_vid(wanted: _Change, word: str) -> None:
    first, dash, last = word.partition("-")
    vid = lenient(first, 16)
    wanted.vid = None if vid == -1 else vid
    if dash:
        wanted.range = lenient(last, 16)
        if not vid < wanted.range < _VLANS:
            numbers = f"{vid & 0xFFFF}-{wanted.range & 0xFFFF}"
            raise IpError(f'Invalid VLAN range "{numbers}"')
    if vid >= _VLANS:
        raise IpError(f'Invalid VLAN ID "{vid}"')


def _read_state(word: str) -> int:
    if word in STATES:
        return STATES.index(word)
    digits = word.lstrip(" \t\n\v\f\r")
    digits = digits[1:] if digits[:1] in ("-", "+") else digits
    if not (digits.isascii() and digits.isdigit()) or lenient(word, 32) == -1:
        raise IpError("Error: invalid STP state")
    return lenient(word, 32) & 0xFF


def _read_number(name: str, word: str, bits: int) -> int:
    number = unsigned(word, bits)
    if number is None:
        raise wrong(word, f"invalid {name}")
    return number


def _bits_of(name: str) -> int:
    """Give the size of an option: times have 64 bits, counts 32, all else 8."""
    if name.endswith("_interval"):
        return 64
    return 32 if name.endswith("_count") else 8
