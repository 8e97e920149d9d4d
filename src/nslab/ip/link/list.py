"""`ip link show`: the links, each of them printed."""

from __future__ import annotations

from nslab.errors import IpError, KernelError
from nslab.ip.link.show import AF_PACKET, remember, show_link
from nslab.netlink.message import Request
from nslab.netlink.rtnl.constants import RTM
from nslab.netlink.rtnl.link import Link, LinkInfo

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nslab.ip.link.filter import Filter
    from nslab.ip.program import Program
    from nslab.ip.words import Words

_IFNAMSIZ = 16
_EXT_MASK = 1 | 8  # RTEXT_FILTER: tell of virtual functions, leave statistics out
_EXT_MASK_STATISTICS = 1


def show(program: Program, words: Words) -> None:
    """Show all links, or those that the words choose."""
    if not words:
        _show_all(program, _dump(program, None), None)
        return
    from nslab.ip.link.filter import read_filter

    chosen = read_filter(program, words)
    links = [_get(program, chosen.dev)] if chosen.dev is not None else _dump(program, chosen)
    _show_all(program, links, chosen)


def _show_all(program: Program, links: list[Link], chosen: Filter | None) -> None:
    out = program.out
    remember(program, links)
    out.begin()
    for link in links:
        out.open()
        if chosen is None or chosen.passes(link):
            show_link(program, link)
        out.close()
    out.end()


def _ext_mask(program: Program) -> int:
    return _EXT_MASK_STATISTICS if program.options.statistics else _EXT_MASK


def _get(program: Program, name: str) -> Link:
    short = len(name) < _IFNAMSIZ
    body = Link(
        family=AF_PACKET,
        ext_mask=_ext_mask(program),
        ifname=name if short else None,
        altname=None if short else name,
    )
    try:
        return program.transport.get(Request(RTM.GETLINK, body), Link)
    except KernelError as error:
        told = program.refusal(error)
        message = f"{told}\nCannot send link get request: {error.reason}"
        raise IpError(message, 1) from None


def _dump(program: Program, chosen: Filter | None) -> list[Link]:
    kind = chosen.kind if chosen else None
    body = Link(
        family=AF_PACKET,
        ext_mask=_ext_mask(program),
        master=(chosen.master if chosen else 0) or None,
        linkinfo=None if kind is None else LinkInfo(kind=kind),
    )
    return program.dump(Request(RTM.GETLINK, body), Link)
