"""The words of a route that shall be added, changed or deleted."""

from __future__ import annotations

import sys

from nslab.ip import rtnames
from nslab.ip.inet import SIZES, read_address, read_prefix
from nslab.ip.route.metric_words import LATE_METRICS, METRICS, MetricWords
from nslab.ip.route.names import read_realms, read_tos, read_type
from nslab.ip.route.selecting import read_family, vrf_table
from nslab.ip.words import (
    Elsewhere,
    find,
    garbage,
    line_error,
    matches,
    unsigned,
    wrong,
)
from nslab.netlink.rtnl.route import RTNH_F, Nexthop, Route, RouteMetrics

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from nslab.ip.inet import Prefix
    from nslab.ip.program import Program
    from nslab.ip.words import Words

    Reader = Callable[["Draft", Words], None]

_BOOT = 3
_UNICAST = 1
_PREFERENCES = {"low": 3, "medium": 0, "high": 1}
_ENCAPSULATIONS = ("mpls", "ip", "ip6", "ila", "bpf", "seg6", "seg6local", "rpl", "ioam6", "xfrm")


class Draft:
    """A route that is being read; None is what was not said.

    Attributes:
        has_destination, has_gateway, has_nexthops: which words came.
        dev: the name of its link, which is looked up at the end.
    """

    def __init__(self, program: Program, *, deletes: bool) -> None:
        self.program = program
        self.family = program.options.family
        self.protocol = 0 if deletes else _BOOT
        self.type = 0 if deletes else _UNICAST
        self.scope: int | None = None
        self.table: int | None = None
        self.tos = 0
        self.flags = 0
        self.dst: Prefix | None = None
        self.src: Prefix | None = None
        self.has_destination = False
        self.has_gateway = False
        self.has_nexthops = False
        self.dev: str | None = None
        self.oif: int | None = None
        self.gateway: bytes | None = None
        self.via: bytes | None = None
        self.prefsrc: bytes | None = None
        self.newdst: bytes | None = None
        self.priority: int | None = None
        self.flow: int | None = None
        self.expires: int | None = None
        self.pref: int | None = None
        self.nh_id: int | None = None
        self.ttl_propagate: int | None = None
        self.given_metrics = MetricWords()
        self.metrics: RouteMetrics | None = None
        self.multipath: tuple[Nexthop, ...] | None = None

    def route(self) -> Route:
        """Give the route, once its family, table and scope are known."""
        table = self.table or 0
        return Route(
            family=self.family,
            dst_len=self.dst.bits if self.dst else 0,
            src_len=self.src.bits if self.src else 0,
            tos=self.tos,
            table8=table if table < 256 else 0,
            protocol=self.protocol,
            scope=self.scope or 0,
            type=self.type,
            flags=self.flags,
            dst=_data(self.dst),
            src=_data(self.src),
            oif=self.oif,
            gateway=self.gateway,
            priority=self.priority,
            prefsrc=self.prefsrc,
            metrics=self.metrics,
            multipath=self.multipath,
            flow=self.flow,
            table=table if table >= 256 else None,
            via=self.via,
            newdst=self.newdst,
            pref=self.pref,
            expires=self.expires,
            ttl_propagate=self.ttl_propagate,
            nh_id=self.nh_id,
        )


def read_draft(program: Program, words: Words, *, deletes: bool) -> Draft:
    """Read the words of a route up to its next hops.

    Raises:
        IpError: a word is wrong.
        Elsewhere: it encapsulates.
    """
    draft = Draft(program, deletes=deletes)
    while words and not draft.has_nexthops:
        reader = find(words.take(), _READERS)
        if reader is None:
            words.put_back()
            reader = _read_destination
        reader(draft, words)
    draft.metrics = draft.given_metrics.message()
    return draft


def address_bytes(word: str, family: int) -> tuple[int, bytes]:
    """Read an address that becomes an attribute: its family and its bytes.

    Raises:
        IpError: it is none.
    """
    address = read_address(word, family)
    if address.special == "default":
        return address.family, bytes(SIZES.get(address.family, 0))
    return address.family, address.data


def read_gateway(words: Words, family: int) -> tuple[int, bytes]:
    """Read what follows `via`: the family and the bytes of a gateway.

    Raises:
        IpError: it is none.
        Elsewhere: it is of a family that is not here.
    """
    family = read_family(words, family)
    if family not in (0, *SIZES):
        raise Elsewhere
    return address_bytes(words.take(), family)


def via_of(family: int, data: bytes) -> bytes:
    """Make the attribute of a gateway that is of another family than its route."""
    return family.to_bytes(2, sys.byteorder) + data


def _data(prefix: Prefix | None) -> bytes | None:
    return prefix.data or None if prefix else None


def _read_src(draft: Draft, words: Words) -> None:
    family, draft.prefsrc = address_bytes(words.take(), draft.family)
    draft.family = draft.family or family


def _read_newdst(draft: Draft, words: Words) -> None:
    word = words.take()
    word = words.take() if word == "to" else word
    family, draft.newdst = address_bytes(word, draft.family)
    draft.family = draft.family or family


