"""A full mesh: a cable between every two nodes, and no routes."""

from __future__ import annotations

from itertools import combinations

from shapes.network import Draft, Network, named, pair_subnet


def mesh(nodes: int) -> Network:
    """Join every node with every other."""
    draft = Draft("mesh", named(nodes, "m"))
    for number, (a, b) in enumerate(combinations(draft.names, 2)):
        draft.cable(a, b, pair_subnet(number))
    return draft.done()
