"""What a bridge adds to a link of family AF_BRIDGE: its IFLA_AF_SPEC (linux/if_bridge.h)."""

from __future__ import annotations

from nslab.netlink.attrs import (
    NLA_F_NESTED,
    U8,
    U16,
    U32,
    Message,
    attr,
    body,
    each,
    nested,
    numbers,
)


class IFLA_BRIDGE:  # noqa: N801 - the kernel's own name
    """Attribute types inside IFLA_AF_SPEC."""

    FLAGS = 0
    MODE = 1
    VLAN_INFO = 2
    VLAN_TUNNEL_INFO = 3
    MRP = 4
    CFM = 5
    MST = 6


class BRIDGE_FLAGS:  # noqa: N801 - the kernel's own name
    """To whom a request speaks: the bridge, or the link itself."""

    MASTER = 1
    SELF = 2


class BRIDGE_VLAN_INFO:  # noqa: N801 - the kernel's own name
    """What a VLAN is on a port."""

    MASTER = 0x01
    PVID = 0x02
    UNTAGGED = 0x04
    RANGE_BEGIN = 0x08
    RANGE_END = 0x10
    BRENTRY = 0x20
    ONLY_OPTS = 0x40


class IFLA_BRIDGE_VLAN_TUNNEL:  # noqa: N801 - the kernel's own name
    """Attribute types inside IFLA_BRIDGE_VLAN_TUNNEL_INFO."""

    ID = 1
    VID = 2
    FLAGS = 3


class IFLA_BRIDGE_MST_ENTRY:  # noqa: N801 - the kernel's own name
    """Attribute types inside one spanning tree's entry."""

    MSTI = 1
    STATE = 2


_MST_ENTRY = 1  # the only type inside IFLA_BRIDGE_MST


class VlanTunnel(Message):
    """A VLAN and the tunnel id it maps to; `flags` say where a range begins and ends."""

    id: int | None = attr(IFLA_BRIDGE_VLAN_TUNNEL.ID, U32)
    vid: int | None = attr(IFLA_BRIDGE_VLAN_TUNNEL.VID, U16)
    flags: int | None = attr(IFLA_BRIDGE_VLAN_TUNNEL.FLAGS, U16)


class MstEntry(Message):
    """A port's state in one spanning tree."""

    msti: int | None = attr(IFLA_BRIDGE_MST_ENTRY.MSTI, U16)
    state: int | None = attr(IFLA_BRIDGE_MST_ENTRY.STATE, U8)


class MstEntries(Message):
    """A port's states in all spanning trees."""

    entries: tuple[MstEntry, ...] = each(_MST_ENTRY | NLA_F_NESTED, body(MstEntry))


class BridgeSpec(Message):
    """A port's VLANs, each (flags, vid), and the like."""

    flags: int | None = attr(IFLA_BRIDGE.FLAGS, U16)
    mode: int | None = attr(IFLA_BRIDGE.MODE, U16)
    vlan_info: tuple[tuple[int, ...], ...] = each(IFLA_BRIDGE.VLAN_INFO, numbers("=HH"))
    tunnel_info: tuple[VlanTunnel, ...] = each(IFLA_BRIDGE.VLAN_TUNNEL_INFO, body(VlanTunnel))
    mst: MstEntries | None = nested(IFLA_BRIDGE.MST | NLA_F_NESTED, MstEntries)
