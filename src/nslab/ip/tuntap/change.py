"""`ip tuntap add` and `delete`."""

from __future__ import annotations

import os
from fcntl import ioctl
from struct import pack

from nslab.errors import IpError
from nslab.ip.links import check_name
from nslab.ip.tuntap import commands as c
from nslab.ip.words import find, garbage, line_error, matches, whole

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from nslab.ip.program import Program
    from nslab.ip.words import Words

    Reader = Callable[["Draft", Words], None]

_DEVICE = "/dev/net/tun"
_TUNSETIFF = 0x400454CA
_TUNSETPERSIST = 0x400454CB
_TUNSETOWNER = 0x400454CC
_TUNSETGROUP = 0x400454CE
_NOBODY = 0xFFFFFFFF


class Draft:
    """A link as the words describe it."""

    def __init__(self) -> None:
        self.name = ""
        self.flags = c.IFF_NO_PI
        self.user = _NOBODY
        self.group = _NOBODY


def add(program: Program, words: Words) -> None:
    """Make a link that stays."""
    del program
    draft = _read(words, _READERS | _OWNERS)
    draft.flags |= c.IFF_TUN_EXCL
    fd = _attach(draft)
    try:
        if draft.user != _NOBODY:
            _control(fd, _TUNSETOWNER, draft.user, "TUNSETOWNER")
        if draft.group != _NOBODY:
            _control(fd, _TUNSETGROUP, draft.group, "TUNSETGROUP")
        _control(fd, _TUNSETPERSIST, 1, "TUNSETPERSIST")
    finally:
        os.close(fd)


def delete(program: Program, words: Words) -> None:
    """Let a link go, when nothing uses it."""
    del program
    fd = _attach(_read(words, _READERS))
    try:
        _control(fd, _TUNSETPERSIST, 0, "TUNSETPERSIST")
    finally:
        os.close(fd)


def _attach(draft: Draft) -> int:
    """Open the link, which makes it if it is not there; gives the descriptor."""
    try:
        fd = os.open(_DEVICE, os.O_RDWR | os.O_CLOEXEC)
    except OSError as error:
        raise IpError(f"open: {os.strerror(error.errno or 0)}", 1) from None
    request = pack("=16sH22x", draft.name.encode("utf-8", "surrogateescape"), draft.flags)
    try:
        ioctl(fd, _TUNSETIFF, request)
    except OSError as error:
        os.close(fd)
        raise _refused("TUNSETIFF", error) from None
    return fd


def _control(fd: int, request: int, value: int, name: str) -> None:
    try:
        ioctl(fd, request, value)
    except OSError as error:
        raise _refused(name, error) from None


def _refused(name: str, error: OSError) -> IpError:
    return IpError(f"ioctl({name}): {os.strerror(error.errno or 0)}", 1)


def _read(words: Words, readers: dict[str, Reader]) -> Draft:
    draft = Draft()
    while words:
        word = words.take()
        reader = find(word, readers)
        if reader is not None:
            reader(draft, words)
        else:
            _read_name(draft, word, words)
    if not draft.flags & (c.IFF_TUN | c.IFF_TAP):
        raise IpError("You failed to specify a tunnel mode", 1)
    return draft


def _read_name(draft: Draft, word: str, words: Words) -> None:
    if matches(word, "[name]"):
        word = words.take()
    elif matches(word, "[help]"):
        raise line_error(c.USAGE)
    if draft.name:
        raise garbage("name", word)
    draft.name = check_name(word, "name")


def _mode(draft: Draft, words: Words) -> None:
    word = words.take()
    if draft.flags & (c.IFF_TUN | c.IFF_TAP):
        raise line_error("You managed to ask for more than one tunnel mode.")
    if matches(word, "[tun]"):
        draft.flags |= c.IFF_TUN
    elif matches(word, "[tap]"):
        draft.flags |= c.IFF_TAP
    else:
        raise line_error(f'Unknown tunnel mode "{word}"')


def _user(draft: Draft, words: Words) -> None:
    from pwd import getpwnam

    word = words.take()
    try:
        number = _number(word)
        draft.user = getpwnam(word).pw_uid if number is None else number
    except KeyError:
        raise line_error(f'invalid user "{word}"') from None


def _group(draft: Draft, words: Words) -> None:
    from grp import getgrnam

    word = words.take()
    try:
        number = _number(word)
        draft.group = getgrnam(word).gr_gid if number is None else number
    except KeyError:
        raise line_error(f'invalid group "{word}"') from None


def _number(word: str) -> int | None:
    """Read a decimal number, of which 32 bits count; None if it is none."""
    digits = word.removeprefix("-")
    if not digits.isascii() or not digits.isdecimal():
        return None
    number = whole(digits)
    return (number if digits == word else -number) & _NOBODY


def _dev(draft: Draft, words: Words) -> None:
    draft.name = check_name(words.take(), "dev")


def _flag(bit: int) -> Reader:
    def read(draft: Draft, _: Words) -> None:
        draft.flags |= bit

    return read


def _pi(draft: Draft, _: Words) -> None:
    draft.flags &= ~c.IFF_NO_PI


_OWNERS: dict[str, Reader] = {"[user]": _user, "[group]": _group}
_READERS: dict[str, Reader] = {
    "[mode]": _mode,
    "[dev]": _dev,
    "[pi]": _pi,
    "[one_queue]": _flag(c.IFF_ONE_QUEUE),
    "[vnet_hdr]": _flag(c.IFF_VNET_HDR),
    "[multi_queue]": _flag(c.IFF_MULTI_QUEUE),
}
