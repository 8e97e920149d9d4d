"""What a sandbox's holder and its clients say to each other: words over a Unix socket.

One datagram (SOCK_SEQPACKET) is one message: words joined by NUL, with descriptors beside them
where namespaces, sockets or files are handed over (unix(7), SCM_RIGHTS).
"""

from __future__ import annotations

import sys
from _socket import CMSG_SPACE, SCM_RIGHTS, SOL_SOCKET, socket

AF_UNIX = 1
SOCK_SEQPACKET = 5
SOCK_CLOEXEC = 0o2000000

MAX_FDS = 200
"""Descriptors in one message; the kernel's limit is 253 (SCM_MAX_FD)."""

MAX_BYTES = 65536
_ANCILLARY = CMSG_SPACE(4 * MAX_FDS)


def address_of(lab: str, uid: int) -> str:
    """Give the abstract Unix address of a lab's holder; unlike a file, it vanishes with it."""
    return f"\0nslab.{uid}.{lab}"


def send(channel: socket, words: list[str], fds: tuple[int, ...] | list[int] = ()) -> None:
    """Send one message."""
    payload = "\0".join(words).encode("utf-8", "surrogateescape")
    if fds:
        packed = b"".join(fd.to_bytes(4, sys.byteorder) for fd in fds)
        channel.sendmsg([payload], [(SOL_SOCKET, SCM_RIGHTS, packed)])
    else:
        channel.send(payload)


def receive(channel: socket) -> tuple[list[str], list[int]]:
    """Wait for one message; no words at all mean that the other side is gone."""
    try:
        payload, ancillary, _, _ = channel.recvmsg(MAX_BYTES, _ANCILLARY, 0x40000000)
    except ConnectionError:
        return [], []
    fds: list[int] = []
    for level, kind, data in ancillary:
        if (level, kind) == (SOL_SOCKET, SCM_RIGHTS):
            whole = len(data) - len(data) % 4
            fds += [int.from_bytes(data[i : i + 4], sys.byteorder) for i in range(0, whole, 4)]
    if not payload:
        return [], fds
    return payload.decode("utf-8", "surrogateescape").split("\0"), fds
