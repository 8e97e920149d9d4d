"""tun and tap links (linux/if_link.h); the kernel takes none of it in a request."""

from __future__ import annotations

from nslab.netlink.attrs import U8, U32, Message, attr


class IFLA_TUN:  # noqa: N801 - the kernel's own name
    """A tun link's attribute types."""

    OWNER = 1
    GROUP = 2
    TYPE = 3
    PI = 4
    VNET_HDR = 5
    PERSIST = 6
    MULTI_QUEUE = 7
    NUM_QUEUES = 8
    NUM_DISABLED_QUEUES = 9


class TunInfo(Message):
    """A tun link's settings; type 1 tun, 2 tap."""

    owner: int | None = attr(IFLA_TUN.OWNER, U32)
    group: int | None = attr(IFLA_TUN.GROUP, U32)
    type: int | None = attr(IFLA_TUN.TYPE, U8)
    pi: int | None = attr(IFLA_TUN.PI, U8)
    vnet_hdr: int | None = attr(IFLA_TUN.VNET_HDR, U8)
    persist: int | None = attr(IFLA_TUN.PERSIST, U8)
    multi_queue: int | None = attr(IFLA_TUN.MULTI_QUEUE, U8)
    num_queues: int | None = attr(IFLA_TUN.NUM_QUEUES, U32)
    num_disabled_queues: int | None = attr(IFLA_TUN.NUM_DISABLED_QUEUES, U32)
