"""`bridge link set`."""

from __future__ import annotations

from nslab.errors import IpError
from nslab.ip.bridge.link.commands import USAGE
from nslab.ip.bridge.link.words import MODES, STATES
from nslab.ip.bridge.links import index_of
from nslab.ip.bridge.numbers import lenient
from nslab.ip.words import line_error, off_or_on
from nslab.netlink.message import Request
from nslab.netlink.rtnl.bridge_spec import BRIDGE_FLAGS, BridgeSpec
from nslab.netlink.rtnl.constants import AF, RTM
from nslab.netlink.rtnl.kinds.bridge import BridgePortInfo
from nslab.netlink.rtnl.link import Link

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from nslab.ip.program import Program
    from nslab.ip.words import Words

_INVALID = 22  # EINVAL, which the program ends with


class _Change:
    """What the words say: the port, its settings by their names in the message, the flags."""

    def __init__(self) -> None:
        self.link: str | None = None
        self.settings: dict[str, int] = {}
        self.flags = 0
        self.mode: int | None = None

    def set(self, name: str, value: int) -> None:
        """Keep a setting; a negative one counts as not given."""
        self.settings.pop(name, None)
        if value >= 0:
            self.settings[name] = value


def change(program: Program, words: Words) -> None:
    """Change the settings of a port."""
    wanted = _Change()
    while words:
        word = words.take()
        if word in _SWITCHES:
            wanted.settings[_SWITCHES[word]] = off_or_on(word, words.take(), _INVALID)
        elif word in _KEYS:
            _KEYS[word](program, wanted, words)
        else:
            raise line_error(USAGE)
    if wanted.link is None:
        raise IpError("Device is a required argument.")
    index = index_of(program, wanted.link)
    spec = BridgeSpec(flags=wanted.flags or None, mode=wanted.mode)
    body = Link(
        family=AF.BRIDGE,
        index=index,
        protinfo=BridgePortInfo(**wanted.settings),  # type: ignore[arg-type]  # all are numbers
        af_spec=spec if wanted.flags or wanted.mode is not None else None,
    )
    program.talk(Request(RTM.SETLINK, body))


def _read_dev(_: Program, wanted: _Change, words: Words) -> None:
    wanted.link = words.take()


def _number(name: str, bits: int) -> Callable[[Program, _Change, Words], None]:
    """Make the reader of a number of so many bits."""

    def read(_: Program, wanted: _Change, words: Words) -> None:
        wanted.set(name, lenient(words.take(), bits))

    return read


def _read_cost(_: Program, wanted: _Change, words: Words) -> None:
    wanted.settings["cost"] = lenient(words.take(), 32) & 0xFFFFFFFF
    if not wanted.settings["cost"]:
        del wanted.settings["cost"]


def _read_state(_: Program, wanted: _Change, words: Words) -> None:
    word = words.take()
    if word in STATES:
        wanted.settings["state"] = STATES.index(word)
        return
    digits = word.lstrip(" \t\n\v\f\r")
    digits = digits[1:] if digits[:1] in ("-", "+") else digits
    if not (digits.isascii() and digits.isdigit()):
        raise IpError("Error: invalid STP port state")
    wanted.set("state", lenient(word, 8))


def _read_mode(_: Program, wanted: _Change, words: Words) -> None:
    word = words.take()
    if word not in ("vepa", "veb"):
        raise IpError('Mode argument must be "vepa" or "veb".')
    wanted.flags = BRIDGE_FLAGS.SELF
    wanted.mode = MODES.index(word.upper())


def _read_backup(program: Program, wanted: _Change, words: Words) -> None:
    word = words.take()
    index = program.links.find(word)
    if not index:
        raise IpError(f"Error: device {word} does not exist")
    wanted.settings["backup_port"] = index


def _read_no_backup(_: Program, wanted: _Change, __: Words) -> None:
    wanted.settings["backup_port"] = 0


def _read_self(_: Program, wanted: _Change, __: Words) -> None:
    wanted.flags |= BRIDGE_FLAGS.SELF


def _read_master(_: Program, wanted: _Change, __: Words) -> None:
    wanted.flags |= BRIDGE_FLAGS.MASTER


_SWITCHES = {
    "guard": "guard",
    "hairpin": "mode",
    "fastleave": "fast_leave",
    "root_block": "protect",
    "learning": "learning",
    "learning_sync": "learning_sync",
    "flood": "unicast_flood",
    "mcast_flood": "mcast_flood",
    "bcast_flood": "bcast_flood",
    "mcast_to_unicast": "mcast_to_ucast",
    "neigh_suppress": "neigh_suppress",
    "vlan_tunnel": "vlan_tunnel",
    "isolated": "isolated",
    "locked": "locked",
}
_KEYS = {
    "dev": _read_dev,
    "mcast_router": _number("multicast_router", 8),
    "cost": _read_cost,
    "priority": _number("priority", 16),
    "state": _read_state,
    "hwmode": _read_mode,
    "backup_port": _read_backup,
    "nobackup_port": _read_no_backup,
    "self": _read_self,
    "master": _read_master,
}
