"""Virtual routing and forwarding (linux/if_link.h)."""

from __future__ import annotations

from nslab.netlink.attrs import U32, Message, attr


class IFLA_VRF:  # noqa: N801 - the kernel's own name
    """A VRF's attribute types."""

    TABLE = 1


class VrfInfo(Message):
    """The routing table of a VRF."""

    table: int | None = attr(IFLA_VRF.TABLE, U32)


class IFLA_VRF_PORT:  # noqa: N801 - the kernel's own name
    """A VRF port's attribute types."""

    TABLE = 1


class VrfPortInfo(Message):
    """The routing table of a VRF's port."""

    table: int | None = attr(IFLA_VRF_PORT.TABLE, U32)
