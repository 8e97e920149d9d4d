"""ipvlan links (linux/if_link.h)."""

from __future__ import annotations

from nslab.netlink.attrs import U16, Message, attr


class IFLA_IPVLAN:  # noqa: N801 - the kernel's own name
    """An ipvlan's attribute types."""

    MODE = 1
    FLAGS = 2


class IpvlanInfo(Message):
    """An ipvlan's settings; mode 0 l2, 1 l3, 2 l3s; flags 1 private, 2 vepa."""

    mode: int | None = attr(IFLA_IPVLAN.MODE, U16)
    flags: int | None = attr(IFLA_IPVLAN.FLAGS, U16)
