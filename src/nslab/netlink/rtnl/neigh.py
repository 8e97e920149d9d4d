"""Neighbours and forwarding entries: RTM_*NEIGH (linux/neighbour.h)."""

from __future__ import annotations

from nslab.netlink.attrs import (
    BE16,
    BYTES,
    NLA_F_NESTED,
    S32,
    U8,
    U16,
    U32,
    Message,
    attr,
    fixed,
    flag,
    nested,
    structure,
)


class NDA:
    """Attribute types."""

    DST = 1
    LLADDR = 2
    CACHEINFO = 3
    PROBES = 4
    VLAN = 5
    PORT = 6
    VNI = 7
    IFINDEX = 8
    MASTER = 9
    LINK_NETNSID = 10
    SRC_VNI = 11
    PROTOCOL = 12
    NH_ID = 13
    FDB_EXT_ATTRS = 14
    FLAGS_EXT = 15
    NDM_STATE_MASK = 16
    NDM_FLAGS_MASK = 17


class NUD:
    """Neighbour states."""

    NONE = 0x00
    INCOMPLETE = 0x01
    REACHABLE = 0x02
    STALE = 0x04
    DELAY = 0x08
    PROBE = 0x10
    FAILED = 0x20
    NOARP = 0x40
    PERMANENT = 0x80


class NTF:
    """Neighbour flags."""

    USE = 0x01
    SELF = 0x02
    MASTER = 0x04
    PROXY = 0x08
    EXT_LEARNED = 0x10
    OFFLOADED = 0x20
    STICKY = 0x40
    ROUTER = 0x80


class NFEA:
    """Attribute types inside NDA_FDB_EXT_ATTRS."""

    ACTIVITY_NOTIFY = 1
    DONT_REFRESH = 2


class NeighCacheinfo(Message, header="IIII"):
    """How long ago, in hundredths of a second, an entry was used, and by how many (`refcnt`)."""

    confirmed: int = fixed()
    used: int = fixed()
    updated: int = fixed()
    refcnt: int = fixed()


class FdbExtAttrs(Message):
    """Whether to tell of a forwarding entry's activity, and not to refresh it meanwhile."""

    activity_notify: int | None = attr(NFEA.ACTIVITY_NOTIFY, U8)
    dont_refresh: bool = flag(NFEA.DONT_REFRESH)


class Neigh(Message, header="B3xiHBB"):
    """One neighbour (ARP, NDP) or, with AF_BRIDGE, one forwarding entry."""

    family: int = fixed()
    ifindex: int = fixed()
    state: int = fixed()
    flags: int = fixed()
    type: int = fixed()
    dst: bytes | None = attr(NDA.DST, BYTES)
    lladdr: bytes | None = attr(NDA.LLADDR, BYTES)
    cacheinfo: NeighCacheinfo | None = attr(NDA.CACHEINFO, structure(NeighCacheinfo))
    probes: int | None = attr(NDA.PROBES, U32)
    vlan: int | None = attr(NDA.VLAN, U16)
    port: int | None = attr(NDA.PORT, BE16)
    vni: int | None = attr(NDA.VNI, U32)
    oif: int | None = attr(NDA.IFINDEX, U32)
    master: int | None = attr(NDA.MASTER, U32)
    link_netnsid: int | None = attr(NDA.LINK_NETNSID, S32)
    src_vni: int | None = attr(NDA.SRC_VNI, U32)
    protocol: int | None = attr(NDA.PROTOCOL, U8)
    nh_id: int | None = attr(NDA.NH_ID, U32)
    fdb_ext_attrs: FdbExtAttrs | None = nested(NDA.FDB_EXT_ATTRS | NLA_F_NESTED, FdbExtAttrs)
    flags_ext: int | None = attr(NDA.FLAGS_EXT, U32)
    state_mask: int | None = attr(NDA.NDM_STATE_MASK, U16)
    flags_mask: int | None = attr(NDA.NDM_FLAGS_MASK, U8)
