"""A kernel that is only imagined: it takes steps as the real one would, and refuses as it would.

What is asserted here is what the real kernel answers with an error: no link twice, no address on a
link that is not there, no route over a link that is down or to a next hop that nothing reaches.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

from msgspec.structs import replace

from nslab.kernel.sandbox import HOST, OUTSIDE
from nslab.plan.addresses import LOOPBACK, link_local
from nslab.plan.state import QUIET, LinkState, NetnsState, State, fresh

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nslab.lab.model import Route
    from nslab.plan.state import End
    from nslab.plan.steps import (
        AddAddress,
        AddBridge,
        AddMacvlan,
        AddNetns,
        AddRoute,
        AddVeth,
        DeleteAddress,
        DeleteLink,
        DeleteNetns,
        DeleteRoute,
        SetLink,
        SetSysctl,
        Step,
    )


class ImaginedKernel:
    def __init__(self, defaults: dict[str, str], state: State | None = None) -> None:
        self.defaults = defaults
        self.state: State = copy.deepcopy(state or {HOST: NetnsState(), OUTSIDE: fresh(defaults)})

    def take(self, steps: Iterable[Step]) -> ImaginedKernel:
        for step in steps:
            getattr(self, f"_{type(step).__name__}")(step)
        return self

    def facts(self) -> dict[str, object]:
        """Give what two kernels must agree on to be in the same state."""
        return {
            name: (
                {
                    link.ifname: replace(
                        link,
                        addresses=tuple(sorted(map(str, link.addresses))),
                    )
                    for link in netns.links.values()
                },
                {(str(r.dst), str(r.via), r.ifname, r.metric) for r in netns.routes},
                netns.sysctl,
            )
            for name, netns in self.state.items()
            if name != OUTSIDE or len(netns.links) > 1  # else nobody minds what it is like
        }

    def link(self, netns: str, link: LinkState) -> LinkState:
        found = self.state[netns].links[link.ifname]
        assert found.ifindex == link.ifindex, f"{netns}:{link.ifname} has another ifindex"
        return found

    def change(self, netns: str, link: LinkState) -> None:
        self.state[netns].links[link.ifname] = link

    def arrive(self, netns: str, link: LinkState) -> None:
        links = self.state[netns].links
        assert link.ifname not in links, f"{netns}:{link.ifname} is there already"
        assert link.ifindex not in {other.ifindex for other in links.values()}
        mtu, speaks = link.mtu or 1500, self.speaks(netns, link.mtu)
        links[link.ifname] = replace(link, addresses=(), mtu=mtu, alias="", ipv6=speaks)

    def speaks(self, netns: str, mtu: int | None) -> bool:
        sysctl = self.state[netns].sysctl
        return all(sysctl.get(key) == "0" for key in QUIET) and (mtu or 65536) >= 1280

    def _AddNetns(self, step: AddNetns) -> None:  # noqa: N802 - named for the step
        assert step.netns not in self.state
        self.state[step.netns] = fresh(self.defaults)

    def _DeleteNetns(self, step: DeleteNetns) -> None:  # noqa: N802
        for link in list(self.state[step.netns].links.values()):
            self.vanish((step.netns, link.ifname))
        del self.state[step.netns]

    def _SetSysctl(self, step: SetSysctl) -> None:  # noqa: N802
        found = self.state[step.netns].sysctl
        assert found.get(step.key) == step.before
        found[step.key] = step.value
        for link in list(self.state[step.netns].links.values()):
            self.settle(step.netns, link)

    def _AddBridge(self, step: AddBridge) -> None:  # noqa: N802
        self.arrive(step.netns, replace(step.link, up=False))

    def _AddVeth(self, step: AddVeth) -> None:  # noqa: N802
        near, far, master = step.near, step.far, step.master
        assert near.peer == (step.far_netns, far.ifname)
        if master is not None and step.netns != HOST:
            self.link(step.netns, master)
        name = master.ifname if master else None
        self.arrive(step.netns, replace(near, up=master is not None, master=name))
        far = replace(far, up=False, master=None, peer=(step.netns, near.ifname))
        self.arrive(step.far_netns, far)

    def _AddMacvlan(self, step: AddMacvlan) -> None:  # noqa: N802
        assert step.link.peer == (step.netns, step.below)
        if step.master is not None:
            self.link(step.above, step.master)
        name = step.master.ifname if step.master else None
        self.arrive(step.above, replace(step.link, up=name is not None, master=name))

    def _DeleteLink(self, step: DeleteLink) -> None:  # noqa: N802
        self.link(step.netns, step.link)
        self.vanish((step.netns, step.link.ifname))

    def vanish(self, end: End) -> None:
        link = self.state[end[0]].links.pop(end[1])
        netns = self.state[end[0]]
        netns.routes = [route for route in netns.routes if route.ifname != link.ifname]
        for other in list(netns.links.values()):
            if other.master == link.ifname:
                self.change(end[0], replace(other, master=None))
        if link.kind == "veth" and link.peer and link.peer[1] in self.state[link.peer[0]].links:
            self.vanish(link.peer)

    def _SetLink(self, step: SetLink) -> None:  # noqa: N802
        found = self.link(step.netns, step.before)
        assert replace(found, addresses=(), carrier=True, ipv6=True) == replace(
            step.before, addresses=(), carrier=True, mtu=step.before.mtu or found.mtu, ipv6=True
        )
        if found.up and not step.link.up:
            netns = self.state[step.netns]
            netns.routes = [route for route in netns.routes if route.ifname != found.ifname]
        mtu = step.link.mtu or found.mtu
        link = replace(step.link, addresses=found.addresses, mtu=mtu, ipv6=found.ipv6)
        self.settle(step.netns, link, begins=not found.up)

    def settle(self, netns: str, link: LinkState, *, begins: bool = False) -> None:
        """Do what the kernel does by itself when a link is up, begins to speak IPv6 or ceases."""
        speaks = self.speaks(netns, link.mtu)
        self.change(netns, replace(link, ipv6=speaks))
        if not speaks:
            self.fall_silent(netns, replace(link, ipv6=False))
        elif begins or not link.ipv6:
            self.give(netns, replace(link, ipv6=True))

    def give(self, netns: str, link: LinkState) -> None:
        """Let a link that is up and speaks have what the kernel adds by itself."""
        given = LOOPBACK if link.kind == "loopback" else (link_local(link.mac),)
        if link.up and link.kind != "bridge" and not link.master:
            together = tuple(dict.fromkeys((*link.addresses, *given)))
            self.change(netns, replace(link, addresses=together))

    def fall_silent(self, netns: str, link: LinkState) -> None:
        left = [address for address in link.addresses if address.version == 4]
        if link.kind == "loopback" and link.up:
            left = [LOOPBACK[0]]
        self.change(netns, replace(link, addresses=tuple(left)))
        routes = self.state[netns].routes
        over = [r for r in routes if r.ifname == link.ifname and r.dst.version == 6]
        self.state[netns].routes = [route for route in routes if route not in over]

    def _AddAddress(self, step: AddAddress) -> None:  # noqa: N802
        found = self.link(step.netns, step.link)
        assert step.address not in found.addresses
        assert step.address.version == 4 or found.ipv6
        self.change(step.netns, replace(found, addresses=(*found.addresses, step.address)))

    def _DeleteAddress(self, step: DeleteAddress) -> None:  # noqa: N802
        found = self.link(step.netns, step.link)
        assert step.address in found.addresses
        same = [a for a in found.addresses if a.network == step.address.network and a.version == 4]
        gone = {step.address, *(same if same[:1] == [step.address] else [])}
        left = tuple(address for address in found.addresses if address not in gone)
        self.change(step.netns, replace(found, addresses=left))
        if step.address.version == 4 and not any(address.version == 4 for address in left):
            netns = self.state[step.netns]
            over = [r for r in netns.routes if r.ifname == found.ifname and r.dst.version == 4]
            netns.routes = [route for route in netns.routes if route not in over]

    def _AddRoute(self, step: AddRoute) -> None:  # noqa: N802
        netns, route = self.state[step.netns], self.placed(step.netns, step.route)
        others = [other for other in netns.routes if _key(other) != _key(route)]
        assert step.before is not None or len(others) == len(netns.routes)
        netns.routes = [*others, route]

    def placed(self, netns: str, route: Route) -> Route:
        """Find the link that the route leads over: it must be up and reach the next hop."""
        links = self.state[netns].links.values()
        for link in links:
            named = route.ifname in (None, link.ifname)
            near = route.via is None or any(route.via in a.network for a in link.addresses)
            if link.up and named and near:
                return replace(route, ifname=link.ifname)
        raise AssertionError(f"nothing reaches {route} in {netns}")

    def _DeleteRoute(self, step: DeleteRoute) -> None:  # noqa: N802
        netns = self.state[step.netns]
        left = [route for route in netns.routes if _key(route) != _key(step.route)]
        assert len(left) == len(netns.routes) - 1
        netns.routes = left


def _key(route: Route) -> tuple[object, int]:
    usual = 0 if route.dst.version == 4 else 1024
    return route.dst, usual if route.metric is None else route.metric
