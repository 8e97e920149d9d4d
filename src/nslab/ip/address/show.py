"""`ip address show`."""

from __future__ import annotations

from nslab.errors import IpError, KernelError
from nslab.ip.address.line import show_line
from nslab.ip.address.selector import Selector
from nslab.ip.complain import complain
from nslab.ip.link.show import AF_PACKET, remember, show_link
from nslab.netlink.attrs import U32, attribute
from nslab.netlink.message import Request
from nslab.netlink.rtnl.address import Address
from nslab.netlink.rtnl.constants import RTM
from nslab.netlink.rtnl.link import IFLA, Link, LinkInfo

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeVar

    from nslab.ip.program import Program
    from nslab.ip.words import Words
    from nslab.netlink.attrs import Message

    M = TypeVar("M", bound=Message)

_AF_INET6 = 10
_UP = 0x1
_EXT_MASK = 1  # RTEXT_FILTER: tell of virtual functions
_NO_STATISTICS = 8


def show(program: Program, words: Words) -> None:
    """List the links that a selector means, or all, and under each its addresses."""
    selector = Selector(program)
    selector.read(words)
    index = selector.index
    links = _get_link(program, index) if index else _dump_links(program, selector)
    remember(program, links)
    addresses: dict[int, list[Address]] = {}
    if selector.family != AF_PACKET and links:
        addresses = _find_addresses(program, selector)
        links = [link for link in links if _is_meant(selector, addresses.get(link.index))]
    program.options.family = selector.family
    program.out.begin()
    for link in links:
        _show_link(program, selector, link, addresses.get(link.index, []))
    program.out.end()


def _get_link(program: Program, index: int) -> list[Link]:
    mask = _EXT_MASK if program.options.statistics else _EXT_MASK | _NO_STATISTICS
    body = Link(family=program.options.family, index=index, ext_mask=mask)
    try:
        return [program.transport.get(Request(RTM.GETLINK, body), Link)]
    except KernelError as error:
        complain(f"{program.refusal(error)}\nCannot send link request: {error.reason}")
        return []


def _dump_links(program: Program, selector: Selector) -> list[Link]:
    """Ask for the links; IPv6 has its own, shorter answer, and takes no filter."""
    family, chosen = program.options.family, selector.links
    if family == _AF_INET6:
        return _dump_inet6_links(program)
    body = Link(
        family=family,
        ext_mask=_EXT_MASK,
        master=chosen.master or None,
        linkinfo=None if chosen.kind is None else LinkInfo(kind=chosen.kind),
    )
    return _dump(program, Request(RTM.GETLINK, body), Link)


def _dump_inet6_links(program: Program) -> list[Link]:
    """Ask for the links as IPv6 knows them, and add the lengths of their queues."""
    links = _dump(program, Request(RTM.GETLINK, Link(family=_AF_INET6)), Link)
    mask = _EXT_MASK | _NO_STATISTICS
    all_links = _dump(program, Request(RTM.GETLINK, Link(ext_mask=mask)), Link)
    lengths = {link.index: link.txqlen for link in all_links}
    return [_with_queue(link, lengths.get(link.index)) for link in links]


def _with_queue(link: Link, length: int | None) -> Link:
    if not length or link.txqlen is not None:
        return link
    return Link.decode(link.encode() + attribute(IFLA.TXQLEN, U32.encode(length)))


def _dump(program: Program, request: Request, message: type[M]) -> list[M]:
    try:
        return program.dump(request, message)
    except IpError:
        program.out.begin()
        raise


def _find_addresses(program: Program, selector: Selector) -> dict[int, list[Address]]:
    body = Address(family=selector.family, index=selector.index)
    found: dict[int, list[Address]] = {}
    for address in _dump(program, Request(RTM.GETADDR, body), Address):
        found.setdefault(address.index, []).append(address)
    return found


def _is_meant(selector: Selector, addresses: list[Address] | None) -> bool:
    """Say whether a link is to be shown: one without any address is, unless a family is asked."""
    if not addresses:
        return not selector.family
    return any(selector.takes(address) for address in addresses)


def _show_link(program: Program, selector: Selector, link: Link, addresses: list[Address]) -> None:
    out, options = program.out, program.options
    alone = selector.family == AF_PACKET
    oneline = bool(options.oneline) and not alone and not options.brief
    headed = selector.label is None and not oneline
    out.open()
    if oneline or selector.takes_link(link):
        if headed:
            show_link(program, link, whole=alone and bool(options.brief))
        if not alone:
            _show_addresses(program, selector, link, addresses)
        if headed and options.statistics and not options.brief:
            from nslab.ip.link.statistics import show_statistics

            show_statistics(program, link)
            out.text("\n")
    out.close()


def _show_addresses(
    program: Program, selector: Selector, link: Link, addresses: list[Address]
) -> None:
    out = program.out
    named = bool(program.options.oneline or program.options.echo)
    out.open_array("addr_info")
    for address in addresses:
        if selector.links.up and not link.flags & _UP:
            continue
        out.open()
        if selector.takes(address):
            show_line(program, address, named=named)
        out.close()
    out.close_array()
    if program.options.brief:
        out.text("\n")
