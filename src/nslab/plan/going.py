"""What goes: links, addresses and routes that were asked for and are no longer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from nslab.errors import NslabError
from nslab.kernel.sandbox import HOST
from nslab.plan.addresses import takes_along
from nslab.plan.comparison import EMPTY, Comparison
from nslab.plan.effects import as_it_comes
from nslab.plan.state import LinkState, route_key
from nslab.plan.steps import (
    AddAddress,
    AddRoute,
    DeleteAddress,
    DeleteLink,
    DeleteRoute,
    SetLink,
    Step,
)
from nslab.plan.steps.step import dev

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nslab.plan.state import End


def _turn(place: tuple[str, LinkState]) -> tuple[bool, bool]:
    link = place[1]
    return link.kind == "bridge", link.master is None


class Going(Comparison):
    """The steps that take away; they come before those that bring."""

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
        wanted = self.desired.get(name, EMPTY).links.get(link.ifname)
        if wanted is not None:
            return wanted.kind == link.kind and wanted.peer == link.peer
        return link.ifname not in self.last.get(name, EMPTY).links

    def claim(self, name: str, link: LinkState) -> None:
        """Refuse to delete what no `up` of this lab made."""
        before = self.last.get(name, EMPTY).links.get(link.ifname)
        if before is not None and (name != HOST or before.peer == link.peer):
            return
        place = "" if name == HOST else f"nslab exec {name} "
        raise NslabError(
            f"the link {link.ifname} in {name} is not this lab's: somebody else made it",
            hint=f"delete it (`{place}ip link delete {dev(link.ifname)}`) or rename yours",
        )

    def far_of(self, link: LinkState) -> tuple[str, LinkState] | None:
        """Give the other end of a cable, if it is in this lab."""
        if link.kind != "veth" or link.peer is None or link.peer[0] not in self.observed:
            return None
        far = self.observed[link.peer[0]].links.get(link.peer[1])
        return None if far is None else (link.peer[0], far)

    def delete_addresses(self) -> Iterator[Step]:
        """Delete what is no longer wanted, or must come back in another order."""
        for name, link, wanted in self.kept_links():
            for address in reversed(self.leaving(name, link, wanted)):
                yield DeleteAddress(name, link, address)

    def kept_links(self) -> Iterator[tuple[str, LinkState, LinkState]]:
        """Give the links that stay: where, as they are, and as they shall be."""
        for name in self.open():
            state = self.present[name]
            for ifname, wanted in self.desired.get(name, EMPTY).links.items():
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
            mine = {route_key(route) for route in self.last.get(name, EMPTY).routes}
            for route in state.routes:
                end, key = (name, route.ifname or ""), route_key(route)
                surplus = key in mine and key not in asked
                swept = end in changes and takes_along(*changes[end], route)
                if end in self.doomed:
                    self.lost.add((name, route))  # it goes with its link
                elif surplus or swept:
                    self.lost.add((name, route))
                    yield DeleteRoute(name, route, self.index_of(*end))
