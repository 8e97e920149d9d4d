"""Next-hop objects, which routes share by their id: RTM_*NEXTHOP (linux/nexthop.h)."""

from __future__ import annotations

from nslab.netlink.attrs import (
    BYTES,
    NLA_F_NESTED,
    U16,
    U32,
    U64,
    Message,
    attr,
    fixed,
    flag,
    nested,
    rows,
)


class NHA:
    """Attribute types."""

    ID = 1
    GROUP = 2
    GROUP_TYPE = 3
    BLACKHOLE = 4
    OIF = 5
    GATEWAY = 6
    ENCAP_TYPE = 7
    ENCAP = 8
    GROUPS = 9
    MASTER = 10
    FDB = 11
    RES_GROUP = 12
    RES_BUCKET = 13
    OP_FLAGS = 14
    GROUP_STATS = 15
    HW_STATS_ENABLE = 16
    HW_STATS_USED = 17


class NEXTHOP_GRP_TYPE:  # noqa: N801 - the kernel's own name
    """How a group shares out its flows."""

    MPATH = 0
    RES = 1


class NHA_RES_GROUP:  # noqa: N801 - the kernel's own name
    """Attribute types inside NHA_RES_GROUP."""

    PAD = 0
    BUCKETS = 1
    IDLE_TIMER = 2
    UNBALANCED_TIMER = 3
    UNBALANCED_TIME = 4


class NHA_RES_BUCKET:  # noqa: N801 - the kernel's own name
    """Attribute types inside NHA_RES_BUCKET."""

    PAD = 0
    INDEX = 1
    IDLE_TIME = 2
    NH_ID = 3


class ResilientGroup(Message, pad=NHA_RES_GROUP.PAD):
    """The settings of a resilient group. Times are in hundredths of a second (USER_HZ)."""

    buckets: int | None = attr(NHA_RES_GROUP.BUCKETS, U16)
    idle_timer: int | None = attr(NHA_RES_GROUP.IDLE_TIMER, U32)
    unbalanced_timer: int | None = attr(NHA_RES_GROUP.UNBALANCED_TIMER, U32)
    unbalanced_time: int | None = attr(NHA_RES_GROUP.UNBALANCED_TIME, U64)


class ResilientBucket(Message, pad=NHA_RES_BUCKET.PAD):
    """One bucket of a resilient group."""

    index: int | None = attr(NHA_RES_BUCKET.INDEX, U16)
    idle_time: int | None = attr(NHA_RES_BUCKET.IDLE_TIME, U64)
    nh_id: int | None = attr(NHA_RES_BUCKET.NH_ID, U32)


class NexthopObject(Message, header="BBBxI"):
    """One next hop, or a group of them: (id, weight less one, that number's high byte) each."""

    family: int = fixed()
    scope: int = fixed()
    protocol: int = fixed()
    flags: int = fixed()
    id: int | None = attr(NHA.ID, U32)
    group: tuple[tuple[int, ...], ...] | None = attr(NHA.GROUP, rows("=IBB2x"))
    group_type: int | None = attr(NHA.GROUP_TYPE, U16)
    blackhole: bool = flag(NHA.BLACKHOLE)
    oif: int | None = attr(NHA.OIF, U32)
    gateway: bytes | None = attr(NHA.GATEWAY, BYTES)
    encap_type: int | None = attr(NHA.ENCAP_TYPE, U16)
    encap: bytes | None = attr(NHA.ENCAP, BYTES)
    groups: bool = flag(NHA.GROUPS)
    master: int | None = attr(NHA.MASTER, U32)
    fdb: bool = flag(NHA.FDB)
    res_group: ResilientGroup | None = nested(NHA.RES_GROUP | NLA_F_NESTED, ResilientGroup)
    res_bucket: ResilientBucket | None = nested(NHA.RES_BUCKET | NLA_F_NESTED, ResilientBucket)
    op_flags: int | None = attr(NHA.OP_FLAGS, U32)
    group_stats: bytes | None = attr(NHA.GROUP_STATS | NLA_F_NESTED, BYTES)
    hw_stats_enable: int | None = attr(NHA.HW_STATS_ENABLE, U32)
    hw_stats_used: int | None = attr(NHA.HW_STATS_USED, U32)
