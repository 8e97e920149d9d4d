"""The number of one netns as seen from another: RTM_*NSID (linux/net_namespace.h)."""

from __future__ import annotations

from nslab.netlink.attrs import S32, U32, Message, attr, fixed


class NETNSA:
    """Attribute types."""

    NSID = 1
    PID = 2
    FD = 3
    TARGET_NSID = 4
    CURRENT_NSID = 5


NSID_UNASSIGNED = -1


class Nsid(Message, header="B3x"):
    """One nsid; ask by `fd` or `pid`, the answer holds `nsid` (-1: none assigned)."""

    family: int = fixed()
    nsid: int | None = attr(NETNSA.NSID, S32)
    pid: int | None = attr(NETNSA.PID, U32)
    fd: int | None = attr(NETNSA.FD, U32)
    target_nsid: int | None = attr(NETNSA.TARGET_NSID, S32)
    current_nsid: int | None = attr(NETNSA.CURRENT_NSID, S32)
