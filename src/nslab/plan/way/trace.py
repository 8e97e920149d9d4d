"""The way from a node out of its lab, looked at hop by hop until one fails."""

from __future__ import annotations

import contextlib
import os
import time
from ipaddress import ip_address
from typing import TYPE_CHECKING

from msgspec import Struct

from nslab.errors import KernelError
from nslab.kernel import conntrack, echo, pasta
from nslab.kernel.procfs import exchange
from nslab.kernel.sandbox import OUTSIDE
from nslab.kernel.sockets import AF_NETLINK, open_socket
from nslab.kernel.transport import Transport
from nslab.lab.address import is_link_local
from nslab.lab.names import FORWARD
from nslab.lab.uplink import UPLINK
from nslab.nft import program, rules
from nslab.plan.way import host, resolver, tables
from nslab.plan.way.lead import found
from nslab.plan.way.machine import look

if TYPE_CHECKING:
    from _socket import socket
    from collections.abc import Iterator

    from nslab.kernel.sandbox import Sandbox
    from nslab.lab.model import Address, Desired, Interface
    from nslab.plan.state import NetnsState, State
    from nslab.plan.way.choose import Way
    from nslab.plan.way.machine import Machine

_AF_INET, _AF_INET6, _DATAGRAM, _RAW = 2, 10, 2, 3
_PATIENCE = 1.0
_MENDS, _RESTARTS = "`nslab up` mends it", "`nslab up` starts it again"
_OPENS = "`nslab up` mends it; after `--uplink none`, `nslab up --uplink auto`"
_PING_GROUPS = "net.ipv4.ping_group_range"
_QUESTION = b"\0\0\1\0\0\1\0\0\0\0\0\0\0\0\2\0\1"
"""A DNS query for the name servers of the root, without its number (RFC 1035)."""


class Hop(Struct, frozen=True):
    """One thing that the way out needs.

    Attributes:
        name: what it is, with the IP version where that matters.
        ok: whether it is so; None where that could not be asked.
        detail: what was found.
        hint: what would mend it, where it is not so; "" if nothing is known.
    """

    name: str
    ok: bool | None
    detail: str
    hint: str = ""


def trace(sandbox: Sandbox, lab: Desired, observed: State, node: str) -> list[Hop]:
    """Look at the way out of a node: for each IP version up to the first hop that fails.

    Args:
        sandbox: the running lab.
        lab: the lab as it was last brought up.
        observed: the lab now, with the namespaces `outside` and the machine's.
        node: one of the lab's nodes.
    """
    own = [item for link in observed[node].links.values() for item in link.held]
    own += [item for end in lab.endpoints()[node] for item in end.addresses]
    given = [item for item in own if not item.ip.is_loopback and not is_link_local(item.ip)]
    versions = sorted({item.version for item in given})
    if not versions:
        return [Hop("address", ok=False, detail=f"{node} has none", hint="give it a subnet")]
    return [
        hop
        for version in versions
        for hop in _until_broken(_Way(sandbox, lab, observed, node, version).hops())
    ]


def _until_broken(hops: Iterator[Hop]) -> Iterator[Hop]:
    for hop in hops:
        yield hop
        if hop.ok is False:
            return


