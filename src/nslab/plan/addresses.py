"""Which addresses a link is to have, which it loses, which it gets.

Pure. Beside those of the file, links have some that nobody names: `lo` its own, and a link that
speaks IPv6 the link-local one that goes with its MAC. They are kept as the file's own are. Only
when a link begins or ceases to speak, the kernel gives and takes them by itself.
"""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Interface, IPv6Interface
from typing import TYPE_CHECKING

from msgspec.structs import replace

from nslab.kernel.sandbox import HOST
from nslab.lab.names import sysctl_key
from nslab.plan.state import QUIET, NetnsState

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from nslab.lab.model import Address, Interface, Network, Route
    from nslab.plan.state import LinkState, State

LOOPBACK = (IPv4Interface("127.0.0.1/8"), IPv6Interface("::1/128"))
"""What `lo` gets from the kernel when it comes up."""

_MTU_IPV6 = 1280  # below it a link ceases to speak IPv6 (RFC 8200, section 5)
_SPEAKING = ("veth", "macvlan")
_SWITCH = ".disable_ipv6"


@lru_cache(1 << 16)
def link_local(mac: str) -> IPv6Interface:
    """Give the link-local address that goes with a MAC (RFC 4291, appendix A)."""
    octets = bytes.fromhex(mac.replace(":", ""))
    host = bytes((octets[0] ^ 2, *octets[1:3], 0xFF, 0xFE, *octets[3:]))
    return IPv6Interface((b"\xfe\x80" + bytes(6) + host, 64))


def own_address(link: LinkState) -> IPv6Interface | None:
    """Give the link-local address that goes with a link's MAC, if it has one."""
    return link_local(link.mac) if link.mac else None


def named(link: LinkState, said: Collection[Interface] = ()) -> tuple[Interface, ...]:
    """Give a link's addresses, its own link-local one only if `said` has it."""
    own = own_address(link)
    return tuple(address for address in link.addresses if address != own or address in said)


def complete(state: State, defaults: Mapping[str, str]) -> State:
    """Say of every link of a lab whether it is to speak IPv6, and add what nobody names.

    Args:
        state: what is asked for; what is complete already stays the same.
        defaults: sysctls as a new netns has them.
    """
    return {
        name: netns if name == HOST else _complete(netns, defaults) for name, netns in state.items()
    }


def _complete(netns: NetnsState, defaults: Mapping[str, str]) -> NetnsState:
    sysctl = netns.sysctl
    quiet = any(sysctl.get(key, defaults.get(key, "1")) != "0" for key in QUIET)
    switches = any(key.endswith(_SWITCH) for key in sysctl)
    links = {}
    for link in netns.links.values():
        if link.master:  # a port's own address is of no use to anybody
            links[link.ifname] = link
            continue
        silent = quiet
        if switches:
            switch = sysctl.get(sysctl_key(f"net/ipv6/conf/{link.ifname}/disable_ipv6"))
            silent = quiet if switch is None else switch != "0"
        speaks = not silent and (link.mtu is None or link.mtu >= _MTU_IPV6)
        own = _implied(link, speaks=speaks)
        said = [address for address in link.addresses if address not in own]
        links[link.ifname] = replace(link, ipv6=speaks, addresses=(*own, *said))
    return NetnsState(links, netns.routes, sysctl)


def _implied(link: LinkState, *, speaks: bool) -> Sequence[Interface]:
    if link.kind == "loopback":
        return LOOPBACK if speaks else LOOPBACK[:1]
    return [link_local(link.mac)] if speaks and link.kind in _SPEAKING and not link.master else []


def leaving(link: LinkState, mine: Collection[Interface], wanted: LinkState) -> list[Interface]:
    """Give the addresses to take from a kept link, if only for a moment, in its own order.

    Args:
        link: as it is.
        mine: the addresses that were asked for the last time.
        wanted: as it is to be.
    """
    if not link.addresses:
        return []
    gone = {a for a in link.addresses if a in mine and a not in wanted.addresses}
    own = own_address(link)
    if own is not None and wanted.mac not in ("", link.mac) and own not in wanted.addresses:
        gone.add(own)
    if _falls_silent(link, wanted):
        gone |= {address for address in link.addresses if address.version == 6}
        gone -= {own, *LOOPBACK}
    if not gone and _of_ipv4(link) == _of_ipv4(wanted):
        return []
    cleared = _cleared(link, gone, wanted)
    return [a for a in link.addresses if a in gone or (a.version == 4 and a.network in cleared)]


def _of_ipv4(link: LinkState) -> list[Interface]:
    return [address for address in link.addresses if address.version == 4]


def _falls_silent(link: LinkState, wanted: LinkState) -> bool:
    """Tell whether a link is to speak IPv6 no longer: the kernel then drops all it has of that."""
    return link.ipv6 and not wanted.ipv6


def _cleared(
    link: LinkState, gone: Collection[Interface], wanted: LinkState
) -> Collection[Network]:
    """Give the IPv4 subnets whose first address goes: the kernel deletes the others along with it.

    A link sends from the first. So that has to go as well where another one is to be the first.
    """
    first = _firsts(wanted)
    return {
        network
        for network, address in _firsts(link).items()
        if address in gone or first.get(network, address) != address
    }


def _firsts(link: LinkState) -> dict[Network, Interface]:
    found: dict[Network, Interface] = {}
    for address in _of_ipv4(link):
        found.setdefault(address.network, address)
    return found


def coming(
    link: LinkState, lost: Collection[Interface], mine: Collection[Interface], wanted: LinkState
) -> list[Interface]:
    """Give the addresses to add to a kept link: what is missing, and what others lost for it.

    Args:
        link: as it is.
        lost: what `leaving` said.
        mine: the addresses that were asked for the last time.
        wanted: as it is to be.
    """
    given = _given(link, wanted)
    if not link.addresses and not lost and given == wanted.addresses:
        return []  # as `lo` of every new netns
    present = {*link.addresses, *given} - {*lost}
    foreign = [a for a in lost if a.version == 4 and a not in mine]
    return [a for a in dict.fromkeys([*wanted.addresses, *foreign]) if a not in present]


def _given(link: LinkState, wanted: LinkState) -> tuple[Interface | None, ...]:
    """Give the addresses that the kernel adds by itself on the way."""
    if link.kind == "loopback" and not link.up:
        return LOOPBACK
    return () if link.ipv6 else (own_address(wanted), *LOOPBACK)


def takes_along(
    link: LinkState, lost: Collection[Interface], wanted: LinkState, route: Route
) -> bool:
    """Tell whether a kept link's change costs a route over it.

    What leads to a next hop that only lost addresses reach could not be put back in its place.

    Args:
        link: as it is.
        lost: what `leaving` said.
        wanted: as it is to be.
        route: as it is.
    """
    if route.dst.version == 6 and _falls_silent(link, wanted):
        return True
    own = {address for address in link.addresses if address.version == 4}
    if route.dst.version == 4 and own and own <= set(lost):
        return True  # with the last address the kernel drops the routes
    left = [*wanted.addresses, *(a for a in link.addresses if a not in lost)]
    return _is_near(route.via, lost) and not _is_near(route.via, left)


def _is_near(via: Address | None, addresses: Iterable[Interface]) -> bool:
    return via is not None and any(via in address.network for address in addresses)
