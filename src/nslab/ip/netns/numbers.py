"""The numbers (nsid) of the netns that names stand for."""

from __future__ import annotations

import os

from nslab.errors import KernelError
from nslab.ip.enter import DIRECTORY
from nslab.ip.netns.directory import names
from nslab.ip.program import refusal_of, tell
from nslab.netlink.message import Request
from nslab.netlink.rtnl.constants import RTM
from nslab.netlink.rtnl.netns import NSID_UNASSIGNED, Nsid

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nslab.ip.program import Program


def nsid_of(program: Program, name: str) -> int:
    """Give the nsid of a named netns, NSID_UNASSIGNED if it has none; why it has none is told."""
    try:
        fd = os.open(f"{DIRECTORY}/{name}", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return NSID_UNASSIGNED
    try:
        found = program.transport.get(Request(RTM.GETNSID, Nsid(fd=fd)), Nsid).nsid
    except KernelError as error:
        tell(program, refusal_of(error))
        return NSID_UNASSIGNED
    finally:
        os.close(fd)
    return NSID_UNASSIGNED if found is None else found


def names_by_nsid(program: Program) -> dict[int, str]:
    """Map each nsid that is assigned to the first name of its netns."""
    found: dict[int, str] = {}
    for name in names():
        number = nsid_of(program, name)
        if number >= 0:
            found.setdefault(number, name)
    return found
