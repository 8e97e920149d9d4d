"""Bridges and their ports (linux/if_link.h, net/bridge/br_netlink.c)."""

from __future__ import annotations

from nslab.netlink.attrs import (
    BE16,
    BYTES,
    NLA_F_NESTED,
    U8,
    U16,
    U32,
    U64,
    Message,
    attr,
    flag,
    nested,
    numbers,
)


class IFLA_BR:  # noqa: N801 - the kernel's own name
    """A bridge's attribute types."""

    FORWARD_DELAY = 1
    HELLO_TIME = 2
    MAX_AGE = 3
    AGEING_TIME = 4
    STP_STATE = 5
    PRIORITY = 6
    VLAN_FILTERING = 7
    VLAN_PROTOCOL = 8
    GROUP_FWD_MASK = 9
    ROOT_ID = 10
    BRIDGE_ID = 11
    ROOT_PORT = 12
    ROOT_PATH_COST = 13
    TOPOLOGY_CHANGE = 14
    TOPOLOGY_CHANGE_DETECTED = 15
    HELLO_TIMER = 16
    TCN_TIMER = 17
    TOPOLOGY_CHANGE_TIMER = 18
    GC_TIMER = 19
    GROUP_ADDR = 20
    FDB_FLUSH = 21
    MCAST_ROUTER = 22
    MCAST_SNOOPING = 23
    MCAST_QUERY_USE_IFADDR = 24
    MCAST_QUERIER = 25
    MCAST_HASH_ELASTICITY = 26
    MCAST_HASH_MAX = 27
    MCAST_LAST_MEMBER_CNT = 28
    MCAST_STARTUP_QUERY_CNT = 29
    MCAST_LAST_MEMBER_INTVL = 30
    MCAST_MEMBERSHIP_INTVL = 31
    MCAST_QUERIER_INTVL = 32
    MCAST_QUERY_INTVL = 33
    MCAST_QUERY_RESPONSE_INTVL = 34
    MCAST_STARTUP_QUERY_INTVL = 35
    NF_CALL_IPTABLES = 36
    NF_CALL_IP6TABLES = 37
    NF_CALL_ARPTABLES = 38
    VLAN_DEFAULT_PVID = 39
    PAD = 40
    VLAN_STATS_ENABLED = 41
    MCAST_STATS_ENABLED = 42
    MCAST_IGMP_VERSION = 43
    MCAST_MLD_VERSION = 44
    VLAN_STATS_PER_PORT = 45
    MULTI_BOOLOPT = 46
    MCAST_QUERIER_STATE = 47
    FDB_N_LEARNED = 48
    FDB_MAX_LEARNED = 49


class BRIDGE_QUERIER:  # noqa: N801 - the kernel's own name
    """Attribute types inside IFLA_BR_MCAST_QUERIER_STATE (linux/if_bridge.h)."""

    IP_ADDRESS = 1
    IP_PORT = 2
    IP_OTHER_TIMER = 3
    PAD = 4
    IPV6_ADDRESS = 5
    IPV6_PORT = 6
    IPV6_OTHER_TIMER = 7


class BridgeQuerier(Message, pad=BRIDGE_QUERIER.PAD):
    """Who asks for multicast memberships."""

    ip_address: bytes | None = attr(BRIDGE_QUERIER.IP_ADDRESS, BYTES)
    ip_port: int | None = attr(BRIDGE_QUERIER.IP_PORT, U32)
    ip_other_timer: int | None = attr(BRIDGE_QUERIER.IP_OTHER_TIMER, U64)
    ipv6_address: bytes | None = attr(BRIDGE_QUERIER.IPV6_ADDRESS, BYTES)
    ipv6_port: int | None = attr(BRIDGE_QUERIER.IPV6_PORT, U32)
    ipv6_other_timer: int | None = attr(BRIDGE_QUERIER.IPV6_OTHER_TIMER, U64)


