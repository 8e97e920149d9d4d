"""A lab as what its namespaces shall hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nslab.lab.names import FORWARD, sysctl_key
from nslab.plan.state import QUIET, End, LinkState, NetnsState, State

if TYPE_CHECKING:
    from nslab.lab.model import Bridge, Cable, Desired, Endpoint, Node

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
    return state


def _fabric(lab: str, bridge: Bridge) -> NetnsState:
    from nslab.lab.names import mac_of

    links = {"lo": _LO}
    links[bridge.ifname] = LinkState(bridge.ifname, "bridge", mac=bridge.mac)
    for port, ifname in zip(bridge.ports, bridge.port_ifnames, strict=True):
        links[ifname] = LinkState(
            ifname,
            "veth",
            mac=mac_of(lab, bridge.name, ifname),
            mtu=port.mtu,
            master=bridge.ifname,
            peer=(port.node, port.ifname),
        )
    return NetnsState(links, [], dict.fromkeys(QUIET, "1"))


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
