"""The words of an address that shall be added, changed or deleted."""

from __future__ import annotations

from nslab.errors import IpError
from nslab.ip import rtnames
from nslab.ip.address.flags import FLAGS, FOR_BOTH, SETTABLE
from nslab.ip.complain import complain
from nslab.ip.inet import AF_INET, AF_INET6, SIZES, Prefix, read_address, read_prefix
from nslab.ip.words import duplicate, find, garbage, line_error, matches, unsigned, wrong
from nslab.netlink.rtnl.address import IFA_F, Address, AddressCacheinfo

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from nslab.ip.program import Program
    from nslab.ip.words import Words

    Reader = Callable[["Draft", Words], None]

FOR_EVER = 0xFFFFFFFF
_HOST = 254
_LOOPBACK = 127
_FIRST_BYTE_OF_MULTICAST = {AF_INET: range(0xE0, 0xF0), AF_INET6: range(0xFF, 0x100)}
_MOST_BITS_WITH_BROADCAST = 30


class Draft:
    """An address that is being read; None is what was not said.

    Attributes:
        local: the address itself, and `word` as it was given.
        peer: the address at the other end, with the prefix length that counts.
        broadcast: its bytes, or "+" or "-" for all host bits set or clear.
        valid, preferred: seconds.
    """

    def __init__(self, program: Program) -> None:
        self.family = program.options.family
        self.local: Prefix | None = None
        self.word = ""
        self.peer: Prefix | None = None
        self.broadcast: bytes | str | None = None
        self.anycast: bytes | None = None
        self.scope: int | None = None
        self.dev: str | None = None
        self.label: str | None = None
        self.metric: int | None = None
        self.valid: int | None = None
        self.preferred: int | None = None
        self.flags = 0


def read_draft(program: Program, words: Words) -> Draft:
    """Read the words of an address.

    Raises:
        IpError: a word is wrong, or the link is missing.
    """
    draft = Draft(program)
    while words:
        word = words.take()
        reader = find(word, _READERS)
        if reader is not None:
            reader(draft, words)
        elif word in FLAGS:
            _set_flag(draft, word)
        else:
            _read_local(draft, word, words)
    if draft.dev is None:
        raise IpError('Not enough information: "dev" argument is required.')
    return draft


def finish(program: Program, draft: Draft, *, deletes: bool) -> Address:
    """Make the message of a draft.

    Raises:
        IpError: the words contradict each other, or there is no such link.
    """
    address = draft.peer
    if address is None and not _is_wildcard(draft, deletes=deletes):
        address = draft.local
    bits = draft.peer.bits if draft.peer else 0
    broadcast = draft.broadcast
    if isinstance(broadcast, str):
        broadcast = None if deletes else _broadcast(draft, address, broadcast)
    scope = draft.scope or 0
    if draft.scope is None and not deletes:
        scope = _scope_of(draft.local)
    index = program.links.index(draft.dev or "")
    cacheinfo = _cacheinfo(draft)
    if draft.flags & IFA_F.MCAUTOJOIN and not _is_multicast(draft.local):
        raise IpError("autojoin needs multicast address")
    return Address(
        family=draft.family,
        prefixlen=bits or (draft.local.bits if draft.local else 0),
        flags8=draft.flags if draft.flags < 0x100 else 0,
        scope=scope,
        index=index,
        local=draft.local.data if draft.local else None,
        address=_bytes(address),
        label=draft.label,
        broadcast=broadcast,
        anycast=draft.anycast,
        flags=draft.flags if draft.flags >= 0x100 else None,
        rt_priority=draft.metric,
        cacheinfo=cacheinfo,
    )


def _read_prefix(word: str, family: int) -> Prefix:
    """Read an address with or without a prefix length; `default` is one that is all zeros."""
    prefix = read_prefix(word, family)
    if prefix.special == "default":
        prefix.data = bytes(SIZES.get(family, 0))
    return prefix


def _bytes(prefix: Prefix | None) -> bytes | None:
    return prefix.data or None if prefix else None


def _is_wildcard(draft: Draft, *, deletes: bool) -> bool:
    """Say whether any prefix length is meant, as scripts of old do; warn of it."""
    local = draft.local
    if not deletes or local is None or local.family != AF_INET or local.sized:
        return False
    complain(
        "Warning: Executing wildcard deletion to stay compatible with old scripts.\n"
        f"         Explicitly specify the prefix length ({draft.word}/32) to avoid this warning.\n"
        "         This special behaviour is likely to disappear in further releases,\n"
        "         fix your scripts!"
    )
    return True


