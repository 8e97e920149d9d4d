"""`ip route show`."""

from __future__ import annotations

import errno

from nslab.errors import IpError, KernelError
from nslab.ip.route.line import RouteLine
from nslab.ip.route.selecting import MAIN, read_selector
from nslab.netlink.message import Request
from nslab.netlink.rtnl.constants import RTM
from nslab.netlink.rtnl.route import RTM_F, Route

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nslab.ip.program import Program
    from nslab.ip.route.selector import Selector
    from nslab.ip.words import Words

_REFUSED = 2


def show(program: Program, words: Words) -> None:
    """List the routes that a selector means, else those of the main table."""
    selector = read_selector(program, words)
    routes = [route for route in _dump(program, selector) if selector.takes(route)]
    line = RouteLine(program, selector)
    line.prepare(routes)
    program.out.begin()
    for route in routes:
        line.show(route)
    program.out.end()


def _dump(program: Program, selector: Selector) -> list[Route]:
    try:
        return program.transport.dump(dump_request(selector), Route)
    except KernelError as error:
        if error.errno == errno.ENOENT and selector.table == MAIN:
            return []  # a fresh netns has no main table, which is no different from an empty one
        program.out.begin()
        raise IpError(f"{program.refusal(error)}\nDump terminated", _REFUSED) from None


def dump_request(selector: Selector) -> Request:
    """Make the request for all routes that a selector may mean; the kernel passes over others."""
    route = Route(
        family=selector.family,
        protocol=selector.protocol or 0,
        flags=RTM_F.CLONED if selector.cloned else 0,
        table=selector.table or None,
        oif=selector.oif,
    )
    return Request(RTM.GETROUTE, route)
