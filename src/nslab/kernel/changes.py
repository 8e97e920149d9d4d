"""Which netns may have changed: a socket in each hears of all that `plan/observe.py` reads there.

What it hears nobody reads: that there is something, or was no room for more, is enough to know.
"""

from __future__ import annotations

import ctypes
import errno
import os
import select
from _socket import SO_RCVBUF, SOCK_CLOEXEC, SOCK_NONBLOCK, SOCK_RAW, SOL_SOCKET, socket
from struct import pack

from nslab.kernel.sockets import AF_NETLINK, NETLINK_ROUTE
from nslab.netlink.rtnl.constants import RTM, RTNLGRP, RTPROT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

_GROUPS = (
    RTNLGRP.LINK,
    RTNLGRP.IPV4_IFADDR,
    RTNLGRP.IPV6_IFADDR,
    RTNLGRP.IPV4_ROUTE,
    RTNLGRP.IPV6_ROUTE,
    RTNLGRP.IPV4_NETCONF,
    RTNLGRP.IPV6_NETCONF,
)
_SO_ATTACH_FILTER = 26
_SCOPE_LINK = 253


class Changes:
    """The sockets by the names of their netns, and what was heard of until it was settled."""

    def __init__(self) -> None:
        self._sockets: dict[str, int] = {}
        self._names: dict[int, str] = {}
        self._heard: dict[str, int] = {}
        self._asked = 0
        self._epoll = select.epoll()

    def __contains__(self, name: str) -> bool:
        return name in self._sockets

    def __len__(self) -> int:
        return len(self._sockets)

    def add(self, name: str, fd: int) -> None:
        """Take the socket, made by `listen`, that hears of a netns."""
        self._epoll.register(fd, select.EPOLLIN)
        self._sockets[name], self._names[fd] = fd, name

    def forget(self, name: str) -> None:
        """Hear no more of a netns."""
        fd = self._sockets.pop(name, -1)
        if fd >= 0:
            del self._names[fd]
            os.close(fd)
        self._heard.pop(name, None)

    def ask(self, names: Iterable[str]) -> tuple[int, list[str]]:
        """Give those of these netns that may have changed since all was settled.

        Returns:
            The number of this question, for `settle`, and the names.
        """
        self._asked += 1
        for fd, _ in self._epoll.poll(0, max(1, len(self._names))):
            _drain(fd)
            self._heard[self._names[fd]] = self._asked
        return self._asked, [name for name in names if name in self._heard or name not in self]

    def settle(self, asked: int) -> None:
        """Forget what had been heard by that question: somebody has looked at it since."""
        self._heard = {name: when for name, when in self._heard.items() if when > asked}


def listen() -> int:
    """Open a socket that hears of changes in the caller's netns from now on."""
    sock = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE)
    sock.setsockopt(SOL_SOCKET, SO_RCVBUF, 1)  # room for one message is enough
    sock.setsockopt(SOL_SOCKET, _SO_ATTACH_FILTER, _FILTER)
    sock.bind((0, sum(1 << group - 1 for group in _GROUPS)))
    return sock.detach()


def _drain(fd: int) -> None:
    """Take what was heard, so that what comes next is news."""
    while True:
        try:
            os.read(fd, 1)
        except BlockingIOError:
            return
        except OSError as error:
            if error.errno != errno.ENOBUFS:
                raise


def _program() -> bytes:
    """Write a filter of classic BPF, which leaves out what the kernel does of itself.

    Those are addresses of a link's scope, which it gives each link that speaks IPv6, and the routes
    that come and go with addresses. It sees a message from its header on.
    """
    load_half, load_byte, if_equal, give = 0x28, 0x30, 0x15, 0x06
    new_address, new_route, old_route = (
        int.from_bytes(pack("=H", kind), "big")  # it loads numbers in network order
        for kind in (RTM.NEWADDR, RTM.NEWROUTE, RTM.DELROUTE)
    )
    instructions = (
        (load_half, 0, 0, 4),  # nlmsg_type
        (if_equal, 2, 0, new_address),
        (if_equal, 3, 0, new_route),
        (if_equal, 2, 4, old_route),
        (load_byte, 0, 0, 16 + 3),  # ifa_scope
        (if_equal, 3, 2, _SCOPE_LINK),
        (load_byte, 0, 0, 16 + 5),  # rtm_protocol
        (if_equal, 1, 0, RTPROT.KERNEL),
        (give, 0, 0, 0xFFFFFFFF),
        (give, 0, 0, 0),
    )
    return b"".join(pack("=HBBI", *each) for each in instructions)


_CODE = ctypes.create_string_buffer(_program())
_FILTER = pack("HP", len(_CODE) // 8, ctypes.addressof(_CODE))
