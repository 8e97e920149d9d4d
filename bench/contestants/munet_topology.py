"""munet: the configuration of a topology, and `async_build_topology`.

Networks, nodes and their connections with addresses stand in the configuration, as in its
documentation; then a command in each node sets its routes and lets routers forward. munet's nodes
have no name in /run/netns but a process each. The import is not timed.
"""

from __future__ import annotations

import asyncio
import logging
import tempfile
import time
from typing import TYPE_CHECKING, Any

from contestants import harness

if TYPE_CHECKING:
    from shapes import Network
    from shapes.network import Endpoint, Node


class WithMunet(harness.Contestant):
    """The library from PyPI."""

    named = False

    def __init__(self, network: Network) -> None:
        super().__init__(network)
        start = time.perf_counter()
        from munet.parser import async_build_topology  # type: ignore[import-not-found]

        self.phases["import"] = time.perf_counter() - start
        self.build = async_build_topology
        self.folder = tempfile.TemporaryDirectory(prefix="nslab-bench-")
        self.loop = asyncio.new_event_loop()
        self.unet: Any = None
        logging.disable(logging.CRITICAL)

    def config(self) -> dict[str, Any]:
        """Write the topology in munet's words."""
        joined: dict[str, list[dict[str, str]]] = {node.name: [] for node in self.network.nodes}
        for segment in self.network.segments:
            for end in segment.ports:
                joined[end.node].append({"to": segment.name, **self.words(end)})
        for cable in self.network.cables:
            a, b = cable.ends
            joined[a.node].append({"to": b.node, "remote-name": b.ifname, **self.words(a)})
            joined[b.node].append({"to": a.node, "remote-name": a.ifname, **self.words(b)})
        nodes = [{"name": name, "connections": ends} for name, ends in joined.items()]
        networks = [{"name": segment.name} for segment in self.network.segments]
        topology = {"networks": networks, "nodes": nodes, "networks-autonumber": False}
        return {"topology": topology, "config_pathname": f"{self.folder.name}/munet.json"}

    def words(self, end: Endpoint) -> dict[str, str]:
        """Write one end of a connection."""
        return {"name": end.ifname, "ip": str(end.addresses[0])}

    def up(self) -> None:
        """Make the network."""
        asyncio.set_event_loop(self.loop)
        build = self.build(self.config(), rundir=f"{self.folder.name}/run")
        self.unet = self.loop.run_until_complete(build)
        for node in self.network.nodes:
            if lines := self.commands(node):
                self.unet.hosts[node.name].cmd_raises("\n".join(lines))

    def commands(self, node: Node) -> list[str]:
        """Give what is done inside of a node."""
        forward = ["sysctl -w net.ipv4.ip_forward=1"] if node.forward else []
        return forward + [f"ip route add {route.dst} via {route.via}" for route in node.routes]

    def run_in(self, node: str, command: list[str]) -> None:
        """Run a command in a node."""
        self.unet.hosts[node].cmd_raises(command)

    def down(self) -> None:
        """Remove the network."""
        if self.unet is not None:
            self.loop.run_until_complete(self.unet.async_delete())
        self.folder.cleanup()


if __name__ == "__main__":
    harness.run(WithMunet)
