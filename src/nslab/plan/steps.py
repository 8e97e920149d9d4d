"""The steps of a plan: values that can say, do and undo themselves.

`words()` says a step to a person, `command()` as the `ip` command that does the same, `finding()`
says what it mends when it repairs drift. `requests()` gives the netlink messages for the step's
netns; the few steps that are no netlink messages have `act()` instead. `undo()` is the step back.
"""

from __future__ import annotations

import errno
from collections.abc import Callable
from dataclasses import dataclass, replace
from shlex import quote
from typing import TYPE_CHECKING

from nslab.kernel import libc
from nslab.kernel.sandbox import Handle, Sandbox
from nslab.netlink.message import NLM_F, Request
from nslab.netlink.rtnl import address as rtnl_address
from nslab.netlink.rtnl import route as rtnl_route
from nslab.netlink.rtnl.constants import AF, RT_SCOPE, RT_TABLE, RTM, RTN, RTPROT
from nslab.netlink.rtnl.link import IFF, Link, LinkInfo, VethInfo
from nslab.netlink.rtnl.linkinfo import BridgeInfo

if TYPE_CHECKING:
    from nslab.lab.model import Interface, Route
    from nslab.plan.state import LinkState

Open = Callable[[str], Handle]
"""Opens the netns of a name."""

_NEW = NLM_F.CREATE | NLM_F.EXCL
_FAMILY = {4: AF.INET, 6: AF.INET6}


