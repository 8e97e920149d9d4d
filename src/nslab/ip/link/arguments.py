"""The words of `ip link add` and `ip link set`, in the order of abbreviation."""

from __future__ import annotations

from nslab.ip.link.kinds.reading import switch
from nslab.ip.words import Elsewhere, duplicate, integer, off_or_on, unsigned, whole, wrong

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NoReturn

    from nslab.ip.link.draft import Draft
    from nslab.ip.program import Program
    from nslab.ip.words import Words

    Reader = Callable[[Program, Draft, Words], None]

_INT_MAX = 0x7FFFFFFF
_LONG_MAX = 0x7FFFFFFFFFFFFFFF
_U32 = 0xFFFFFFFF
_UP = 0x1
_EINVAL = 22
_ADDRGENMODES = ("eui64", "none", "stable_secret", "random")
_MODES = ("default", "dormant")
_IFALIAS = 20  # linux/if_link.h
_MOST_ALIAS = 255
_MOST_REASON = 31
_LIMITS = {"gso_max_size": _U32, "gso_max_segs": 65535, "gro_max_size": _U32}


def _up_or_down(*, up: bool) -> Reader:
    def read(_: Program, draft: Draft, __: Words) -> None:
        draft.set_flag(_UP, on=up)

    return read


def _flag(name: str, bit: int, *, inverted: bool = False) -> Reader:
    """Make the reader of a flag that is on or off; an inverted one is set for `off`."""

    def read(_: Program, draft: Draft, words: Words) -> None:
        draft.set_flag(bit, on=switch(name, words) != inverted)

    return read


def _byte_switch(name: str, member: str) -> Reader:
    """Make the reader of a member that is on or off."""

    def read(_: Program, draft: Draft, words: Words) -> None:
        draft.members[member] = off_or_on(name, words.take(), _EINVAL)

    return read


def _once(draft: Draft, key: str, word: str) -> str:
    """Refuse a value that was given already; gives the value."""
    if key in draft.seen:
        raise duplicate(key, word)
    draft.seen.add(key)
    return word


def _integer(key: str, member: str) -> Reader:
    """Make the reader of a number that may be given once; a negative one wraps around."""

    def read(_: Program, draft: Draft, words: Words) -> None:
        word = _once(draft, key, words.take())
        value = integer(word, -_INT_MAX - 1, _INT_MAX)
        if value is None:
            raise wrong(word, f'Invalid "{key}" value\n')
        draft.members[member] = value & _U32

    return read


def _limited(member: str) -> Reader:
    """Make the reader of an unsigned number up to a limit."""

    def read(_: Program, draft: Draft, words: Words) -> None:
        word = words.take()
        value = unsigned(word, 32)
        if value is None or value > _LIMITS[member]:
            raise wrong(word, f'Invalid "{member}" value\n')
        draft.members[member] = value

    return read


def _lladdr(member: str) -> Reader:
    def read(_: Program, draft: Draft, words: Words) -> None:
        from nslab.ip.lladdr import read_lladdr

        draft.members[member] = read_lladdr(words.take())

    return read


def _name(_: Program, draft: Draft, words: Words) -> None:
    from nslab.ip.links import check_name

    draft.name = check_name(_once(draft, "name", words.take()), "name")


def _index(_: Program, draft: Draft, words: Words) -> None:
    word = _once(draft, "index", words.take())
    draft.index = _leading_number(word)
    if draft.index <= 0:
        raise wrong(word, 'Invalid "index" value')


def _leading_number(word: str) -> int:
    """Read a number as C's atoi does: what follows the digits does not matter."""
    digits = word.lstrip(" \t\n\v\f\r").removeprefix("+")
    end = next((at for at, letter in enumerate(digits) if letter not in "0123456789"), len(digits))
    number = min(whole(digits[:end]), _LONG_MAX) & _U32
    return number - (1 << 32) if number > _INT_MAX else number


def _link(_: Program, draft: Draft, words: Words) -> None:
    draft.below = words.take()


def _netns(_: Program, draft: Draft, words: Words) -> None:
    from nslab.ip.link.target import open_target

    word = _once(draft, "netns", words.take())
    draft.moving = True
    fd = open_target(word)
    if fd is not None:
        draft.members["net_ns_fd"] = fd
        return
    pid = integer(word, -_INT_MAX - 1, _INT_MAX)
    if pid is None:
        raise wrong(word, 'Invalid "netns" value\n')
    draft.members["net_ns_pid"] = pid & _U32


def _master(program: Program, draft: Draft, words: Words) -> None:
    word = words.take()
    index = program.links.find(word)
    if not index:
        raise wrong(word, "Device does not exist\n")
    draft.members["master"] = index


def _nomaster(_: Program, draft: Draft, __: Words) -> None:
    draft.members["master"] = 0


def _vrf(program: Program, draft: Draft, words: Words) -> None:
    from nslab.ip.link.target import index_of_vrf

    draft.members["master"] = index_of_vrf(program, words.take())


