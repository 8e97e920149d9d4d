"""The kernel's state in the file's own terms: what `nslab show` prints."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from msgspec.structs import replace

from nslab.kernel.sandbox import HOST
from nslab.lab.address import is_link_local
from nslab.lab.model import Bridge, Cable, Desired, Endpoint, HostPort, Network, Node, Uplink
from nslab.lab.names import FORWARD, OUTSIDE, sysctl_key
from nslab.plan.addresses import named
from nslab.plan.state import FoundRoute, route_key, satisfies
from nslab.plan.way import ports

if TYPE_CHECKING:
    from collections.abc import Collection

    from nslab.lab.model import Interface, Publish, Route
    from nslab.plan.state import LinkState, NetnsState, State


def lift(known: Desired, observed: State, lodgers: Collection[str] = ()) -> Desired:
    """Give what is there as a lab.

    Args:
        known: the lab as last brought up: tells which namespaces are fabrics, and the order.
        observed: the kernel now. Links that are no cable and no port are left out, and so are
            routes over them: in the middle of a change one end of a cable may be there alone.
        lodgers: the programs beside the lab that live, its relays among them.
    """
    observed = _as_said(known, observed)
    fabrics = {bridge.name: bridge for bridge in known.bridges if bridge.name in observed}
    names = [node.name for node in known.nodes if node.name in observed]
    published = _published(known, lodgers)
    bridges = tuple(_bridge(bridge, observed, names) for bridge in fabrics.values())
    cables = _cables(names, observed, known)
    shown: defaultdict[str, set[str | None]] = defaultdict(set)
    for segment in (*(bridge.ports for bridge in bridges), *(cable.ends for cable in cables)):
        for end in segment:
            shown[end.node].add(end.ifname)
    nodes = [
        replace(
            _node(node, observed, shown[node.name]), publish=tuple(published.get(node.name, ()))
        )
        for node in known.nodes
        if node.name in observed
    ]
    return replace(known, bridges=bridges, cables=cables, nodes=tuple(nodes))


def _as_said(known: Desired, observed: State) -> State:
    """Leave out the addresses that links have of their own, where the file does not name them."""
    ends = [end for ends in known.endpoints().values() for end in ends]
    said = {(end.node, end.ifname): end.addresses for end in ends}
    found = {}
    for name, netns in observed.items():
        links = {
            ifname: replace(link, addresses=_in_order(link, said.get((name, ifname), ())))
            for ifname, link in netns.links.items()
        }
        found[name] = replace(netns, links=links)
    return found


def _in_order(link: LinkState, said: tuple[Interface, ...]) -> tuple[Interface, ...]:
    """Give the file's order where the kernel's means the same.

    Only that within an IPv4 subnet means much: a link sends from the first there.
    """
    found = named(link, said)
    same = set(found) == set(said) and _by_subnet(found) == _by_subnet(said)
    return said if same else found


def _by_subnet(addresses: tuple[Interface, ...]) -> dict[Network, list[Interface]]:
    grouped: dict[Network, list[Interface]] = {}
    for address in addresses:
        if address.version == 4:
            grouped.setdefault(address.network, []).append(address)
    return grouped


def _published(known: Desired, lodgers: Collection[str]) -> dict[str, list[Publish]]:
    found: dict[str, list[Publish]] = {}
    for name, published, targets in ports.wanted(known):
        if ports.lodged(name, published, targets) in lodgers:
            found.setdefault(name, []).append(published)
    return found


def _node(node: Node, observed: State, shown: set[str | None]) -> Node:
    state, uplink = observed[node.name], _uplink(node, observed[node.name])
    if uplink is not None and uplink.endpoint is not None:
        shown.add(uplink.endpoint.ifname)
    found = [(key, state.sysctl.get(sysctl_key(key))) for key, _ in node.sysctl]
    pairs = [(key, value) for key, value in found if value is not None]
    forward = all(state.sysctl.get(key, "1") == "1" for key in FORWARD)
    said = [route for route in state.routes if route.ifname in shown and _can_be_said(route, state)]
    order = {route: place for place, route in enumerate(node.routes)}  # the kernel's means nothing
    words = [_in_its_words(route, node.routes) for route in said]
    routes = tuple(sorted(words, key=lambda route: order.get(route, len(order))))
    return Node(node.name, forward, routes, tuple(pairs), uplink)


def _can_be_said(route: Route, state: NetnsState) -> bool:
    """Tell whether a file could say a route: its next hop must be near by what the file says."""
    if isinstance(route, FoundRoute) or route.type != "unicast" or route.ifname is None:
        return False
    near = state.links[route.ifname].addresses
    via = route.via
    return via is None or is_link_local(via) or any(via in item.network for item in near)


def _uplink(node: Node, state: NetnsState) -> Uplink | None:
    """Give a node's own way out, if its end of that is there."""
    if node.uplink is None or node.uplink.endpoint is None:
        return None
    link = state.links.get(node.uplink.endpoint.ifname)
    return replace(node.uplink, endpoint=_endpoint(node.name, link)) if link else None


