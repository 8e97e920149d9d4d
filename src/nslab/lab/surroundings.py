"""A lab together with what is around it, for those who look at it.

The netns `outside` and the machine are nodes there like others; ways out are ports and cables.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from nslab.lab.model import Cable, Endpoint, Node
from nslab.lab.names import OUTSIDE

if TYPE_CHECKING:
    from nslab.lab.model import Bridge, Desired

MACHINE = "this machine"
"""What the machine is called; no node can have that name."""


def with_surroundings(lab: Desired) -> Desired:
    """Add the nodes around a lab; where there are none, or already, it stays the same."""
    around = []
    if lab.uplinks():
        around.append(Node(OUTSIDE, forward=True))
    if any(bridge.host for bridge in lab.bridges):
        around.append(Node(MACHINE))
    if not around:
        return lab
    ways = [node.uplink for node in lab.nodes if node.uplink is not None]
    cables = [
        Cable((way.gateway, way.endpoint), way.subnets) for way in ways if way.endpoint is not None
    ]
    return replace(
        lab,
        nodes=(*around, *(replace(node, uplink=None) for node in lab.nodes)),
        bridges=tuple(map(_joined, lab.bridges)),
        cables=(*cables, *lab.cables),
    )


def _joined(bridge: Bridge) -> Bridge:
    """Make ports of what a bridge is joined to beside its nodes."""
    ports, ifnames = [], []
    if bridge.uplink is not None:
        ports.append(replace(bridge.uplink.gateway, mac=bridge.mac))
        ifnames.append(bridge.ifname)
    if bridge.host is not None:
        ports.append(Endpoint(MACHINE, bridge.host.link, mac=""))
        ifnames.append(bridge.host.port_ifname)
    return replace(
        bridge,
        ports=(*ports, *bridge.ports),
        port_ifnames=(*ifnames, *bridge.port_ifnames),
        uplink=None,
        host=None,
    )
