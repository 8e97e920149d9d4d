"""`ip link add`, `set` and `delete`."""

from __future__ import annotations

import os

from nslab.errors import IpError
from nslab.ip.link.draft import read_draft, refuse_rest
from nslab.ip.words import Elsewhere
from nslab.netlink.message import NLM_F, Request
from nslab.netlink.rtnl.constants import RTM
from nslab.netlink.rtnl.link import Link, LinkInfo, VethInfo

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nslab.ip.link.draft import Draft
    from nslab.ip.program import Program
    from nslab.ip.words import Words
    from nslab.netlink.attrs import Message


def add(program: Program, words: Words) -> None:
    """Make a link."""
    _change(program, words, RTM.NEWLINK, NLM_F.CREATE | NLM_F.EXCL)


def replace(program: Program, words: Words) -> None:
    """Make a link, or change it if it is there."""
    _change(program, words, RTM.NEWLINK, NLM_F.CREATE | NLM_F.REPLACE)


def set_link(program: Program, words: Words) -> None:
    """Change a link, or all of a group."""
    _change(program, words, RTM.NEWLINK, 0)


def delete(program: Program, words: Words) -> None:
    """Delete a link, or all of a group."""
    _change(program, words, RTM.DELLINK, 0)


def _change(program: Program, words: Words, kind: int, flags: int) -> None:
    creating = bool(flags & NLM_F.CREATE)
    draft = read_draft(program, words, creating=creating)
    if draft.kind is None and creating:
        raise IpError('Not enough information: "type" argument is required', 1)
    link = _describe(program, draft, words)
    try:
        program.talk(Request(kind, link, flags))
    finally:
        _close(link)
        program.links.forget()


def _describe(program: Program, draft: Draft, words: Words) -> Link:
    if draft.kind is None:
        return draft.link()
    data = _read_kind(program, draft.kind, words, creating=draft.creating)
    if draft.kind.endswith("_slave"):
        return draft.link(LinkInfo(kind=draft.kind, port_data=data))
    return draft.link(LinkInfo(kind=draft.kind, data=data))


def _read_kind(
    program: Program, kind: str, words: Words, *, creating: bool
) -> Message | bytes | None:
    """Read the words after `type KIND`, None if there are none."""
    from nslab.ip.link.kinds.table import ELSEWHERE, module_of

    if not words:
        return None
    if kind in ELSEWHERE:
        raise Elsewhere
    module = module_of(kind)
    if module is None:
        raise refuse_rest(words)
    data: Message | bytes = module.read(program, kind, words, creating=creating)
    return data


def _close(link: Link) -> None:
    """Close the netns that the link and its peer are sent to."""
    fds = [link.net_ns_fd]
    data = link.linkinfo.data if link.linkinfo else None
    if isinstance(data, VethInfo) and data.peer is not None:
        fds.append(data.peer.net_ns_fd)
    for fd in fds:
        if fd is not None:
            os.close(fd)
