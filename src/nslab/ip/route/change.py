"""`ip route add`, `change`, `replace`, `prepend`, `append`, `test` and `delete`."""

from __future__ import annotations

from nslab.ip.inet import AF_INET, AF_INET6
from nslab.ip.route.draft import Draft, read_draft
from nslab.ip.words import line_error
from nslab.netlink.message import NLM_F, Request
from nslab.netlink.rtnl.constants import RT_SCOPE, RT_TABLE, RTM, RTN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nslab.ip.program import Program
    from nslab.ip.words import Words
    from nslab.netlink.rtnl.route import Route

_SCOPES = {
    RTN.LOCAL: RT_SCOPE.HOST,
    RTN.NAT: RT_SCOPE.HOST,
    RTN.BROADCAST: RT_SCOPE.LINK,
    RTN.MULTICAST: RT_SCOPE.LINK,
    RTN.ANYCAST: RT_SCOPE.LINK,
}
_IN_LOCAL_TABLE = (RTN.LOCAL, RTN.BROADCAST, RTN.NAT, RTN.ANYCAST)


def add(program: Program, words: Words) -> None:
    """Add a route that is not there."""
    _change(program, words, NLM_F.CREATE | NLM_F.EXCL)


def change(program: Program, words: Words) -> None:
    """Change a route that is there."""
    _change(program, words, NLM_F.REPLACE)


def replace(program: Program, words: Words) -> None:
    """Change a route, or add it."""
    _change(program, words, NLM_F.CREATE | NLM_F.REPLACE)


def prepend(program: Program, words: Words) -> None:
    """Add a route before others to the same destination."""
    _change(program, words, NLM_F.CREATE)


def append(program: Program, words: Words) -> None:
    """Add a route after others to the same destination."""
    _change(program, words, NLM_F.CREATE | NLM_F.APPEND)


def test(program: Program, words: Words) -> None:
    """Have the kernel say whether a route is there."""
    _change(program, words, NLM_F.EXCL)


def delete(program: Program, words: Words) -> None:
    """Delete the first route that fits."""
    _send(program, Request(RTM.DELROUTE, _read(program, words, deletes=True)))


def _change(program: Program, words: Words, flags: int) -> None:
    _send(program, Request(RTM.NEWROUTE, _read(program, words, deletes=False), flags))


def _send(program: Program, request: Request) -> None:
    if program.options.echo:
        from nslab.ip.route.echo import talk_and_show

        talk_and_show(program, request)
    else:
        program.talk(request)


def _read(program: Program, words: Words, *, deletes: bool) -> Route:
    draft = read_draft(program, words, deletes=deletes)
    if not draft.has_destination:
        from nslab.ip.route.commands import USAGE

        raise line_error(USAGE)
    if draft.dev is not None:
        draft.oif = program.links.index(draft.dev)
    if draft.has_nexthops:
        from nslab.ip.route.nexthops import read_nexthops

        read_nexthops(program, words, draft)
    draft.family = draft.family or AF_INET
    if draft.table is None:
        in_local = draft.type in _IN_LOCAL_TABLE
        draft.table = RT_TABLE.LOCAL if in_local else RT_TABLE.MAIN
    if draft.scope is None:
        draft.scope = _scope_of(draft, deletes=deletes)
    return draft.route()


def _scope_of(draft: Draft, *, deletes: bool) -> int:
    """Say how far a destination is, if the command does not."""
    if draft.family == AF_INET6:
        return RT_SCOPE.UNIVERSE
    if draft.type in _SCOPES:
        return _SCOPES[draft.type]
    if draft.type in (RTN.UNSPEC, RTN.UNICAST):
        if deletes:
            return RT_SCOPE.NOWHERE
        if not draft.has_gateway and not draft.has_nexthops and draft.nh_id is None:
            return RT_SCOPE.LINK
    return RT_SCOPE.NOWHERE if deletes else RT_SCOPE.UNIVERSE
