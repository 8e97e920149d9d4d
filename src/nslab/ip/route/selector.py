"""Which routes a listing or a flush means, and so which columns it need not print."""

from __future__ import annotations

import sys

from nslab.ip.inet import SIZES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nslab.ip.inet import Prefix
    from nslab.netlink.rtnl.route import Nexthop, Route

_CLONED = 0x200  # RTM_F_CLONED
_HIDDEN_REALMS = 0xFFFFFFFF


class Selector:
    """What a route must be like; None is anything.

    Attributes:
        family: AF_INET, AF_INET6 or AF_UNSPEC.
        table: its number; 0 for all.
        cloned: whether the routes of the cache are meant.
        types: a bit for each type that is meant, 0 for all.
        root_dst, match_dst: prefixes that contain its destination, or are contained in it;
            likewise for its source.
        realms_mask: which bits of the realms count.
    """

    def __init__(self, family: int = 0) -> None:
        self.family = family
        self.table = 0
        self.cloned = False
        self.tos: int | None = None
        self.protocol: int | None = None
        self.scope: int | None = None
        self.types = 0
        self.oif: int | None = None
        self.iif: int | None = None
        self.mark: int | None = None
        self.metric: int | None = None
        self.realms = 0
        self.realms_mask = 0
        self.via: Prefix | None = None
        self.prefsrc: Prefix | None = None
        self.root_dst: Prefix | None = None
        self.match_dst: Prefix | None = None
        self.root_src: Prefix | None = None
        self.match_src: Prefix | None = None

    def hides_via(self, family: int) -> bool:
        """Say whether the gateway of a route of this family is known already."""
        return _is_host(self.via, family)

    def hides_prefsrc(self, family: int) -> bool:
        """Say whether the preferred source of a route of this family is known already."""
        return _is_host(self.prefsrc, family)

    @property
    def hides_realms(self) -> bool:
        """Say whether the realms are known already."""
        return self.realms_mask == _HIDDEN_REALMS

    def takes(self, route: Route) -> bool:
        """Say whether a route is meant."""
        return (
            self._takes_fixed(route)
            and self._takes_prefixes(route)
            and self._takes_gateway(route)
            and self._takes_numbers(route)
        )

    def _takes_fixed(self, route: Route) -> bool:
        return (
            self.cloned == bool(route.flags & _CLONED)
            and self.table in (0, table_of(route))
            and self.protocol in (None, route.protocol)
            and self.scope in (None, route.scope)
            and self.tos in (None, route.tos)
            and (not self.types or bool(self.types >> route.type & 1))
        )

    def _takes_prefixes(self, route: Route) -> bool:
        return (
            _is_inside(self.root_dst, route.family, route.dst, route.dst_len)
            and _contains(self.match_dst, route.family, route.dst, route.dst_len)
            and _is_inside(self.root_src, route.family, route.src, route.src_len)
            and _contains(self.match_src, route.family, route.src, route.src_len)
        )

    def _takes_gateway(self, route: Route) -> bool:
        family, gateway = gateway_of(route, route.family)
        return _is_at(self.via, family, gateway) and _is_at(
            self.prefsrc, route.family, route.prefsrc
        )

    def _takes_numbers(self, route: Route) -> bool:
        return (
            not ((route.flow or 0) ^ self.realms) & self.realms_mask
            and (self.iif is None or self.iif == (route.iif or 0))
            and (self.oif is None or self.oif == route.oif)
            and (self.mark is None or self.mark == (route.mark or 0))
            and (self.metric is None or self.metric == (route.priority or 0))
        )


def table_of(route: Route) -> int:
    """Give the number of a route's table."""
    return route.table8 if route.table is None else route.table


def gateway_of(hop: Route | Nexthop, family: int) -> tuple[int, bytes | None]:
    """Give the family and the bytes of a gateway, which may be of another family than the route.

    Args:
        hop: the route, or one of its next hops.
        family: the route's family.
    """
    if hop.via is not None:
        return int.from_bytes(hop.via[:2], sys.byteorder), hop.via[2:]
    return family, hop.gateway


def _is_host(prefix: Prefix | None, family: int) -> bool:
    return prefix is not None and prefix.bits == SIZES.get(family, 0) * 8


def _is_inside(prefix: Prefix | None, family: int, data: bytes | None, bits: int) -> bool:
    if prefix is None or (prefix.family not in (0, family)):
        return prefix is None
    if not prefix.family and prefix.special != "default":
        return True
    return prefix.bits <= bits and _same(prefix.data, data, prefix.bits)


def _contains(prefix: Prefix | None, family: int, data: bytes | None, bits: int) -> bool:
    if prefix is None or (prefix.family not in (0, family)):
        return prefix is None
    if not prefix.family and prefix.special != "default":
        return True
    return prefix.bits >= bits and _same(prefix.data, data, bits)


def _is_at(prefix: Prefix | None, family: int, data: bytes | None) -> bool:
    if prefix is None or not prefix.family:
        return True
    return prefix.family == family and _same(prefix.data, data, prefix.bits)


def _same(one: bytes, other: bytes | None, bits: int) -> bool:
    shift = 128 - bits
    numbers = [int.from_bytes((data or b"").ljust(16, b"\0"), "big") for data in (one, other)]
    return numbers[0] >> shift == numbers[1] >> shift
