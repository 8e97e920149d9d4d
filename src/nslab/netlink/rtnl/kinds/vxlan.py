"""VXLAN links, RFC 7348 (linux/if_link.h, drivers/net/vxlan)."""

from __future__ import annotations

from nslab.netlink.attrs import BE16, BE32, BYTES, U8, U32, Message, attr, flag, numbers


class IFLA_VXLAN:  # noqa: N801 - the kernel's own name
    """A VXLAN link's attribute types."""

    ID = 1
    GROUP = 2
    LINK = 3
    LOCAL = 4
    TTL = 5
    TOS = 6
    LEARNING = 7
    AGEING = 8
    LIMIT = 9
    PORT_RANGE = 10
    PROXY = 11
    RSC = 12
    L2MISS = 13
    L3MISS = 14
    PORT = 15
    GROUP6 = 16
    LOCAL6 = 17
    UDP_CSUM = 18
    UDP_ZERO_CSUM6_TX = 19
    UDP_ZERO_CSUM6_RX = 20
    REMCSUM_TX = 21
    REMCSUM_RX = 22
    GBP = 23
    REMCSUM_NOPARTIAL = 24
    COLLECT_METADATA = 25
    LABEL = 26
    GPE = 27
    TTL_INHERIT = 28
    DF = 29
    VNIFILTER = 30
    LOCALBYPASS = 31
    LABEL_POLICY = 32
    RESERVED_BITS = 33
    MC_ROUTE = 34


class VxlanInfo(Message):
    """A VXLAN link's settings. `ageing` is in seconds, `port_range` is (first, last).

    `ttl_inherit` is empty in a request, where its presence counts, and one byte in an answer.
    """

    id: int | None = attr(IFLA_VXLAN.ID, U32)
    group: bytes | None = attr(IFLA_VXLAN.GROUP, BYTES)
    link: int | None = attr(IFLA_VXLAN.LINK, U32)
    local: bytes | None = attr(IFLA_VXLAN.LOCAL, BYTES)
    ttl: int | None = attr(IFLA_VXLAN.TTL, U8)
    tos: int | None = attr(IFLA_VXLAN.TOS, U8)
    learning: int | None = attr(IFLA_VXLAN.LEARNING, U8)
    ageing: int | None = attr(IFLA_VXLAN.AGEING, U32)
    limit: int | None = attr(IFLA_VXLAN.LIMIT, U32)
    port_range: tuple[int, ...] | None = attr(IFLA_VXLAN.PORT_RANGE, numbers(">HH"))
    proxy: int | None = attr(IFLA_VXLAN.PROXY, U8)
    rsc: int | None = attr(IFLA_VXLAN.RSC, U8)
    l2miss: int | None = attr(IFLA_VXLAN.L2MISS, U8)
    l3miss: int | None = attr(IFLA_VXLAN.L3MISS, U8)
    port: int | None = attr(IFLA_VXLAN.PORT, BE16)
    group6: bytes | None = attr(IFLA_VXLAN.GROUP6, BYTES)
    local6: bytes | None = attr(IFLA_VXLAN.LOCAL6, BYTES)
    udp_csum: int | None = attr(IFLA_VXLAN.UDP_CSUM, U8)
    udp_zero_csum6_tx: int | None = attr(IFLA_VXLAN.UDP_ZERO_CSUM6_TX, U8)
    udp_zero_csum6_rx: int | None = attr(IFLA_VXLAN.UDP_ZERO_CSUM6_RX, U8)
    remcsum_tx: int | None = attr(IFLA_VXLAN.REMCSUM_TX, U8)
    remcsum_rx: int | None = attr(IFLA_VXLAN.REMCSUM_RX, U8)
    gbp: bool = flag(IFLA_VXLAN.GBP)
    remcsum_nopartial: bool = flag(IFLA_VXLAN.REMCSUM_NOPARTIAL)
    collect_metadata: int | None = attr(IFLA_VXLAN.COLLECT_METADATA, U8)
    label: int | None = attr(IFLA_VXLAN.LABEL, BE32)
    gpe: bool = flag(IFLA_VXLAN.GPE)
    ttl_inherit: bytes | None = attr(IFLA_VXLAN.TTL_INHERIT, BYTES)
    df: int | None = attr(IFLA_VXLAN.DF, U8)
    vnifilter: int | None = attr(IFLA_VXLAN.VNIFILTER, U8)
    localbypass: int | None = attr(IFLA_VXLAN.LOCALBYPASS, U8)
    label_policy: int | None = attr(IFLA_VXLAN.LABEL_POLICY, U32)
    reserved_bits: bytes | None = attr(IFLA_VXLAN.RESERVED_BITS, BYTES)
    mc_route: int | None = attr(IFLA_VXLAN.MC_ROUTE, U8)
