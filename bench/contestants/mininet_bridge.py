"""Mininet with its `LinuxBridge` and without a controller.

One host a node and one link a port or cable, with the addresses as parameters, and the default
route too where a host has one link; other routes, and the forwarding of routers, by commands in the
hosts, as Mininet's example of a router does. `up` is the construction, `start()` and those
commands, `down` is `stop()`. Mininet's nodes have no name in /run/netns but a shell each, whose CPU
time is counted in whole clock ticks while it lives.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from contestants import harness

if TYPE_CHECKING:
    from shapes import Network
    from shapes.network import Endpoint, Node


class WithMininet(harness.Contestant):
    """Mininet's Python API."""

    named = False

    def __init__(self, network: Network) -> None:
        super().__init__(network)
        start = time.perf_counter()
        from mininet.net import Mininet  # type: ignore[import-not-found]
        from mininet.nodelib import LinuxBridge  # type: ignore[import-not-found]

        self.phases["import"] = time.perf_counter() - start
        self.kinds = Mininet, LinuxBridge
        self.ends = network.endpoints()
        self.net: Any = None

    def up(self) -> None:
        """Make the network."""
        mininet, bridge = self.kinds
        self.net = mininet(controller=None, switch=bridge, ipBase="10.0.0.0/8")
        for node in self.network.nodes:
            self.net.addHost(node.name, **self.parameters(node))
        for number, segment in enumerate(self.network.segments, 1):
            switch = self.net.addSwitch(f"s{number}")
            for end in segment.ports:
                self.net.addLink(
                    self.net[end.node],
                    switch,
                    intfName1=self.ifname(end),
                    params1=self.address(end),
                )
        for cable in self.network.cables:
            a, b = cable.ends
            self.net.addLink(
                self.net[a.node],
                self.net[b.node],
                intfName1=self.ifname(a),
                intfName2=self.ifname(b),
                params1=self.address(a),
                params2=self.address(b),
            )
        self.net.start()
        for node in self.network.nodes:
            self.finish(node)

    def one_link(self, node: Node) -> bool:
        """Tell whether parameters of the host say everything."""
        only_default = not any(route.dst.prefixlen for route in node.routes)
        return len(self.ends[node.name]) == 1 and only_default

    def parameters(self, node: Node) -> dict[str, str] | dict[str, None]:
        """Give a host's address and default route, where it has one of each."""
        if not self.one_link(node):
            return {"ip": None}
        address = {"ip": str(self.ends[node.name][0].addresses[0])}
        return address | {"defaultRoute": f"via {node.routes[0].via}"} if node.routes else address

    def ifname(self, end: Endpoint) -> str:
        """Name a link: unlike others' they must be unique on the machine when they are made."""
        return f"{end.node}-{end.ifname}"

    def address(self, end: Endpoint) -> dict[str, str]:
        """Give a link's address as a parameter."""
        return {"ip": str(end.addresses[0])}

    def finish(self, node: Node) -> None:
        """Say the rest inside of a host."""
        lines = ["sysctl -w net.ipv4.ip_forward=1"] if node.forward else []
        if not self.one_link(node):
            lines += [f"ip route add {route.dst} via {route.via}" for route in node.routes]
        for line in lines:
            self.net[node.name].cmd(line)

    def ping(self) -> harness.Pinged:
        """Ping all pairs."""
        hosts = len(self.network.nodes)
        loss = self.net.pingAll()
        sent = hosts * (hosts - 1)
        return harness.Pinged(sent, round(sent * loss / 100))

    def run_in(self, node: str, command: list[str]) -> None:
        """Run a command in a node."""
        output, errors, status = self.net[node].pexec(command)
        if status:
            raise RuntimeError(f"{command}: {status}\n{output}{errors}")

    def down(self) -> None:
        """Remove the network."""
        if self.net is not None:
            self.net.stop()


if __name__ == "__main__":
    harness.run(WithMininet)
