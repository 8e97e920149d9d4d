"""Routes: RTM_*ROUTE (linux/rtnetlink.h, struct rtmsg)."""

from __future__ import annotations

from nslab.netlink.attrs import (
    BE16,
    BE32,
    BYTES,
    STRING,
    U8,
    U16,
    U32,
    Message,
    attr,
    fixed,
    nested,
    sequence,
    structure,
)


class RTA:
    """Attribute types."""

    DST = 1
    SRC = 2
    IIF = 3
    OIF = 4
    GATEWAY = 5
    PRIORITY = 6
    PREFSRC = 7
    METRICS = 8
    MULTIPATH = 9
    FLOW = 11
    CACHEINFO = 12
    TABLE = 15
    MARK = 16
    MFC_STATS = 17
    VIA = 18
    NEWDST = 19
    PREF = 20
    ENCAP_TYPE = 21
    ENCAP = 22
    EXPIRES = 23
    PAD = 24
    UID = 25
    TTL_PROPAGATE = 26
    IP_PROTO = 27
    SPORT = 28
    DPORT = 29
    NH_ID = 30
    FLOWLABEL = 31


class RTAX:
    """Attribute types inside RTA_METRICS."""

    LOCK = 1
    MTU = 2
    WINDOW = 3
    RTT = 4
    RTTVAR = 5
    SSTHRESH = 6
    CWND = 7
    ADVMSS = 8
    REORDERING = 9
    HOPLIMIT = 10
    INITCWND = 11
    FEATURES = 12
    RTO_MIN = 13
    INITRWND = 14
    QUICKACK = 15
    CC_ALGO = 16
    FASTOPEN_NO_COOKIE = 17


class RTNH_F:  # noqa: N801 - the kernel's own name
    """Next-hop flags."""

    DEAD = 1
    PERVASIVE = 2
    ONLINK = 4
    OFFLOAD = 8
    LINKDOWN = 16
    UNRESOLVED = 32
    TRAP = 64


class RTM_F:  # noqa: N801 - the kernel's own name
    """Route flags."""

    NOTIFY = 0x100
    CLONED = 0x200
    EQUALIZE = 0x400
    PREFIX = 0x800
    LOOKUP_TABLE = 0x1000
    FIB_MATCH = 0x2000
    OFFLOAD = 0x4000
    TRAP = 0x8000


class RouteMetrics(Message):
    """The properties of paths along a route."""

    lock: int | None = attr(RTAX.LOCK, U32)
    mtu: int | None = attr(RTAX.MTU, U32)
    window: int | None = attr(RTAX.WINDOW, U32)
    rtt: int | None = attr(RTAX.RTT, U32)
    rttvar: int | None = attr(RTAX.RTTVAR, U32)
    ssthresh: int | None = attr(RTAX.SSTHRESH, U32)
    cwnd: int | None = attr(RTAX.CWND, U32)
    advmss: int | None = attr(RTAX.ADVMSS, U32)
    reordering: int | None = attr(RTAX.REORDERING, U32)
    hoplimit: int | None = attr(RTAX.HOPLIMIT, U32)
    initcwnd: int | None = attr(RTAX.INITCWND, U32)
    features: int | None = attr(RTAX.FEATURES, U32)
    rto_min: int | None = attr(RTAX.RTO_MIN, U32)
    initrwnd: int | None = attr(RTAX.INITRWND, U32)
    quickack: int | None = attr(RTAX.QUICKACK, U32)
    cc_algo: str | None = attr(RTAX.CC_ALGO, STRING)
    fastopen_no_cookie: int | None = attr(RTAX.FASTOPEN_NO_COOKIE, U32)


class RouteCacheinfo(Message, header="IIiIIIII"):
    """A route's times and users (struct rta_cacheinfo). Times are in hundredths of a second.

    `error` is a negative errno as 32 bits.
    """

    clntref: int = fixed()
    lastuse: int = fixed()
    expires: int = fixed()
    error: int = fixed()
    used: int = fixed()
    id: int = fixed()
    ts: int = fixed()
    tsage: int = fixed()


class Nexthop(Message, header="2xBBi"):
    """One path of a multipath route (struct rtnexthop). `hops` is the weight less one."""

    flags: int = fixed()
    hops: int = fixed()
    ifindex: int = fixed()
    gateway: bytes | None = attr(RTA.GATEWAY, BYTES)
    via: bytes | None = attr(RTA.VIA, BYTES)
    flow: int | None = attr(RTA.FLOW, U32)
    encap_type: int | None = attr(RTA.ENCAP_TYPE, U16)
    encap: bytes | None = attr(RTA.ENCAP, BYTES)


class Route(Message, header="BBBBBBBBI", pad=RTA.PAD):
    """One route. `table` as an attribute holds what the fixed byte `table8` cannot."""

    family: int = fixed()
    dst_len: int = fixed()
    src_len: int = fixed()
    tos: int = fixed()
    table8: int = fixed()
    protocol: int = fixed()
    scope: int = fixed()
    type: int = fixed()
    flags: int = fixed()
    dst: bytes | None = attr(RTA.DST, BYTES)
    src: bytes | None = attr(RTA.SRC, BYTES)
    iif: int | None = attr(RTA.IIF, U32)
    oif: int | None = attr(RTA.OIF, U32)
    gateway: bytes | None = attr(RTA.GATEWAY, BYTES)
    priority: int | None = attr(RTA.PRIORITY, U32)
    prefsrc: bytes | None = attr(RTA.PREFSRC, BYTES)
    metrics: RouteMetrics | None = nested(RTA.METRICS, RouteMetrics)
    multipath: tuple[Nexthop, ...] | None = attr(RTA.MULTIPATH, sequence(Nexthop))
    flow: int | None = attr(RTA.FLOW, U32)
    cacheinfo: RouteCacheinfo | None = attr(RTA.CACHEINFO, structure(RouteCacheinfo))
    table: int | None = attr(RTA.TABLE, U32)
    mark: int | None = attr(RTA.MARK, U32)
    mfc_stats: bytes | None = attr(RTA.MFC_STATS, BYTES)
    via: bytes | None = attr(RTA.VIA, BYTES)
    newdst: bytes | None = attr(RTA.NEWDST, BYTES)
    pref: int | None = attr(RTA.PREF, U8)
    encap_type: int | None = attr(RTA.ENCAP_TYPE, U16)
    encap: bytes | None = attr(RTA.ENCAP, BYTES)
    expires: int | None = attr(RTA.EXPIRES, U32)
    uid: int | None = attr(RTA.UID, U32)
    ttl_propagate: int | None = attr(RTA.TTL_PROPAGATE, U8)
    ip_proto: int | None = attr(RTA.IP_PROTO, U8)
    sport: int | None = attr(RTA.SPORT, BE16)
    dport: int | None = attr(RTA.DPORT, BE16)
    nh_id: int | None = attr(RTA.NH_ID, U32)
    flowlabel: int | None = attr(RTA.FLOWLABEL, BE32)