@dataclass(frozen=True, slots=True)
class Step:
    """One act in one netns."""

    netns: str

    def words(self) -> str:
        """Say the step to a person, in the imperative."""
        raise NotImplementedError

    def command(self) -> str:
        """Give the command of stock tools that does the same."""
        raise NotImplementedError

    def finding(self) -> str:
        """Say what is wrong where this step is needed."""
        raise NotImplementedError

    def undo(self) -> Step:
        """Give the step that takes this one back."""
        raise NotImplementedError

    def requests(self, opened: Open) -> list[Request]:
        """Give the netlink messages to send in the step's netns."""
        raise NotImplementedError

    def act(self, sandbox: Sandbox) -> None:
        """Do what is no netlink message."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class AddNetns(Step):
    """Make the netns and name it."""

    def words(self) -> str:
        return f"add the namespace {self.netns}"

    def command(self) -> str:
        return f"ip netns add {self.netns}"

    def finding(self) -> str:
        return f"{self.netns}: the namespace is missing"

    def undo(self) -> Step:
        return DeleteNetns(self.netns)


@dataclass(frozen=True, slots=True)
class DeleteNetns(Step):
    """End the netns and the processes in it. It cannot be brought back as it was, only anew."""

    def words(self) -> str:
        return f"delete the namespace {self.netns} and end its processes"

    def command(self) -> str:
        return f"ip netns delete {self.netns}"

    def finding(self) -> str:
        return f"{self.netns}: the namespace is no longer in the file"

    def undo(self) -> Step:
        return AddNetns(self.netns)

    def act(self, sandbox: Sandbox) -> None:
        sandbox.delete([self.netns])


@dataclass(frozen=True, slots=True)
class SetSysctl(Step):
    """Set one sysctl; `before` is what it was."""

    key: str
    value: str
    before: str = ""

    def words(self) -> str:
        return f"set {self.key} of {self.netns} to {self.value}"

    def command(self) -> str:
        return f"ip netns exec {self.netns} sysctl -qw {quote(f'{self.key}={self.value}')}"

    def finding(self) -> str:
        return f"{self.netns}: {self.key} is {self.before or 'unset'}, not {self.value}"

    def undo(self) -> Step:
        return SetSysctl(self.netns, self.key, self.before, self.value)

    def act(self, sandbox: Sandbox) -> None:
        (answer,) = sandbox.sysctl(self.netns, [f"{self.key}={self.value}"])
        if isinstance(answer, OSError):
            hint = "this kernel has no such setting" if answer.errno == errno.ENOENT else None
            raise libc.failure(f"sysctl {self.key}={self.value}", answer.errno or 0, hint=hint)


@dataclass(frozen=True, slots=True)
class AddBridge(Step):
    """Make a bridge, still down, in its fabric."""

    link: LinkState

    def words(self) -> str:
        return f"add the bridge {self.link.ifname}"

    def command(self) -> str:
        name, mac = quote(self.link.ifname), self.link.mac
        return f"ip -n {self.netns} link add {name} address {mac} type bridge mcast_snooping 0"

    def finding(self) -> str:
        return f"{self.netns}: the bridge is missing"

    def undo(self) -> Step:
        return DeleteLink(self.netns, self.link)

    def requests(self, _: Open) -> list[Request]:
        # Without snooping a bridge floods multicast as a plain switch does: no querier to wait for.
        info = LinkInfo(kind="bridge", data=BridgeInfo(mcast_snooping=0))
        link = self.link
        body = Link(
            index=link.index, ifname=link.ifname, address=mac_bytes(link.mac), linkinfo=info
        )
        return [Request(RTM.NEWLINK, body, _NEW)]


@dataclass(frozen=True, slots=True)
class AddVeth(Step):
    """Make a cable: both ends placed and named by one message; a port comes enslaved and up."""

    near: LinkState
    far_netns: str
    far: LinkState
    master: LinkState | None = None

    def words(self) -> str:
        return f"join {self.netns}:{self.near.ifname} and {self.far_netns}:{self.far.ifname}"

    def command(self) -> str:
        port = f" master {quote(self.master.ifname)} up" if self.master else ""
        return (
            f"ip -n {self.netns} link add {_link_words(self.near)}{port}"
            f" type veth peer {_link_words(self.far)} netns {self.far_netns}"
        )

    def finding(self) -> str:
        ends = f"{self.netns}:{self.near.ifname} and {self.far_netns}:{self.far.ifname}"
        return f"{self.far_netns}:{self.far.ifname}: nothing joins {ends}"

    def undo(self) -> Step:
        return DeleteLink(self.netns, self.near, (self.far_netns, self.far), self.master)

    def requests(self, opened: Open) -> list[Request]:
        near, far, master = self.near, self.far, self.master
        peer = Link(
            index=far.index,
            ifname=far.ifname,
            address=mac_bytes(far.mac),
            mtu=far.mtu,
            net_ns_fd=opened(self.far_netns).fd,
        )
        flags = IFF.UP if master else 0
        body = Link(
            index=near.index,
            flags=flags,
            change=flags,
            ifname=near.ifname,
            address=mac_bytes(near.mac),
            mtu=near.mtu,
            master=master.index if master else None,
            linkinfo=LinkInfo(kind="veth", data=VethInfo(peer=peer)),
        )
        return [Request(RTM.NEWLINK, body, _NEW)]


@dataclass(frozen=True, slots=True)
class DeleteLink(Step):
    """Take a link away; of a cable both ends go."""

    link: LinkState
    far: tuple[str, LinkState] | None = None
    master: LinkState | None = None

    def words(self) -> str:
        return f"delete the link {self.netns}:{self.link.ifname}"

    def command(self) -> str:
        return f"ip -n {self.netns} link delete {quote(self.link.ifname)}"

    def finding(self) -> str:
        return f"{self.netns}:{self.link.ifname}: the link is no longer in the file"

    def undo(self) -> Step:
        if self.far is None:
            return AddBridge(self.netns, self.link)
        return AddVeth(self.netns, self.link, *self.far, self.master)

    def requests(self, _: Open) -> list[Request]:
        return [Request(RTM.DELLINK, Link(index=self.link.index))]


@dataclass(frozen=True, slots=True)
class SetLink(Step):
    """Change a link in place: from `before` to `link`, naming only what differs."""

    link: LinkState
    before: LinkState
    master: int = 0
    master_before: int = 0

    def words(self) -> str:
        return f"set {self.netns}:{self.link.ifname} {self.changes()}"

    def command(self) -> str:
        return f"ip -n {self.netns} link set {quote(self.link.ifname)} {self.changes()}"

    def finding(self) -> str:
        link, before = self.link, self.before
        found = []
        if link.up != before.up:
            found.append("is up" if before.up else "is down")
        if link.mac != before.mac:
            found.append(f"has the MAC {before.mac}, not {link.mac}")
        if link.mtu != before.mtu:
            found.append(f"has the MTU {before.mtu}, not {link.mtu}")
        if link.master != before.master:
            found.append(f"is a port of {before.master or 'nothing'}, not of {link.master}")
        return f"{self.netns}:{link.ifname}: {', '.join(found)}"

    def changes(self) -> str:
        """Give the words of `ip link set` for what differs."""
        link, before, words = self.link, self.before, []
        if link.mac != before.mac:
            words.append(f"address {link.mac}")
        if link.mtu != before.mtu:
            words.append(f"mtu {link.mtu}")
        if link.master != before.master:
            words.append(f"master {quote(link.master)}" if link.master else "nomaster")
        if link.up != before.up:
            words.append("up" if link.up else "down")
        return " ".join(words)

    def undo(self) -> Step:
        return SetLink(self.netns, self.before, self.link, self.master_before, self.master)

    def requests(self, _: Open) -> list[Request]:
        link, before = self.link, self.before
        changed = IFF.UP if link.up != before.up else 0
        body = Link(
            index=link.index,
            flags=changed if link.up else 0,
            change=changed,
            address=mac_bytes(link.mac) if link.mac != before.mac else None,
            mtu=link.mtu if link.mtu != before.mtu else None,
            master=self.master if link.master != before.master else None,
        )
        return [Request(RTM.NEWLINK, body)]


@dataclass(frozen=True, slots=True)
class AddAddress(Step):
    """Give a link an address. IPv6 ones skip duplicate address detection: MACs are ours."""

    link: LinkState
    address: Interface

    def words(self) -> str:
        return f"give {self.netns}:{self.link.ifname} the address {self.address}"

    def command(self) -> str:
        extra = " nodad" if self.address.version == 6 else ""
        place = f"dev {quote(self.link.ifname)}{extra}"
        return f"ip -n {self.netns} address add {self.address.with_prefixlen} {place}"

    def finding(self) -> str:
        return f"{self.netns}:{self.link.ifname}: the address {self.address} is missing"

    def undo(self) -> Step:
        return DeleteAddress(self.netns, self.link, self.address)

    def requests(self, _: Open) -> list[Request]:
        return [Request(RTM.NEWADDR, _address(self.link, self.address), _NEW)]


@dataclass(frozen=True, slots=True)
class DeleteAddress(Step):
    """Take an address from a link."""

    link: LinkState
    address: Interface

    def words(self) -> str:
        return f"take the address {self.address} from {self.netns}:{self.link.ifname}"

    def command(self) -> str:
        place = f"dev {quote(self.link.ifname)}"
        return f"ip -n {self.netns} address delete {self.address.with_prefixlen} {place}"

    def finding(self) -> str:
        place = f"{self.netns}:{self.link.ifname}"
        return f"{place}: the address {self.address} is no longer in the file"

    def undo(self) -> Step:
        return AddAddress(self.netns, self.link, self.address)

    def requests(self, _: Open) -> list[Request]:
        return [Request(RTM.DELADDR, _address(self.link, self.address))]


@dataclass(frozen=True, slots=True)
class AddRoute(Step):
    """Add a static route, or put it in the place of `before`."""

    route: Route
    index: int = 0
    before: Route | None = None
    index_before: int = 0

    def words(self) -> str:
        return f"route {route_words(self.route)} in {self.netns}"

    def command(self) -> str:
        verb = "replace" if self.before else "add"
        return f"ip -n {self.netns} route {verb} {route_words(self.route)} proto static"

    def finding(self) -> str:
        if self.before is None or self.before == self.route:
            return f"{self.netns}: the route {route_words(self.route)} is missing"
        found, wanted = route_words(self.before), route_words(self.route)
        return f"{self.netns}: a route is {found}, not {wanted}"

    def undo(self) -> Step:
        if self.before is None or self.before == self.route:
            return DeleteRoute(self.netns, self.route, self.index)
        return AddRoute(self.netns, self.before, self.index_before, self.route, self.index)

    def requests(self, _: Open) -> list[Request]:
        flags = NLM_F.CREATE | NLM_F.REPLACE if self.before else _NEW
        return [Request(RTM.NEWROUTE, _route(self.route, self.index), flags)]


@dataclass(frozen=True, slots=True)
class DeleteRoute(Step):
    """Take a static route away."""

    route: Route
    index: int = 0

    def words(self) -> str:
        return f"delete the route {route_words(self.route)} in {self.netns}"

    def command(self) -> str:
        return f"ip -n {self.netns} route delete {route_words(self.route)} proto static"

    def finding(self) -> str:
        return f"{self.netns}: the route {route_words(self.route)} is no longer in the file"

    def undo(self) -> Step:
        return AddRoute(self.netns, self.route, self.index)

    def requests(self, _: Open) -> list[Request]:
        return [Request(RTM.DELROUTE, _route(self.route, self.index))]


def mac_bytes(mac: str) -> bytes | None:
    """Give a MAC's six octets; None for ""."""
    return bytes.fromhex(mac.replace(":", "")) if mac else None


