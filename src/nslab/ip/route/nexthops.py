"""The next hops of a multipath route: `nexthop via 10.0.0.1 dev eth0 weight 2 …`."""

from __future__ import annotations

from nslab.errors import IpError
from nslab.ip.route.draft import read_encap, read_gateway, via_of
from nslab.ip.route.names import read_realms
from nslab.ip.words import Elsewhere, find, line_error, unsigned, wrong
from nslab.netlink.rtnl.route import RTNH_F, Nexthop

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from nslab.ip.program import Program
    from nslab.ip.route.draft import Draft
    from nslab.ip.words import Words

    Reader = Callable[["_Hop", Words], None]

_MOST_WEIGHT = 256


class _Hop:
    """One next hop that is being read."""

    def __init__(self, program: Program, draft: Draft) -> None:
        self.program = program
        self.draft = draft
        self.flags = 0
        self.hops = 0
        self.index = 0
        self.gateway: bytes | None = None
        self.via: bytes | None = None
        self.flow: int | None = None

    def message(self) -> Nexthop:
        """Give it as a message."""
        return Nexthop(
            flags=self.flags,
            hops=self.hops,
            ifindex=self.index,
            gateway=self.gateway,
            via=self.via,
            flow=self.flow,
        )


def read_nexthops(program: Program, words: Words, draft: Draft) -> None:
    """Read all that is left, which are next hops.

    Raises:
        IpError: it is something else, or a next hop is wrong.
    """
    found: list[Nexthop] = []
    while words:
        word = words.take()
        if word != "nexthop":
            message = f'Error: "nexthop" or end of line is expected instead of "{word}"'
            raise line_error(message)
        if not words:
            raise line_error('Error: unexpected end of line after "nexthop"')
        found.append(_read_hop(program, words, draft))
    draft.multipath = tuple(found)


def _read_hop(program: Program, words: Words, draft: Draft) -> Nexthop:
    hop = _Hop(program, draft)
    while words:
        reader = find(words.take(), _READERS)
        if reader is None:
            words.put_back()
            break
        reader(hop, words)
    return hop.message()


def _read_via(hop: _Hop, words: Words) -> None:
    family, data = read_gateway(words, hop.draft.family)
    hop.draft.family = hop.draft.family or family
    if family == hop.draft.family:
        hop.gateway = data
    else:
        hop.via = via_of(family, data)


def _read_dev(hop: _Hop, words: Words) -> None:
    try:
        hop.index = hop.program.links.index(words.take())
    except IpError as error:
        if error.ends_batch:
            raise
        raise line_error(f"{error}\nError: cannot parse nexthop") from None


def _read_weight(hop: _Hop, words: Words) -> None:
    word = words.take()
    weight = unsigned(word, 32)
    if not weight or weight > _MOST_WEIGHT:
        raise wrong(word, '"weight" is invalid\n')
    hop.hops = weight - 1


def _read_onlink(hop: _Hop, _: Words) -> None:
    hop.flags |= RTNH_F.ONLINK


def _read_realms(hop: _Hop, words: Words) -> None:
    word = words.take()
    hop.flow = read_realms(word)
    if hop.flow is None:
        raise wrong(word, '"realm" value is invalid\n')


def _read_newdst(hop: _Hop, words: Words) -> None:
    """Read what only MPLS has."""
    del hop
    words.take()
    raise Elsewhere


_READERS: dict[str, Reader] = {
    "via": _read_via,
    "dev": _read_dev,
    "weight": _read_weight,
    "onlink": _read_onlink,
    "[realms]": _read_realms,
    "encap": read_encap,
    "as": _read_newdst,
}
