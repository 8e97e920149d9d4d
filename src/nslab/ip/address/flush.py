"""`ip address flush`: delete all addresses that a selector means, until none is left."""

from __future__ import annotations

import errno

from nslab.errors import IpError, KernelError
from nslab.ip.address.line import show_line
from nslab.ip.address.selector import Selector
from nslab.netlink.message import Request
from nslab.netlink.rtnl.address import IFA_F, Address
from nslab.netlink.rtnl.constants import RTM

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nslab.ip.program import Program
    from nslab.ip.words import Words

_AF_PACKET = 17
_TELL_ALL = 2  # so often -s
_FAILED = 255


def flush(program: Program, words: Words) -> None:
    """Delete the addresses that a selector means; -s tells the rounds, -s -s every address."""
    if not words:
        raise IpError("Flush requires arguments.")
    if program.options.family == _AF_PACKET:
        raise IpError("Cannot flush link addresses.")
    selector = Selector(program)
    selector.read(words)
    rounds, most = 0, program.options.loops
    while not most or rounds < most:
        found = _find(program, selector)
        if not found:
            _tell_end(program, rounds)
            return
        rounds += 1
        _show(program, found)
        _delete(program, found)
        _tell_round(program, rounds, len(found))
        if selector.flag_mask & IFA_F.SECONDARY and not selector.flags & IFA_F.SECONDARY:
            _tell_end(program, rounds)  # else those that become primary would go, too
            return
    raise IpError(f"*** Flush remains incomplete after {most} rounds. ***", _FAILED)


def _tell_round(program: Program, rounds: int, count: int) -> None:
    if program.options.statistics:
        program.out.raw(f"\n*** Round {rounds}, deleting {count} addresses ***\n")
        program.out.flush()


def _tell_end(program: Program, rounds: int) -> None:
    if not program.options.statistics:
        return
    if rounds:
        ending = "s" if rounds > 1 else ""
        program.out.raw(f"*** Flush is complete after {rounds} round{ending} ***\n")
    else:
        program.out.raw("Nothing to flush.\n")


def _find(program: Program, selector: Selector) -> list[Address]:
    body = Address(family=selector.family, index=selector.index)
    try:
        found = program.transport.dump(Request(RTM.GETADDR, body), Address)
    except KernelError as error:
        raise IpError(f"{program.refusal(error)}\nFlush terminated") from None
    return [address for address in found if selector.takes(address)]


def _show(program: Program, addresses: list[Address]) -> None:
    """Print the addresses of a round, always as text."""
    if program.options.statistics < _TELL_ALL:
        return
    in_json, program.out.is_json = program.out.is_json, False
    for address in addresses:
        show_line(program, address, named=True)
    program.out.is_json = in_json
    program.out.flush()


def _delete(program: Program, addresses: list[Address]) -> None:
    """Delete addresses; the kernel deletes secondary ones with their primary one."""
    requests = [Request(RTM.DELADDR, address) for address in addresses]
    errors = [error for error in program.transport.batch(requests) if error is not None]
    if errors and errors[0].errno != errno.EADDRNOTAVAIL:
        raise IpError(f"Failed to send flush request: {errors[0].reason}", _FAILED)
