"""What a link may be sent to or put under: netns by name, VRFs."""

from __future__ import annotations

import os

from nslab.errors import KernelError
from nslab.ip.enter import DIRECTORY
from nslab.ip.program import refusal_of, tell
from nslab.ip.words import wrong
from nslab.netlink.message import Request
from nslab.netlink.rtnl.constants import RTM
from nslab.netlink.rtnl.netns import NSID_UNASSIGNED, Nsid

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nslab.ip.program import Program


def open_target(word: str) -> int | None:
    """Open a netns by its name, or by its path if there is a slash in it; None if it is none."""
    path = word if "/" in word else f"{DIRECTORY}/{word}"
    try:
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except (OSError, ValueError):
        return None


def nsid_of_name(program: Program, word: str) -> int | None:
    """Give the number that a netns has here; it is given one if it has none. None if it is none."""
    fd = open_target(word)
    if fd is None:
        return None
    try:
        number = _ask_nsid(program, fd)
        if number is None:
            _number_netns(program, fd)
            number = _ask_nsid(program, fd)
    finally:
        os.close(fd)
    return number


def _ask_nsid(program: Program, fd: int) -> int | None:
    try:
        number = program.transport.get(Request(RTM.GETNSID, Nsid(fd=fd)), Nsid).nsid
    except KernelError as error:
        tell(program, refusal_of(error))
        return None
    return None if number is None or number < 0 else number


def _number_netns(program: Program, fd: int) -> None:
    try:
        program.transport.request(Request(RTM.NEWNSID, Nsid(nsid=NSID_UNASSIGNED, fd=fd)))
    except KernelError as error:
        tell(program, refusal_of(error))


def index_of_vrf(program: Program, word: str) -> int:
    """Give the ifindex of a VRF.

    Raises:
        IpError: there is no such link, or it is of another kind.
    """
    from nslab.netlink.rtnl.link import Link

    index = program.links.find(word)
    try:
        link = program.transport.get(Request(RTM.GETLINK, Link(index=index)), Link)
    except KernelError:
        link = Link()
    if not index or link.linkinfo is None or link.linkinfo.kind != "vrf":
        raise wrong(word, "Not a valid VRF name\n")
    return index
