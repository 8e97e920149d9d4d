"""What address families add to a link: IFLA_AF_SPEC of RTM_*LINK (linux/if_link.h).

The kernel tells a family's settings as an array, in which they are found by position; it is told
IPv4's one by one.
"""

from __future__ import annotations

from nslab.netlink.attrs import (
    BYTES,
    NLA_F_NESTED,
    S32,
    U8,
    U32,
    Message,
    array,
    attr,
    fixed,
    nested,
    structure,
)
from nslab.netlink.rtnl.constants import AF


class IFLA_INET:  # noqa: N801 - the kernel's own name
    """Attribute types of AF_INET."""

    CONF = 1


class IFLA_INET6:  # noqa: N801 - the kernel's own name
    """Attribute types of AF_INET6."""

    FLAGS = 1
    CONF = 2
    STATS = 3
    MCAST = 4
    CACHEINFO = 5
    ICMP6STATS = 6
    TOKEN = 7
    ADDR_GEN_MODE = 8
    RA_MTU = 9


class IN6_ADDR_GEN_MODE:  # noqa: N801 - the kernel's own name
    """How a link's own IPv6 addresses come about."""

    EUI64 = 0
    NONE = 1
    STABLE_PRIVACY = 2
    RANDOM = 3


class IPV4_DEVCONF:  # noqa: N801 - the kernel's own name
    """The settings of IPv4 (linux/ip.h): types in a request; less one, positions in an answer."""

    FORWARDING = 1
    MC_FORWARDING = 2
    PROXY_ARP = 3
    ACCEPT_REDIRECTS = 4
    SECURE_REDIRECTS = 5
    SEND_REDIRECTS = 6
    SHARED_MEDIA = 7
    RP_FILTER = 8
    ACCEPT_SOURCE_ROUTE = 9
    BOOTP_RELAY = 10
    LOG_MARTIANS = 11
    TAG = 12
    ARPFILTER = 13
    MEDIUM_ID = 14
    NOXFRM = 15
    NOPOLICY = 16
    FORCE_IGMP_VERSION = 17
    ARP_ANNOUNCE = 18
    ARP_IGNORE = 19
    PROMOTE_SECONDARIES = 20
    ARP_ACCEPT = 21
    ARP_NOTIFY = 22
    ACCEPT_LOCAL = 23
    SRC_VMARK = 24
    PROXY_ARP_PVLAN = 25
    ROUTE_LOCALNET = 26
    IGMPV2_UNSOLICITED_REPORT_INTERVAL = 27
    IGMPV3_UNSOLICITED_REPORT_INTERVAL = 28
    IGNORE_ROUTES_WITH_LINKDOWN = 29
    DROP_UNICAST_IN_L2_MULTICAST = 30
    DROP_GRATUITOUS_ARP = 31
    BC_FORWARDING = 32
    ARP_EVICT_NOCARRIER = 33


class DEVCONF:
    """The settings of IPv6 (linux/ipv6.h): positions in an answer."""

    FORWARDING = 0
    HOPLIMIT = 1
    MTU6 = 2
    ACCEPT_RA = 3
    ACCEPT_REDIRECTS = 4
    AUTOCONF = 5
    DAD_TRANSMITS = 6
    RTR_SOLICITS = 7
    RTR_SOLICIT_INTERVAL = 8
    RTR_SOLICIT_DELAY = 9
    USE_TEMPADDR = 10
    TEMP_VALID_LFT = 11
    TEMP_PREFERED_LFT = 12
    REGEN_MAX_RETRY = 13
    MAX_DESYNC_FACTOR = 14
    MAX_ADDRESSES = 15
    FORCE_MLD_VERSION = 16
    ACCEPT_RA_DEFRTR = 17
    ACCEPT_RA_PINFO = 18
    ACCEPT_RA_RTR_PREF = 19
    RTR_PROBE_INTERVAL = 20
    ACCEPT_RA_RT_INFO_MAX_PLEN = 21
    PROXY_NDP = 22
    OPTIMISTIC_DAD = 23
    ACCEPT_SOURCE_ROUTE = 24
    MC_FORWARDING = 25
    DISABLE_IPV6 = 26
    ACCEPT_DAD = 27
    FORCE_TLLAO = 28
    NDISC_NOTIFY = 29
    MLDV1_UNSOLICITED_REPORT_INTERVAL = 30
    MLDV2_UNSOLICITED_REPORT_INTERVAL = 31
    SUPPRESS_FRAG_NDISC = 32
    ACCEPT_RA_FROM_LOCAL = 33
    USE_OPTIMISTIC = 34
    ACCEPT_RA_MTU = 35
    STABLE_SECRET = 36
    USE_OIF_ADDRS_ONLY = 37
    ACCEPT_RA_MIN_HOP_LIMIT = 38
    IGNORE_ROUTES_WITH_LINKDOWN = 39
    DROP_UNICAST_IN_L2_MULTICAST = 40
    DROP_UNSOLICITED_NA = 41
    KEEP_ADDR_ON_DOWN = 42
    RTR_SOLICIT_MAX_INTERVAL = 43
    SEG6_ENABLED = 44
    SEG6_REQUIRE_HMAC = 45
    ENHANCED_DAD = 46
    ADDR_GEN_MODE = 47
    DISABLE_POLICY = 48
    ACCEPT_RA_RT_INFO_MIN_PLEN = 49
    NDISC_TCLASS = 50
    RPL_SEG_ENABLED = 51
    RA_DEFRTR_METRIC = 52
    IOAM6_ENABLED = 53
    IOAM6_ID = 54
    IOAM6_ID_WIDE = 55
    NDISC_EVICT_NOCARRIER = 56
    ACCEPT_UNTRACKED_NA = 57
    ACCEPT_RA_MIN_LFT = 58


