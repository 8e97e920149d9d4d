"""What is beyond the way out: what `outside` means as a target."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from nslab.kernel.echo import Probe
from nslab.kernel.sandbox import HOST
from nslab.kernel.sockets import open_socket
from nslab.kernel.transport import Transport
from nslab.lab.names import OUTSIDE
from nslab.netlink.message import Request
from nslab.netlink.rtnl.constants import AF, RT_TABLE, RTM
from nslab.netlink.rtnl.route import Route

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from nslab.kernel.echo import Echo
    from nslab.lab.model import Address, Desired

    Beyond = Mapping[tuple[str, int], "Outside"]
    """What `outside` stands for, by protocol and port."""

_RESOLVER = Path("/etc/resolv.conf")
_HAS_IPV6 = Path("/proc/net/if_inet6")
_DNS = 53
_HINT = "`nslab ping --outside ADDRESS` names what answers"

BARRED = "this user may not ping from the machine (hint: sysctl net.ipv4.ping_group_range)"
"""Why a ping of the machine itself was not sent."""


def questions(lab: Desired, given: Sequence[Address]) -> list[Probe]:
    """Give what the machine itself is to ask first, of all that could stand for `outside`.

    Args:
        lab: the lab.
        given: what the caller says that `outside` is; else the machine's default gateways and name
            servers.
    """
    ways = dict.fromkeys((e.protocol, e.port) for e in lab.expect if e.target == OUTSIDE)
    if not ways:
        return []
    gateways, servers = ([], []) if given else (_gateways(), _servers())
    found: list[Probe] = []
    for protocol, port in ways:
        first = [*servers, *gateways] if port == _DNS else [*gateways, *servers]
        asked = dict.fromkeys(given or first)
        found += [Probe(HOST, OUTSIDE, address, protocol, port) for address in asked]
    return found


class Outside(Struct, frozen=True):
    """What `outside` stands for, for one protocol and port.

    Attributes:
        addresses: one of each family, if any.
        lack: why there is none.
    """

    addresses: tuple[Address, ...] = ()
    lack: str = "the machine has neither a default gateway nor a name server"


def choose(echoes: Iterable[Echo]) -> Beyond:
    """Choose the first of each family that answered the machine, for each protocol and port."""
    groups: dict[tuple[str, int], list[Echo]] = {}
    for one in echoes:
        groups.setdefault((one.probe.protocol, one.probe.port), []).append(one)
    return {how: _outside(group) for how, group in groups.items()}


def _outside(echoes: list[Echo]) -> Outside:
    found: dict[int, Address] = {}
    for one in echoes:
        if one.ok:
            found.setdefault(one.probe.address.version, one.probe.address)
    if found:
        return Outside(tuple(found.values()))
    if any(one.reason == BARRED for one in echoes):
        return Outside(lack=BARRED)
    asked = ", ".join(str(one.probe.address) for one in echoes)
    probe = echoes[0].probe
    how = f"{probe.protocol}/{probe.port}" if probe.port else probe.protocol
    lack = f"the machine itself gets no answer by {how} from {asked} (hint: {_HINT})"
    return Outside(lack=lack)


def loopbacks() -> list[Address]:
    """Give the machine's own loopback addresses, where published ports are asked for."""
    families = ("127.0.0.1", "::1") if _HAS_IPV6.exists() else ("127.0.0.1",)
    return [ip_address(text) for text in families]


def _gateways() -> list[Address]:
    """Read the next hops of the machine's default routes; a lab cannot ask link-local ones."""
    with Transport(open_socket()) as transport:
        asked = Route(table8=RT_TABLE.MAIN, table=RT_TABLE.MAIN)
        routes = transport.dump(Request(RTM.GETROUTE, asked), Route)
    found = [
        ip_address(route.gateway)
        for route in routes
        if route.dst_len == 0 and route.gateway and route.family in (AF.INET, AF.INET6)
    ]
    return [address for address in found if not address.is_link_local]


def _servers() -> list[Address]:
    """Read the machine's name servers but those on its own loopback."""
    try:
        lines = _RESOLVER.read_text(errors="replace").splitlines()
    except OSError:
        return []
    found: list[Address] = []
    for words in map(str.split, lines):
        if words[:1] == ["nameserver"] and len(words) > 1:
            try:
                address = ip_address(words[1])
            except ValueError:
                continue
            if not address.is_loopback and not address.is_link_local:
                found.append(address)
    return found
