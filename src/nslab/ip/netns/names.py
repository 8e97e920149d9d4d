"""`ip netns add`, `attach` and `delete`: names come and go."""

from __future__ import annotations

import os

from nslab.errors import IpError, KernelError
from nslab.ip.enter import DIRECTORY
from nslab.ip.netns.directory import names
from nslab.ip.program import tell
from nslab.ip.words import integer
from nslab.kernel import libc, registry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nslab.ip.program import Program
    from nslab.ip.words import Words

_OWN = "/proc/self/ns/net"
_UMOUNT_NOFOLLOW = 8  # linux/fs.h
_INT_MAX = 0x7FFFFFFF


def add(_: Program, words: Words) -> None:
    """Make a netns and name it."""
    if not words:
        raise IpError("No netns name specified")
    name = words.take()
    path = _make_file(name)
    before = os.open(_OWN, os.O_RDONLY | os.O_CLOEXEC)
    try:
        _unshare(name, path)
        _bind(_OWN, path)
    finally:
        libc.setns(before, libc.CLONE_NEWNET)
        os.close(before)


def attach(_: Program, words: Words) -> None:
    """Name the netns that a process is in."""
    if len(words) < 2:
        raise IpError("No netns name and PID specified")
    name, word = words.take(), words.take()
    pid = integer(word, -_INT_MAX - 1, _INT_MAX)
    if not pid:
        raise IpError(f"Invalid PID: {word}")
    _bind(f"/proc/{pid}/ns/net", _make_file(name))


def delete(program: Program, words: Words) -> None:
    """Take a name away, with -all every name."""
    if program.options.all:
        _delete_all(program)
        return
    if not words:
        raise IpError("No netns name specified")
    _delete_one(words.take())


def _delete_all(program: Program) -> None:
    """Delete up to the first that cannot be; the program's success does not depend on it."""
    try:
        for name in names():
            _delete_one(name)
    except IpError as error:
        tell(program, str(error))


def _delete_one(name: str) -> None:
    path = f"{DIRECTORY}/{name}"
    try:  # noqa: SIM105 - contextlib takes longer to load than all of this
        libc.umount(path, libc.MNT_DETACH | _UMOUNT_NOFOLLOW)
    except KernelError:
        pass  # most often nothing is mounted on it; if it matters, the next call says why
    try:
        os.unlink(path)
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        raise IpError(f'Cannot remove namespace file "{path}": {reason}') from None


def _make_file(name: str) -> str:
    """Make the file on which the netns is to be mounted; give its path."""
    try:
        registry.prepare(DIRECTORY)
    except KernelError as error:
        raise IpError(f"{error.operation} failed: {error.reason}") from None
    path = f"{DIRECTORY}/{name}"
    try:
        os.close(os.open(path, os.O_RDONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0))
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        raise IpError(f'Cannot create namespace file "{path}": {reason}') from None
    return path


def _unshare(name: str, path: str) -> None:
    try:
        libc.unshare(libc.CLONE_NEWNET)
    except KernelError as error:
        os.unlink(path)
        message = f'Failed to create a new network namespace "{name}": {error.reason}'
        raise IpError(message) from None


def _bind(source: str, path: str) -> None:
    try:
        libc.mount(source, path, "none", libc.MS_BIND)
    except KernelError as error:
        os.unlink(path)
        raise IpError(f"Bind {source} -> {path} failed: {error.reason}") from None
