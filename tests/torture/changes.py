"""What somebody does to a running lab behind its back, and what must be said of it."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_interface, ip_network
from typing import TYPE_CHECKING

from nslab.lab.model import Route
from nslab.netlink.message import NLM_F, Request
from nslab.netlink.rtnl.constants import RTM
from nslab.netlink.rtnl.link import IFF, Link, LinkInfo
from nslab.netlink.rtnl.linkinfo import BridgeInfo
from nslab.plan.state import satisfies
from nslab.plan.steps.address import _request
from nslab.plan.steps.route import _route, route_words

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterator

    from nslab.kernel.sandbox import Sandbox
    from nslab.lab.model import Interface
    from nslab.netlink.attrs import Message
    from nslab.plan.state import LinkState, NetnsState, State

NEW = NLM_F.CREATE | NLM_F.EXCL
FOREIGN4, FOREIGN6 = ip_interface("203.0.113.9/28"), ip_interface("2001:db8:77::9/64")
SETTINGS = {
    "net.ipv4.ip_forward": ("0", "1"),
    "net.ipv6.conf.all.forwarding": ("0", "1"),
    "net.ipv4.tcp_ecn": ("0", "1", "2"),
    "net.ipv4.ip_default_ttl": ("64", "200"),
}


@dataclass(frozen=True)
class Change:
    """One act of somebody else's.

    Attributes:
        words: what it is.
        act: does it.
        says: what drift must say of it, and of what the kernel does as a consequence.
        stays: whether it is nothing that `up` takes back.
    """

    words: str
    act: Callable[[Sandbox], None]
    says: frozenset[str]
    stays: bool = False

    def is_told_by(self, said: set[str]) -> bool:
        """Tell whether drift names this and nothing else.

        A link that is gone takes much along: its place must be named, and else what is missing.
        """
        if "*" not in self.says:
            return said == self.says
        (place,) = self.says - {"*"}
        told = any(place in one for one in said)
        return told and all(place in one or "is missing" in one for one in said)


def send(netns: str, *requests: tuple[int, Message, int]) -> Callable[[Sandbox], None]:
    """Make the act of sending messages to the kernel in one netns."""

    def act(sandbox: Sandbox) -> None:
        sandbox.handle(netns).transport.request(*(Request(*one) for one in requests))

    return act


def changes(wanted: State, observed: State) -> Iterator[Change]:
    """Give all that can be done to a lab.

    Args:
        wanted: what the lab asked for, complete.
        observed: what is, the same but for ifindexes.
    """
    for name, netns in wanted.items():
        there = observed[name]
        for link in netns.links.values():
            now = there.links[link.ifname]
            if link.kind == "veth" and link.master is None:
                yield from _of_end(name, netns, link, now)
            elif link.kind == "veth":
                yield from _of_port(name, link, now)
            elif link.kind == "bridge":
                yield from _of_bridge(name, now)
        yield from _of_routes(name, netns, there)
        yield from _of_settings(name, netns, there)
        extra = Link(ifname="not-ours", linkinfo=LinkInfo(kind="bridge"))
        words = f"{name}:not-ours: the link is not this lab's"
        yield _change(name, "add a link", (RTM.NEWLINK, extra, NEW), words, stays=True)


def choose(possible: list[Change], chance: random.Random) -> Change:
    """Choose a change: first the kind, so that what many have is not chosen oftener."""
    kinds = sorted({change.words.split(":")[0] for change in possible})
    kind = chance.choice(kinds)
    return chance.choice([one for one in possible if one.words.split(":")[0] == kind])


def _change(
    netns: str, words: str, request: tuple[int, Message, int], *says: str, stays: bool = False
) -> Change:
    return Change(f"{words}: {netns}", send(netns, request), frozenset(says), stays)


def _lost(name: str, netns: NetnsState, link: LinkState, version: int) -> list[str]:
    """Give what is said of the static routes that go with a link's last address or its being up."""
    return [
        f"{name}: the route {route_words(route)} is missing"
        for route in netns.routes
        if route.dst.version == version and _over(route, netns) == link.ifname
    ]


def _over(route: Route, netns: NetnsState) -> str | None:
    if route.ifname is not None or route.via is None:
        return route.ifname
    return next(
        (
            link.ifname
            for link in netns.links.values()
            if any(route.via in address.network for address in link.addresses)
        ),
        None,
    )