def _read_via(draft: Draft, words: Words) -> None:
    if draft.has_gateway:
        raise wrong("via", "use nexthop syntax to specify multiple via\n")
    draft.has_gateway = True
    family, data = read_gateway(words, draft.family)
    draft.family = draft.family or family
    if family == draft.family:
        draft.gateway = data
    else:
        draft.via = via_of(family, data)


def _read_from(draft: Draft, words: Words) -> None:
    draft.src = read_prefix(words.take(), draft.family)
    draft.family = draft.family or draft.src.family


def _read_tos(draft: Draft, words: Words) -> None:
    word = words.take()
    tos = read_tos(word)
    if tos is None:
        raise wrong(word, '"tos" value is invalid\n')
    draft.tos = tos


def _read_expires(draft: Draft, words: Words) -> None:
    draft.expires = _number(words, "expires")


def _read_metric(draft: Draft, words: Words) -> None:
    draft.priority = _number(words, "metric")


def _read_scope(draft: Draft, words: Words) -> None:
    word = words.take()
    draft.scope = rtnames.number_of("rt_scopes", word)
    if draft.scope is None:
        raise wrong(word, 'invalid "scope" value\n')


def _read_realms(draft: Draft, words: Words) -> None:
    word = words.take()
    draft.flow = read_realms(word)
    if draft.flow is None:
        raise wrong(word, '"realm" value is invalid\n')


def _read_onlink(draft: Draft, _: Words) -> None:
    draft.flags |= RTNH_F.ONLINK


def _read_nexthop(draft: Draft, words: Words) -> None:
    draft.has_nexthops = True
    words.put_back()


def _read_nhid(draft: Draft, words: Words) -> None:
    draft.nh_id = _number(words, "id")


def _read_protocol(draft: Draft, words: Words) -> None:
    word = words.take()
    protocol = rtnames.number_of("rt_protos", word)
    if protocol is None:
        raise wrong(word, '"protocol" value is invalid\n')
    draft.protocol = protocol


def _read_table(draft: Draft, words: Words) -> None:
    word = words.take()
    draft.table = rtnames.number_of("rt_tables", word)
    if draft.table is None:
        raise wrong(word, '"table" value is invalid\n')


def _read_vrf(draft: Draft, words: Words) -> None:
    draft.table = vrf_table(draft.program, words.take())


def _read_dev(draft: Draft, words: Words) -> None:
    draft.dev = words.take()


def _read_pref(draft: Draft, words: Words) -> None:
    word = words.take()
    draft.pref = _PREFERENCES.get(word, unsigned(word, 8))
    if draft.pref is None:
        raise wrong(word, '"pref" value is invalid\n')


def read_encap(_: object, words: Words) -> None:
    """Refuse an encapsulation that is none, and leave others to the real program."""
    word = words.take()
    if word not in _ENCAPSULATIONS:
        raise wrong(word, '"encap type" value is invalid\n')
    raise Elsewhere


def _read_ttl_propagate(draft: Draft, words: Words) -> None:
    word = words.take()
    if word not in ("enabled", "disabled"):
        raise wrong(word, '"ttl-propagate" value is invalid\n')
    draft.ttl_propagate = int(word == "enabled")


def _read_destination(draft: Draft, words: Words) -> None:
    word = words.take()
    word = words.take() if word == "to" else word
    kind = None if word[:1].isdigit() else read_type(word)
    if kind is not None:
        draft.type = kind
        word = words.take()
    if matches(word, "[help]"):
        from nslab.ip.route.commands import USAGE

        raise line_error(USAGE)
    if draft.has_destination:
        raise garbage("to", word)
    draft.dst = read_prefix(word, draft.family)
    draft.family = draft.family or draft.dst.family
    draft.has_destination = True


def _number(words: Words, key: str) -> int:
    word = words.take()
    number = unsigned(word, 32)
    if number is None:
        raise wrong(word, f'"{key}" value is invalid\n')
    return number


def _metric(read: Callable[[MetricWords, Words], None]) -> Reader:
    return lambda draft, words: read(draft.given_metrics, words)


_READERS: dict[str, Reader] = {
    "src": _read_src,
    "as": _read_newdst,
    "via": _read_via,
    "from": _read_from,
    "tos": _read_tos,
    "[dsfield]": _read_tos,
    "expires": _read_expires,
    "[metric]": _read_metric,
    "[priority]": _read_metric,
    "preference": _read_metric,
    "scope": _read_scope,
    **{word: _metric(read) for word, read in METRICS.items()},
    "[realms]": _read_realms,
    "onlink": _read_onlink,
    "nexthop": _read_nexthop,
    "nhid": _read_nhid,
    "[protocol]": _read_protocol,
    "[table]": _read_table,
    "[vrf]": _read_vrf,
    "dev": _read_dev,
    "oif": _read_dev,
    "[pref]": _read_pref,
    "encap": read_encap,
    "ttl-propagate": _read_ttl_propagate,
    **{word: _metric(read) for word, read in LATE_METRICS.items()},
}
