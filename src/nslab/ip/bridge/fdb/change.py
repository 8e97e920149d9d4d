"""`bridge fdb add`, `append`, `replace` and `delete`."""

from __future__ import annotations

from nslab.errors import IpError
from nslab.ip.bridge.fdb.commands import USAGE
from nslab.ip.bridge.fdb.mac import read_mac
from nslab.ip.bridge.links import index_of
from nslab.ip.bridge.numbers import lenient
from nslab.ip.inet import read_address
from nslab.ip.words import find, garbage, line_error, matches, unsigned, wrong
from nslab.netlink.message import NLM_F, Request
from nslab.netlink.rtnl.constants import AF, RTM
from nslab.netlink.rtnl.neigh import NTF, NUD, Neigh

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nslab.ip.program import Program
    from nslab.ip.words import Words

_VNI_BITS = 24


class _Change:
    """What the words say of an entry."""

    def __init__(self) -> None:
        self.link: str | None = None
        self.mac: str | None = None
        self.flags = 0
        self.state = NUD.NOARP
        self.dst: bytes | None = None
        self.vlan = -1
        self.nexthop = 0
        self.port = 0
        self.vni: int | None = None
        self.src_vni: int | None = None
        self.via = 0


def add(program: Program, words: Words) -> None:
    """Add an entry that is not there yet."""
    _change(program, words, RTM.NEWNEIGH, NLM_F.CREATE | NLM_F.EXCL)


def append(program: Program, words: Words) -> None:
    """Add another destination to an entry."""
    _change(program, words, RTM.NEWNEIGH, NLM_F.CREATE | NLM_F.APPEND)


def replace(program: Program, words: Words) -> None:
    """Add an entry, or change it if it is there."""
    _change(program, words, RTM.NEWNEIGH, NLM_F.CREATE | NLM_F.REPLACE)


def delete(program: Program, words: Words) -> None:
    """Delete an entry."""
    _change(program, words, RTM.DELNEIGH, 0)


def _change(program: Program, words: Words, kind: int, flags: int) -> None:
    wanted = _Change()
    while words:
        word = words.take()
        read = find(word, _KEYS)
        if read is None:
            _read_to(wanted, words, word)
        else:
            read(program, wanted, words)
    _check(wanted)
    program.talk(Request(kind, _body(program, wanted), flags))


def _check(wanted: _Change) -> None:
    if wanted.link is None or wanted.mac is None:
        raise line_error("Device and address are required arguments.")
    if wanted.nexthop and (wanted.dst is not None or wanted.port or wanted.vni is not None):
        raise IpError("dst, port, vni are mutually exclusive with nhid")
    if not wanted.flags & (NTF.SELF | NTF.MASTER):
        wanted.flags |= NTF.SELF
    if not wanted.state & (NUD.PERMANENT | NUD.REACHABLE):
        wanted.state |= NUD.PERMANENT


def _body(program: Program, wanted: _Change) -> Neigh:
    mac = read_mac(wanted.mac or "")
    return Neigh(
        family=AF.BRIDGE,
        ifindex=index_of(program, wanted.link, "device"),
        state=wanted.state,
        flags=wanted.flags,
        lladdr=mac,
        dst=wanted.dst,
        vlan=wanted.vlan if wanted.vlan >= 0 else None,
        nh_id=wanted.nexthop or None,
        port=wanted.port or None,
        vni=wanted.vni,
        src_vni=wanted.src_vni,
        oif=wanted.via or None,
    )


def _read_to(wanted: _Change, words: Words, word: str) -> None:
    word = words.take() if word == "to" else word
    if matches(word, "[help]"):
        raise line_error(USAGE)
    if wanted.mac is not None:
        raise garbage("to", word)
    wanted.mac = word


def _read_dev(_: Program, wanted: _Change, words: Words) -> None:
    wanted.link = words.take()


def _read_dst(program: Program, wanted: _Change, words: Words) -> None:
    word = words.take()
    if wanted.dst is not None:
        raise garbage("dst", word)
    wanted.dst = read_address(word, program.options.family).data


def _read_nexthop(_: Program, wanted: _Change, words: Words) -> None:
    word = words.take()
    number = unsigned(word, 32)
    if number is None:
        raise wrong(word, '"id" value is invalid\n')
    wanted.nexthop = number


def _read_port(_: Program, wanted: _Change, words: Words) -> None:
    word = words.take()
    number = unsigned(word, 16)
    number = _service(word) if number is None else number
    if number is None:
        raise wrong(word, "invalid port\n")
    wanted.port = number


def _service(name: str) -> int | None:
    from _socket import getservbyname

    try:
        return getservbyname(name, "udp")
    except (OSError, UnicodeError):
        return None


def _read_vni(_: Program, wanted: _Change, words: Words) -> None:
    word = words.take()
    wanted.vni = unsigned(word, _VNI_BITS)
    if wanted.vni is None:
        raise wrong(word, "invalid VNI\n")


def _read_src_vni(_: Program, wanted: _Change, words: Words) -> None:
    word = words.take()
    wanted.src_vni = unsigned(word, _VNI_BITS)
    if wanted.src_vni is None:
        raise wrong(word, "invalid src VNI\n")


def _read_via(program: Program, wanted: _Change, words: Words) -> None:
    wanted.via = program.links.index(words.take())


def _read_vlan(_: Program, wanted: _Change, words: Words) -> None:
    if wanted.vlan >= 0:
        raise garbage("vlan", "vlan")
    wanted.vlan = lenient(words.take(), 16)


def _read_self(_: Program, wanted: _Change, __: Words) -> None:
    wanted.flags |= NTF.SELF


def _read_master(_: Program, wanted: _Change, __: Words) -> None:
    wanted.flags |= NTF.MASTER


def _read_router(_: Program, wanted: _Change, __: Words) -> None:
    wanted.flags |= NTF.ROUTER


def _read_use(_: Program, wanted: _Change, __: Words) -> None:
    wanted.flags |= NTF.USE


def _read_extern_learn(_: Program, wanted: _Change, __: Words) -> None:
    wanted.flags |= NTF.EXT_LEARNED


def _read_sticky(_: Program, wanted: _Change, __: Words) -> None:
    wanted.flags |= NTF.STICKY


def _read_permanent(_: Program, wanted: _Change, __: Words) -> None:
    wanted.state |= NUD.PERMANENT


def _read_static(_: Program, wanted: _Change, __: Words) -> None:
    wanted.state |= NUD.REACHABLE


def _read_dynamic(_: Program, wanted: _Change, __: Words) -> None:
    wanted.state = (wanted.state | NUD.REACHABLE) & ~NUD.NOARP


_KEYS = {
    "dev": _read_dev,
    "dst": _read_dst,
    "nhid": _read_nexthop,
    "port": _read_port,
    "vni": _read_vni,
    "src_vni": _read_src_vni,
    "via": _read_via,
    "self": _read_self,
    "[master]": _read_master,
    "[router]": _read_router,
    "[local]": _read_permanent,
    "[permanent]": _read_permanent,
    "[temp]": _read_static,
    "[static]": _read_static,
    "[dynamic]": _read_dynamic,
    "[vlan]": _read_vlan,
    "[use]": _read_use,
    "[extern_learn]": _read_extern_learn,
    "[sticky]": _read_sticky,
}
