"""What a sandbox's holder and its clients say to each other: words over a Unix socket.

One datagram (SOCK_SEQPACKET) is one message: words joined by NUL, with descriptors beside them
where namespaces, sockets or files are handed over (unix(7), SCM_RIGHTS). Words that are too long
for a datagram lie in a file in memory, which is the first of the descriptors.
"""

from __future__ import annotations

import errno
import os
import select
import sys
from _socket import (
    CMSG_SPACE,
    MSG_CMSG_CLOEXEC,
    MSG_CTRUNC,
    MSG_TRUNC,
    SCM_RIGHTS,
    SOL_SOCKET,
    socket,
)

from nslab.kernel import libc

AF_UNIX = 1
SOCK_SEQPACKET = 5
SOCK_CLOEXEC = 0o2000000

HOLDER = "nslab-holder"
"""The name of a holder's process."""

MAX_FDS = 200
"""Descriptors in one message; the kernel's limit is 253 (SCM_MAX_FD)."""

MAX_BYTES = 32768
"""Bytes in one datagram: far less than a socket's send buffer of 208 KiB."""

_IN_FILE = b"\0"  # no message begins with an empty word
_MAX_FILE = 1 << 26
_ANCILLARY = CMSG_SPACE(4 * (MAX_FDS + 1))


def address_of(lab: str, uid: int) -> str:
    """Give the abstract Unix address of a lab's holder; unlike a file, it vanishes with it."""
    return f"\0nslab.{uid}.{lab}"


def send(channel: socket, words: list[str], fds: list[int] | None = None, flags: int = 0) -> None:
    """Send one message.

    Raises:
        OSError: the other side is gone, or (EAGAIN, with MSG_DONTWAIT) does not read.
    """
    payload = "\0".join(words).encode("utf-8", "surrogateescape")
    if len(payload) <= MAX_BYTES:
        _send(channel, payload, fds or [], flags)
        return
    file = memory_file(payload)
    try:
        _send(channel, _IN_FILE, [file, *(fds or [])], flags)
    finally:
        os.close(file)


def receive(channel: socket) -> tuple[list[str], list[int]]:
    """Wait for one message; no words at all mean that the other side is gone.

    Raises:
        KernelError: EMFILE where this process may not have so many descriptors, EMSGSIZE or
            EBADMSG where the message is none of `send`'s; nothing is left open.
    """
    try:
        payload, ancillary, flags, _ = channel.recvmsg(MAX_BYTES, _ANCILLARY, MSG_CMSG_CLOEXEC)
    except ConnectionError:
        return [], []
    fds = _descriptors(ancillary)
    try:
        _check(flags)
        words = _words(payload, fds)
    except BaseException:
        close(fds)
        raise
    if not words:
        close(fds)
        return [], []
    return words, fds


def memory_file(content: bytes) -> int:
    """Give the descriptor of a new file in memory, to be closed by the caller."""
    fd = os.memfd_create("nslab", os.MFD_CLOEXEC)
    try:
        view = memoryview(content)
        while view:
            view = view[os.write(fd, view) :]
    except BaseException:
        os.close(fd)
        raise
    return fd


def read_file(fd: int) -> bytes:
    """Read the whole of a file in memory.

    Raises:
        KernelError: EBADMSG where it is no plain file of a bearable size.
    """
    status = os.fstat(fd)
    if status.st_mode & 0o170000 != 0o100000 or status.st_size > _MAX_FILE:
        raise libc.failure("read what was handed over", errno.EBADMSG)
    return os.pread(fd, status.st_size, 0)


def is_ready(fd: int, seconds: float = 0, events: int = select.POLLIN) -> bool:
    """Wait until a descriptor, whatever its number, can be read; tell whether it can.

    Without events, tell of its end, or what else the kernel says unasked.
    """
    poll = select.poll()
    poll.register(fd, events)
    return bool(poll.poll(1000 * seconds))


def close(fds: list[int]) -> None:
    """Close descriptors that nobody wants."""
    for fd in fds:
        os.close(fd)


def _send(channel: socket, payload: bytes, fds: list[int], flags: int) -> None:
    if fds:
        packed = b"".join(fd.to_bytes(4, sys.byteorder) for fd in fds)
        channel.sendmsg([payload], [(SOL_SOCKET, SCM_RIGHTS, packed)], flags)
    else:
        channel.send(payload, flags)


def _descriptors(ancillary: list[tuple[int, int, bytes]]) -> list[int]:
    fds: list[int] = []
    for level, kind, data in ancillary:
        if (level, kind) == (SOL_SOCKET, SCM_RIGHTS):
            whole = len(data) - len(data) % 4
            fds += [int.from_bytes(data[i : i + 4], sys.byteorder) for i in range(0, whole, 4)]
    return fds


def _check(flags: int) -> None:
    if flags & MSG_CTRUNC:
        hint = "`ulimit -n` sets how many files a process may open"
        raise libc.failure("receive descriptors", errno.EMFILE, hint=hint)
    if flags & MSG_TRUNC:
        raise libc.failure("receive a message", errno.EMSGSIZE)


def _words(payload: bytes, fds: list[int]) -> list[str]:
    """Take a message apart; a file that holds its words is taken from the descriptors."""
    if payload == _IN_FILE:
        if not fds:
            raise libc.failure("receive a message", errno.EBADMSG)
        payload = read_file(fds[0])
        os.close(fds.pop(0))
    return payload.decode("utf-8", "surrogateescape").split("\0") if payload else []
