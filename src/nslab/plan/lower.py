"""A lab as what its namespaces shall hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from nslab.kernel.sandbox import HOST
from nslab.lab.model import Cable
from nslab.lab.names import FORWARD, OUTSIDE, choose_ifname, digest, mac_of, sysctl_key
from nslab.plan.effects import USUAL_MTU
from nslab.plan.segment import fabric, joints, lay, rows
from nslab.plan.state import PLAIN, QUIET, End, LinkState, NetnsState, State

if TYPE_CHECKING:
    from nslab.lab.model import Bridge, Desired, Endpoint, Node
    from nslab.plan.segment import Port

HIGH = 1 << 24
"""Ifindexes from here on are no kernel's own choice on a machine that lives less than long."""

MOST_MTU = 65535
"""That of a bridge that is led out, in bytes: by itself it follows its ports, and the link to
`outside` can have no more than it. And that of the cables inside a segment."""

MARK = "nslab:"
"""How the aliases of labs' links in the machine's netns begin; the lab's name follows."""

_LO = LinkState("lo", "loopback", ifindex=1)


def lower(lab: Desired, seen: State | None = None, *, spare: bool = False) -> State:
    """Give the state that the lab asks for: one netns a bridge (its fabric), one a node.

    A bridge with more ports than one of the kernel's can have is laid over several fabrics.

    Args:
        lab: the lab.
        seen: the lab as it is: its ports stay on the fabrics where they are.
        spare: whether fabrics that are there, but which no port needs, are part of it: of a lab
            that was.
    """
    state: State = {}
    if any(bridge.host for bridge in lab.bridges):
        state[HOST] = NetnsState()
    seen = seen or {}
    there = rows(seen)
    laid = [
        lay(each, there.get(each.name, [seen.get(each.name, NetnsState())]), spare=spare)
        for each in lab.bridges
    ]
    for bridge, row in zip(lab.bridges, laid, strict=True):
        for number in range(len(row)):
            state[fabric(bridge.name, number)] = _fabric(lab.name, bridge, row, number)
    for node in lab.nodes:
        state[node.name] = _node(node)
    for bridge, row in zip(lab.bridges, laid, strict=True):
        for number, ports in enumerate(row):
            for port, port_ifname in ports:
                _place(state, port, (fabric(bridge.name, number), port_ifname))
    for cable in lab.cables:
        _join(state, cable)
    _join_machine(state, lab)
    if lab.uplinks():
        state[OUTSIDE] = NetnsState({"lo": _LO}, [], dict.fromkeys(FORWARD, "1"))
        _lead_out(state, lab)
    return state


def _join_machine(state: State, lab: Desired) -> None:
    """Join bridges and links of the machine: by a veth to a bridge, by a macvlan on another link.

    A macvlan in passthru mode has the MAC of the link below, and would change that with its own.
    """
    for bridge in lab.bridges:
        if bridge.host is None:
            continue
        port = bridge.host.port_ifname
        if bridge.host.bridge:
            far = host_port(lab.name, bridge.name, port, bridge.host.link)
            mac = mac_of(lab.name, bridge.name, port)
            near = LinkState(port, "veth", mac=mac, peer=(HOST, far.ifname))
            state[HOST].links[far.ifname] = far
        else:
            index = high(lab.name, bridge.name, port)
            near = LinkState(port, "macvlan", index, peer=(HOST, bridge.host.link))
        state[bridge.name].links[port] = replace(near, master=bridge.ifname)


def host_port(lab: str, bridge: str, port: str, master: str) -> LinkState:
    """Give the machine's end of a veth to a bridge of the machine.

    A bridge takes the lowest MAC of its ports, so that of this one is high.
    """
    ifname = choose_ifname(f"nslab.{lab}+{bridge}", set())
    hexes = digest(lab, HOST, bridge)
    return LinkState(
        ifname,
        "veth",
        high(lab, HOST, bridge),
        mac=f"fe:ff:{hexes[:2]}:{hexes[2:4]}:{hexes[4:6]}:{hexes[6:8]}",
        master=master,
        peer=(bridge, port),
        alias=f"{MARK}{lab}:{bridge}",
    )