def _broadcast(draft: Draft, address: Prefix | None, sign: str) -> bytes | None:
    if draft.family != AF_INET:
        raise IpError("Broadcast can be set only for IPv4 addresses")
    if address is None or address.bits > _MOST_BITS_WITH_BROADCAST:
        return None
    hosts = (1 << 32 - address.bits) - 1
    number = int.from_bytes(address.data, "big")
    return (number | hosts if sign == "+" else number & ~hosts).to_bytes(4, "big")


def _scope_of(local: Prefix | None) -> int:
    """Say how far an address is known, if the command does not."""
    on_host = local is not None and local.family == AF_INET and local.data[:1] == b"\x7f"
    return _HOST if on_host else 0


def _cacheinfo(draft: Draft) -> AddressCacheinfo | None:
    if draft.valid is None and draft.preferred is None:
        return None
    valid = FOR_EVER if draft.valid is None else draft.valid
    preferred = FOR_EVER if draft.preferred is None else draft.preferred
    if not valid:
        raise IpError("valid_lft is zero")
    if valid < preferred:
        raise IpError("preferred_lft is greater than valid_lft")
    return AddressCacheinfo(valid=valid, prefered=preferred)


def _is_multicast(local: Prefix | None) -> bool:
    if local is None or not local.data:
        return False
    return local.data[0] in _FIRST_BYTE_OF_MULTICAST.get(local.family, ())


def _set_flag(draft: Draft, name: str) -> None:
    if name not in SETTABLE:
        complain(f"Warning: {name} option is not mutable from userspace")
    elif name not in FOR_BOTH and draft.family != AF_INET6:
        complain(f"Warning: {name} option can be set only for IPv6 addresses")
    else:
        draft.flags |= FLAGS[name]


def _address_bytes(draft: Draft, words: Words) -> bytes:
    address = read_address(words.take(), draft.family)
    draft.family = draft.family or address.family
    if address.special == "default":
        return bytes(SIZES.get(address.family, 0))
    return address.data


def _read_peer(draft: Draft, words: Words) -> None:
    word = words.take()
    if draft.peer is not None and draft.peer.data:
        raise duplicate("peer", word)
    draft.peer = _read_prefix(word, draft.family)
    draft.family = draft.family or draft.peer.family


def _read_broadcast(draft: Draft, words: Words) -> None:
    word = words.take()
    if draft.broadcast:
        raise duplicate("broadcast", word)
    if word in ("+", "-"):
        draft.broadcast = word
    else:
        words.put_back()
        draft.broadcast = _address_bytes(draft, words)


def _read_anycast(draft: Draft, words: Words) -> None:
    word = words.take()
    if draft.anycast:
        raise duplicate("anycast", word)
    words.put_back()
    draft.anycast = _address_bytes(draft, words)


def _read_scope(draft: Draft, words: Words) -> None:
    word = words.take()
    draft.scope = rtnames.number_of("rt_scopes", word)
    if draft.scope is None:
        raise wrong(word, "invalid scope value.")


def _read_dev(draft: Draft, words: Words) -> None:
    draft.dev = words.take()


def _read_label(draft: Draft, words: Words) -> None:
    draft.label = words.take()


def _read_metric(draft: Draft, words: Words) -> None:
    word = words.take()
    draft.metric = unsigned(word, 32)
    if draft.metric is None:
        raise wrong(word, '"metric" value is invalid\n')


def _read_valid(draft: Draft, words: Words) -> None:
    if draft.valid is not None:
        raise duplicate("valid_lft", "valid_lft")
    draft.valid = _lifetime(words, "valid_lft")


def _read_preferred(draft: Draft, words: Words) -> None:
    if draft.preferred is not None:
        raise duplicate("preferred_lft", "preferred_lft")
    draft.preferred = _lifetime(words, "preferred_lft")


def _lifetime(words: Words, key: str) -> int:
    word = words.take()
    seconds = FOR_EVER if word == "forever" else unsigned(word, 32)
    if seconds is None:
        raise wrong(word, f"{key} value")
    return seconds


def _read_local(draft: Draft, word: str, words: Words) -> None:
    word = words.take() if word == "local" else word
    if matches(word, "[help]"):
        from nslab.ip.address.commands import USAGE

        raise line_error(USAGE)
    if draft.local is not None and draft.local.data:
        raise garbage("local", word)
    draft.word = word
    draft.local = _read_prefix(word, draft.family)
    draft.family = draft.family or draft.local.family


_READERS: dict[str, Reader] = {
    "peer": _read_peer,
    "remote": _read_peer,
    "[broadcast]": _read_broadcast,
    "brd": _read_broadcast,
    "anycast": _read_anycast,
    "scope": _read_scope,
    "dev": _read_dev,
    "label": _read_label,
    "[metric]": _read_metric,
    "[priority]": _read_metric,
    "preference": _read_metric,
    "[valid_lft]": _read_valid,
    "[preferred_lft]": _read_preferred,
}
