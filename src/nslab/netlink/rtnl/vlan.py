"""A bridge's VLANs, one by one: RTM_*VLAN (linux/if_bridge.h, struct br_vlan_msg)."""

from __future__ import annotations

from nslab.netlink.attrs import (
    BYTES,
    NLA_F_NESTED,
    U8,
    U16,
    U32,
    U64,
    Message,
    attr,
    body,
    each,
    fixed,
    nested,
    numbers,
)
from nslab.netlink.rtnl.kinds.bridge import BridgeQuerier


class BRIDGE_VLANDB:  # noqa: N801 - the kernel's own name
    """Attribute types; in the request of a dump, 1 is DUMP_FLAGS."""

    DUMP_FLAGS = 1
    ENTRY = 1
    GLOBAL_OPTIONS = 2


class BRIDGE_VLANDB_DUMPF:  # noqa: N801 - the kernel's own name
    """What a dump shall contain."""

    STATS = 1
    GLOBAL = 2


class BRIDGE_VLANDB_ENTRY:  # noqa: N801 - the kernel's own name
    """Attribute types inside BRIDGE_VLANDB_ENTRY."""

    INFO = 1
    RANGE = 2
    STATE = 3
    TUNNEL_INFO = 4
    STATS = 5
    MCAST_ROUTER = 6
    MCAST_N_GROUPS = 7
    MCAST_MAX_GROUPS = 8
    NEIGH_SUPPRESS = 9


class BRIDGE_VLANDB_TINFO:  # noqa: N801 - the kernel's own name
    """Attribute types inside BRIDGE_VLANDB_ENTRY_TUNNEL_INFO."""

    ID = 1
    CMD = 2


class BRIDGE_VLANDB_STATS:  # noqa: N801 - the kernel's own name
    """Attribute types inside BRIDGE_VLANDB_ENTRY_STATS."""

    RX_BYTES = 1
    RX_PACKETS = 2
    TX_BYTES = 3
    TX_PACKETS = 4
    PAD = 5


class BRIDGE_VLANDB_GOPTS:  # noqa: N801 - the kernel's own name
    """Attribute types inside BRIDGE_VLANDB_GLOBAL_OPTIONS."""

    ID = 1
    RANGE = 2
    MCAST_SNOOPING = 3
    MCAST_IGMP_VERSION = 4
    MCAST_MLD_VERSION = 5
    MCAST_LAST_MEMBER_CNT = 6
    MCAST_STARTUP_QUERY_CNT = 7
    MCAST_LAST_MEMBER_INTVL = 8
    PAD = 9
    MCAST_MEMBERSHIP_INTVL = 10
    MCAST_QUERIER_INTVL = 11
    MCAST_QUERY_INTVL = 12
    MCAST_QUERY_RESPONSE_INTVL = 13
    MCAST_STARTUP_QUERY_INTVL = 14
    MCAST_QUERIER = 15
    MCAST_ROUTER_PORTS = 16
    MCAST_QUERIER_STATE = 17
    MSTI = 18


class VlanTunnelId(Message):
    """The tunnel id of a VLAN; `cmd` is RTM_SETLINK or RTM_DELLINK in a request."""

    id: int | None = attr(BRIDGE_VLANDB_TINFO.ID, U32)
    cmd: int | None = attr(BRIDGE_VLANDB_TINFO.CMD, U32)


class VlanCounters(Message, pad=BRIDGE_VLANDB_STATS.PAD):
    """The counters of a VLAN."""

    rx_bytes: int | None = attr(BRIDGE_VLANDB_STATS.RX_BYTES, U64)
    rx_packets: int | None = attr(BRIDGE_VLANDB_STATS.RX_PACKETS, U64)
    tx_bytes: int | None = attr(BRIDGE_VLANDB_STATS.TX_BYTES, U64)
    tx_packets: int | None = attr(BRIDGE_VLANDB_STATS.TX_PACKETS, U64)


