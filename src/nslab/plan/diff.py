"""What is to be done: desired against observed, in an order in which every step can succeed.

Pure. `last` is what the previous `up` asked for: what is in the kernel and was asked for then, but
is no longer, is ours and goes. What nobody asked for is not ours: it stays, and shows as drift.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from nslab.errors import NslabError
from nslab.kernel.sandbox import HOST
from nslab.plan.addresses import coming, complete, leaving, takes_along
from nslab.plan.agree import agrees
from nslab.plan.effects import USUAL_MTU, as_it_comes, link_of, mtu_of, reaches, unlike
from nslab.plan.order import cable_order
from nslab.plan.plan import Plan
from nslab.plan.state import (
    IMPLIED,
    KEPT,
    LinkState,
    NetnsState,
    fresh,
    route_key,
    satisfies,
)
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
    with_ifindex,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from nslab.lab.model import Interface, Route
    from nslab.plan.state import End, State

_EMPTY = NetnsState()

_WAITING = 16  # namespaces with links that wait to be set while there are more cables to be made


def compare(
    desired: State,
    observed: State,
    last: State | None = None,
    defaults: dict[str, str] | None = None,
    standing: Mapping[str, int] | None = None,
) -> Plan:
    """Compute the steps from observed to desired.

    Args:
        desired: what is to be.
        observed: what is.
        last: what was asked for the last time, None for a lab that is new.
        defaults: sysctls as a new netns has them on this machine, "" for what is not known. Those
            of a lab's own making (IMPLIED) that are not among them do not exist here.
        standing: the ifindexes of the links that the kernel puts into each netns (STANDING).

    Raises:
        NslabError: a link that is not ours stands in the way.
    """
    new = defaults or {}, standing or {}
    return Plan(tuple(_Comparison(desired, observed, last or {}, *new).steps()))


def _turn(place: tuple[str, LinkState]) -> tuple[bool, bool]:
    link = place[1]
    return link.kind == "bridge", link.master is None


class _Comparison:
    def __init__(
        self,
        desired: State,
        observed: State,
        last: State,
        defaults: dict[str, str],
        standing: Mapping[str, int],
    ) -> None:
        kept = {name: KEPT[name] for name in KEPT if name in last and name not in desired}
        self.desired = complete({**desired, **kept}, defaults)
        self.last = complete(last, defaults)
        self.defaults = defaults
        self.absent = {key for key in IMPLIED if key not in defaults}  # a kernel without IPv6
        known = {**self.desired, **last}
        self.present = {name: observed[name] for name in observed if name in known}
        self.gone = [name for name in self.present if name not in self.desired]
        self.new = [name for name in self.desired if name not in {**self.present, **KEPT}]
        coming = {
            name: NetnsState() if name == HOST else fresh(defaults, standing)
            for name in self.desired
        }
        self.observed = {**coming, **self.present}
        self.indexes: dict[str, dict[str, int]] = {
            name: {**state.known, **{link.ifname: link.ifindex for link in state.links.values()}}
            for name, state in self.observed.items()
        }
        self.doomed: set[End] = set()
        self.lost: set[tuple[str, Route]] = set()
        self.made: set[End] = set()
        self.due: dict[str, int] = {}
        self.bare: dict[str, list[str]] = {}
        self.ports: set[End] = set()  # those that come as ports and up
        self.busy = {name: state for name, state in self.desired.items() if not self.is_so(name)}

    def is_so(self, name: str) -> bool:
        """Tell whether a netns is asked for as before, and is so: then it takes no step."""
        wanted, found = self.desired[name], self.present.get(name)
        return found is not None and self.last.get(name) == wanted and agrees(found, wanted)

    def steps(self) -> Iterator[Step]:
        deletions = list(self.delete_links())
        yield from self.delete_routes()
        yield from self.delete_addresses()
        yield from deletions
        yield from (AddNetns(name) for name in self.new)
        self.choose_indexes()
        for name in self.busy:
            yield from self.settings(name)
        yield from self.bridges()
        yield from self.cables()
        yield from self.macvlans()
        for name in self.busy:
            yield from self.configure(name)
        yield from self.raise_bridges()
        yield from (DeleteNetns(name) for name in self.gone)

    def open(self) -> list[str]:
        """Name the namespaces that are there, and in which something may have to change."""
        return [name for name in self.present if name in self.busy or name not in self.desired]

    # What goes.

    def delete_links(self) -> Iterator[Step]:
        """Delete links, each bridge after its ports, so that undoing begins with the bridge.

        Of a veth the end that is a port comes first: undoing makes it one again.
        """
        links = [(name, x) for name in self.open() for x in self.present[name].links.values()]
        for name, link in sorted(links, key=_turn):
            end, far = (name, link.ifname), self.far_of(link)
            if end in self.doomed or link.kind == "loopback" or self.stays(name, link):
                continue
            self.claim(name, link)
            ends = [(name, link), far] if far is not None else [(name, link)]
            self.doomed |= {(where, each.ifname) for where, each in ends}
            if link.kind == "macvlan" and link.peer and name not in self.gone:
                yield from self.delete_macvlan(name, link, link.peer)
            elif any(where not in self.gone for where, _ in ends):  # else it goes with its netns
                lost = [s for e in ends for s in self.lost_with(*e, near=e == (name, link))]
                yield DeleteLink(name, link, far, self.master_of(name, link), tuple(lost))

    def delete_macvlan(self, name: str, link: LinkState, below: End) -> Iterator[Step]:
        """Take it from its bridge first: else the kernel lets the link below hear all groups on."""
        alone = replace(link, master=None)
        if link.master is not None:
            yield SetLink(name, alone, link, 0, self.index_of(name, link.master))
        lost = tuple(self.lost_with(name, alone, near=False))
        yield DeleteLink(name, alone, lost=lost, below_index=self.index_of(*below))

    def lost_with(self, name: str, link: LinkState, *, near: bool) -> Iterator[Step]:
        """Give the steps that bring back what the deletion of a link takes along."""
        yield from (AddAddress(name, link, address) for address in link.addresses)
        bare = as_it_comes(link, port=near and link.master is not None)
        if bare != link:
            yield SetLink(name, link, bare, self.index_of(name, link.master))
        for route in self.observed[name].routes:
            if route.ifname == link.ifname:
                yield AddRoute(name, route, link.ifindex)

    def stays(self, name: str, link: LinkState) -> bool:
        """Tell whether a link is as the file wants it, or none of our business."""
        wanted = self.desired.get(name, _EMPTY).links.get(link.ifname)
        if wanted is not None:
            return wanted.kind == link.kind and wanted.peer == link.peer
        return link.ifname not in self.last.get(name, _EMPTY).links

    def claim(self, name: str, link: LinkState) -> None:
        """Refuse to delete what no `up` of this lab made."""
        before = self.last.get(name, _EMPTY).links.get(link.ifname)
        if before is not None and (name != HOST or before.peer == link.peer):
            return
        place = "" if name == HOST else f"nslab exec {name} "
        raise NslabError(
            f"the link {link.ifname} in {name} is not this lab's: somebody else made it",
            hint=f"delete it (`{place}ip link delete {link.ifname}`) or rename yours",
        )

    def far_of(self, link: LinkState) -> tuple[str, LinkState] | None:
        if link.kind != "veth" or link.peer is None or link.peer[0] not in self.observed:
            return None
        far = self.observed[link.peer[0]].links.get(link.peer[1])
        return None if far is None else (link.peer[0], far)

    def master_of(self, name: str, link: LinkState) -> LinkState | None:
        """Give the bridge that a link is a port of; on the machine it is somebody else's."""
        if link.master is None:
            return None
        return LinkState(link.master, "bridge", self.index_of(name, link.master))

    def delete_addresses(self) -> Iterator[Step]:
        for name, link, wanted in self.kept_links():
            for address in reversed(self.leaving(name, link, wanted)):
                yield DeleteAddress(name, link, address)

    def leaving(self, name: str, link: LinkState, wanted: LinkState) -> list[Interface]:
        """Give the addresses that a kept link loses, if only for a moment."""
        return leaving(link, self.mine(name, link.ifname), wanted)

    def mine(self, name: str, ifname: str) -> tuple[Interface, ...]:
        """Give the addresses that the last `up` asked for."""
        ours = self.last.get(name, _EMPTY).links.get(ifname)
        return ours.addresses if ours else ()

    def kept_links(self) -> Iterator[tuple[str, LinkState, LinkState]]:
        for name in self.open():
            state = self.present[name]
            for ifname, wanted in self.desired.get(name, _EMPTY).links.items():
                if ifname in state.links and (name, ifname) not in self.doomed:
                    yield name, state.links[ifname], wanted

    def delete_routes(self) -> Iterator[Step]:
        """Delete what is no longer wanted, and by name what could not stay or not come back."""
        changes = {
            (name, link.ifname): (link, self.leaving(name, link, wanted), wanted)
            for name, link, wanted in self.kept_links()
        }
        for name in self.open():
            state = self.present[name]
            if name not in self.desired:
                continue
            asked = {route_key(route) for route in self.desired[name].routes}
            mine = {route_key(route) for route in self.last.get(name, _EMPTY).routes}
            for route in state.routes:
                end, key = (name, route.ifname or ""), route_key(route)
                surplus = key in mine and key not in asked
                swept = end in changes and takes_along(*changes[end], route)
                if end in self.doomed:
                    self.lost.add((name, route))  # it goes with its link
                elif surplus or swept:
                    self.lost.add((name, route))
                    yield DeleteRoute(name, route, self.index_of(*end))

    # What comes.

    def choose_indexes(self) -> None:
        """Give every link to come the next free ifindex of its netns, as the kernel would."""
        for name, state in self.busy.items():
            indexes = self.indexes[name]
            for doomed in self.doomed:
                if doomed[0] == name:
                    indexes.pop(doomed[1], None)
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

    def index_of(self, name: str, ifname: str | None) -> int:
        return self.indexes[name].get(ifname, 0) if ifname else 0

    def planned(self, name: str, ifname: str) -> LinkState:
        return with_ifindex(self.desired[name].links[ifname], self.indexes[name][ifname])

    def settings(self, name: str, ifname: str = "") -> Iterator[Step]:
        """Set the sysctls that are one link's own, or those that are no link's."""
        present = self.observed[name].sysctl
        wanted = self.desired[name].sysctl
        returned = {
            key: self.defaults[key]
            for key in self.last.get(name, _EMPTY).sysctl
            if key not in wanted and self.defaults.get(key)
        }
        due = {**returned, **wanted}
        for key in unlike(due, present):
            if link_of(key) == ifname and key not in self.absent:
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
        asked = self.last.get(name, _EMPTY).links.get(wanted.ifname)
        return wanted.mtu or (USUAL_MTU if asked and asked.mtu else before.mtu)

    def cables(self) -> Iterator[Step]:
        """Make cables, and configure their ends soon.

        Ends that wait to be brought up cost time quadratically: each time a link comes to life, the
        kernel looks through all that do not run yet (net/core/link_watch.c).
        """
        coming = {
            name: [
                (link.ifname, link.peer)
                for link in state.links.values()
                if link.kind == "veth" and link.peer and (name, link.ifname) in self.made
            ]
            for name, state in self.busy.items()
        }
        waiting: dict[str, None] = {}
        place = ""
        for near, far in cable_order(coming):
            if near[0] != place or len(waiting) >= _WAITING:
                for name in waiting:
                    yield from self.configure(name)
                waiting.clear()
            place = near[0]
            link = self.planned(*near)
            master = self.master_of(near[0], link)
            self.ports |= {near} if master else set()
            yield AddVeth(near[0], link, far[0], self.planned(*far), master)
            for name, ifname in (near, far):
                self.bare[name].append(ifname)
                waiting[name] = None

    def macvlans(self) -> Iterator[Step]:
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
        yield from self.set_links(name, [state.links[ifname] for ifname in bare])
        self.due[name] -= len(bare)
        if self.due[name] == 0:
            del self.due[name]
            keys = (*self.last.get(name, _EMPTY).sysctl, *state.sysctl)
            for ifname in dict.fromkeys(map(link_of, keys)):
                if ifname and not self.is_set(name, ifname):
                    yield from self.settings(name, ifname)
            yield from self.add_routes(name)

    def is_set(self, name: str, ifname: str) -> bool:
        """Tell whether `configure` sets a link: bridges are set elsewhere, others are not ours."""
        link = self.desired[name].links.get(ifname)
        return link is not None and link.kind != "bridge"

    def set_links(self, name: str, links: list[LinkState]) -> Iterator[Step]:
        for wanted in links:
            yield from self.settings(name, wanted.ifname)
        speaking = [link for link in links if self.speaks(name, link.ifname)]
        for wanted in links:  # a silent one's MTU is raised before it can have IPv6 addresses
            if not self.speaks(name, wanted.ifname):
                yield from self.set_link(name, wanted)
        for wanted in links:
            yield from self.add_addresses(name, wanted)
        for wanted in speaking:
            yield from self.set_link(name, wanted)

    def set_link(self, name: str, wanted: LinkState) -> Iterator[Step]:
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

    def add_addresses(self, name: str, wanted: LinkState) -> Iterator[Step]:
        """Give a link its addresses, the link-local one before it is up.

        The kernel would choose the same one, but only after it looked for duplicates for a second
        or two, in which a router forwards nothing to the link.
        """
        missing: Sequence[Interface] = wanted.addresses
        if (name, wanted.ifname) not in self.made:
            link = self.observed[name].links[wanted.ifname]
            lost = self.leaving(name, link, wanted)
            missing = coming(link, lost, self.mine(name, wanted.ifname), wanted)
        if missing:
            link = self.planned(name, wanted.ifname)
            yield from (AddAddress(name, link, address) for address in missing)

    def add_routes(self, name: str) -> Iterator[Step]:
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
        asked = {*self.desired[name].routes, *self.last.get(name, _EMPTY).routes}
        keys = {route_key(route) for route in asked}
        for route in lost:
            link = self.desired[name].links.get(route.ifname or "")
            if route_key(route) not in keys and link is not None and reaches(link, route):
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
