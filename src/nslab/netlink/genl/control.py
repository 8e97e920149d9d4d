"""The family that knows the others: who has which number (linux/genetlink.h).

Ask for a family by its name with type `GENL_ID_CTRL`; the answer's `family_id` is the message type
to speak to it with.
"""

from __future__ import annotations

from nslab.netlink.attrs import (
    STRING,
    U16,
    U32,
    Message,
    attr,
    body,
    fixed,
    numbered,
)

GENL_ID_CTRL = 16


class CTRL_CMD:  # noqa: N801 - the kernel's own name
    """Commands."""

    NEWFAMILY = 1
    DELFAMILY = 2
    GETFAMILY = 3


class CTRL_ATTR:  # noqa: N801 - the kernel's own name
    """Attribute types."""

    FAMILY_ID = 1
    FAMILY_NAME = 2
    VERSION = 3
    HDRSIZE = 4
    MAXATTR = 5
    OPS = 6
    MCAST_GROUPS = 7


class CTRL_ATTR_OP:  # noqa: N801 - the kernel's own name
    """Attribute types of one operation."""

    ID = 1
    FLAGS = 2


class CTRL_ATTR_MCAST_GRP:  # noqa: N801 - the kernel's own name
    """Attribute types of one multicast group."""

    NAME = 1
    ID = 2


class FamilyOperation(Message):
    """One command that a family takes."""

    id: int | None = attr(CTRL_ATTR_OP.ID, U32)
    flags: int | None = attr(CTRL_ATTR_OP.FLAGS, U32)


class FamilyGroup(Message):
    """One multicast group of a family."""

    id: int | None = attr(CTRL_ATTR_MCAST_GRP.ID, U32)
    name: str | None = attr(CTRL_ATTR_MCAST_GRP.NAME, STRING)


class Family(Message, header="BB2x"):
    """One family."""

    cmd: int = fixed(CTRL_CMD.GETFAMILY)
    version: int = fixed(1)
    family_id: int | None = attr(CTRL_ATTR.FAMILY_ID, U16)
    family_name: str | None = attr(CTRL_ATTR.FAMILY_NAME, STRING)
    family_version: int | None = attr(CTRL_ATTR.VERSION, U32)
    hdrsize: int | None = attr(CTRL_ATTR.HDRSIZE, U32)
    maxattr: int | None = attr(CTRL_ATTR.MAXATTR, U32)
    ops: tuple[FamilyOperation, ...] | None = attr(
        CTRL_ATTR.OPS, numbered(body(FamilyOperation), 1)
    )
    mcast_groups: tuple[FamilyGroup, ...] | None = attr(
        CTRL_ATTR.MCAST_GROUPS, numbered(body(FamilyGroup), 1)
    )
