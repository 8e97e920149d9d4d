"""Addresses: RTM_*ADDR (linux/if_addr.h)."""

from __future__ import annotations

from nslab.netlink.attrs import BYTES, S32, STRING, U8, U32, Message, attr, fixed, structure


class IFA:
    """Attribute types."""

    ADDRESS = 1
    LOCAL = 2
    LABEL = 3
    BROADCAST = 4
    ANYCAST = 5
    CACHEINFO = 6
    MULTICAST = 7
    FLAGS = 8
    RT_PRIORITY = 9
    TARGET_NETNSID = 10
    PROTO = 11


class IFA_F:  # noqa: N801 - the kernel's own name
    """Address flags."""

    SECONDARY = 0x01
    TEMPORARY = 0x01  # of IPv6
    NODAD = 0x02
    OPTIMISTIC = 0x04
    DADFAILED = 0x08
    HOMEADDRESS = 0x10
    DEPRECATED = 0x20
    TENTATIVE = 0x40
    PERMANENT = 0x80
    MANAGETEMPADDR = 0x100
    NOPREFIXROUTE = 0x200
    MCAUTOJOIN = 0x400
    STABLE_PRIVACY = 0x800


class AddressCacheinfo(Message, header="IIII"):
    """An address's times (struct ifa_cacheinfo).

    Lifetimes are in seconds, 0xFFFFFFFF for ever; when it was made and changed is in hundredths of
    a second since boot.
    """

    prefered: int = fixed()
    valid: int = fixed()
    cstamp: int = fixed()
    tstamp: int = fixed()


class Address(Message, header="BBBBI"):
    """One address of a link. `local` is the address itself, `address` it or its peer's."""

    family: int = fixed()
    prefixlen: int = fixed()
    flags8: int = fixed()
    scope: int = fixed()
    index: int = fixed()
    address: bytes | None = attr(IFA.ADDRESS, BYTES)
    local: bytes | None = attr(IFA.LOCAL, BYTES)
    label: str | None = attr(IFA.LABEL, STRING)
    broadcast: bytes | None = attr(IFA.BROADCAST, BYTES)
    anycast: bytes | None = attr(IFA.ANYCAST, BYTES)
    cacheinfo: AddressCacheinfo | None = attr(IFA.CACHEINFO, structure(AddressCacheinfo))
    multicast: bytes | None = attr(IFA.MULTICAST, BYTES)
    flags: int | None = attr(IFA.FLAGS, U32)
    rt_priority: int | None = attr(IFA.RT_PRIORITY, U32)
    target_netnsid: int | None = attr(IFA.TARGET_NETNSID, S32)
    proto: int | None = attr(IFA.PROTO, U8)
