"""Bonds and their ports (linux/if_link.h, drivers/net/bonding)."""

from __future__ import annotations

from nslab.netlink.attrs import BYTES, S32, U8, U16, U32, Message, attr, nested, numbered


class IFLA_BOND_AD_INFO:  # noqa: N801 - the kernel's own name
    """Attribute types inside IFLA_BOND_AD_INFO."""

    AGGREGATOR = 1
    NUM_PORTS = 2
    ACTOR_KEY = 3
    PARTNER_KEY = 4
    PARTNER_MAC = 5


class BondAdInfo(Message):
    """The active aggregator, IEEE 802.3ad."""

    aggregator: int | None = attr(IFLA_BOND_AD_INFO.AGGREGATOR, U16)
    num_ports: int | None = attr(IFLA_BOND_AD_INFO.NUM_PORTS, U16)
    actor_key: int | None = attr(IFLA_BOND_AD_INFO.ACTOR_KEY, U16)
    partner_key: int | None = attr(IFLA_BOND_AD_INFO.PARTNER_KEY, U16)
    partner_mac: bytes | None = attr(IFLA_BOND_AD_INFO.PARTNER_MAC, BYTES)


class IFLA_BOND:  # noqa: N801 - the kernel's own name
    """A bond's attribute types."""

    MODE = 1
    ACTIVE_SLAVE = 2
    MIIMON = 3
    UPDELAY = 4
    DOWNDELAY = 5
    USE_CARRIER = 6
    ARP_INTERVAL = 7
    ARP_IP_TARGET = 8
    ARP_VALIDATE = 9
    ARP_ALL_TARGETS = 10
    PRIMARY = 11
    PRIMARY_RESELECT = 12
    FAIL_OVER_MAC = 13
    XMIT_HASH_POLICY = 14
    RESEND_IGMP = 15
    NUM_PEER_NOTIF = 16
    ALL_SLAVES_ACTIVE = 17
    MIN_LINKS = 18
    LP_INTERVAL = 19
    PACKETS_PER_SLAVE = 20
    AD_LACP_RATE = 21
    AD_SELECT = 22
    AD_INFO = 23
    AD_ACTOR_SYS_PRIO = 24
    AD_USER_PORT_KEY = 25
    AD_ACTOR_SYSTEM = 26
    TLB_DYNAMIC_LB = 27
    PEER_NOTIF_DELAY = 28
    AD_LACP_ACTIVE = 29
    MISSED_MAX = 30
    NS_IP6_TARGET = 31
    COUPLED_CONTROL = 32
    BROADCAST_NEIGH = 33


