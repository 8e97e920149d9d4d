"""What the kernel says that it did (`ip -echo`)."""

from __future__ import annotations

from nslab.ip.route.line import RouteLine
from nslab.ip.route.selector import Selector
from nslab.netlink.message import NLM_F, Request
from nslab.netlink.rtnl.constants import RTM
from nslab.netlink.rtnl.route import Route

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nslab.ip.program import Program


def talk_and_show(program: Program, request: Request) -> None:
    """Have the kernel change a route, and print the change as it tells it."""
    echoed = Request(request.type, request.body, request.flags | NLM_F.ECHO)
    route = program.get(echoed, Route)
    line = RouteLine(program, Selector())
    line.prepare([route])
    program.out.begin()
    program.out.open()
    line.show(route, deleted=request.type == RTM.DELROUTE)
    program.out.close()
    program.out.end()
