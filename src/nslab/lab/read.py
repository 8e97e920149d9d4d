"""A document's tree as drafts: every key is looked at, and every value is what its key takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nslab.lab import address, expect, names, publish, sysctl
from nslab.lab.address import AddressError, Subnet
from nslab.lab.check import switch_hint
from nslab.lab.document import quote
from nslab.lab.drafts import (
    EndDraft,
    GivenAddress,
    HostDraft,
    LabDraft,
    NodeDraft,
    RouteDraft,
    Segment,
)
from nslab.lab.words import (
    BRIDGE,
    CABLE,
    ENDPOINT,
    HOST,
    LAB,
    NODE,
    NODE_UPLINK,
    ROUTE,
    UPLINK,
    Words,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from nslab.lab.check import Reader
    from nslab.lab.document import Path, Tree
    from nslab.lab.model import Address, Network

MTU = (68, 65535)
"""The least that IPv4 allows (RFC 791), and the most that a veth has."""

METRICS = (0, 2**32 - 1)


def read_lab(reader: Reader) -> LabDraft:
    """Read the whole document."""
    lab = LabDraft()
    tree = reader.object(reader.document.tree, (), LAB) or {}
    sections: dict[str, Callable[[Reader, LabDraft, Tree], None]]
    sections = {"bridges": _bridges, "cables": _cables, "nodes": _nodes}
    _top(reader, lab, tree)
    for key, value in tree.items():
        if key in sections:
            sections[key](reader, lab, value)
    _clashes(reader, lab)
    expect.read(reader, lab, tree.get("expect"))
    return lab


def _top(reader: Reader, lab: LabDraft, tree: dict[str, Tree]) -> None:
    if tree.get("version", 1) != 1 or isinstance(tree.get("version"), bool | float):
        reader.refuse_value(("version",), tree["version"], "is no version of this format", "1")
    if "name" in tree:
        lab.name = _lab_name(reader, tree["name"])
    elif isinstance(reader.document.tree, dict):
        reader.refuse(("name",), "the lab has no name", 'add a line such as "name: office"')


def _lab_name(reader: Reader, value: Tree) -> str:
    name = reader.text(value, ("name",)) or ""
    if name == value and (message := names.name_fault(name)):
        hint = f"say name: {names.suggest_name(name)}"
        reader.refuse_value(("name",), name, message, hint)
    return name


def _clashes(reader: Reader, lab: LabDraft) -> None:
    """Refuse a name that a bridge and a node share: each has a netns of its name."""
    for segment in lab.segments:
        if segment.name and (node := lab.nodes.get(segment.name)):
            hint = "a node joins a bridge by standing among its ports"
            first = spell_line(reader, segment.path)
            reader.refuse_value(node.path, node.name, f"is the name of a bridge{first}", hint)


def spell_line(reader: Reader, path: Path) -> str:
    """Write ` (line N)` for a path, or nothing where the line is unknown."""
    line = reader.document.place(path).line
    return f" (line {line})" if line else ""


def _taken_name(name: str) -> str:
    if name == names.OUTSIDE:
        return "is kept for the netns that the lab's own holder lives in"
    return names.name_fault(name)


# Segments


def _bridges(reader: Reader, lab: LabDraft, value: Tree) -> None:
    for name, said in reader.named(value, ("bridges",)).items():
        path: Path = ("bridges", name)
        reader.sound(name, path, _taken_name)
        tree = {} if said is None else reader.object(said, path, BRIDGE) or {}
        segment = _segment(reader, tree, path)
        segment.name = name
        if "mac" in tree:
            segment.mac = _mac(reader, tree["mac"], (*path, "mac"))
        at = (*path, "ports")
        for index, item in enumerate(reader.items(tree.get("ports"), at)):
            _end(reader, lab, segment, item, (*at, index))
        _bridge_uplink(reader, segment, tree.get("uplink", False), (*path, "uplink"))
        if "host" in tree:
            segment.host = _host(reader, lab, tree["host"], (*path, "host"))
        lab.segments.append(segment)


def _cables(reader: Reader, lab: LabDraft, value: Tree) -> None:
    for index, said in enumerate(reader.items(value, ("cables",))):
        path: Path = ("cables", index)
        tree = reader.object(said, path, CABLE, "as `{ends: [a, b]}`") or {}
        segment = _segment(reader, tree, path)
        at = (*path, "ends")
        items = reader.items(tree.get("ends", []), at)
        if "ends" in tree and isinstance(tree["ends"], list | None) and len(items) != 2:
            reader.refuse(at, f"a cable has two ends, not {len(items)}")
        for number, item in enumerate(items):
            _end(reader, lab, segment, item, (*at, number))
        ends = segment.ends
        if len(ends) == 2 and ends[0].node == ends[1].node:
            reader.refuse(at, f"joins {quote(ends[0].node)} to itself", "name two nodes")
        lab.segments.append(segment)


def _segment(reader: Reader, tree: dict[str, Tree], path: Path) -> Segment:
    segment = Segment(path)
    faults = reader.faults
    if "mtu" in tree:
        segment.mtu = reader.whole(tree["mtu"], (*path, "mtu"), *MTU)
    if "subnet" in tree:
        for at, text in reader.texts(tree["subnet"], (*path, "subnet")):
            if len(segment.subnets) >= _SUBNETS:
                reader.refuse(at, f"more than {_SUBNETS} subnets on one segment")
                break
            network = _network(reader, text, at)
            if network and _fits(reader, segment, network, at):
                segment.subnets.append(Subnet(network))
    segment.unsure = reader.faults > faults
    return segment


_SUBNETS = 256
"""So many may be on one segment: each of its links has an address of each of them."""


def _fits(reader: Reader, segment: Segment, network: Network, path: Path) -> bool:
    fault = address.subnet_fault(network)
    for other in segment.subnets:
        if other.network == network:
            fault = "is given twice"
        elif address.overlap(other.network, network):
            fault = f"overlaps {other.network}"
    if fault:
        reader.refuse_value(path, str(network), fault)
    return not fault


def _network(reader: Reader, text: str, path: Path) -> Network | None:
    try:
        return address.read_network(text)
    except AddressError as error:
        message = str(error).replace("an address", "a network")
        reader.refuse_value(path, text, message, error.hint)
        return None


def _mac(reader: Reader, value: Tree, path: Path) -> str:
    return (reader.sound(value, path, names.mac_fault) or "").lower()


def _host(reader: Reader, lab: LabDraft, value: Tree, path: Path) -> HostDraft | None:
    """Read the name of a bridge of the machine, or a mapping that names another link of it."""
    if isinstance(value, dict):
        tree, at = reader.object(value, path, HOST) or {}, (*path, "link")
        said = reader.sound(tree["link"], at, names.ifname_fault) if "link" in tree else None
        host = HostDraft(said, bridge=False) if said else None
    else:
        said = reader.sound(value, path, names.ifname_fault)
        host = HostDraft(said, bridge=True) if said else None
    if host and not host.bridge and host in [segment.host for segment in lab.segments]:
        reader.refuse_value(path, host.link, "has joined another bridge of this lab")
    return host


# Endpoints


def _end(reader: Reader, lab: LabDraft, segment: Segment, value: Tree, path: Path) -> None:
    faults = reader.faults
    end: EndDraft | None
    if isinstance(value, str):
        end = _node_ifname(reader, value, path, segment.mtu)
    else:
        end = _end_mapping(reader, value, path, segment.mtu)
    if end is None:
        return
    segment.ends.append(end)
    _mention(reader, lab, end.node, path if isinstance(value, str) else (*path, "node"))
    if reader.faults > faults or segment.unsure:
        lab.unsure.add(end.node)


def _mention(reader: Reader, lab: LabDraft, name: str, path: Path) -> NodeDraft:
    """Give the node of a name, new if the file has not named it before."""
    node = lab.nodes.get(name)
    if node is None:
        node = lab.nodes[name] = NodeDraft(path, name, _taken_name(name))
    if node.fault:
        lab.unsure.add(name)
        reader.refuse_value(path, name, node.fault)
    return node


def _node_ifname(reader: Reader, text: str, path: Path, mtu: int | None) -> EndDraft:
    """Read `node` or `node:ifname`."""
    node, colon, ifname = text.partition(":")
    if colon:
        ifname = reader.sound(ifname, path, names.ifname_fault) or ""
    return EndDraft(path, node, ifname, mtu=mtu)


def _end_mapping(reader: Reader, value: Tree, path: Path, mtu: int | None) -> EndDraft | None:
    if not isinstance(value, dict):
        hint = "a text such as pc1 or pc1:eth0, or a mapping"
        reader.refuse_value(path, value, "is not an endpoint", hint)
        return None
    reader.object(value, path, ENDPOINT)
    said = value.get("node")
    text = reader.text(said, (*path, "node")) if "node" in value else None
    if text is None:
        return None
    end = _node_ifname(reader, text, (*path, "node"), mtu)
    end.path = path
    if "ifname" in value:
        at = (*path, "ifname")
        ifname = reader.sound(value["ifname"], at, names.ifname_fault) or ""
        if end.ifname and ifname != end.ifname:
            reader.refuse_value(at, ifname, f'is not the "{end.ifname}" of node')
        end.ifname = ifname
    if "mac" in value:
        end.mac = _mac(reader, value["mac"], (*path, "mac"))
    if "mtu" in value:
        end.mtu = reader.whole(value["mtu"], (*path, "mtu"), *MTU)
    if "addresses" in value:
        end.given = _given(reader, value["addresses"], (*path, "addresses"))
    return end


def _given(reader: Reader, value: Tree, path: Path) -> list[GivenAddress]:
    found = []
    for at, text in reader.texts(value, path):
        try:
            number, prefix = address.split(text)
        except AddressError as error:
            reader.refuse_value(at, text, str(error), error.hint)
        else:
            found.append(GivenAddress(at, text, number, prefix))
    return found


# Ways out


def _bridge_uplink(reader: Reader, segment: Segment, value: Tree, path: Path) -> None:
    tree = _way_out(reader, value, path, UPLINK)
    if tree is None:
        return
    gateway = _gateway(reader, segment, tree, path)
    if "mtu" in tree:
        gateway.mtu = reader.whole(tree["mtu"], (*path, "mtu"), *MTU)
    if not segment.subnets and not segment.unsure:
        reader.refuse(path, "the bridge has no subnet to lead out", 'give it a "subnet"')


def _node_uplink(reader: Reader, lab: LabDraft, node: NodeDraft, value: Tree, path: Path) -> None:
    tree = _way_out(reader, value, path, NODE_UPLINK)
    if tree is None or node.fault:
        return
    segment = _segment(reader, tree, path)
    segment.of = node.name
    _gateway(reader, segment, tree, path)
    own: dict[str, Tree] = {"node": node.name}
    own.update((key, said) for key, said in tree.items() if key in ENDPOINT)
    end = _end_mapping(reader, own, path, segment.mtu)
    if end is not None:
        segment.ends.append(end)
    lab.segments.append(segment)


def _way_out(reader: Reader, value: Tree, path: Path, words: Words) -> dict[str, Tree] | None:
    """Read true, false, or a mapping; None where there is to be no way out."""
    if isinstance(value, bool):
        return {} if value else None
    if hint := switch_hint(value):
        reader.refuse_value(path, value, "is not true or false", hint)
        return None
    return reader.object(value, path, words)


def _gateway(reader: Reader, segment: Segment, tree: dict[str, Tree], path: Path) -> EndDraft:
    """Put the way out's own end on the segment, before all others."""
    given = None
    if "gateway" in tree:
        given = _given(reader, tree["gateway"], (*path, "gateway"))
    if "masquerade" in tree:
        segment.masquerade = reader.flag(tree["masquerade"], (*path, "masquerade"))
    segment.gateway = EndDraft(path, names.OUTSIDE, mtu=segment.mtu, given=given)
    segment.ends.insert(0, segment.gateway)
    return segment.gateway


