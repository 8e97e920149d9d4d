"""A node's routes: each next hop must be in reach, and each link must be there."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network
from typing import TYPE_CHECKING, TypeAlias

from msgspec.structs import replace

from nslab.lab import address
from nslab.lab.model import Route

if TYPE_CHECKING:
    from nslab.lab.check import Reader
    from nslab.lab.drafts import EndDraft, NodeDraft, RouteDraft
    from nslab.lab.model import Address, Interface, Network

DEFAULTS: dict[int, Network] = {4: IPv4Network("0.0.0.0/0"), 6: IPv6Network("::/0")}
"""The destination that `default` is, by IP version."""

METRICS = {4: 0, 6: 1024}
"""The kernel's metric for a route that says none (linux/ipv6_route.h: IP6_RT_PRIO_USER)."""

_Taken: TypeAlias = "dict[tuple[Network, int], str]"


def choose_routes(reader: Reader, node: NodeDraft, ends: list[EndDraft]) -> tuple[Route, ...]:
    """Check a node's routes against its endpoints, which are complete, and give them."""
    found = []
    taken: _Taken = {}
    for draft in node.routes:
        dst = draft.dst or DEFAULTS[draft.via.version if draft.via else 4]
        metric = draft.metric or METRICS[dst.version]
        taken = taken or _connected(ends)
        if _check_dev(reader, node, draft, ends) and _check_via(reader, node, draft, dst, ends):
            _check_twice(reader, draft, (dst, metric), taken)
        kept = None if metric == METRICS[dst.version] else metric
        found.append(Route(dst, draft.via, draft.dev, kept))
    return tuple(found)


def with_link(route: Route, ends: list[EndDraft]) -> Route:
    """Name a route's link where its next hop is near several of the node's links.

    Which one the kernel would take depends on which came first, and that a change turns round.
    """
    if route.via is None or route.ifname is not None or len(ends) < 2:
        return route
    near = [
        (item.network.prefixlen, end.ifname)
        for end in ends
        for item in end.addresses
        if route.via in item.network
    ]
    if len({ifname for _, ifname in near}) < 2:
        return route
    return replace(route, ifname=max(near, key=lambda pair: pair[0])[1])


def _connected(ends: list[EndDraft]) -> _Taken:
    """Give the routes that the kernel makes by itself, where they are in the way of others.

    Those of IPv6 have a metric of their own (256).
    """
    return {
        (item.network, 0): f"is reached directly by {end.ifname}"
        for end in ends
        for item in end.addresses
        if item.version == 4 and item.network.prefixlen < 32
    }


def _check_twice(
    reader: Reader, draft: RouteDraft, key: tuple[Network, int], taken: _Taken
) -> None:
    if first := taken.get(key):
        text = draft.dst or "default"
        hint = "a second route to the same place needs a metric of its own"
        reader.refuse_value((*draft.path, "dst"), str(text), first, hint)
        return
    line = reader.document.place(draft.path).line
    taken[key] = "has a route already" + (f" (line {line})" if line else "")


def _check_dev(reader: Reader, node: NodeDraft, draft: RouteDraft, ends: list[EndDraft]) -> bool:
    known = [end.ifname for end in ends]
    if draft.dev is None or draft.dev in known:
        return True
    links = f" ({', '.join(known)})" if known else ", which has none"
    message = f"is no link of {node.name}{links}"
    reader.refuse_value((*draft.path, "dev"), draft.dev, message, reader.nearest(draft.dev, known))
    return False


def _check_via(
    reader: Reader, node: NodeDraft, draft: RouteDraft, dst: Network, ends: list[EndDraft]
) -> bool:
    via = draft.via
    if via is None:
        return True
    fault, hint = "", None
    if via.version != dst.version:
        fault = f"is IPv{via.version}, and {dst} is IPv{dst.version}"
    elif any(via.version == item.version and int(via) == int(item) for item in _all(ends)):
        fault = f"is an address of {node.name} itself"
    elif address.is_link_local(via):
        if draft.dev is None:
            fault, hint = "is link-local, and holds on one link only", 'name the link with "dev"'
    else:
        fault = _reach(via, node, draft, ends)
    if fault:
        reader.refuse_value((*draft.path, "via"), str(via), fault, hint)
    return not fault


def _all(ends: list[EndDraft]) -> list[Interface]:
    return [item for end in ends for item in end.addresses]


def _reach(via: Address, node: NodeDraft, draft: RouteDraft, ends: list[EndDraft]) -> str:
    """Say why a next hop is out of reach, or ""."""
    if draft.dev is not None:
        ends = [end for end in ends if end.ifname == draft.dev]
    networks = [item.network for item in _all(ends)]
    around = [network for network in networks if via in network]
    if around:
        faults = [address.fault(via, network) for network in around if via.version == 4]
        return next(filter(None, faults), "")
    title = node.name if draft.dev is None else f"{node.name}:{draft.dev}"
    shown = [str(network) for network in networks[:8]] + ["…"] * (len(networks) > 8)
    return f"is in no subnet of {title}" + (
        f" ({', '.join(shown)})" if shown else ", which has none"
    )
