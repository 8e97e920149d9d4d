"""A fat tree of routers with k ports (Al-Fares and others, 2008), and hosts at its edge.

k is the largest even number whose tree fits; hosts beyond its own k^3/4 are spread over the edge.
All links are cables. Each router knows the prefixes below it, and one way up for all others; the
edge routers of a pod, and the pods, take different ways up by turns.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network
from itertools import product

from shapes.network import Draft, Network, named

SMALLEST = 7
"""Nodes of the tree with k = 2."""


def fat_tree(nodes: int) -> Network:
    """Build the largest tree that fits, and as many hosts as are left."""
    nodes = max(nodes, SMALLEST)
    ports = max(k for k in range(2, 64, 2) if 5 * k * k // 4 + k**3 // 4 <= nodes)
    half = ports // 2
    edges = [_edge(pod, one) for pod, one in product(range(ports), range(half))]
    aggregations = [_aggregation(pod, one) for pod, one in product(range(ports), range(half))]
    routers = [*edges, *aggregations, *named(half * half, "c")]
    hosts = named(nodes - len(routers))
    draft = Draft("fat-tree", [*hosts, *routers], hosts)
    draft.routers = set(routers)
    for number, host in enumerate(hosts):
        _hang(draft, host, number % len(edges), number // len(edges), half)
    for pod in range(ports):
        _join_edge(draft, pod, half)
        _join_core(draft, pod, half)
    return draft.done()


def _edge(pod: int, number: int) -> str:
    return f"e{pod}-{number}"


def _aggregation(pod: int, number: int) -> str:
    return f"a{pod}-{number}"


def _pod_net(pod: int) -> IPv4Network:
    """Give the prefix of all hosts of a pod: 32 edge routers' worth."""
    return IPv4Network((0x0A00_0000 + (pod << 15), 17))


def _edge_net(pod: int, edge: int) -> IPv4Network:
    """Give the prefix of an edge router's hosts: 256 cables' worth."""
    return IPv4Network((int(_pod_net(pod)[0]) + (edge << 10), 22))


def _cable(base: IPv4Address, number: int) -> IPv4Network:
    return IPv4Network((int(base) + 4 * number, 30))


def _hang(draft: Draft, host: str, place: int, number: int, half: int) -> None:
    """Hang the edge router's host of this number onto it."""
    pod, edge = divmod(place, half)
    subnet = _cable(_edge_net(pod, edge)[0], number)
    draft.cable(_edge(pod, edge), host, str(subnet))
    draft.route(host, "default", subnet[1])


def _join_edge(draft: Draft, pod: int, half: int) -> None:
    """Join each edge router of a pod with each aggregation router of it."""
    base = IPv4Address("172.16.0.0") + 4 * half * half * pod
    for number, (edge, above) in enumerate(product(range(half), range(half))):
        subnet = _cable(base, number)
        draft.cable(_aggregation(pod, above), _edge(pod, edge), str(subnet))
        draft.route(_aggregation(pod, above), _edge_net(pod, edge), subnet[2])
        if above == edge:
            draft.route(_edge(pod, edge), "default", subnet[1])


def _join_core(draft: Draft, pod: int, half: int) -> None:
    """Join each aggregation router of a pod with its share of the core."""
    base = IPv4Address("172.24.0.0") + 4 * half * half * pod
    for number, (below, one) in enumerate(product(range(half), range(half))):
        subnet = _cable(base, number)
        draft.cable(f"c{number}", _aggregation(pod, below), str(subnet))
        draft.route(f"c{number}", _pod_net(pod), subnet[2])
        if one == pod % half:
            draft.route(_aggregation(pod, below), "default", subnet[1])
