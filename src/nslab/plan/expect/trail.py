"""The way of a packet through a lab, hop by hop, up to where it breaks, as a `Sight` shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from msgspec import Struct, field

from nslab.lab.address import is_link_local
from nslab.lab.names import OUTSIDE
from nslab.lab.uplink import UPLINK
from nslab.netlink.rtnl.neigh import NUD

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nslab.lab.model import Address, Endpoint
    from nslab.nft.rules import Json
    from nslab.plan.expect.places import Places
    from nslab.plan.expect.view import Leg
    from nslab.plan.state import End, LinkState


class Sight(Protocol):
    """What a walk sees of a running lab."""

    def links(self, netns: str) -> dict[str, LinkState]:
        """Give a netns's links by ifname."""

    def route(self, netns: str, address: Address) -> Leg:
        """Give where a netns sends packets to an address."""

    def forwards(self, netns: str, version: int) -> bool:
        """Tell whether a netns forwards packets of an IP version."""

    def neighbour(self, netns: str, ifname: str, address: Address) -> tuple[int, str]:
        """Give a neighbour's state and MAC as a netns has them."""

    def rules(self, netns: str) -> Sequence[Json]:
        """Give the nftables rules of a netns."""


class Hop(Struct, frozen=True):
    """One netns that a packet passes.

    Attributes:
        iifname: the link that it comes by, "" where it begins.
        oifname: the link that it leaves by, "" where it ends.
        bridged: whether the netns is a fabric.
    """

    netns: str
    iifname: str = ""
    oifname: str = ""
    bridged: bool = False


class Trail(Struct):
    """A way as far as it goes.

    Attributes:
        hops: the netns that are passed, in order.
        mtus: the links that are passed, with their MTUs in bytes.
        fault: where it breaks, in words; "" if it does not.
        leaves: whether it leaves the lab, where nothing more is seen.
    """

    hops: list[Hop] = field(default_factory=list)
    mtus: list[tuple[str, int]] = field(default_factory=list)
    fault: str = ""
    leaves: bool = False


def follow(sight: Sight, places: Places, source: str, address: Address) -> Trail:
    """Follow a packet from a netns to an address."""
    trail = Trail()
    here, iifname, seen = source, "", {source}
    while True:
        leg = sight.route(here, address)
        trail.hops.append(Hop(here, iifname, "" if leg.local else leg.ifname))
        if leg.local:
            return trail
        trail.fault = _stays(sight, places, trail.hops[-1], address, leg)
        if trail.fault:
            return trail
        if (here, leg.ifname) == (OUTSIDE, UPLINK):
            trail.leaves = True
            return trail
        reached = _cross(sight, places, trail, leg.via or address)
        if reached is None:
            return trail
        here, iifname = reached
        if here in seen:
            trail.fault = f"no route: {here} is passed twice, so it goes in a circle"
            return trail
        seen.add(here)


def _stays(sight: Sight, places: Places, hop: Hop, address: Address, leg: Leg) -> str:
    """Say why a netns does not send a packet on, or ""."""
    here = hop.netns
    if hop.iifname and not sight.forwards(here, address.version):
        hint = f"nodes.{here}.forward: true"
        return f"no forwarding: {here} does not forward IPv{address.version} (hint: {hint})"
    if leg.refusal not in ("", "none"):
        return f"no route: {here} has a {leg.refusal} route for {address}"
    bare = not hop.iifname and not _has_address(sight.links(here), address.version)
    if not leg.refusal and not bare:
        return ""
    ifname = places.should_leave_by(here, address)
    ends = [end for end in places.ends.get(here, []) if end.ifname == ifname]
    faults = [_fault_of(sight, end, address.version) for end in ends]
    if any(faults):
        return next(filter(None, faults))
    if bare:
        return f"no address: {here} has no IPv{address.version} address"
    hint = "`nslab up` puts it back" if ifname else f"nodes.{here}.routes gives it one"
    return f"no route: {here} has no route to {address} (hint: {hint})"


def _has_address(links: dict[str, LinkState], version: int) -> bool:
    """Tell whether there is an address of a version beside those that links have of their own."""
    own = [item for link in links.values() for item in link.held if item.version == version]
    return any(not item.is_loopback and not is_link_local(item.ip) for item in own)


def _fault_of(sight: Sight, end: Endpoint, version: int) -> str:
    """Say what an endpoint lacks of what the file gives it, or ""."""
    link = sight.links(end.node).get(end.ifname)
    if link is None:
        return f"link down: {end} is not there"
    if not link.up:
        return f"link down: {end} is down"
    for item in end.addresses:
        if item.version == version and item.ip not in [one.ip for one in link.held]:
            return f"no address: {end} does not have {item.ip}"
    return ""


# From one node to the next


