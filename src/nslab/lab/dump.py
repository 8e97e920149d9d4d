"""Writing a lab as a file that says everything: what `load` reads back as an equal lab."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

import msgspec

from nslab.errors import UsageError
from nslab.lab.build import Lab, desired_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nslab.lab.document import Tree
    from nslab.lab.model import Bridge, Cable, Desired, Endpoint, Network, Node, Route, Uplink


def dump(lab: Lab | Desired) -> dict[str, Tree]:
    """Give a lab's tree with everything said: ifnames, MACs and addresses of every endpoint.

    Args:
        lab: a lab, or the values that it resolves to.

    Returns:
        The tree of its file: nodes first (their order is kept), then bridges, cables, expect.

    Raises:
        LabFileError: the lab has problems.
    """
    desired = desired_of(lab)
    tree: dict[str, Tree] = {"name": desired.name}
    if desired.nodes:
        tree["nodes"] = {node.name: _node(node) for node in desired.nodes}
    if desired.bridges:
        tree["bridges"] = {bridge.name: _bridge(bridge) for bridge in desired.bridges}
    if desired.cables:
        tree["cables"] = [_cable(cable) for cable in desired.cables]
    if desired.expect:
        tree["expect"] = [str(one) for one in desired.expect]
    return tree


def written(lab: Desired) -> bytes:
    """Write a lab for `reread`: JSON without a space too many."""
    return msgspec.json.encode(dump(lab))


def dumps(
    lab: Lab | Desired,
    *,
    format: Literal["yaml", "json"] = "yaml",  # noqa: A002 - the word that a caller looks for
) -> str:
    """Write a lab as the text of a file; see `dump`.

    Args:
        lab: a lab, or the values that it resolves to.
        format: `yaml` (short and to be read) or `json`.

    Returns:
        ASCII text that ends with a newline.

    Raises:
        UsageError: there is no such format.
    """
    if format not in ("yaml", "json"):
        raise UsageError(f'there is no format "{format}": yaml or json')
    tree = dump(lab)
    if format == "json":
        import json

        return json.dumps(tree, indent=2) + "\n"
    return "\n".join(_block(tree, 0)) + "\n"


def _node(node: Node) -> Tree:
    tree: dict[str, Tree] = {}
    if node.forward:
        tree["forward"] = True
    if node.routes:
        tree["routes"] = [_route(route) for route in node.routes]
    if node.uplink is not None:
        tree["uplink"] = _uplink(node.uplink)
    if node.publish:
        tree["publish"] = [str(one) for one in node.publish]
    if node.sysctl:
        tree["sysctl"] = {key: _number(value) for key, value in node.sysctl}
    return tree


def _number(text: str) -> Tree:
    return int(text) if re.fullmatch(r"0|-?[1-9][0-9]{0,17}", text) else text


def _route(route: Route) -> Tree:
    # The default route of IPv6 without a next hop would be read back as IPv4's.
    short = route.dst.prefixlen == 0 and (route.via is not None or route.dst.version == 4)
    tree: dict[str, Tree] = {"dst": "default" if short else str(route.dst)}
    if route.via is not None:
        tree["via"] = str(route.via)
    if route.ifname is not None:
        tree["dev"] = route.ifname
    if route.metric is not None:
        tree["metric"] = route.metric
    return tree


def _subnets(networks: tuple[Network, ...]) -> dict[str, Tree]:
    if len(networks) == 1:
        return {"subnet": str(networks[0])}
    return {"subnet": [str(network) for network in networks]} if networks else {}


def _bridge(bridge: Bridge) -> Tree:
    tree: dict[str, Tree] = {**_subnets(bridge.subnets), "mac": bridge.mac}
    if bridge.uplink is not None:
        tree["uplink"] = _uplink(bridge.uplink)
    if bridge.host is not None:
        link = bridge.host.link
        tree["host"] = link if bridge.host.bridge else {"link": link}
    if bridge.ports:
        tree["ports"] = [_endpoint(port) for port in bridge.ports]
    return tree


def _uplink(uplink: Uplink) -> Tree:
    gateway: Tree = [str(item) for item in uplink.gateway.addresses]
    tree: dict[str, Tree] = {"masquerade": uplink.masquerade, "gateway": gateway}
    if uplink.gateway.mtu is not None:
        tree["mtu"] = uplink.gateway.mtu
    if uplink.endpoint is not None:
        tree |= _subnets(uplink.subnets)
        tree |= {key: said for key, said in _endpoint(uplink.endpoint).items() if key != "node"}
    return tree


def _cable(cable: Cable) -> Tree:
    return {"ends": [_endpoint(end) for end in cable.ends], **_subnets(cable.subnets)}


def _endpoint(end: Endpoint) -> dict[str, Tree]:
    tree: dict[str, Tree] = {"node": end.node, "ifname": end.ifname, "mac": end.mac}
    tree["addresses"] = [str(item) for item in end.addresses]
    if end.mtu is not None:
        tree["mtu"] = end.mtu
    return tree


# YAML

_UNQUOTED = re.compile(
    r"[A-Za-z][A-Za-z0-9._/-]*(:+[A-Za-z0-9._/-]+)*|[0-9]+(\.[0-9]+){3}(/[0-9]+)?"
)
_WORDS = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n"})


def _scalar(value: Tree) -> str:
    """Write a scalar so that readers of YAML 1.1 and 1.2 agree on it."""
    if isinstance(value, str) and _UNQUOTED.fullmatch(value) and value.lower() not in _WORDS:
        return value
    import json

    return json.dumps(value)


def _flow(value: Tree) -> str:
    if isinstance(value, dict):
        return (
            "{" + ", ".join(f"{_scalar(key)}: {_flow(item)}" for key, item in value.items()) + "}"
        )
    if isinstance(value, list):
        return "[" + ", ".join(_flow(item) for item in value) + "]"
    return _scalar(value)


def _fits(value: Tree) -> bool:
    """Say whether a value reads well on one line: nothing deeper than an endpoint's addresses."""
    if isinstance(value, dict):
        return all(_is_flat(item) for item in value.values())
    return not isinstance(value, list) or all(not isinstance(item, dict) for item in value)


def _is_flat(value: Tree) -> bool:
    if isinstance(value, dict):
        return not value
    return not isinstance(value, list) or all(not isinstance(item, dict | list) for item in value)


def _block(value: dict[str, Tree], indent: int) -> Iterator[str]:
    """Write a mapping a key a line; what fits on its line stays there."""
    margin = " " * indent
    for key, item in value.items():
        if isinstance(item, dict) and item and not (indent and _fits(item)):
            yield f"{margin}{_scalar(key)}:"
            yield from _block(item, indent + 2)
        elif isinstance(item, list) and item and not (indent and _fits(item)):
            yield f"{margin}{_scalar(key)}:"
            yield from _items(item, indent + 2)
        else:
            yield f"{margin}{_scalar(key)}: {_flow(item)}"


def _items(items: list[Tree], indent: int) -> Iterator[str]:
    margin = " " * indent
    for item in items:
        if isinstance(item, dict) and not _fits(item):
            lines = _block(item, indent + 2)
            yield f"{margin}- {next(lines).lstrip()}"
            yield from lines
        else:
            yield f"{margin}- {_flow(item)}"
