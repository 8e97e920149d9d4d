"""A bridge's multicast groups: RTM_*MDB (linux/if_bridge.h, struct br_port_msg)."""

from __future__ import annotations

from nslab.netlink.attrs import (
    BYTES,
    NLA_F_NESTED,
    U8,
    U16,
    U32,
    Message,
    attr,
    body,
    each,
    fixed,
    nested,
    octets,
    repeated,
)


class MDBA:
    """Attribute types of what the kernel tells."""

    MDB = 1
    ROUTER = 2


class MDBA_SET_ENTRY:  # noqa: N801 - the kernel's own name
    """Attribute types of what it is told."""

    ENTRY = 1
    ATTRS = 2


class MDB_STATE:  # noqa: N801 - the kernel's names begin so
    """How long an entry lasts."""

    TEMPORARY = 0
    PERMANENT = 1


class MDBA_MDB_EATTR:  # noqa: N801 - the kernel's own name
    """Attribute types after an entry's struct."""

    TIMER = 1
    SRC_LIST = 2
    GROUP_MODE = 3
    SOURCE = 4
    RTPROT = 5


class MDBA_MDB_SRCATTR:  # noqa: N801 - the kernel's own name
    """Attribute types of one source."""

    ADDRESS = 1
    TIMER = 2


class MDBA_ROUTER_PATTR:  # noqa: N801 - the kernel's own name
    """Attribute types after a router port's ifindex."""

    TIMER = 1
    TYPE = 2
    INET_TIMER = 3
    INET6_TIMER = 4
    VID = 5


_ENTRY = 1  # the only type inside MDBA_MDB
_INFO = 1  # the only type inside an entry
_SOURCE = 1  # the only type inside a list of sources
_PORT = 1  # the only type inside MDBA_ROUTER
_MDBE_SOURCE = 1


class MdbSource(Message):
    """One source of a group. Times are in hundredths of a second (USER_HZ)."""

    address: bytes | None = attr(MDBA_MDB_SRCATTR.ADDRESS, BYTES)
    timer: int | None = attr(MDBA_MDB_SRCATTR.TIMER, U32)


class MdbEntry(Message, header="IBBH16s2s2x"):
    """One port that takes part in a group (struct br_mdb_entry).

    `address` is the group's: the first 4 or 6 bytes, or all; `proto` is its Ethernet type, high
    byte first, or zero for a MAC.
    """

    ifindex: int = fixed()
    state: int = fixed()
    flags: int = fixed()
    vid: int = fixed()
    address: bytes = octets(16)
    proto: bytes = octets(2)
    timer: int | None = attr(MDBA_MDB_EATTR.TIMER, U32)
    sources: tuple[MdbSource, ...] | None = attr(
        MDBA_MDB_EATTR.SRC_LIST | NLA_F_NESTED, repeated(_SOURCE | NLA_F_NESTED, body(MdbSource))
    )
    group_mode: int | None = attr(MDBA_MDB_EATTR.GROUP_MODE, U8)
    source: bytes | None = attr(MDBA_MDB_EATTR.SOURCE, BYTES)
    rtprot: int | None = attr(MDBA_MDB_EATTR.RTPROT, U8)


class MdbRouterPort(Message, header="I"):
    """A port behind which there is a multicast router."""

    ifindex: int = fixed()
    timer: int | None = attr(MDBA_ROUTER_PATTR.TIMER, U32)
    type: int | None = attr(MDBA_ROUTER_PATTR.TYPE, U8)
    inet_timer: int | None = attr(MDBA_ROUTER_PATTR.INET_TIMER, U32)
    inet6_timer: int | None = attr(MDBA_ROUTER_PATTR.INET6_TIMER, U32)
    vid: int | None = attr(MDBA_ROUTER_PATTR.VID, U16)


class MdbGroup(Message):
    """The entries of one group."""

    entries: tuple[MdbEntry, ...] = each(_INFO, body(MdbEntry))


class Mdb(Message, header="B3xI"):
    """What the kernel tells of a bridge's groups."""

    family: int = fixed()
    ifindex: int = fixed()
    groups: tuple[MdbGroup, ...] | None = attr(MDBA.MDB, repeated(_ENTRY, body(MdbGroup)))
    routers: tuple[MdbRouterPort, ...] | None = attr(
        MDBA.ROUTER, repeated(_PORT, body(MdbRouterPort))
    )


class MdbEntryAttrs(Message):
    """What a request says beside the entry: the source it is for."""

    source: bytes | None = attr(_MDBE_SOURCE, BYTES)


class MdbChange(Message, header="B3xI"):
    """An entry to add or delete, of the bridge `ifindex`; the port is in the entry."""

    family: int = fixed()
    ifindex: int = fixed()
    entry: MdbEntry | None = attr(MDBA_SET_ENTRY.ENTRY, body(MdbEntry))
    attrs: MdbEntryAttrs | None = nested(MDBA_SET_ENTRY.ATTRS | NLA_F_NESTED, MdbEntryAttrs)
