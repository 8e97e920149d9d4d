"""Pairs of links."""

from __future__ import annotations

from nslab.errors import IpError
from nslab.ip.link.draft import read_draft
from nslab.ip.words import duplicate
from nslab.netlink.rtnl.link import VethInfo

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nslab.ip.program import Program
    from nslab.ip.words import Words

USAGE = """\
Usage: ip link <options> type veth [peer <options>]
To get <options> type 'ip link add help'"""


def read(program: Program, kind: str, words: Words, *, creating: bool) -> VethInfo:
    """Read the peer, which is described as a link is."""
    del kind
    if words.take() != "peer":
        program.out.raw(f"{USAGE}\n")
        raise IpError("", 1)
    draft = read_draft(program, words, creating=creating)
    if draft.kind is not None:
        raise duplicate("type", draft.kind)
    return VethInfo(peer=draft.link())