def _of_end(name: str, netns: NetnsState, link: LinkState, now: LinkState) -> Iterator[Change]:
    place = f"{name}:{link.ifname}"
    both = [*_lost(name, netns, link, 4), *_lost(name, netns, link, 6)]
    down = Link(index=now.ifindex, change=IFF.UP)
    yield _change(name, "down", (RTM.NEWLINK, down, 0), f"{place}: is down", *both)
    mtu = 1300 if (now.mtu or 1500) != 1300 else 1301
    says = f"{place}: has the MTU {mtu}, not {now.mtu}"
    if link.ipv6 or not [a for a in link.addresses if a.version == 6]:
        request = (RTM.NEWLINK, Link(index=now.ifindex, mtu=mtu), 0)
        if link.ipv6:  # a silent one would begin to speak
            yield _change(name, "mtu", request, says)
    for address in link.addresses:
        yield from _without(name, netns, link, now, address)
    for address in (FOREIGN4, FOREIGN6):
        if address.version == 6 and not link.ipv6:
            continue
        says = f"{place}: the address {address} is not this lab's"
        body = _request(RTM.NEWADDR, NEW, now, address).body
        yield _change(name, "add address", (RTM.NEWADDR, body, NEW), says, stays=True)
    gone = (RTM.DELLINK, Link(index=now.ifindex), 0)
    yield Change(f"delete: {place}", send(name, gone), frozenset({"*", place}))


def _without(
    name: str, netns: NetnsState, link: LinkState, now: LinkState, address: Interface
) -> Iterator[Change]:
    """Delete an address: with an IPv4 subnet's first the others go, with the last the routes."""
    place = f"{name}:{link.ifname}"
    same = [a for a in link.addresses if a.version == 4 and a.network == address.network]
    gone = same if address.version == 4 and same[0] == address else [address]
    left = [a for a in link.addresses if a.version == address.version and a not in gone]
    says = [f"{place}: the address {one} is missing" for one in gone]
    if address.version == 4:
        says += _lost(name, netns, link, 4) if not left else []
    body = _request(RTM.DELADDR, 0, now, address).body
    yield _change(name, "delete address", (RTM.DELADDR, body, 0), *says)


def _of_port(name: str, link: LinkState, now: LinkState) -> Iterator[Change]:
    place = f"{name}:{link.ifname}"
    free = Link(index=now.ifindex, master=0)
    says = f"{place}: is a port of nothing, not of {link.master}"
    yield _change(name, "leave the bridge", (RTM.NEWLINK, free, 0), says)
    down = Link(index=now.ifindex, change=IFF.UP)
    yield _change(name, "port down", (RTM.NEWLINK, down, 0), f"{place}: is down")
    mac = bytes.fromhex("0600000000ee")
    says = f"{place}: has the MAC {mac.hex(':')}, not {now.mac}"
    yield _change(name, "port mac", (RTM.NEWLINK, Link(index=now.ifindex, address=mac), 0), says)


def _of_bridge(name: str, now: LinkState) -> Iterator[Change]:
    place = f"{name}:{now.ifname}"
    down = Link(index=now.ifindex, change=IFF.UP)
    yield _change(name, "bridge down", (RTM.NEWLINK, down, 0), f"{place}: is down")
    mac = bytes.fromhex("0600000000ef")
    says = f"{place}: has the MAC {mac.hex(':')}, not {now.mac}"
    yield _change(name, "bridge mac", (RTM.NEWLINK, Link(index=now.ifindex, address=mac), 0), says)
    for info, word in (
        (BridgeInfo(stp_state=1), "stp_state 1, not 0"),
        (BridgeInfo(mcast_snooping=1), "mcast_snooping 1, not 0"),
    ):
        body = Link(index=now.ifindex, linkinfo=LinkInfo(kind="bridge", data=info))
        yield _change(name, word.split()[0], (RTM.NEWLINK, body, 0), f"{place}: has {word}")


def _of_routes(name: str, netns: NetnsState, there: NetnsState) -> Iterator[Change]:
    for wanted in netns.routes:
        for found in there.routes:
            if found.dst == wanted.dst and satisfies(found, wanted):
                ifname = found.ifname or ""
                body = _route(found, there.links[ifname].ifindex)
                says = f"{name}: the route {route_words(wanted)} is missing"
                yield _change(name, "delete route", (RTM.DELROUTE, body, 0), says)
    dst = ip_network("198.51.100.0/24")
    for link in there.links.values():
        wanted_link = netns.links.get(link.ifname)
        if link.kind == "veth" and link.master is None and wanted_link:
            route = Route(dst, ifname=link.ifname, metric=77)
            says = f"{name}: the route {route_words(route)} is not this lab's"
            body = _route(route, link.ifindex)
            yield _change(name, "add route", (RTM.NEWROUTE, body, NEW), says, stays=True)


def _of_settings(name: str, netns: NetnsState, there: NetnsState) -> Iterator[Change]:
    for key, values in SETTINGS.items():
        wanted = netns.sysctl.get(key)
        if wanted is None or key not in there.sysctl:
            continue
        for value in values:
            if value != wanted:
                says = f"{name}: {key} is {value}, not {wanted}"
                yield Change(f"sysctl: {name}", _setting(name, f"{key}={value}"), frozenset({says}))


def _setting(name: str, words: str) -> Callable[[Sandbox], None]:
    def act(sandbox: Sandbox) -> None:
        (answer,) = sandbox.sysctl(name, [words])
        assert not isinstance(answer, OSError), answer

    return act
