"""GRE and IP-in-IP tunnels (linux/if_tunnel.h)."""

from __future__ import annotations

from nslab.netlink.attrs import BE16, BE32, BYTES, U8, U16, U32, Message, attr, flag


class IFLA_GRE:  # noqa: N801 - the kernel's own name
    """A GRE link's attribute types."""

    LINK = 1
    IFLAGS = 2
    OFLAGS = 3
    IKEY = 4
    OKEY = 5
    LOCAL = 6
    REMOTE = 7
    TTL = 8
    TOS = 9
    PMTUDISC = 10
    ENCAP_LIMIT = 11
    FLOWINFO = 12
    FLAGS = 13
    ENCAP_TYPE = 14
    ENCAP_FLAGS = 15
    ENCAP_SPORT = 16
    ENCAP_DPORT = 17
    COLLECT_METADATA = 18
    IGNORE_DF = 19
    FWMARK = 20
    ERSPAN_INDEX = 21
    ERSPAN_VER = 22
    ERSPAN_DIR = 23
    ERSPAN_HWID = 24


class GreInfo(Message):
    """A gre, gretap, erspan, ip6gre, ip6gretap or ip6erspan link's settings."""

    link: int | None = attr(IFLA_GRE.LINK, U32)
    iflags: int | None = attr(IFLA_GRE.IFLAGS, BE16)
    oflags: int | None = attr(IFLA_GRE.OFLAGS, BE16)
    ikey: int | None = attr(IFLA_GRE.IKEY, BE32)
    okey: int | None = attr(IFLA_GRE.OKEY, BE32)
    local: bytes | None = attr(IFLA_GRE.LOCAL, BYTES)
    remote: bytes | None = attr(IFLA_GRE.REMOTE, BYTES)
    ttl: int | None = attr(IFLA_GRE.TTL, U8)
    tos: int | None = attr(IFLA_GRE.TOS, U8)
    pmtudisc: int | None = attr(IFLA_GRE.PMTUDISC, U8)
    encap_limit: int | None = attr(IFLA_GRE.ENCAP_LIMIT, U8)
    flowinfo: int | None = attr(IFLA_GRE.FLOWINFO, BE32)
    flags: int | None = attr(IFLA_GRE.FLAGS, U32)
    encap_type: int | None = attr(IFLA_GRE.ENCAP_TYPE, U16)
    encap_flags: int | None = attr(IFLA_GRE.ENCAP_FLAGS, U16)
    encap_sport: int | None = attr(IFLA_GRE.ENCAP_SPORT, BE16)
    encap_dport: int | None = attr(IFLA_GRE.ENCAP_DPORT, BE16)
    collect_metadata: bool = flag(IFLA_GRE.COLLECT_METADATA)
    ignore_df: int | None = attr(IFLA_GRE.IGNORE_DF, U8)
    fwmark: int | None = attr(IFLA_GRE.FWMARK, U32)
    erspan_index: int | None = attr(IFLA_GRE.ERSPAN_INDEX, U32)
    erspan_ver: int | None = attr(IFLA_GRE.ERSPAN_VER, U8)
    erspan_dir: int | None = attr(IFLA_GRE.ERSPAN_DIR, U8)
    erspan_hwid: int | None = attr(IFLA_GRE.ERSPAN_HWID, U16)


class IFLA_IPTUN:  # noqa: N801 - the kernel's own name
    """An IP tunnel's attribute types."""

    LINK = 1
    LOCAL = 2
    REMOTE = 3
    TTL = 4
    TOS = 5
    ENCAP_LIMIT = 6
    FLOWINFO = 7
    FLAGS = 8
    PROTO = 9
    PMTUDISC = 10
    SIXRD_PREFIX = 11
    SIXRD_RELAY_PREFIX = 12
    SIXRD_PREFIXLEN = 13
    SIXRD_RELAY_PREFIXLEN = 14
    ENCAP_TYPE = 15
    ENCAP_FLAGS = 16
    ENCAP_SPORT = 17
    ENCAP_DPORT = 18
    COLLECT_METADATA = 19
    FWMARK = 20


class IptunInfo(Message):
    """An ipip, sit or ip6tnl link's settings; `flags` is 16 bits big-endian for sit, else 32."""

    link: int | None = attr(IFLA_IPTUN.LINK, U32)
    local: bytes | None = attr(IFLA_IPTUN.LOCAL, BYTES)
    remote: bytes | None = attr(IFLA_IPTUN.REMOTE, BYTES)
    ttl: int | None = attr(IFLA_IPTUN.TTL, U8)
    tos: int | None = attr(IFLA_IPTUN.TOS, U8)
    encap_limit: int | None = attr(IFLA_IPTUN.ENCAP_LIMIT, U8)
    flowinfo: int | None = attr(IFLA_IPTUN.FLOWINFO, BE32)
    flags: bytes | None = attr(IFLA_IPTUN.FLAGS, BYTES)
    proto: int | None = attr(IFLA_IPTUN.PROTO, U8)
    pmtudisc: int | None = attr(IFLA_IPTUN.PMTUDISC, U8)
    sixrd_prefix: bytes | None = attr(IFLA_IPTUN.SIXRD_PREFIX, BYTES)
    sixrd_relay_prefix: bytes | None = attr(IFLA_IPTUN.SIXRD_RELAY_PREFIX, BYTES)
    sixrd_prefixlen: int | None = attr(IFLA_IPTUN.SIXRD_PREFIXLEN, U16)
    sixrd_relay_prefixlen: int | None = attr(IFLA_IPTUN.SIXRD_RELAY_PREFIXLEN, U16)
    encap_type: int | None = attr(IFLA_IPTUN.ENCAP_TYPE, U16)
    encap_flags: int | None = attr(IFLA_IPTUN.ENCAP_FLAGS, U16)
    encap_sport: int | None = attr(IFLA_IPTUN.ENCAP_SPORT, BE16)
    encap_dport: int | None = attr(IFLA_IPTUN.ENCAP_DPORT, BE16)
    collect_metadata: bool = flag(IFLA_IPTUN.COLLECT_METADATA)
    fwmark: int | None = attr(IFLA_IPTUN.FWMARK, U32)
