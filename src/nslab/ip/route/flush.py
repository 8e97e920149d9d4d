"""`ip route flush`: delete all routes that a selector means, until none is left."""

from __future__ import annotations

import os
import time

from nslab.errors import IpError, KernelError
from nslab.ip.complain import complain
from nslab.ip.inet import AF_INET, AF_INET6
from nslab.ip.route.line import RouteLine
from nslab.ip.route.selecting import read_selector
from nslab.ip.route.show import dump_request
from nslab.netlink.message import Request
from nslab.netlink.rtnl.constants import RTM, RTN
from nslab.netlink.rtnl.route import Route

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nslab.ip.program import Program
    from nslab.ip.route.selector import Selector
    from nslab.ip.words import Words

_REFUSED = 2
_TELL_ALL = 2  # so often -s
_SECONDS = 30
_CACHE = "/proc/sys/net/ipv4/route/flush"
_NO_METRIC = 0xFFFFFFFF


def flush(program: Program, words: Words) -> None:
    """Delete the routes that a selector means; -s tells the rounds, -s -s every route."""
    if not words:
        raise IpError('"ip route flush" requires arguments.')
    selector = read_selector(program, words)
    if selector.cloned and selector.family != AF_INET6:
        _flush_cache(program)
        if selector.family == AF_INET:
            return
    _flush_rounds(program, selector)


def _flush_rounds(program: Program, selector: Selector) -> None:
    began, rounds = time.monotonic(), 0
    while routes := _find(program, selector):
        rounds += 1
        _show(program, selector, routes)
        _delete(program, routes)
        if time.monotonic() - began > _SECONDS:
            left = f"{len(routes)} entries remain"
            program.out.raw(f"\n*** Flush not completed after {_SECONDS} seconds, {left} ***\n")
            raise IpError("")
        if program.options.statistics:
            program.out.raw(f"\n*** Round {rounds}, deleting {len(routes)} entries ***\n")
            program.out.flush()
    if program.options.statistics:
        nothing = rounds == 0 and (not selector.cloned or selector.family == AF_INET6)
        complete = f"*** Flush is complete after {rounds} round{'s' if rounds > 1 else ''} ***\n"
        program.out.raw("Nothing to flush.\n" if nothing else complete)


def _find(program: Program, selector: Selector) -> list[Route]:
    try:
        found = program.transport.dump(dump_request(selector), Route)
    except KernelError as error:
        message = f"{program.refusal(error)}\nFlush terminated"
        raise IpError(message, _REFUSED) from None
    return [route for route in found if selector.takes(route) and not _is_built_in(route)]


def _is_built_in(route: Route) -> bool:
    """Say whether a route is IPv6's own last one, which cannot be deleted."""
    return (
        route.family == AF_INET6
        and route.dst_len == 0
        and route.type == RTN.UNREACHABLE
        and route.priority == _NO_METRIC
    )


def _show(program: Program, selector: Selector, routes: list[Route]) -> None:
    """Print the routes of a round, always as text."""
    if program.options.statistics < _TELL_ALL:
        return
    line = RouteLine(program, selector)
    line.prepare(routes)
    in_json, program.out.is_json = program.out.is_json, False
    for route in routes:
        line.show(route)
    program.out.is_json = in_json
    program.out.flush()


def _delete(program: Program, routes: list[Route]) -> None:
    requests = [Request(RTM.DELROUTE, route) for route in routes]
    for error in program.transport.batch(requests):
        if error is not None:
            raise IpError(f"Failed to send flush request: {error.reason}", _REFUSED)


def _flush_cache(program: Program) -> None:
    """Have the kernel forget what it learned of IPv4's routes."""
    try:
        with open(_CACHE, "wb", buffering=0) as file:
            file.write(b"-1")
    except OSError as error:
        complain(f'Cannot open "{_CACHE}": {os.strerror(error.errno or 0)}')
    if program.options.statistics:
        program.out.raw("*** IPv4 routing cache is flushed.\n")
