"""Runs of nodes that differ by their numbers alone: what a picture of a large lab draws as one."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Set as AbstractSet

    from nslab.lab.model import Desired, Endpoint, Node

SHORTEST_RUN = 4


def runs_of(desired: Desired, alone: AbstractSet[str]) -> list[list[Node]]:
    """Put alike nodes together, in the order of the file.

    Args:
        desired: the lab.
        alone: the names of nodes that are like no other.
    """
    endpoints = desired.endpoints()
    runs: list[list[Node]] = []
    for group in _groups(desired, endpoints):
        for run in _alike(group, endpoints, alone):
            runs += [run] if len(run) >= SHORTEST_RUN else [[node] for node in run]
    place = {node.name: i for i, node in enumerate(desired.nodes)}
    return sorted(runs, key=lambda run: place[run[0].name])


def _groups(desired: Desired, endpoints: dict[str, list[Endpoint]]) -> Iterator[list[Node]]:
    """Give the nodes that may stand in one run: on one bridge alone, or without a link."""
    nodes = {node.name: node for node in desired.nodes}
    for bridge in desired.bridges:
        yield [nodes.pop(end.node) for end in bridge.ports if len(endpoints[end.node]) == 1]
    yield [nodes.pop(node.name) for node in desired.nodes if not endpoints[node.name]]
    yield from ([node] for node in nodes.values())


def _alike(
    group: list[Node], endpoints: dict[str, list[Endpoint]], alone: AbstractSet[str]
) -> Iterator[list[Node]]:
    run: list[Node] = []
    for node in group:
        if run and ({node.name, run[-1].name} & alone or not _follows(node, run[-1], endpoints)):
            yield run
            run = []
        run.append(node)
    if run:
        yield run


def _follows(node: Node, before: Node, endpoints: dict[str, list[Endpoint]]) -> bool:
    if node.name != _next_name(before.name) or node.forward != before.forward:
        return False
    if node.publish or before.publish:
        return False
    pairs = zip(endpoints[before.name], endpoints[node.name], strict=True)
    return all(_next_to(one, other) for one, other in pairs)


def _next_name(name: str) -> str:
    stem = name.rstrip("0123456789")
    digits = name[len(stem) :]
    return stem + str(int(digits) + 1).zfill(len(digits)) if digits else ""


def _next_to(one: Endpoint, other: Endpoint) -> bool:
    """Tell whether two endpoints are named alike and each address is one above the other's."""
    after = [(each.version, int(each.ip) + 1, each.network) for each in one.addresses]
    found = [(each.version, int(each.ip), each.network) for each in other.addresses]
    return one.ifname == other.ifname and after == found