def _cross(sight: Sight, places: Places, trail: Trail, hop: Address) -> End | None:
    """Cross a segment to whoever has the next hop's address; None where that fails."""
    here, ifname = trail.hops[-1].netns, trail.hops[-1].oifname
    link = sight.links(here).get(ifname)
    if link is None or link.peer is None:
        return None
    _pass(trail, here, link)
    far, port = _far_end(sight, link.peer)
    trail.fault = _link_fault(places, here, link) or _link_fault(places, link.peer[0], port)
    if trail.fault or port is None:
        return None
    candidates = [far]
    if far[0] in places.bridges:
        _pass(trail, far[0], port)
        trail.fault = _bridge_fault(sight, far, port)
        candidates = _others(sight, far[0], port)
    found = [end for end in candidates if _holds(sight, end[0], hop)]
    if not trail.fault and not found:
        trail.fault = _nobody(sight, places, far[0], hop)
    if trail.fault:
        return None
    trail.fault = _arrive(sight, places, trail, far[0], found[0]) or _unheard(
        sight, (here, ifname), found[0], hop
    )
    return None if trail.fault else found[0]


def _pass(trail: Trail, netns: str, link: LinkState) -> None:
    trail.mtus.append((f"{netns}:{link.ifname}", link.mtu or 0))


def _far_end(sight: Sight, peer: End) -> tuple[End, LinkState | None]:
    return peer, sight.links(peer[0]).get(peer[1])


def _link_fault(places: Places, netns: str, link: LinkState | None) -> str:
    if link is None or link.up:
        return ""
    if link.kind == "bridge":
        return f"link down: the bridge {netns} is down"
    if netns in places.bridges:
        return f"link down: the port {link.ifname} of {netns} is down"
    return f"link down: {netns}:{link.ifname} is down"


def _bridge_fault(sight: Sight, far: End, port: LinkState) -> str:
    links = sight.links(far[0])
    device = links.get(_bridge_of(port))
    if all(link.kind != "bridge" for link in links.values()):
        return f"link down: the bridge {far[0]} is not there"
    if device is None:
        return f"link down: the port {far[1]} has left the bridge {far[0]}"
    return "" if device.up else f"link down: the bridge {far[0]} is down"


def _bridge_of(port: LinkState) -> str:
    """Give the ifname of the bridge that a packet is at, by a port of it or by itself."""
    return port.ifname if port.kind == "bridge" else port.master or ""


def _others(sight: Sight, fabric: str, port: LinkState) -> list[End]:
    """Give what the other ports of a bridge lead to, and who has what the bridge itself gets."""
    bridge = _bridge_of(port)
    ports = [each for each in sight.links(fabric).values() if each.master == bridge]
    outer = sight.links(OUTSIDE).values()
    above = [(OUTSIDE, each.ifname) for each in outer if each.peer == (fabric, bridge)]
    found = [each.peer for each in ports if each.ifname != port.ifname and each.peer is not None]
    return found + (above if port.kind != "bridge" else [])


def _holds(sight: Sight, netns: str, address: Address) -> bool:
    """Tell whether a netns has an address, on whichever link: Linux answers for all of them."""
    found = (one.ip for link in sight.links(netns).values() for one in link.held)
    return address in found


def _nobody(sight: Sight, places: Places, segment: str, hop: Address) -> str:
    """Say why nobody on a segment has an address."""
    owner = places.owner(hop)
    if owner is None:
        return f"no neighbour: nobody on {segment} has {hop}"
    fault = _fault_of(sight, owner, hop.version)
    return fault or f"no neighbour: {owner}, which has {hop}, is not joined to {segment}"


def _arrive(sight: Sight, places: Places, trail: Trail, segment: str, end: End) -> str:
    """Go through the far port of a bridge, if there is one, and the link behind it."""
    link = sight.links(end[0])[end[1]]
    fault = ""
    if segment in places.bridges and link.peer is not None:
        near = trail.mtus[-1][0].removeprefix(f"{segment}:")
        trail.hops.append(Hop(segment, near, link.peer[1], bridged=True))
        _, port = _far_end(sight, link.peer)
        if port is not None:
            _pass(trail, segment, port)
        fault = _link_fault(places, segment, port)
    _pass(trail, end[0], link)
    return fault or _link_fault(places, end[0], link)


def _unheard(sight: Sight, here: End, end: End, hop: Address) -> str:
    """Say what a netns has wrong about its neighbour, or ""."""
    state, mac = sight.neighbour(*here, hop)
    if state & (NUD.FAILED | NUD.INCOMPLETE):
        return f"no neighbour: {here[0]} gets no answer from {hop} ({end[0]}) on {here[1]}"
    own = sight.links(end[0])[end[1]].mac
    if mac and own and mac.lower() != own.lower():
        return f"no neighbour: {here[0]} has {mac} for {hop}, and {end[0]}:{end[1]} has {own}"
    return ""
