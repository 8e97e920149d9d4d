"""What comes: sysctls, links, addresses and routes that are missing or different."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from nslab.plan.addresses import LOOPBACK, coming, own_address
from nslab.plan.comparison import EMPTY, Comparison
from nslab.plan.effects import USUAL_MTU, as_it_comes, has_source, link_of, mtu_of, reaches, unlike
from nslab.plan.order import cable_order
from nslab.plan.state import LinkState, route_key, satisfies
from nslab.plan.steps import (
    AddAddress,
    AddBridge,
    AddMacvlan,
    AddRoute,
    AddVeth,
    SetLink,
    SetSysctl,
    Step,
    with_ifindex,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nslab.lab.model import Route


def outlasts_rise(step: AddAddress) -> bool:
    """Tell whether an address is there for certain after its link has been brought up."""
    address = step.address
    return address.version == 4 or address in (own_address(step.link), *LOOPBACK)


class Coming(Comparison):
    """The steps that bring. `choose_indexes` stands before all others."""

    def choose_indexes(self) -> None:
        """Give every link to come the next free ifindex of its netns, as the kernel would."""
        for name, ifname in self.doomed:
            if name in self.busy:
                self.indexes[name].pop(ifname, None)
        for name, state in self.busy.items():
            indexes = self.indexes[name]
            present = self.observed[name]
            taken = [*present.known.values(), *(link.ifindex for link in present.links.values())]
            highest = max(taken, default=1)
            for ifname in state.links:
                if ifname not in indexes:
                    highest += 1
                    indexes[ifname] = state.links[ifname].ifindex or highest
                    self.made.add((name, ifname))
            mine = [ifname for ifname in state.links if self.is_set(name, ifname)]
            self.due[name] = len(mine)
            self.bare[name] = [ifname for ifname in mine if (name, ifname) not in self.made]

    def planned(self, name: str, ifname: str) -> LinkState:
        """Give a link as it shall be, with its ifindex."""
        return with_ifindex(self.desired[name].links[ifname], self.indexes[name][ifname])

    def settings(self, name: str, ifname: str = "") -> Iterator[Step]:
        """Set the sysctls that are one link's own, or those that are no link's."""
        present = self.observed[name].sysctl
        wanted = self.desired[name].sysctl
        returned = {
            key: self.defaults[key]
            for key in self.last.get(name, EMPTY).sysctl
            if key not in wanted and self.defaults.get(key)
        }
        due = {**returned, **wanted}
        for key in unlike(due, present, self.defaults, ifname):
            yield SetSysctl(name, key, due[key], present.get(key))

    def bridges(self) -> Iterator[Step]:
        """Make bridges, and give them an MTU before anything lies on them that needs it."""
        for name, state in self.busy.items():
            for wanted in state.links.values():
                if wanted.kind != "bridge":
                    continue
                before = self.observed[name].links.get(wanted.ifname)
                if before is None or (name, wanted.ifname) in self.made:
                    before = replace(self.planned(name, wanted.ifname), up=False, mtu=None)
                    yield AddBridge(name, before)
                mtu = self.bridge_mtu(name, wanted, before)
                if mtu != before.mtu:
                    yield SetLink(name, replace(before, mtu=mtu), before)

    def bridge_mtu(self, name: str, wanted: LinkState, before: LinkState) -> int | None:
        """Give the MTU that a bridge is to have: the usual one again where it had another."""
        asked = self.last.get(name, EMPTY).links.get(wanted.ifname)
        return wanted.mtu or (USUAL_MTU if asked and asked.mtu else before.mtu)

    def cables(self) -> Iterator[Step]:
        """Make cables, and configure the ends of each at once.

        Ends that wait to be brought up cost time quadratically: each time a link comes to life, the
        kernel looks through all that do not run yet (net/core/link_watch.c). And where it finds one
        that is up and has no carrier, as the near end of a cable whose far end waits, it keeps all
        from netlink until all CPUs know (`dev_deactivate_many`).
        """
        coming = {
            name: [
                (link.ifname, link.peer)
                for link in state.links.values()
                if link.kind == "veth" and link.peer and (name, link.ifname) in self.made
            ]
            for name, state in self.busy.items()
        }
        for near, far in cable_order(coming):
            link = self.planned(*near)
            master = self.master_of(near[0], link)
            self.ports |= {near} if master else set()
            yield AddVeth(near[0], link, far[0], self.planned(*far), master)
            for name, ifname in (near, far):
                self.bare[name].append(ifname)
                yield from self.configure(name)

    def macvlans(self) -> Iterator[Step]:
        """Make macvlans, on links that are there by now."""
        for name, state in self.busy.items():
            for link in state.links.values():
                end = (name, link.ifname)
                if link.kind == "macvlan" and link.peer and end in self.made:
                    self.ports |= {end} if link.master else set()
                    index, master = self.index_of(*link.peer), self.master_of(name, link)
                    yield AddMacvlan(*link.peer, index, name, self.planned(*end), master)
                    self.bare[name].append(link.ifname)

    def configure(self, name: str) -> Iterator[Step]:
        """Set the links that are there and were not set yet; once all are, what leads over them."""
        if name not in self.due:
            return
        state, bare = self.desired[name], self.bare[name]
        self.bare[name] = []
        keys = (*self.last.get(name, EMPTY).sysctl, *state.sysctl)
        named = dict.fromkeys(filter(None, map(link_of, keys)))
        for ifname in bare:
            if ifname in named:
                yield from self.settings(name, ifname)
        yield from self.set_links(name, [state.links[ifname] for ifname in bare])
        self.due[name] -= len(bare)
        if self.due[name] == 0:
            del self.due[name]
            for ifname in named:
                if not self.is_set(name, ifname):
                    yield from self.settings(name, ifname)
            yield from self.add_routes(name)

    def is_set(self, name: str, ifname: str) -> bool:
        """Tell whether `configure` sets a link: bridges are set elsewhere, others are not ours."""
        link = self.desired[name].links.get(ifname)
        return link is not None and link.kind != "bridge"

    def set_links(self, name: str, links: list[LinkState]) -> Iterator[Step]:
        """Set links of one netns: the MTU of silent ones, addresses, the others, more addresses.

        The IPv6 addresses that a link has when it is brought up are lost where the kernel finds no
        memory for their routes without sleeping (`addrconf_permanent_addr`, net/ipv6/addrconf.c):
        twice in 66,000 nodes that were tried. So only those come before that it would make again.
        """
        speaking = []
        for wanted in links:
            if self.speaks(name, wanted.ifname):
                speaking.append(wanted)
            else:  # its MTU is raised before it can have IPv6 addresses
                yield from self.set_link(name, wanted)
        late = []
        for wanted in links:
            for step in self.add_addresses(name, wanted):
                if outlasts_rise(step):
                    yield step
                else:
                    late.append(step)
        for wanted in speaking:
            yield from self.set_link(name, wanted)
        yield from late

    def set_link(self, name: str, wanted: LinkState) -> Iterator[Step]:
        """Set what is not an address: MTU, MAC, master, alias, and whether it is up."""
        link = self.planned(name, wanted.ifname)
        before = self.observed[name].links.get(wanted.ifname)
        if (name, wanted.ifname) in self.made or before is None:
            before = as_it_comes(link, port=(name, wanted.ifname) in self.ports)
            if before != link:
                yield SetLink(name, link, before, *self.masters(name, link, before))
            return
        merged = replace(
            before,
            up=link.up,
            mac=before.mac if link.kind == "macvlan" else link.mac or before.mac,  # the one below's
            mtu=mtu_of(link, before),
            master=link.master,
            alias=link.alias or before.alias,
        )
        if merged != before:
            yield SetLink(name, merged, before, *self.masters(name, merged, before))

    def masters(self, name: str, link: LinkState, before: LinkState) -> tuple[int, int]:
        """Give the ifindexes of the bridges that a link is a port of: then, and before."""
        return self.index_of(name, link.master), self.index_of(name, before.master)

    def speaks(self, name: str, ifname: str) -> bool:
        """Tell whether a link speaks IPv6; one that is to come does so before it is set."""
        link = self.observed[name].links.get(ifname)
        return link is None or (name, ifname) in self.made or link.ipv6

    def add_addresses(self, name: str, wanted: LinkState) -> Iterator[AddAddress]:
        """Give a link its addresses.

        The kernel would choose the same link-local one, but only after it looked for duplicates for
        a second or two, in which a router forwards nothing to the link.
        """
        if (name, wanted.ifname) in self.made:
            if wanted.addresses:
                link = self.planned(name, wanted.ifname)
                for address in wanted.addresses:
                    yield AddAddress(name, link, address)
            return
        before = self.observed[name].links[wanted.ifname]
        lost = self.leaving(name, before, wanted)
        missing = coming(before, lost, self.mine(name, wanted.ifname), wanted)
        if not missing:
            return
        link = self.planned(name, wanted.ifname)
        back: list[Route] = []
        if not any(one.version == 4 for one in before.addresses if one not in lost):
            back = self.staying(name, before)
        for address in missing:
            kept = []
            if address.version == 4:
                kept, back = [AddRoute(name, route, link.ifindex) for route in back], []
            yield AddAddress(name, link, address, tuple(kept))

    def staying(self, name: str, link: LinkState) -> list[Route]:
        """Give the IPv4 routes over a link that are there before it gets an address, and stay."""
        return [
            route
            for route in self.observed[name].routes
            if route.ifname == link.ifname
            and route.dst.version == 4
            and (name, route) not in self.lost
        ]

    def add_routes(self, name: str) -> Iterator[Step]:
        """Add the routes that are missing, or that lead elsewhere; and others' that were lost."""
        routes = self.observed[name].routes
        lost = [route for route in routes if (name, route) in self.lost]
        present = {route_key(route): route for route in routes if (name, route) not in self.lost}
        wanted = [*self.desired[name].routes, *self.foreign(name, lost)]
        for route in wanted:
            found = present.get(route_key(route))
            if found is None or not satisfies(found, route):
                index_before = self.index_of(name, found.ifname) if found else 0
                yield AddRoute(name, route, self.index_of(name, route.ifname), found, index_before)

    def foreign(self, name: str, lost: list[Route]) -> Iterator[Route]:
        """Give the lost routes that nobody asked us to delete, where they still lead somewhere."""
        if not lost:
            return
        asked = {*self.desired[name].routes, *self.last.get(name, EMPTY).routes}
        keys = {route_key(route) for route in asked}
        links = self.desired[name].links
        others = [
            link
            for link in self.observed[name].links.values()
            if link.ifname not in links or link.kind == "loopback"
        ]
        for route in lost:
            link = links.get(route.ifname or "")
            if route_key(route) in keys or link is None or not reaches(link, route):
                continue
            if has_source([*links.values(), *others], route):
                yield route

    def raise_bridges(self) -> Iterator[Step]:
        """Bring bridges up last: ports that come to a running bridge cost time quadratically."""
        for name, state in self.busy.items():
            for wanted in state.links.values():
                if wanted.kind != "bridge":
                    continue
                link = self.planned(name, wanted.ifname)
                before = self.observed[name].links.get(wanted.ifname)
                if before is None or (name, wanted.ifname) in self.made:
                    before = replace(link, up=False)
                before = replace(before, mtu=self.bridge_mtu(name, wanted, before))  # by now
                merged = replace(before, up=True, mac=link.mac, settings=link.settings)
                if merged != before:
                    yield SetLink(name, merged, before)
