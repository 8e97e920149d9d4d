"""Tracked connections (linux/netfilter/nfnetlink_conntrack.h).

A message's type is the subsystem and the command: `NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT.GET`.
"""

from __future__ import annotations

from nslab.netlink.attrs import BE16, BE32, BYTES, NLA_F_NESTED, U8, Message, attr, fixed, nested

NETLINK_NETFILTER = 12
NFNL_SUBSYS_CTNETLINK = 1


class IPCTNL_MSG_CT:  # noqa: N801 - the kernel's own name
    """Message types."""

    NEW = NFNL_SUBSYS_CTNETLINK << 8
    GET = NEW | 1
    DELETE = NEW | 2


class CTA:
    """Attribute types."""

    TUPLE_ORIG = 1
    TUPLE_REPLY = 2
    STATUS = 3
    TIMEOUT = 7
    MARK = 8
    USE = 11
    ID = 12
    ZONE = 18


class CTA_TUPLE:  # noqa: N801 - the kernel's own name
    """Attribute types of one direction."""

    IP = 1
    PROTO = 2
    ZONE = 3


class CTA_IP:  # noqa: N801 - the kernel's own name
    """Attribute types of a direction's addresses."""

    V4_SRC = 1
    V4_DST = 2
    V6_SRC = 3
    V6_DST = 4


class CTA_PROTO:  # noqa: N801 - the kernel's own name
    """Attribute types of a direction's protocol and ports."""

    NUM = 1
    SRC_PORT = 2
    DST_PORT = 3
    ICMP_ID = 4
    ICMP_TYPE = 5
    ICMP_CODE = 6
    ICMPV6_ID = 7
    ICMPV6_TYPE = 8
    ICMPV6_CODE = 9


class IPS:
    """Bits of a connection's status (linux/netfilter/nf_conntrack_common.h)."""

    SEEN_REPLY = 1 << 1
    SRC_NAT = 1 << 4
    DST_NAT = 1 << 5


class Addresses(Message):
    """One direction's source and destination, 4 or 16 bytes each."""

    v4_src: bytes | None = attr(CTA_IP.V4_SRC, BYTES)
    v4_dst: bytes | None = attr(CTA_IP.V4_DST, BYTES)
    v6_src: bytes | None = attr(CTA_IP.V6_SRC, BYTES)
    v6_dst: bytes | None = attr(CTA_IP.V6_DST, BYTES)


class Protocol(Message):
    """One direction's IP protocol and what it has in the place of ports."""

    number: int | None = attr(CTA_PROTO.NUM, U8)
    src_port: int | None = attr(CTA_PROTO.SRC_PORT, BE16)
    dst_port: int | None = attr(CTA_PROTO.DST_PORT, BE16)
    icmp_id: int | None = attr(CTA_PROTO.ICMP_ID, BE16)
    icmp_type: int | None = attr(CTA_PROTO.ICMP_TYPE, U8)
    icmp_code: int | None = attr(CTA_PROTO.ICMP_CODE, U8)
    icmpv6_id: int | None = attr(CTA_PROTO.ICMPV6_ID, BE16)
    icmpv6_type: int | None = attr(CTA_PROTO.ICMPV6_TYPE, U8)
    icmpv6_code: int | None = attr(CTA_PROTO.ICMPV6_CODE, U8)


class Tuple(Message):
    """One direction of a connection."""

    addresses: Addresses | None = nested(CTA_TUPLE.IP | NLA_F_NESTED, Addresses)
    protocol: Protocol | None = nested(CTA_TUPLE.PROTO | NLA_F_NESTED, Protocol)
    zone: int | None = attr(CTA_TUPLE.ZONE, BE16)

    @property
    def src(self) -> bytes:
        """The source address, 4 or 16 bytes."""
        found = self.addresses
        return (found.v4_src or found.v6_src or b"") if found is not None else b""

    @property
    def dst(self) -> bytes:
        """The destination address, 4 or 16 bytes."""
        found = self.addresses
        return (found.v4_dst or found.v6_dst or b"") if found is not None else b""


class Connection(Message, header="BBH"):
    """One tracked connection, as each side sends: after source NAT the reply goes elsewhere."""

    family: int = fixed()
    version: int = fixed()
    res_id: int = fixed()
    orig: Tuple | None = nested(CTA.TUPLE_ORIG | NLA_F_NESTED, Tuple)
    reply: Tuple | None = nested(CTA.TUPLE_REPLY | NLA_F_NESTED, Tuple)
    status: int | None = attr(CTA.STATUS, BE32)
    timeout: int | None = attr(CTA.TIMEOUT, BE32)
    mark: int | None = attr(CTA.MARK, BE32)
    use: int | None = attr(CTA.USE, BE32)
    id: int | None = attr(CTA.ID, BE32)
    zone: int | None = attr(CTA.ZONE, BE16)
