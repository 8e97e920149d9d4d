"""A network in nslab's words: subnets, and who is where; nslab chooses links and addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from shapes import Network


def document(name: str, network: Network, *, changed: bool = False) -> dict[str, Any]:
    """Give the tree of a lab's file.

    Args:
        name: the lab's.
        network: what it holds.
        changed: whether the last node has lost its routes.
    """
    nodes: dict[str, Any] = {}
    for node in network.nodes:
        last = changed and node is network.nodes[-1]
        routes = [] if last else [{"dst": r.words, "via": str(r.via)} for r in node.routes]
        nodes[node.name] = {
            **({"forward": True} if node.forward else {}),
            **({"routes": routes} if routes else {}),
        }
    bridges = {
        one.name: {"subnet": list(map(str, one.subnets)), "ports": [end.node for end in one.ports]}
        for one in network.segments
    }
    cables = [
        {"ends": [end.node for end in one.ends], "subnet": list(map(str, one.subnets))}
        for one in network.cables
    ]
    parts = {"bridges": bridges, "cables": cables, "nodes": nodes}
    return {"name": name, **{key: part for key, part in parts.items() if part}}
