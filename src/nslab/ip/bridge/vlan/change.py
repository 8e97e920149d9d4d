"""`bridge vlan add` and `bridge vlan delete`."""

from __future__ import annotations

from nslab.errors import IpError
from nslab.ip.bridge.links import index_of
from nslab.ip.bridge.numbers import lenient
from nslab.ip.words import integer, matches, wrong
from nslab.netlink.message import Request
from nslab.netlink.rtnl.bridge_spec import (
    BRIDGE_FLAGS,
    BRIDGE_VLAN_INFO,
    BridgeSpec,
    VlanTunnel,
)
from nslab.netlink.rtnl.constants import AF, RTM
from nslab.netlink.rtnl.link import Link

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nslab.ip.program import Program
    from nslab.ip.words import Words

_VLANS = 4096
_TUNNELS = 1 << 24
_NONE = -1

_TO_WHOM = {"self": BRIDGE_FLAGS.SELF, "master": BRIDGE_FLAGS.MASTER}
_FLAGS = {"pvid": BRIDGE_VLAN_INFO.PVID, "untagged": BRIDGE_VLAN_INFO.UNTAGGED}


class _Change:
    """What the words say: the port, the VLANs from `vid` to `end`, their tunnels."""

    def __init__(self) -> None:
        self.link: str | None = None
        self.vid = _NONE
        self.end: int | None = None
        self.flags = 0
        self.to_whom = 0
        self.tunnels: tuple[int, int] | None = None


def add(program: Program, words: Words) -> None:
    """Let a port take VLANs, or map its VLANs to tunnels.

    Raises:
        IpError: a word is wrong or missing, or the kernel refused.
    """
    _change(program, words, RTM.SETLINK)


def delete(program: Program, words: Words) -> None:
    """Take VLANs, or what they map to, from a port.

    Raises:
        IpError: a word is wrong or missing, or the kernel refused.
    """
    _change(program, words, RTM.DELLINK)


def _change(program: Program, words: Words, kind: int) -> None:
    change = _read(words)
    if change.link is None or change.vid == _NONE:
        raise IpError("Device and VLAN ID are required arguments.")
    index = index_of(program, change.link)
    _check(change)
    spec = BridgeSpec(
        flags=change.to_whom or None,
        vlan_info=() if change.tunnels else _vlans(change),
        tunnel_info=_tunnels(change, *change.tunnels) if change.tunnels else (),
    )
    program.talk(Request(kind, Link(family=AF.BRIDGE, index=index, af_spec=spec)))


def _check(change: _Change) -> None:
    if change.vid >= _VLANS:
        raise IpError(f'Invalid VLAN ID "{_short(change.vid)}"')
    if change.end is None:
        return
    if change.end <= change.vid or change.end >= _VLANS:
        raise IpError(f'Invalid VLAN range "{_short(change.vid)}-{_short(change.end)}"')
    if change.flags & BRIDGE_VLAN_INFO.PVID:
        raise IpError("pvid cannot be configured for a vlan range")


def _vlans(change: _Change) -> tuple[tuple[int, int], ...]:
    if change.end is None:
        return ((change.flags, _short(change.vid)),)
    begin = change.flags | BRIDGE_VLAN_INFO.RANGE_BEGIN
    end = change.flags | BRIDGE_VLAN_INFO.RANGE_END
    return ((begin, _short(change.vid)), (end, _short(change.end)))


def _tunnels(change: _Change, first: int, last: int) -> tuple[VlanTunnel, ...]:
    vid = _short(change.vid)
    if change.end is None:
        return (VlanTunnel(id=first, vid=vid, flags=0),)
    return (
        VlanTunnel(id=first, vid=vid, flags=BRIDGE_VLAN_INFO.RANGE_BEGIN),
        VlanTunnel(id=last, vid=_short(change.end), flags=BRIDGE_VLAN_INFO.RANGE_END),
    )


def _short(number: int) -> int:
    return number & 0xFFFF


def _read(words: Words) -> _Change:
    """Read what shall change; words that are not known are passed over, as ever."""
    change = _Change()
    while words:
        word = words.take()
        if word == "dev":
            change.link = words.take()
        elif word == "vid":
            _read_vid(change, words.take())
        elif word == "tunnel_info":
            _read_tunnels(change, words)
        elif matches(word, "[help]"):
            words.take()
        else:
            change.to_whom |= _TO_WHOM.get(word, 0)
            change.flags |= _FLAGS.get(word, 0)
    return change


def _read_vid(change: _Change, word: str) -> None:
    first, dash, last = word.partition("-")
    change.vid = lenient(first, 16)
    if dash:
        change.end = lenient(last, 16)


def _read_tunnels(change: _Change, words: Words) -> None:
    word = words.take()
    if not matches(word, "[id]"):
        raise wrong(word, "tunnel id expected")
    first, dash, last = words.take().partition("-")
    numbers = [integer(part, 0, _TUNNELS - 1) for part in ((first, last) if dash else (first, "0"))]
    if None in numbers:
        raise wrong(first, "invalid tun id")
    change.tunnels = (numbers[0] or 0, numbers[1] or 0)
