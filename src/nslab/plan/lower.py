"""A lab as what its namespaces shall hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nslab.lab.model import Cable
from nslab.lab.names import FORWARD, OUTSIDE, mac_of, sysctl_key
from nslab.plan.state import QUIET, End, LinkState, NetnsState, State

if TYPE_CHECKING:
    from nslab.lab.model import Bridge, Desired, Endpoint, Node

_LO = LinkState("lo", "loopback", index=1)


def lower(lab: Desired) -> State:
    """Give the state that the lab asks for: one netns a bridge (its fabric), one a node."""
    state: State = {}
    for bridge in lab.bridges:
        state[bridge.name] = _fabric(lab.name, bridge)
    for node in lab.nodes:
        state[node.name] = _node(node)
    for bridge in lab.bridges:
        for port, port_ifname in zip(bridge.ports, bridge.port_ifnames, strict=True):
            _place(state, port, (bridge.name, port_ifname))
    for cable in lab.cables:
        _join(state, cable)
    if lab.uplinks():
        state[OUTSIDE] = NetnsState({"lo": _LO}, [], dict.fromkeys(FORWARD, "1"))
        _lead_out(state, lab)
    return state


def _lead_out(state: State, lab: Desired) -> None:
    """Join the bridges and nodes that have a way out to the netns `outside`, which forwards."""
    for bridge in lab.bridges:
        if bridge.uplink is not None:
            ifname = bridge.uplink.port_ifname
            gateway = bridge.uplink.gateway
            state[bridge.name].links[ifname] = _port(lab.name, bridge, gateway, ifname)
            _place(state, gateway, (bridge.name, ifname))
    for node in lab.nodes:
        if node.uplink is not None and node.uplink.endpoint is not None:
            _join(state, Cable((node.uplink.endpoint, node.uplink.gateway)))


def _fabric(lab: str, bridge: Bridge) -> NetnsState:
    links = {"lo": _LO}
    links[bridge.ifname] = LinkState(bridge.ifname, "bridge", mac=bridge.mac)
    for port, ifname in zip(bridge.ports, bridge.port_ifnames, strict=True):
        links[ifname] = _port(lab, bridge, port, ifname)
    return NetnsState(links, [], dict.fromkeys(QUIET, "1"))


def _port(lab: str, bridge: Bridge, port: Endpoint, ifname: str) -> LinkState:
    return LinkState(
        ifname,
        "veth",
        mac=mac_of(lab, bridge.name, ifname),
        mtu=port.mtu,
        master=bridge.ifname,
        peer=(port.node, port.ifname),
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