class BridgeInfo(Message, pad=IFLA_BR.PAD):
    """A bridge's settings. Times are in hundredths of a second (USER_HZ)."""

    forward_delay: int | None = attr(IFLA_BR.FORWARD_DELAY, U32)
    hello_time: int | None = attr(IFLA_BR.HELLO_TIME, U32)
    max_age: int | None = attr(IFLA_BR.MAX_AGE, U32)
    ageing_time: int | None = attr(IFLA_BR.AGEING_TIME, U32)
    stp_state: int | None = attr(IFLA_BR.STP_STATE, U32)
    priority: int | None = attr(IFLA_BR.PRIORITY, U16)
    vlan_filtering: int | None = attr(IFLA_BR.VLAN_FILTERING, U8)
    vlan_protocol: int | None = attr(IFLA_BR.VLAN_PROTOCOL, BE16)
    group_fwd_mask: int | None = attr(IFLA_BR.GROUP_FWD_MASK, U16)
    root_id: bytes | None = attr(IFLA_BR.ROOT_ID, BYTES)
    bridge_id: bytes | None = attr(IFLA_BR.BRIDGE_ID, BYTES)
    root_port: int | None = attr(IFLA_BR.ROOT_PORT, U16)
    root_path_cost: int | None = attr(IFLA_BR.ROOT_PATH_COST, U32)
    topology_change: int | None = attr(IFLA_BR.TOPOLOGY_CHANGE, U8)
    topology_change_detected: int | None = attr(IFLA_BR.TOPOLOGY_CHANGE_DETECTED, U8)
    hello_timer: int | None = attr(IFLA_BR.HELLO_TIMER, U64)
    tcn_timer: int | None = attr(IFLA_BR.TCN_TIMER, U64)
    topology_change_timer: int | None = attr(IFLA_BR.TOPOLOGY_CHANGE_TIMER, U64)
    gc_timer: int | None = attr(IFLA_BR.GC_TIMER, U64)
    group_addr: bytes | None = attr(IFLA_BR.GROUP_ADDR, BYTES)
    fdb_flush: bool = flag(IFLA_BR.FDB_FLUSH)
    mcast_router: int | None = attr(IFLA_BR.MCAST_ROUTER, U8)
    mcast_snooping: int | None = attr(IFLA_BR.MCAST_SNOOPING, U8)
    mcast_query_use_ifaddr: int | None = attr(IFLA_BR.MCAST_QUERY_USE_IFADDR, U8)
    mcast_querier: int | None = attr(IFLA_BR.MCAST_QUERIER, U8)
    mcast_hash_elasticity: int | None = attr(IFLA_BR.MCAST_HASH_ELASTICITY, U32)
    mcast_hash_max: int | None = attr(IFLA_BR.MCAST_HASH_MAX, U32)
    mcast_last_member_cnt: int | None = attr(IFLA_BR.MCAST_LAST_MEMBER_CNT, U32)
    mcast_startup_query_cnt: int | None = attr(IFLA_BR.MCAST_STARTUP_QUERY_CNT, U32)
    mcast_last_member_intvl: int | None = attr(IFLA_BR.MCAST_LAST_MEMBER_INTVL, U64)
    mcast_membership_intvl: int | None = attr(IFLA_BR.MCAST_MEMBERSHIP_INTVL, U64)
    mcast_querier_intvl: int | None = attr(IFLA_BR.MCAST_QUERIER_INTVL, U64)
    mcast_query_intvl: int | None = attr(IFLA_BR.MCAST_QUERY_INTVL, U64)
    mcast_query_response_intvl: int | None = attr(IFLA_BR.MCAST_QUERY_RESPONSE_INTVL, U64)
    mcast_startup_query_intvl: int | None = attr(IFLA_BR.MCAST_STARTUP_QUERY_INTVL, U64)
    nf_call_iptables: int | None = attr(IFLA_BR.NF_CALL_IPTABLES, U8)
    nf_call_ip6tables: int | None = attr(IFLA_BR.NF_CALL_IP6TABLES, U8)
    nf_call_arptables: int | None = attr(IFLA_BR.NF_CALL_ARPTABLES, U8)
    vlan_default_pvid: int | None = attr(IFLA_BR.VLAN_DEFAULT_PVID, U16)
    vlan_stats_enabled: int | None = attr(IFLA_BR.VLAN_STATS_ENABLED, U8)
    mcast_stats_enabled: int | None = attr(IFLA_BR.MCAST_STATS_ENABLED, U8)
    mcast_igmp_version: int | None = attr(IFLA_BR.MCAST_IGMP_VERSION, U8)
    mcast_mld_version: int | None = attr(IFLA_BR.MCAST_MLD_VERSION, U8)
    vlan_stats_per_port: int | None = attr(IFLA_BR.VLAN_STATS_PER_PORT, U8)
    multi_boolopt: tuple[int, ...] | None = attr(IFLA_BR.MULTI_BOOLOPT, numbers("=II"))
    mcast_querier_state: BridgeQuerier | None = nested(
        IFLA_BR.MCAST_QUERIER_STATE | NLA_F_NESTED, BridgeQuerier
    )
    fdb_n_learned: int | None = attr(IFLA_BR.FDB_N_LEARNED, U32)
    fdb_max_learned: int | None = attr(IFLA_BR.FDB_MAX_LEARNED, U32)


class IFLA_BRPORT:  # noqa: N801 - the kernel's own name
    """A bridge port's attribute types."""

    STATE = 1
    PRIORITY = 2
    COST = 3
    MODE = 4
    GUARD = 5
    PROTECT = 6
    FAST_LEAVE = 7
    LEARNING = 8
    UNICAST_FLOOD = 9
    PROXYARP = 10
    LEARNING_SYNC = 11
    PROXYARP_WIFI = 12
    ROOT_ID = 13
    BRIDGE_ID = 14
    DESIGNATED_PORT = 15
    DESIGNATED_COST = 16
    ID = 17
    NO = 18
    TOPOLOGY_CHANGE_ACK = 19
    CONFIG_PENDING = 20
    MESSAGE_AGE_TIMER = 21
    FORWARD_DELAY_TIMER = 22
    HOLD_TIMER = 23
    FLUSH = 24
    MULTICAST_ROUTER = 25
    PAD = 26
    MCAST_FLOOD = 27
    MCAST_TO_UCAST = 28
    VLAN_TUNNEL = 29
    BCAST_FLOOD = 30
    GROUP_FWD_MASK = 31
    NEIGH_SUPPRESS = 32
    ISOLATED = 33
    BACKUP_PORT = 34
    MRP_RING_OPEN = 35
    MRP_IN_OPEN = 36
    MCAST_EHT_HOSTS_LIMIT = 37
    MCAST_EHT_HOSTS_CNT = 38
    LOCKED = 39
    MAB = 40
    MCAST_N_GROUPS = 41
    MCAST_MAX_GROUPS = 42
    NEIGH_VLAN_SUPPRESS = 43
    BACKUP_NHID = 44


