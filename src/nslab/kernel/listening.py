"""A socket that hears of all changes in a netns which `plan/observe.py` would see there."""

from __future__ import annotations

import ctypes
from _socket import SO_RCVBUF, SOCK_CLOEXEC, SOCK_NONBLOCK, SOCK_RAW, SOL_SOCKET, socket
from struct import pack

from nslab.kernel.sockets import AF_NETLINK, NETLINK_ROUTE
from nslab.netlink.rtnl.constants import RTM, RTNLGRP, RTPROT

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


def listen() -> int:
    """Open a socket that hears of changes in the caller's netns from now on."""
    sock = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE)
    sock.setsockopt(SOL_SOCKET, SO_RCVBUF, 1)  # room for one message is enough
    sock.setsockopt(SOL_SOCKET, _SO_ATTACH_FILTER, _FILTER)
    sock.bind((0, sum(1 << group - 1 for group in _GROUPS)))
    return sock.detach()


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
