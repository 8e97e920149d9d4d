"""The links that a command of `bridge` names."""

from __future__ import annotations

from nslab.errors import IpError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nslab.ip.program import Program


def index_of(program: Program, name: str | None, what: str = "bridge device") -> int:
    """Give the ifindex of a link, 0 where none was named; `what` it is called if it is not there.

    Raises:
        IpError: there is no such link.
    """
    if name is None:
        return 0
    index = program.links.find(name)
    if not index:
        raise IpError(f'Cannot find {what} "{name}"')
    return index