def _in_its_words(found: Route, known: tuple[Route, ...]) -> Route:
    """Give a route as the file said it, where it left the link or the metric to the kernel."""
    same = (r for r in known if route_key(r) == route_key(found) and satisfies(found, r))
    return next(same, found)


def _endpoint(name: str, link: LinkState) -> Endpoint:
    mtu = None if link.mtu == 1500 else link.mtu
    return Endpoint(name, link.ifname, link.mac, mtu, link.addresses)


def _bridge(bridge: Bridge, observed: State, nodes: Collection[str]) -> Bridge:
    links = observed[bridge.name].links
    order = {ifname: place for place, ifname in enumerate(bridge.port_ifnames)}
    ports = [
        link
        for link in links.values()
        if link.master == bridge.ifname and link.peer is not None and link.peer[0] in nodes
    ]
    ports.sort(key=lambda link: (order.get(link.ifname, len(order)), link.ifindex))
    ends = tuple(
        _endpoint(link.peer[0], observed[link.peer[0]].links[link.peer[1]])
        for link in ports
        if link.peer is not None
    )
    device = links.get(bridge.ifname)
    return replace(
        bridge,
        mac=device.mac if device else bridge.mac,
        subnets=_still_true(bridge.subnets, ends),
        ports=ends,
        port_ifnames=tuple(link.ifname for link in ports),
        uplink=bridge.uplink if bridge.uplink and _is_led_out(bridge, observed) else None,
        host=bridge.host if bridge.host and _joins_machine(bridge.host, links) else None,
    )


def _is_led_out(bridge: Bridge, observed: State) -> bool:
    """Tell whether the netns `outside` has a link on a bridge."""
    links = observed[OUTSIDE].links.values() if OUTSIDE in observed else ()
    return any(link.peer == (bridge.name, bridge.ifname) for link in links)


def _joins_machine(host: HostPort, links: dict[str, LinkState]) -> bool:
    """Tell whether a link of the machine has joined, if only by what the lab has of it."""
    link = links.get(host.port_ifname)
    return link is not None and link.peer is not None and link.peer[0] == HOST


def _still_true(subnets: tuple[Network, ...], ends: tuple[Endpoint, ...]) -> tuple[Network, ...]:
    """Keep the subnets only while every address is in one of them."""
    addresses = [each for end in ends for each in end.addresses if not is_link_local(each.ip)]
    networks = {address.network for address in addresses}
    return subnets if networks <= set(subnets) else ()


def _cables(names: list[str], observed: State, known: Desired) -> tuple[Cable, ...]:
    subnets = {
        frozenset((end.node, end.ifname) for end in cable.ends): cable for cable in known.cables
    }
    found: dict[frozenset[tuple[str, str]], Cable] = {}
    for name in names:
        for link in observed[name].links.values():
            if link.peer is None or link.peer[0] not in names or link.kind != "veth":
                continue
            if link.peer[0] == name:  # a cable joins two nodes
                continue
            key = frozenset(((name, link.ifname), link.peer))
            far = observed[link.peer[0]].links[link.peer[1]]
            ends = (_endpoint(name, link), _endpoint(link.peer[0], far))
            asked = subnets.get(key)
            if asked and asked.ends[0].node == ends[1].node and asked.ends[0] != ends[0]:
                ends = (ends[1], ends[0])
            if key not in found:
                found[key] = Cable(ends, _still_true(asked.subnets if asked else (), ends))
    ordered = [found.pop(key) for key in subnets if key in found]
    return (*ordered, *found.values())
