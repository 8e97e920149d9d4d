"""Tables of nftables (linux/netfilter/nf_tables.h): as much as tells which there are."""

from __future__ import annotations

from nslab.netlink.attrs import STRING, Message, attr, fixed

NFNL_SUBSYS_NFTABLES = 10


class NFT_MSG:  # noqa: N801 - the kernel's own name
    """Message types."""

    NEWTABLE = NFNL_SUBSYS_NFTABLES << 8
    GETTABLE = NEWTABLE | 1


class NFTA_TABLE:  # noqa: N801 - the kernel's own name
    """Attribute types."""

    NAME = 1


class Table(Message, header="BBH"):
    """One table; a dump that names no family gives those of all."""

    family: int = fixed()
    version: int = fixed()
    res_id: int = fixed()
    name: str | None = attr(NFTA_TABLE.NAME, STRING)
