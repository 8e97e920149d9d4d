"""Routing rules: RTM_*RULE (linux/fib_rules.h)."""

from __future__ import annotations

from nslab.netlink.attrs import (
    BE32,
    BE64,
    BYTES,
    STRING,
    U8,
    U16,
    U32,
    Message,
    attr,
    fixed,
    numbers,
)


class FRA:
    """Attribute types."""

    DST = 1
    SRC = 2
    IIFNAME = 3
    GOTO = 4
    UNUSED2 = 5
    PRIORITY = 6
    FWMARK = 10
    FLOW = 11
    TUN_ID = 12
    SUPPRESS_IFGROUP = 13
    SUPPRESS_PREFIXLEN = 14
    TABLE = 15
    FWMASK = 16
    OIFNAME = 17
    PAD = 18
    L3MDEV = 19
    UID_RANGE = 20
    PROTOCOL = 21
    IP_PROTO = 22
    SPORT_RANGE = 23
    DPORT_RANGE = 24
    DSCP = 25
    FLOWLABEL = 26
    FLOWLABEL_MASK = 27
    SPORT_MASK = 28
    DPORT_MASK = 29
    DSCP_MASK = 30


class FR_ACT:  # noqa: N801 - the kernel's own name
    """What a rule does."""

    TO_TBL = 1
    GOTO = 2
    NOP = 3
    BLACKHOLE = 6
    UNREACHABLE = 7
    PROHIBIT = 8


class Rule(Message, header="BBBBB2xBI", pad=FRA.PAD):
    """One rule of the routing policy. Ranges are (first, last)."""

    family: int = fixed()
    dst_len: int = fixed()
    src_len: int = fixed()
    tos: int = fixed()
    table8: int = fixed()
    action: int = fixed()
    flags: int = fixed()
    dst: bytes | None = attr(FRA.DST, BYTES)
    src: bytes | None = attr(FRA.SRC, BYTES)
    iifname: str | None = attr(FRA.IIFNAME, STRING)
    goto: int | None = attr(FRA.GOTO, U32)
    unused2: bytes | None = attr(FRA.UNUSED2, BYTES)
    priority: int | None = attr(FRA.PRIORITY, U32)
    fwmark: int | None = attr(FRA.FWMARK, U32)
    flow: int | None = attr(FRA.FLOW, U32)
    tun_id: int | None = attr(FRA.TUN_ID, BE64)
    suppress_ifgroup: int | None = attr(FRA.SUPPRESS_IFGROUP, U32)
    suppress_prefixlen: int | None = attr(FRA.SUPPRESS_PREFIXLEN, U32)
    table: int | None = attr(FRA.TABLE, U32)
    fwmask: int | None = attr(FRA.FWMASK, U32)
    oifname: str | None = attr(FRA.OIFNAME, STRING)
    l3mdev: int | None = attr(FRA.L3MDEV, U8)
    uid_range: tuple[int, ...] | None = attr(FRA.UID_RANGE, numbers("=II"))
    protocol: int | None = attr(FRA.PROTOCOL, U8)
    ip_proto: int | None = attr(FRA.IP_PROTO, U8)
    sport_range: tuple[int, ...] | None = attr(FRA.SPORT_RANGE, numbers("=HH"))
    dport_range: tuple[int, ...] | None = attr(FRA.DPORT_RANGE, numbers("=HH"))
    dscp: int | None = attr(FRA.DSCP, U8)
    flowlabel: int | None = attr(FRA.FLOWLABEL, BE32)
    flowlabel_mask: int | None = attr(FRA.FLOWLABEL_MASK, BE32)
    sport_mask: int | None = attr(FRA.SPORT_MASK, U16)
    dport_mask: int | None = attr(FRA.DPORT_MASK, U16)
    dscp_mask: int | None = attr(FRA.DSCP_MASK, U8)