class VlanEntry(Message):
    """One VLAN, or those from its `info` (flags, vid) to `range`, of a bridge or port."""

    info: tuple[int, ...] | None = attr(BRIDGE_VLANDB_ENTRY.INFO, numbers("=HH"))
    range: int | None = attr(BRIDGE_VLANDB_ENTRY.RANGE, U16)
    state: int | None = attr(BRIDGE_VLANDB_ENTRY.STATE, U8)
    tunnel_info: VlanTunnelId | None = nested(
        BRIDGE_VLANDB_ENTRY.TUNNEL_INFO | NLA_F_NESTED, VlanTunnelId
    )
    stats: VlanCounters | None = nested(BRIDGE_VLANDB_ENTRY.STATS | NLA_F_NESTED, VlanCounters)
    mcast_router: int | None = attr(BRIDGE_VLANDB_ENTRY.MCAST_ROUTER, U8)
    mcast_n_groups: int | None = attr(BRIDGE_VLANDB_ENTRY.MCAST_N_GROUPS, U32)
    mcast_max_groups: int | None = attr(BRIDGE_VLANDB_ENTRY.MCAST_MAX_GROUPS, U32)
    neigh_suppress: int | None = attr(BRIDGE_VLANDB_ENTRY.NEIGH_SUPPRESS, U8)


class VlanOptions(Message, pad=BRIDGE_VLANDB_GOPTS.PAD):
    """A bridge's options for one VLAN, or those from `id` to `range`.

    Times are in hundredths of a second (USER_HZ).
    """

    id: int | None = attr(BRIDGE_VLANDB_GOPTS.ID, U16)
    range: int | None = attr(BRIDGE_VLANDB_GOPTS.RANGE, U16)
    mcast_snooping: int | None = attr(BRIDGE_VLANDB_GOPTS.MCAST_SNOOPING, U8)
    mcast_igmp_version: int | None = attr(BRIDGE_VLANDB_GOPTS.MCAST_IGMP_VERSION, U8)
    mcast_mld_version: int | None = attr(BRIDGE_VLANDB_GOPTS.MCAST_MLD_VERSION, U8)
    mcast_last_member_cnt: int | None = attr(BRIDGE_VLANDB_GOPTS.MCAST_LAST_MEMBER_CNT, U32)
    mcast_startup_query_cnt: int | None = attr(BRIDGE_VLANDB_GOPTS.MCAST_STARTUP_QUERY_CNT, U32)
    mcast_last_member_intvl: int | None = attr(BRIDGE_VLANDB_GOPTS.MCAST_LAST_MEMBER_INTVL, U64)
    mcast_membership_intvl: int | None = attr(BRIDGE_VLANDB_GOPTS.MCAST_MEMBERSHIP_INTVL, U64)
    mcast_querier_intvl: int | None = attr(BRIDGE_VLANDB_GOPTS.MCAST_QUERIER_INTVL, U64)
    mcast_query_intvl: int | None = attr(BRIDGE_VLANDB_GOPTS.MCAST_QUERY_INTVL, U64)
    mcast_query_response_intvl: int | None = attr(
        BRIDGE_VLANDB_GOPTS.MCAST_QUERY_RESPONSE_INTVL, U64
    )
    mcast_startup_query_intvl: int | None = attr(BRIDGE_VLANDB_GOPTS.MCAST_STARTUP_QUERY_INTVL, U64)
    mcast_querier: int | None = attr(BRIDGE_VLANDB_GOPTS.MCAST_QUERIER, U8)
    mcast_router_ports: bytes | None = attr(
        BRIDGE_VLANDB_GOPTS.MCAST_ROUTER_PORTS | NLA_F_NESTED, BYTES
    )
    mcast_querier_state: BridgeQuerier | None = nested(
        BRIDGE_VLANDB_GOPTS.MCAST_QUERIER_STATE | NLA_F_NESTED, BridgeQuerier
    )
    msti: int | None = attr(BRIDGE_VLANDB_GOPTS.MSTI, U16)


class Vlans(Message, header="B3xI"):
    """VLANs of one bridge or port."""

    family: int = fixed()
    ifindex: int = fixed()
    entries: tuple[VlanEntry, ...] = each(BRIDGE_VLANDB.ENTRY | NLA_F_NESTED, body(VlanEntry))
    options: tuple[VlanOptions, ...] = each(
        BRIDGE_VLANDB.GLOBAL_OPTIONS | NLA_F_NESTED, body(VlanOptions)
    )


class VlansQuery(Message, header="B3xI"):
    """What a dump of VLANs asks for: of one link or of all (0), `flags` of BRIDGE_VLANDB_DUMPF."""

    family: int = fixed()
    ifindex: int = fixed()
    flags: int | None = attr(BRIDGE_VLANDB.DUMP_FLAGS, U32)