# Nodes


def _nodes(reader: Reader, lab: LabDraft, value: Tree) -> None:
    for name, said in reader.named(value, ("nodes",)).items():
        path: Path = ("nodes", name)
        node = _mention(reader, lab, name, path)
        tree = {} if said is None else reader.object(said, path, NODE) or {}
        if "forward" in tree:
            node.forward = reader.flag(tree["forward"], (*path, "forward"))
        at: Path = (*path, "routes")
        for index, item in enumerate(reader.items(tree.get("routes"), at)):
            route = _route(reader, item, (*at, index))
            if route:
                node.routes.append(route)
        if "sysctl" in tree:
            node.sysctl = sysctl.read(reader, tree["sysctl"], (*path, "sysctl"))
            if "forward" in tree:
                sysctl.agree(reader, node, (*path, "sysctl"))
        _node_uplink(reader, lab, node, tree.get("uplink", False), (*path, "uplink"))
        publish.read(reader, lab, node, tree.get("publish"), (*path, "publish"))


def _route(reader: Reader, value: Tree, path: Path) -> RouteDraft | None:
    faults = reader.faults
    tree = reader.object(value, path, ROUTE)
    if tree is None:
        return None
    dst = _dst(reader, tree["dst"], (*path, "dst")) if "dst" in tree else None
    via = _via(reader, tree["via"], (*path, "via")) if "via" in tree else None
    dev = reader.text(tree["dev"], (*path, "dev")) if "dev" in tree else None
    metric = None
    if "metric" in tree:
        metric = reader.whole(tree["metric"], (*path, "metric"), *METRICS)
    if "via" not in tree and "dev" not in tree:
        reader.refuse(path, 'has neither "via" nor "dev"', "name the next hop, or the link")
    return RouteDraft(path, dst, via, dev, metric) if reader.faults == faults else None


def _dst(reader: Reader, value: Tree, path: Path) -> Network | None:
    text = reader.text(value, path)
    return None if text in {None, "default"} else _network(reader, text or "", path)


def _via(reader: Reader, value: Tree, path: Path) -> Address | None:
    text = reader.text(value, path)
    try:
        return None if text is None else address.read_address(text)
    except AddressError as error:
        reader.refuse_value(path, text, str(error), error.hint)
        return None
