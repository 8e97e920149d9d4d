"""DummyNet: `netns_add`, `link_veth_add`, `link_set`, `bridge_set`, `addr_add`, `up`, `route`.

In the order of its examples: each veth is made, its ends are moved and put up, the near one joins
the bridge; commands run by its shells set what it has no call for. `down` is `cleanup()`. The
import is not timed.
"""

from __future__ import annotations

import logging
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from contestants import harness, ip_steps

if TYPE_CHECKING:
    from shapes import Network
    from shapes.network import Endpoint, Node


class WithDummynet(harness.Contestant):
    """The library from PyPI."""

    named = False

    def __init__(self, network: Network) -> None:
        super().__init__(network)
        start = time.perf_counter()
        import dummynet  # type: ignore[import-not-found]

        self.phases["import"] = time.perf_counter() - start
        self.dummynet = dummynet
        self.stack = ExitStack()
        self.nodes: dict[str, Any] = {}

    def up(self) -> None:
        """Make the network."""
        log = logging.getLogger("dummynet")
        log.setLevel(logging.CRITICAL)
        monitor = self.dummynet.ProcessMonitor(log=log)
        shell = self.dummynet.HostShell(log=log, sudo=False, process_monitor=monitor)
        net = self.stack.enter_context(self.dummynet.DummyNet(shell=shell))
        bridges = {one.name: net.bridge_add(one.name) for one in self.network.segments}
        for node in self.network.nodes:
            self.nodes[node.name] = net.netns_add(node.name)
        for bridge, port, end in ip_steps.ports(self.network):
            near, far = net.link_veth_add(port, self.far(end))
            net.link_set(self.nodes[end.node].namespace, far)
            net.bridge_set(bridges[bridge], near)
            net.up(near)
            self.configure(end, far)
        for cable in self.network.cables:
            for end, link in zip(
                cable.ends, net.link_veth_add(*map(self.far, cable.ends)), strict=True
            ):
                net.link_set(self.nodes[end.node].namespace, link)
                self.configure(end, link)
        for node in self.network.nodes:
            self.finish(node)
        for link in bridges.values():
            net.up(link)

    def far(self, end: Endpoint) -> str:
        """Name a link: it is made outside of its node."""
        return f"{end.node}e{end.index}"

    def configure(self, end: Endpoint, link: Any) -> None:
        """Configure one link of a node."""
        node = self.nodes[end.node]
        node.addr_add(str(end.addresses[0]), link)
        node.up(link)

    def finish(self, node: Node) -> None:
        """Put `lo` up, set routes, let a router forward."""
        inside = self.nodes[node.name]
        inside.up("lo")
        if node.forward:
            inside.run("sysctl -w net.ipv4.ip_forward=1")
        for route in node.routes:
            if route.dst.prefixlen:
                inside.run(f"ip route add {route.dst} via {route.via}")
            else:
                inside.route(str(route.via))

    def run_in(self, node: str, command: list[str]) -> None:
        """Run a command in a node."""
        self.nodes[node].run(" ".join(command))

    def down(self) -> None:
        """Remove the network."""
        self.stack.close()


if __name__ == "__main__":
    harness.run(WithDummynet)
