"""macvlan and macvtap links (linux/if_link.h)."""

from __future__ import annotations

from nslab.netlink.attrs import BYTES, S32, U16, U32, Message, attr, repeated


class IFLA_MACVLAN:  # noqa: N801 - the kernel's own name
    """A macvlan's (and macvtap's) attribute types."""

    MODE = 1
    FLAGS = 2
    MACADDR_MODE = 3
    MACADDR = 4
    MACADDR_DATA = 5
    MACADDR_COUNT = 6
    BC_QUEUE_LEN = 7
    BC_QUEUE_LEN_USED = 8
    BC_CUTOFF = 9


class MacvlanInfo(Message):
    """A macvlan's settings; mode 1 private, 2 vepa, 4 bridge, 8 passthru, 16 source."""

    mode: int | None = attr(IFLA_MACVLAN.MODE, U32)
    flags: int | None = attr(IFLA_MACVLAN.FLAGS, U16)
    macaddr_mode: int | None = attr(IFLA_MACVLAN.MACADDR_MODE, U32)
    macaddr: bytes | None = attr(IFLA_MACVLAN.MACADDR, BYTES)
    macaddr_data: tuple[bytes, ...] | None = attr(
        IFLA_MACVLAN.MACADDR_DATA, repeated(IFLA_MACVLAN.MACADDR, BYTES)
    )
    macaddr_count: int | None = attr(IFLA_MACVLAN.MACADDR_COUNT, U32)
    bc_queue_len: int | None = attr(IFLA_MACVLAN.BC_QUEUE_LEN, U32)
    bc_queue_len_used: int | None = attr(IFLA_MACVLAN.BC_QUEUE_LEN_USED, U32)
    bc_cutoff: int | None = attr(IFLA_MACVLAN.BC_CUTOFF, S32)