def high(*words: str) -> int:
    """Give an ifindex that no other link has, be it in the netns of the link below.

    Older kernels (as 6.1) look there whether a new macvlan's ifindex, or else its name, is free.
    """
    return HIGH + int(digest(*words)[:6], 16)


def _lead_out(state: State, lab: Desired) -> None:
    """Join the nodes and bridges that have a way out to the netns `outside`, which forwards.

    On a bridge lies a macvlan that takes what the bridge itself would get: a port and a cable to
    `outside` would make every packet wait once more.
    """
    for node in lab.nodes:
        if node.uplink is not None and node.uplink.endpoint is not None:
            _join(state, Cable((node.uplink.endpoint, node.uplink.gateway)))
    for bridge in lab.bridges:
        if bridge.uplink is not None:
            end, below = bridge.uplink.gateway, (bridge.name, bridge.ifname)
            state[OUTSIDE].links[end.ifname] = LinkState(
                end.ifname,
                "macvlan",
                high(lab.name, OUTSIDE, end.ifname),
                mac=bridge.mac,
                mtu=end.mtu or USUAL_MTU,
                peer=below,
                addresses=end.addresses,
            )


def _fabric(lab: str, bridge: Bridge, row: list[list[Port]], number: int) -> NetnsState:
    """Give one of a segment's fabrics.

    What joins it to others comes last, for of its ports a bridge floods the latest first.
    """
    name = fabric(bridge.name, number)
    device = LinkState(
        bridge.ifname,
        "bridge",
        mac=mac_of(lab, name, "") if number else bridge.mac,
        mtu=MOST_MTU if bridge.uplink is not None and not number else _least_mtu(row[number]),
        settings=PLAIN,
    )
    ports = [_port(lab, bridge, port) for port in row[number]]
    ways = [
        LinkState(
            ifname,
            "veth",
            mac=mac_of(lab, name, ifname),
            mtu=MOST_MTU,
            master=bridge.ifname,
            peer=peer,
        )
        for ifname, peer in joints(bridge.name, number, len(row) - 1)
    ]
    links = {link.ifname: link for link in (_LO, device, *ports, *ways)}
    return NetnsState(links, [], dict.fromkeys(QUIET, "1"))


def _least_mtu(ports: list[Port]) -> int | None:
    """Give the MTU that the kernel itself lets a bridge have; None for the usual one.

    It follows the ports only as long as nobody has set it, so that it is always set.
    """
    least = min((end.mtu or USUAL_MTU for end, _ in ports), default=USUAL_MTU)
    return None if least == USUAL_MTU else least


def _port(lab: str, bridge: Bridge, port: Port) -> LinkState:
    end, ifname = port
    return LinkState(
        ifname,
        "veth",
        mac=mac_of(lab, bridge.name, ifname),
        mtu=end.mtu,
        master=bridge.ifname,
        peer=(end.node, end.ifname),
    )


def _node(node: Node) -> NetnsState:
    sysctl = dict.fromkeys(FORWARD, "1" if node.forward else "0")
    sysctl.update((sysctl_key(key), value) for key, value in node.sysctl)
    return NetnsState({"lo": _LO}, list(node.routes), sysctl)


def _place(state: State, end: Endpoint, peer: End) -> None:
    state[end.node].links[end.ifname] = LinkState(
        end.ifname, "veth", mac=end.mac, mtu=end.mtu, peer=peer, addresses=end.addresses
    )


def _join(state: State, cable: Cable) -> None:
    near, far = cable.ends
    _place(state, near, (far.node, far.ifname))
    _place(state, far, (near.node, near.ifname))
