"""A document as the values that `up` brings the kernel to: all of it checked, all of it chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from nslab.lab import names, uplink
from nslab.lab.check import Reader
from nslab.lab.choose import choose
from nslab.lab.model import Bridge, Cable, Desired, Endpoint, HostPort, Node
from nslab.lab.read import read_lab
from nslab.lab.routes import choose_routes, with_link

if TYPE_CHECKING:
    from nslab.lab.document import Document
    from nslab.lab.drafts import EndDraft, LabDraft, Segment
    from nslab.lab.model import Network, Route


def resolve(document: Document) -> Desired:
    """Check a whole document and choose what it leaves open.

    The same document gives the same values on every run and every machine. The document itself
    stays as it is.

    Raises:
        LabFileError: every problem of the document, in its order.
    """
    reader = Reader(replace(document, problems=list(document.problems)))
    lab = read_lab(reader)
    uplink.prepare(lab)
    choose(reader, lab)
    routes = _routes(reader, lab)
    if reader.faults:
        raise reader.document.errors()
    return _freeze(lab, routes)


def _routes(reader: Reader, lab: LabDraft) -> dict[str, tuple[Route, ...]]:
    ends: dict[str, list[EndDraft]] = {name: [] for name in (*lab.nodes, names.OUTSIDE)}
    for segment in lab.segments:
        for end in segment.ends:
            ends[end.node].append(end)
    said = {
        name: choose_routes(reader, node, ends[name])
        for name, node in lab.nodes.items()
        if node.routes and name not in lab.unsure
    }
    for name, ways in uplink.default_routes(lab).items():
        said[name] = (*said.get(name, ()), *ways)
    return {
        name: tuple(with_link(route, ends[name]) for route in routes)
        for name, routes in said.items()
    }


def _freeze(lab: LabDraft, routes: dict[str, tuple[Route, ...]]) -> Desired:
    ways = {segment.of: uplink.freeze(segment, _endpoint) for segment in lab.segments}
    nodes = (
        Node(
            node.name,
            node.forward,
            routes.get(node.name, ()),
            tuple(node.sysctl),
            ways.get(node.name),
            tuple(node.publish),
        )
        for node in lab.nodes.values()
    )
    return Desired(
        lab.name,
        tuple(_bridge(segment) for segment in lab.segments if segment.name),
        tuple(_cable(one) for one in lab.segments if not one.name and not one.of),
        tuple(nodes),
        tuple(lab.expect),
    )


def _bridge(segment: Segment) -> Bridge:
    """Freeze a bridge; the names in its fabric follow from those of the file."""
    taken: set[str] = set()
    ifname = names.choose_ifname(segment.name, taken)
    ports = tuple(_endpoint(end) for end in segment.ends if end is not segment.gateway)
    port_ifnames = tuple(names.choose_ifname(f"{p.node}.{p.ifname}", taken) for p in ports)
    return Bridge(
        name=segment.name,
        ifname=ifname,
        mac=segment.mac,
        subnets=_subnets(segment),
        ports=ports,
        port_ifnames=port_ifnames,
        uplink=uplink.freeze(segment, _endpoint),
        host=_host(segment, taken),
    )


def _host(segment: Segment, taken: set[str]) -> HostPort | None:
    if segment.host is None:
        return None
    link = segment.host.link
    return HostPort(link, segment.host.bridge, names.choose_ifname(f"host.{link}", taken))


def _cable(segment: Segment) -> Cable:
    one, other = segment.ends
    return Cable((_endpoint(one), _endpoint(other)), _subnets(segment))


def _subnets(segment: Segment) -> tuple[Network, ...]:
    return tuple(subnet.network for subnet in segment.subnets)


def _endpoint(end: EndDraft) -> Endpoint:
    return Endpoint(end.node, end.ifname, end.mac, end.mtu, tuple(end.addresses))
