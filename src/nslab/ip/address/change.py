"""`ip address add`, `change`, `replace` and `delete`."""

from __future__ import annotations

import errno

from nslab.errors import KernelError
from nslab.ip.address.draft import finish, read_draft
from nslab.netlink.message import NLM_F, Request
from nslab.netlink.rtnl.address import Address
from nslab.netlink.rtnl.constants import RTM

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nslab.ip.program import Program
    from nslab.ip.words import Words


def add(program: Program, words: Words) -> None:
    """Add an address that is not there."""
    _change(program, words, NLM_F.CREATE | NLM_F.EXCL)


def change(program: Program, words: Words) -> None:
    """Change an address."""
    _change(program, words, NLM_F.REPLACE)


def replace(program: Program, words: Words) -> None:
    """Change an address, or add it."""
    _change(program, words, NLM_F.CREATE | NLM_F.REPLACE)


def delete(program: Program, words: Words) -> None:
    """Delete an address."""
    body = finish(program, read_draft(program, words), deletes=True)
    _send(program, Request(RTM.DELADDR, body))


def _change(program: Program, words: Words, flags: int) -> None:
    body = finish(program, read_draft(program, words), deletes=False)
    _send(program, Request(RTM.NEWADDR, body, flags))


def _send(program: Program, request: Request) -> None:
    if program.options.echo:
        _talk_and_show(program, request)
    else:
        program.talk(request)


def _talk_and_show(program: Program, request: Request) -> None:
    """Have the kernel change an address, and print the change if it tells it."""
    from nslab.ip.address.line import show_line

    address, out = _talk(program, request), program.out
    out.begin()
    out.open()
    if address is not None:
        if request.type == RTM.DELADDR:
            out.put("deleted", "Deleted ", value=True)
        show_line(program, address, named=True)
    out.close()
    out.end()


def _talk(program: Program, request: Request) -> Address | None:
    echoed = Request(request.type, request.body, request.flags | NLM_F.ECHO)
    try:
        return program.transport.get(echoed, Address)
    except KernelError as error:
        if error.errno == errno.ENODATA:
            return None  # older kernels do not tell of IPv6
        raise program.refusal(error) from None