def route_words(route: Route) -> str:
    """Say a route in iproute2's words."""
    default = route.dst.prefixlen == 0
    words = ["default" if default and (route.via or route.dst.version == 4) else str(route.dst)]
    if route.via is not None:
        words += ["via", str(route.via)]
    if route.ifname is not None:
        words += ["dev", quote(route.ifname)]
    if route.metric is not None:
        words += ["metric", str(route.metric)]
    return " ".join(words)


def with_index(link: LinkState, index: int) -> LinkState:
    """Give the link with its ifindex chosen."""
    return link if link.index == index else replace(link, index=index)


def _link_words(link: LinkState) -> str:
    mtu = f" mtu {link.mtu}" if link.mtu else ""
    return f"name {quote(link.ifname)} address {link.mac}{mtu}"


def _address(link: LinkState, address: Interface) -> rtnl_address.Address:
    packed = address.ip.packed
    if address.version == 4:
        return rtnl_address.Address(
            family=AF.INET,
            prefixlen=address.network.prefixlen,
            index=link.index,
            local=packed,
            address=packed,
        )
    return rtnl_address.Address(
        family=AF.INET6,
        prefixlen=address.network.prefixlen,
        index=link.index,
        flags8=rtnl_address.IFA_F.NODAD,
        local=packed,
        address=packed,
    )


def _route(route: Route, index: int) -> rtnl_route.Route:
    local = route.via is None
    return rtnl_route.Route(
        family=_FAMILY[route.dst.version],
        dst_len=route.dst.prefixlen,
        table8=RT_TABLE.MAIN,
        protocol=RTPROT.STATIC,
        scope=RT_SCOPE.LINK if local and route.dst.version == 4 else RT_SCOPE.UNIVERSE,
        type=RTN.UNICAST,
        dst=route.dst.network_address.packed if route.dst.prefixlen else None,
        gateway=route.via.packed if route.via is not None else None,
        oif=index or None,
        priority=route.metric,
    )