class BridgePortInfo(Message, pad=IFLA_BRPORT.PAD):
    """A bridge port's settings."""

    state: int | None = attr(IFLA_BRPORT.STATE, U8)
    priority: int | None = attr(IFLA_BRPORT.PRIORITY, U16)
    cost: int | None = attr(IFLA_BRPORT.COST, U32)
    mode: int | None = attr(IFLA_BRPORT.MODE, U8)
    guard: int | None = attr(IFLA_BRPORT.GUARD, U8)
    protect: int | None = attr(IFLA_BRPORT.PROTECT, U8)
    fast_leave: int | None = attr(IFLA_BRPORT.FAST_LEAVE, U8)
    learning: int | None = attr(IFLA_BRPORT.LEARNING, U8)
    unicast_flood: int | None = attr(IFLA_BRPORT.UNICAST_FLOOD, U8)
    proxyarp: int | None = attr(IFLA_BRPORT.PROXYARP, U8)
    learning_sync: int | None = attr(IFLA_BRPORT.LEARNING_SYNC, U8)
    proxyarp_wifi: int | None = attr(IFLA_BRPORT.PROXYARP_WIFI, U8)
    root_id: bytes | None = attr(IFLA_BRPORT.ROOT_ID, BYTES)
    bridge_id: bytes | None = attr(IFLA_BRPORT.BRIDGE_ID, BYTES)
    designated_port: int | None = attr(IFLA_BRPORT.DESIGNATED_PORT, U16)
    designated_cost: int | None = attr(IFLA_BRPORT.DESIGNATED_COST, U16)
    id: int | None = attr(IFLA_BRPORT.ID, U16)
    no: int | None = attr(IFLA_BRPORT.NO, U16)
    topology_change_ack: int | None = attr(IFLA_BRPORT.TOPOLOGY_CHANGE_ACK, U8)
    config_pending: int | None = attr(IFLA_BRPORT.CONFIG_PENDING, U8)
    message_age_timer: int | None = attr(IFLA_BRPORT.MESSAGE_AGE_TIMER, U64)
    forward_delay_timer: int | None = attr(IFLA_BRPORT.FORWARD_DELAY_TIMER, U64)
    hold_timer: int | None = attr(IFLA_BRPORT.HOLD_TIMER, U64)
    flush: bool = flag(IFLA_BRPORT.FLUSH)
    multicast_router: int | None = attr(IFLA_BRPORT.MULTICAST_ROUTER, U8)
    mcast_flood: int | None = attr(IFLA_BRPORT.MCAST_FLOOD, U8)
    mcast_to_ucast: int | None = attr(IFLA_BRPORT.MCAST_TO_UCAST, U8)
    vlan_tunnel: int | None = attr(IFLA_BRPORT.VLAN_TUNNEL, U8)
    bcast_flood: int | None = attr(IFLA_BRPORT.BCAST_FLOOD, U8)
    group_fwd_mask: int | None = attr(IFLA_BRPORT.GROUP_FWD_MASK, U16)
    neigh_suppress: int | None = attr(IFLA_BRPORT.NEIGH_SUPPRESS, U8)
    isolated: int | None = attr(IFLA_BRPORT.ISOLATED, U8)
    backup_port: int | None = attr(IFLA_BRPORT.BACKUP_PORT, U32)
    mrp_ring_open: int | None = attr(IFLA_BRPORT.MRP_RING_OPEN, U8)
    mrp_in_open: int | None = attr(IFLA_BRPORT.MRP_IN_OPEN, U8)
    mcast_eht_hosts_limit: int | None = attr(IFLA_BRPORT.MCAST_EHT_HOSTS_LIMIT, U32)
    mcast_eht_hosts_cnt: int | None = attr(IFLA_BRPORT.MCAST_EHT_HOSTS_CNT, U32)
    locked: int | None = attr(IFLA_BRPORT.LOCKED, U8)
    mab: int | None = attr(IFLA_BRPORT.MAB, U8)
    mcast_n_groups: int | None = attr(IFLA_BRPORT.MCAST_N_GROUPS, U32)
    mcast_max_groups: int | None = attr(IFLA_BRPORT.MCAST_MAX_GROUPS, U32)
    neigh_vlan_suppress: int | None = attr(IFLA_BRPORT.NEIGH_VLAN_SUPPRESS, U8)
    backup_nhid: int | None = attr(IFLA_BRPORT.BACKUP_NHID, U32)