class InetConf(Message):
    """Settings of IPv4 to change, each as in /proc/sys/net/ipv4/conf."""

    forwarding: int | None = attr(IPV4_DEVCONF.FORWARDING, S32)
    mc_forwarding: int | None = attr(IPV4_DEVCONF.MC_FORWARDING, S32)
    proxy_arp: int | None = attr(IPV4_DEVCONF.PROXY_ARP, S32)
    accept_redirects: int | None = attr(IPV4_DEVCONF.ACCEPT_REDIRECTS, S32)
    secure_redirects: int | None = attr(IPV4_DEVCONF.SECURE_REDIRECTS, S32)
    send_redirects: int | None = attr(IPV4_DEVCONF.SEND_REDIRECTS, S32)
    shared_media: int | None = attr(IPV4_DEVCONF.SHARED_MEDIA, S32)
    rp_filter: int | None = attr(IPV4_DEVCONF.RP_FILTER, S32)
    accept_source_route: int | None = attr(IPV4_DEVCONF.ACCEPT_SOURCE_ROUTE, S32)
    bootp_relay: int | None = attr(IPV4_DEVCONF.BOOTP_RELAY, S32)
    log_martians: int | None = attr(IPV4_DEVCONF.LOG_MARTIANS, S32)
    tag: int | None = attr(IPV4_DEVCONF.TAG, S32)
    arpfilter: int | None = attr(IPV4_DEVCONF.ARPFILTER, S32)
    medium_id: int | None = attr(IPV4_DEVCONF.MEDIUM_ID, S32)
    noxfrm: int | None = attr(IPV4_DEVCONF.NOXFRM, S32)
    nopolicy: int | None = attr(IPV4_DEVCONF.NOPOLICY, S32)
    force_igmp_version: int | None = attr(IPV4_DEVCONF.FORCE_IGMP_VERSION, S32)
    arp_announce: int | None = attr(IPV4_DEVCONF.ARP_ANNOUNCE, S32)
    arp_ignore: int | None = attr(IPV4_DEVCONF.ARP_IGNORE, S32)
    promote_secondaries: int | None = attr(IPV4_DEVCONF.PROMOTE_SECONDARIES, S32)
    arp_accept: int | None = attr(IPV4_DEVCONF.ARP_ACCEPT, S32)
    arp_notify: int | None = attr(IPV4_DEVCONF.ARP_NOTIFY, S32)
    accept_local: int | None = attr(IPV4_DEVCONF.ACCEPT_LOCAL, S32)
    src_vmark: int | None = attr(IPV4_DEVCONF.SRC_VMARK, S32)
    proxy_arp_pvlan: int | None = attr(IPV4_DEVCONF.PROXY_ARP_PVLAN, S32)
    route_localnet: int | None = attr(IPV4_DEVCONF.ROUTE_LOCALNET, S32)
    igmpv2_unsolicited_report_interval: int | None = attr(
        IPV4_DEVCONF.IGMPV2_UNSOLICITED_REPORT_INTERVAL, S32
    )
    igmpv3_unsolicited_report_interval: int | None = attr(
        IPV4_DEVCONF.IGMPV3_UNSOLICITED_REPORT_INTERVAL, S32
    )
    ignore_routes_with_linkdown: int | None = attr(IPV4_DEVCONF.IGNORE_ROUTES_WITH_LINKDOWN, S32)
    drop_unicast_in_l2_multicast: int | None = attr(IPV4_DEVCONF.DROP_UNICAST_IN_L2_MULTICAST, S32)
    drop_gratuitous_arp: int | None = attr(IPV4_DEVCONF.DROP_GRATUITOUS_ARP, S32)
    bc_forwarding: int | None = attr(IPV4_DEVCONF.BC_FORWARDING, S32)
    arp_evict_nocarrier: int | None = attr(IPV4_DEVCONF.ARP_EVICT_NOCARRIER, S32)


class InetSpec(Message):
    """A link's IPv4 settings: `conf` is told by the kernel, `change` to it."""

    conf: tuple[int, ...] | None = attr(IFLA_INET.CONF, array("i"))
    change: InetConf | None = nested(IFLA_INET.CONF | NLA_F_NESTED, InetConf)


class Inet6Cacheinfo(Message, header="IIII"):
    """The times of a link's IPv6 (struct ifla_cacheinfo).

    `tstamp` is in hundredths of a second since boot, the other times are in milliseconds.
    """

    max_reasm_len: int = fixed()
    tstamp: int = fixed()
    reachable_time: int = fixed()
    retrans_time: int = fixed()


class Inet6Spec(Message):
    """A link's IPv6 settings and counters; a counter array begins with its own length.

    Only `token` and `addr_gen_mode` can be set.
    """

    flags: int | None = attr(IFLA_INET6.FLAGS, U32)
    conf: tuple[int, ...] | None = attr(IFLA_INET6.CONF, array("i"))
    stats: tuple[int, ...] | None = attr(IFLA_INET6.STATS, array("Q"))
    cacheinfo: Inet6Cacheinfo | None = attr(IFLA_INET6.CACHEINFO, structure(Inet6Cacheinfo))
    icmp6stats: tuple[int, ...] | None = attr(IFLA_INET6.ICMP6STATS, array("Q"))
    token: bytes | None = attr(IFLA_INET6.TOKEN, BYTES)
    addr_gen_mode: int | None = attr(IFLA_INET6.ADDR_GEN_MODE, U8)
    ra_mtu: int | None = attr(IFLA_INET6.RA_MTU, U32)


class AfSpec(Message):
    """What each family has to say about a link."""

    inet: InetSpec | None = nested(AF.INET, InetSpec)
    inet6: Inet6Spec | None = nested(AF.INET6, Inet6Spec)