class BondInfo(Message):
    """A bond's settings. Times are in milliseconds."""

    mode: int | None = attr(IFLA_BOND.MODE, U8)
    active_slave: int | None = attr(IFLA_BOND.ACTIVE_SLAVE, U32)
    miimon: int | None = attr(IFLA_BOND.MIIMON, U32)
    updelay: int | None = attr(IFLA_BOND.UPDELAY, U32)
    downdelay: int | None = attr(IFLA_BOND.DOWNDELAY, U32)
    use_carrier: int | None = attr(IFLA_BOND.USE_CARRIER, U8)
    arp_interval: int | None = attr(IFLA_BOND.ARP_INTERVAL, U32)
    arp_ip_target: tuple[bytes, ...] | None = attr(IFLA_BOND.ARP_IP_TARGET, numbered(BYTES))
    arp_validate: int | None = attr(IFLA_BOND.ARP_VALIDATE, U32)
    arp_all_targets: int | None = attr(IFLA_BOND.ARP_ALL_TARGETS, U32)
    primary: int | None = attr(IFLA_BOND.PRIMARY, U32)
    primary_reselect: int | None = attr(IFLA_BOND.PRIMARY_RESELECT, U8)
    fail_over_mac: int | None = attr(IFLA_BOND.FAIL_OVER_MAC, U8)
    xmit_hash_policy: int | None = attr(IFLA_BOND.XMIT_HASH_POLICY, U8)
    resend_igmp: int | None = attr(IFLA_BOND.RESEND_IGMP, U32)
    num_peer_notif: int | None = attr(IFLA_BOND.NUM_PEER_NOTIF, U8)
    all_slaves_active: int | None = attr(IFLA_BOND.ALL_SLAVES_ACTIVE, U8)
    min_links: int | None = attr(IFLA_BOND.MIN_LINKS, U32)
    lp_interval: int | None = attr(IFLA_BOND.LP_INTERVAL, U32)
    packets_per_slave: int | None = attr(IFLA_BOND.PACKETS_PER_SLAVE, U32)
    ad_lacp_rate: int | None = attr(IFLA_BOND.AD_LACP_RATE, U8)
    ad_select: int | None = attr(IFLA_BOND.AD_SELECT, U8)
    ad_info: BondAdInfo | None = nested(IFLA_BOND.AD_INFO, BondAdInfo)
    ad_actor_sys_prio: int | None = attr(IFLA_BOND.AD_ACTOR_SYS_PRIO, U16)
    ad_user_port_key: int | None = attr(IFLA_BOND.AD_USER_PORT_KEY, U16)
    ad_actor_system: bytes | None = attr(IFLA_BOND.AD_ACTOR_SYSTEM, BYTES)
    tlb_dynamic_lb: int | None = attr(IFLA_BOND.TLB_DYNAMIC_LB, U8)
    peer_notif_delay: int | None = attr(IFLA_BOND.PEER_NOTIF_DELAY, U32)
    ad_lacp_active: int | None = attr(IFLA_BOND.AD_LACP_ACTIVE, U8)
    missed_max: int | None = attr(IFLA_BOND.MISSED_MAX, U8)
    ns_ip6_target: tuple[bytes, ...] | None = attr(IFLA_BOND.NS_IP6_TARGET, numbered(BYTES))
    coupled_control: int | None = attr(IFLA_BOND.COUPLED_CONTROL, U8)
    broadcast_neigh: int | None = attr(IFLA_BOND.BROADCAST_NEIGH, U8)


class IFLA_BOND_SLAVE:  # noqa: N801 - the kernel's own name
    """A bond port's attribute types."""

    STATE = 1
    MII_STATUS = 2
    LINK_FAILURE_COUNT = 3
    PERM_HWADDR = 4
    QUEUE_ID = 5
    AD_AGGREGATOR_ID = 6
    AD_ACTOR_OPER_PORT_STATE = 7
    AD_PARTNER_OPER_PORT_STATE = 8
    PRIO = 9
    ACTOR_PORT_PRIO = 10
    AD_CHURN_ACTOR_STATE = 11
    AD_CHURN_PARTNER_STATE = 12


class BondPortInfo(Message):
    """A bond port's state."""

    state: int | None = attr(IFLA_BOND_SLAVE.STATE, U8)
    mii_status: int | None = attr(IFLA_BOND_SLAVE.MII_STATUS, U8)
    link_failure_count: int | None = attr(IFLA_BOND_SLAVE.LINK_FAILURE_COUNT, U32)
    perm_hwaddr: bytes | None = attr(IFLA_BOND_SLAVE.PERM_HWADDR, BYTES)
    queue_id: int | None = attr(IFLA_BOND_SLAVE.QUEUE_ID, U16)
    ad_aggregator_id: int | None = attr(IFLA_BOND_SLAVE.AD_AGGREGATOR_ID, U16)
    ad_actor_oper_port_state: int | None = attr(IFLA_BOND_SLAVE.AD_ACTOR_OPER_PORT_STATE, U8)
    ad_partner_oper_port_state: int | None = attr(IFLA_BOND_SLAVE.AD_PARTNER_OPER_PORT_STATE, U16)
    prio: int | None = attr(IFLA_BOND_SLAVE.PRIO, S32)
    actor_port_prio: int | None = attr(IFLA_BOND_SLAVE.ACTOR_PORT_PRIO, U16)
    ad_churn_actor_state: int | None = attr(IFLA_BOND_SLAVE.AD_CHURN_ACTOR_STATE, U8)
    ad_churn_partner_state: int | None = attr(IFLA_BOND_SLAVE.AD_CHURN_PARTNER_STATE, U8)
