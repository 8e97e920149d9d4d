"""pyroute2, straightforward: one `IPRoute` outside, one `NetNS` a node.

A veth's far end is named and placed in one request; links are looked up by name as its
documentation does. Routers are let forward by writing the file in /proc/sys. The bridges come up
last, which is the fast order. The import is not timed.
"""

from __future__ import annotations

import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

from contestants import harness, ip_steps

if TYPE_CHECKING:
    from shapes import Network
    from shapes.network import Endpoint, Node


class Pyroute2(harness.Contestant):
    """The library from PyPI."""

    def __init__(self, network: Network) -> None:
        super().__init__(network)
        start = time.perf_counter()
        import pyroute2  # type: ignore[import-not-found]

        self.phases["import"] = time.perf_counter() - start
        self.pyroute2 = pyroute2
        self.ends = network.endpoints()

    def up(self) -> None:
        """Make the network."""
        with self.pyroute2.IPRoute() as outside:
            bridges = {}
            for segment in self.network.segments:
                outside.link("add", ifname=segment.name, kind="bridge")
                bridges[segment.name] = outside.link_lookup(ifname=segment.name)[0]
            for node in self.network.nodes:
                self.pyroute2.netns.create(node.name)
            for bridge, port, end in ip_steps.ports(self.network):
                peer = {"ifname": end.ifname, "net_ns_fd": end.node}
                outside.link("add", ifname=port, kind="veth", peer=peer)
                index = outside.link_lookup(ifname=port)[0]
                outside.link("set", index=index, master=bridges[bridge], state="up")
            self.lay_cables()
            for node in self.network.nodes:
                self.configure(node, self.ends[node.name])
            for index in bridges.values():
                outside.link("set", index=index, state="up")

    def lay_cables(self) -> None:
        """Make the cables, each from the netns of its first end."""
        far: dict[str, list[tuple[Endpoint, Endpoint]]] = {}
        for cable in self.network.cables:
            far.setdefault(cable.ends[0].node, []).append(cable.ends)
        for name, cables in far.items():
            with self.pyroute2.NetNS(name) as node:
                for a, b in cables:
                    peer = {"ifname": b.ifname, "net_ns_fd": b.node}
                    node.link("add", ifname=a.ifname, kind="veth", peer=peer)

    def configure(self, node: Node, ends: list[Endpoint]) -> None:
        """Configure one node from inside its netns."""
        if node.forward:
            self.pyroute2.netns.pushns(node.name)
            Path("/proc/sys/net/ipv4/ip_forward").write_text("1")
            self.pyroute2.netns.popns()
        with self.pyroute2.NetNS(node.name) as inside:
            inside.link("set", index=inside.link_lookup(ifname="lo")[0], state="up")
            for end in ends:
                index = inside.link_lookup(ifname=end.ifname)[0]
                inside.link("set", index=index, state="up")
                for one in end.addresses:
                    words = {"address": str(one.ip), "prefixlen": one.network.prefixlen}
                    inside.addr("add", index=index, **words)
            for route in node.routes:
                inside.route("add", dst=str(route.dst), gateway=str(route.via))

    def run_in(self, node: str, command: list[str]) -> None:
        """Run a command in a node."""
        subprocess.run(["ip", "netns", "exec", node, *command], check=True)

    def down(self) -> None:
        """Remove the network."""
        for node in self.network.nodes:
            self.pyroute2.netns.remove(node.name)
        with self.pyroute2.IPRoute() as outside:
            for segment in self.network.segments:
                outside.link("del", index=outside.link_lookup(ifname=segment.name)[0])


if __name__ == "__main__":
    harness.run(Pyroute2)
