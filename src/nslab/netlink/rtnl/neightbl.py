"""Tables of neighbours and their settings: RTM_*NEIGHTBL (linux/neighbour.h)."""

from __future__ import annotations

from nslab.netlink.attrs import (
    STRING,
    U32,
    U64,
    Message,
    attr,
    fixed,
    nested,
    structure,
)


class NDTA:
    """Attribute types."""

    NAME = 1
    THRESH1 = 2
    THRESH2 = 3
    THRESH3 = 4
    CONFIG = 5
    PARMS = 6
    STATS = 7
    GC_INTERVAL = 8
    PAD = 9


class NDTPA:
    """Attribute types inside NDTA_PARMS."""

    IFINDEX = 1
    REFCNT = 2
    REACHABLE_TIME = 3
    BASE_REACHABLE_TIME = 4
    RETRANS_TIME = 5
    GC_STALETIME = 6
    DELAY_PROBE_TIME = 7
    QUEUE_LEN = 8
    APP_PROBES = 9
    UCAST_PROBES = 10
    MCAST_PROBES = 11
    ANYCAST_DELAY = 12
    PROXY_DELAY = 13
    PROXY_QLEN = 14
    LOCKTIME = 15
    QUEUE_LENBYTES = 16
    MCAST_REPROBES = 17
    PAD = 18
    INTERVAL_PROBE_TIME_MS = 19


class NeighTableConfig(Message, header="HHIIIIIII"):
    """How full a table is (struct ndt_config). Times are milliseconds ago."""

    key_len: int = fixed()
    entry_size: int = fixed()
    entries: int = fixed()
    last_flush: int = fixed()
    last_rand: int = fixed()
    hash_rnd: int = fixed()
    hash_mask: int = fixed()
    hash_chain_gc: int = fixed()
    proxy_qlen: int = fixed()


class NeighTableStats(Message, header="11Q"):
    """A table's counters (struct ndt_stats)."""

    allocs: int = fixed()
    destroys: int = fixed()
    hash_grows: int = fixed()
    res_failed: int = fixed()
    lookups: int = fixed()
    hits: int = fixed()
    rcv_probes_mcast: int = fixed()
    rcv_probes_ucast: int = fixed()
    periodic_gc_runs: int = fixed()
    forced_gc_runs: int = fixed()
    table_fulls: int = fixed()


class NeighParms(Message, pad=NDTPA.PAD):
    """The settings for one link, or for links to come. Times are in milliseconds."""

    ifindex: int | None = attr(NDTPA.IFINDEX, U32)
    refcnt: int | None = attr(NDTPA.REFCNT, U32)
    reachable_time: int | None = attr(NDTPA.REACHABLE_TIME, U64)
    base_reachable_time: int | None = attr(NDTPA.BASE_REACHABLE_TIME, U64)
    retrans_time: int | None = attr(NDTPA.RETRANS_TIME, U64)
    gc_staletime: int | None = attr(NDTPA.GC_STALETIME, U64)
    delay_probe_time: int | None = attr(NDTPA.DELAY_PROBE_TIME, U64)
    queue_len: int | None = attr(NDTPA.QUEUE_LEN, U32)
    app_probes: int | None = attr(NDTPA.APP_PROBES, U32)
    ucast_probes: int | None = attr(NDTPA.UCAST_PROBES, U32)
    mcast_probes: int | None = attr(NDTPA.MCAST_PROBES, U32)
    anycast_delay: int | None = attr(NDTPA.ANYCAST_DELAY, U64)
    proxy_delay: int | None = attr(NDTPA.PROXY_DELAY, U64)
    proxy_qlen: int | None = attr(NDTPA.PROXY_QLEN, U32)
    locktime: int | None = attr(NDTPA.LOCKTIME, U64)
    queue_lenbytes: int | None = attr(NDTPA.QUEUE_LENBYTES, U32)
    mcast_reprobes: int | None = attr(NDTPA.MCAST_REPROBES, U32)
    interval_probe_time_ms: int | None = attr(NDTPA.INTERVAL_PROBE_TIME_MS, U64)


class NeighTable(Message, header="B3x", pad=NDTA.PAD):
    """One table, or the settings of one link in it. `gc_interval` is in milliseconds."""

    family: int = fixed()
    name: str | None = attr(NDTA.NAME, STRING)
    thresh1: int | None = attr(NDTA.THRESH1, U32)
    thresh2: int | None = attr(NDTA.THRESH2, U32)
    thresh3: int | None = attr(NDTA.THRESH3, U32)
    config: NeighTableConfig | None = attr(NDTA.CONFIG, structure(NeighTableConfig))
    parms: NeighParms | None = nested(NDTA.PARMS, NeighParms)
    stats: NeighTableStats | None = attr(NDTA.STATS, structure(NeighTableStats))
    gc_interval: int | None = attr(NDTA.GC_INTERVAL, U64)