class _Way:
    """The way out of one node for one IP version."""

    def __init__(
        self, sandbox: Sandbox, lab: Desired, observed: State, node: str, version: int
    ) -> None:
        self.sandbox = sandbox
        self.observed = observed
        self.node = node
        self.version = version
        self.way = found([lab], observed)
        self.gateways = [
            item
            for uplink in lab.uplinks()
            for item in uplink.gateway.addresses
            if item.version == version
        ]

    def hops(self) -> Iterator[Hop]:
        """Give every hop, in their order."""
        state = self.observed[self.node]
        yield self.address(state)
        yield self.default_route(state)
        yield self.gateway()
        if self.gateways:
            yield self.forwarding()
        if self.way is None:
            yield self.nothing()
            return
        if not self.way.direct:
            yield self.masquerade(self.way)
        yield from self.kernel(self.way) if self.way.kind == "kernel" else self.pasta(self.way)
        yield self.resolver()

    def hop(self, name: str, detail: str, *, ok: bool | None, hint: str = "") -> Hop:
        """Make a hop of this IP version."""
        return Hop(f"IPv{self.version} {name}", ok, detail, "" if ok else hint)

    def address(self, state: NetnsState) -> Hop:
        """Look for an address on a link that is up."""
        links = [
            (link, item)
            for link in state.links.values()
            for item in link.held
            if item.version == self.version and link.kind != "loopback"
            if not is_link_local(item.ip)
        ]
        if not links:  # a link that is set down loses those of IPv6
            return self.hop("address", f"{self.node} has lost its own", ok=False, hint=_MENDS)
        link, item = next((pair for pair in links if pair[0].up), links[0])
        down = "" if link.up else ", which is down"
        return self.hop("address", f"{item} on {link.ifname}{down}", ok=link.up, hint=_MENDS)

    def default_route(self, state: NetnsState) -> Hop:
        """Look for the default route."""
        for route in state.routes:
            if route.dst.prefixlen == 0 and route.dst.version == self.version and route.via:
                self.via = route.via
                return self.hop("default route", f"via {route.via}", ok=True)
        hint = "put it on a bridge with an uplink, or give it a route to a router"
        return self.hop("default route", f"{self.node} has none", ok=False, hint=hint)

    def gateway(self) -> Hop:
        """Ask the next hop."""
        known = any(item.ip == self.via for item in self.gateways)
        what = "the way out" if known else "a router of the lab"
        ok = self.answers(self.via)
        hint = "`nslab show --drift` says what was changed by hand"
        said = "answers" if ok else "gives no answer"
        return self.hop("gateway", f"{self.via}, {what}, {said}", ok=ok, hint=hint)

    def forwarding(self) -> Hop:
        """Look whether the netns `outside` forwards."""
        (value,) = self.sandbox.sysctl(OUTSIDE, [FORWARD[self.version == 6]])
        ok = value == "1"
        detail = f"{OUTSIDE} forwards" if ok else f"{OUTSIDE} does not forward"
        return self.hop("forwarding", detail, ok=ok, hint=_MENDS)

    def nothing(self) -> Hop:
        """Say why the lab is not led out."""
        pidfd = self.sandbox.lend(pasta.LODGED)
        if pidfd is not None:
            os.close(pidfd)
            return self.hop("pasta", "it has ended", ok=False, hint=_RESTARTS)
        hint = _OPENS if self.gateways else "`uplink: true` on a bridge, then up"
        return self.hop("way out", "the lab is not led out", ok=False, hint=hint)

    def masquerade(self, way: Way) -> Hop:
        """Look at the rules of the netns `outside`, by which all leaves with its address."""
        place = self.sandbox.lab, self.sandbox.pid, OUTSIDE
        listed = program.listed(["table", "inet", tables.OURS], place)
        ok = rules.same(tables.outside_table(way), listed)
        detail = f"the nftables of {OUTSIDE} are {'as' if ok else 'not as'} they should be"
        return self.hop("masquerade", detail, ok=ok, hint=_MENDS)

    def kernel(self, way: Way) -> Iterator[Hop]:
        """Look at the veth to the machine and at what the machine does."""
        near, far = _of(way.near, self.version), _of(way.far, self.version)
        if near is None or far is None:  # an end of it was set down
            detail = f"{way.host_ifname} or {UPLINK} has lost its address"
            yield self.hop("this machine", detail, ok=False, hint=_MENDS)
            return
        ok = self.answers(far.ip)
        detail = f"{far.ip} at {way.host_ifname} {'answers' if ok else 'gives no answer'}"
        yield self.hop("this machine", detail, ok=ok, hint=_MENDS)
        machine = look()
        if self.version not in machine.versions:  # then it forwards nothing of it, either
            yield self.beyond(machine)
            return
        key = host.FORWARDING[self.version]
        forwards = exchange(key) == "1"
        detail = f"{key} is {'1' if forwards else '0'}"
        yield self.hop("its forwarding", detail, ok=forwards, hint=_MENDS)
        ok = host.is_open_for(way, host.ruleset())
        detail = "nftables lets the lab through" if ok else "nftables has not all that it needs"
        yield self.hop("its rules", detail, ok=ok, hint=_MENDS)
        yield self.beyond(machine)

    def pasta(self, way: Way) -> Iterator[Hop]:
        """Look for pasta."""
        ok = pasta.LODGED in self.sandbox.lodgers()
        detail = "it runs" if ok else "it has ended"
        yield self.hop("pasta", detail, ok=ok, hint=_RESTARTS)
        if _of(way.near, self.version) is None:
            detail = f"{UPLINK} has lost its address"
            yield self.hop("pasta", detail, ok=False, hint=_MENDS)
            return
        yield self.beyond(look(), asking=_may_ping())

    def beyond(self, machine: Machine, *, asking: bool = True) -> Hop:
        """Ask the machine's own next hop, and see which address what leaves has."""
        if self.version not in machine.versions:
            hint = "the machine itself reaches no other network by this version"
            return self.hop("beyond", "this machine has no default route", ok=False, hint=hint)
        target = machine.gateways.get(self.version)
        if target is None:  # as on a tunnel, or with several next hops
            detail = "not asked: this machine's default route names no one gateway"
            return self.hop("beyond", detail, ok=None)
        if not asking:
            detail = f"not asked: pasta passes pings for the groups of {_PING_GROUPS} alone"
            return self.hop("beyond", detail, ok=None)
        ok = self.answers(target)
        said = "answers" if ok else "gives no answer"
        detail = f"{target}, this machine's gateway, {said}; source NAT {self.masked(target)}"
        hint = f"try `ping {target}` on this machine: it may not answer anybody"
        return self.hop("beyond", detail, ok=ok, hint=hint)

    def masked(self, target: Address) -> str:
        """Say what connection tracking made of what the node sent to the target."""
        with Transport(self.tracker()) as transport:
            try:
                tracked = conntrack.connections(transport)
            except KernelError:
                return "is not tracked by this kernel"
        links = self.observed[self.node].links.values()
        own = [item.ip.packed for link in links for item in link.held]
        sent = [one for one in tracked if one.orig and one.orig.dst == target.packed]
        sent = [one for one in sent if one.orig and one.orig.src in own]
        for one in sent:
            if one.reply is not None and one.reply.dst not in (None, *own):
                return f"to {ip_address(one.reply.dst)}"
        return "to nothing else" if sent else "not seen: nothing came by"

    def tracker(self) -> socket:
        """Open a socket of connection tracking where addresses are translated."""
        family = conntrack.NETLINK_NETFILTER
        if self.way is not None and self.way.direct:
            return open_socket(family)
        return self.sandbox.sockets(AF_NETLINK, _RAW, family, [OUTSIDE])[0]

    def resolver(self) -> Hop:
        """Ask the node's name server."""
        servers = resolver.servers(self.sandbox.resolver())
        own = [one for one in servers if _version(one) == self.version]
        if not own:
            return self.hop("resolver", f"none has an IPv{self.version} address", ok=True)
        ok = self.resolves(own[0])
        said = "answers" if ok else "gives no answer"
        hint = "see whether the machine itself resolves names"
        return self.hop("resolver", f"{own[0]} {said}", ok=ok, hint=hint)

    def answers(self, address: Address) -> bool:
        """Ping an address from the node."""
        probe = echo.Probe(self.node, str(address), address)
        sock = self.sandbox.sockets(*echo.protocol_of(self.version), [self.node])[0]
        with contextlib.closing(sock):
            sockets = {(self.node, self.version): sock}
            return echo.ping([probe], sockets, timeout=_PATIENCE, tries=2)[0].ok

    def resolves(self, server: str) -> bool:
        """Send a name server a question from the node; any answer will do."""
        family = _AF_INET6 if self.version == 6 else _AF_INET
        sock = self.sandbox.sockets(family, _DATAGRAM, 0, [self.node])[0]
        number = os.urandom(2)
        with contextlib.closing(sock):
            deadline = time.monotonic() + 2 * _PATIENCE
            while (left := deadline - time.monotonic()) > 0:
                sock.settimeout(min(left, _PATIENCE))
                try:
                    sock.connect((server, resolver.PORT))
                    sock.send(number + _QUESTION)
                    if sock.recv(4096)[:2] == number:
                        return True
                except TimeoutError:
                    continue
                except OSError:
                    return False
        return False


def _may_ping() -> bool:
    """Tell whether this user may have the ICMP sockets (icmp(7)) by which pasta passes pings."""
    lowest, _, highest = exchange(_PING_GROUPS).partition("\t")
    if not (lowest.isdigit() and highest.isdigit()):
        return False
    return any(int(lowest) <= group <= int(highest) for group in (os.getegid(), *os.getgroups()))


def _of(addresses: tuple[Interface, ...], version: int) -> Interface | None:
    return next((item for item in addresses if item.version == version), None)


def _version(server: str) -> int:
    """Give the IP version of a name server; 0 for a word that is no address: anybody may write."""
    try:
        return ip_address(server).version
    except ValueError:
        return 0