def _alias(_: Program, draft: Draft, words: Words) -> None:
    word = words.take()
    raw = word.encode("utf-8", "surrogateescape")
    if len(raw) > _MOST_ALIAS:
        raise wrong(word, "alias too long\n")
    # Without the NUL of other strings: it would count, and an empty one would not clear the alias.
    draft.members["unknown"] = ((_IFALIAS, raw),)


def _group(_: Program, draft: Draft, words: Words) -> None:
    from nslab.ip.rtnames import number_of

    word = _once(draft, "group", words.take())
    draft.group = number_of("group", word)
    if draft.group is None:
        raise wrong(word, 'Invalid "group" value\n')


def _mode(_: Program, draft: Draft, words: Words) -> None:
    word = words.take()
    if word.lower() not in _MODES:
        raise wrong(word, "Invalid link mode\n")
    draft.members["linkmode"] = _MODES.index(word.lower())


def _state(_: Program, draft: Draft, words: Words) -> None:
    from nslab.ip.link.show import OPERSTATES

    word = words.take()
    if word.upper() not in OPERSTATES:
        raise wrong(word, "Invalid operstate\n")
    draft.members["operstate"] = OPERSTATES.index(word.upper())


def _addrgenmode(_: Program, draft: Draft, words: Words) -> None:
    from nslab.netlink.rtnl.af_spec import AfSpec, Inet6Spec

    word = words.take()
    if word.lower() not in _ADDRGENMODES:
        raise wrong(word, "Invalid address generation mode\n")
    mode = _ADDRGENMODES.index(word.lower())
    draft.members["af_spec"] = AfSpec(inet6=Inet6Spec(addr_gen_mode=mode))


def _link_netns(program: Program, draft: Draft, words: Words) -> None:
    from nslab.ip.link.target import nsid_of_name

    word = _once(draft, "link-netns/link-netnsid", words.take())
    number = nsid_of_name(program, word)
    if number is None:
        raise wrong(word, 'Invalid "link-netns" value\n')
    draft.members["link_netnsid"] = number


def _link_netnsid(_: Program, draft: Draft, words: Words) -> None:
    word = _once(draft, "link-netns/link-netnsid", words.take())
    number = integer(word, -_INT_MAX - 1, _INT_MAX)
    if number is None:
        raise wrong(word, 'Invalid "link-netnsid" value\n')
    draft.members["link_netnsid"] = number


def _protodown_reason(_: Program, draft: Draft, words: Words) -> None:
    from nslab.ip.rtnames import number_of
    from nslab.netlink.rtnl.link import ProtoDownReason

    word = words.take()
    reason = number_of("protodown_reasons", word)
    if reason is None or reason > _MOST_REASON:
        raise wrong(word, "invalid protodown reason\n")
    bit = 1 << reason
    on = switch("protodown_reason", words)
    draft.members["proto_down_reason"] = ProtoDownReason(mask=bit, value=bit if on else 0)


def _parentdev(_: Program, draft: Draft, words: Words) -> None:
    draft.members["parent_dev_name"] = words.take()


def _type(_: Program, draft: Draft, words: Words) -> None:
    draft.kind = words.take()


def _leave(program: Program, draft: Draft, words: Words) -> NoReturn:
    """Leave the command to the real program."""
    del program, draft, words
    raise Elsewhere


READERS: dict[str, Reader] = {
    "up": _up_or_down(up=True),
    "down": _up_or_down(up=False),
    "name": _name,
    "index": _index,
    "[link]": _link,
    "[address]": _lladdr("address"),
    "[broadcast]": _lladdr("broadcast"),
    "brd": _lladdr("broadcast"),
    "[txqueuelen]": _integer("txqueuelen", "txqlen"),
    "qlen": _integer("txqueuelen", "txqlen"),
    "[txqlen]": _integer("txqueuelen", "txqlen"),
    "mtu": _integer("mtu", "mtu"),
    "xdpgeneric": _leave,
    "xdpdrv": _leave,
    "xdpoffload": _leave,
    "xdp": _leave,
    "netns": _netns,
    "multicast": _flag("multicast", 0x1000),
    "allmulticast": _flag("allmulticast", 0x200),
    "promisc": _flag("promisc", 0x100),
    "trailers": _flag("trailers", 0x20, inverted=True),
    "arp": _flag("arp", 0x80, inverted=True),
    "carrier": _byte_switch("carrier", "carrier"),
    "vf": _leave,
    "[master]": _master,
    "vrf": _vrf,
    "[nomaster]": _nomaster,
    "[dynamic]": _flag("dynamic", 0x8000),
    "[type]": _type,
    "[alias]": _alias,
    "group": _group,
    "mode": _mode,
    "state": _state,
    "[numtxqueues]": _integer("numtxqueues", "num_tx_queues"),
    "[numrxqueues]": _integer("numrxqueues", "num_rx_queues"),
    "[addrgenmode]": _addrgenmode,
    "[link-netns]": _link_netns,
    "[link-netnsid]": _link_netnsid,
    "protodown": _byte_switch("protodown", "proto_down"),
    "protodown_reason": _protodown_reason,
    "gso_max_size": _limited("gso_max_size"),
    "gso_max_segs": _limited("gso_max_segs"),
    "gro_max_size": _limited("gro_max_size"),
    "parentdev": _parentdev,
}
