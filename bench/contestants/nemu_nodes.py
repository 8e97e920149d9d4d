"""nemu3: `Node`, `NodeInterface`, `Switch`, `P2PInterface`, as in its examples.

Its nodes have no name in /run/netns but a process each, and forward always. The near end of a
port's veth joins the switch; then addresses and routes are set. The import is not timed.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from contestants import harness

if TYPE_CHECKING:
    from shapes import Network
    from shapes.network import Endpoint


class WithNemu(harness.Contestant):
    """The library from PyPI."""

    named = False

    def __init__(self, network: Network) -> None:
        super().__init__(network)
        start = time.perf_counter()
        import nemu  # type: ignore[import-not-found]

        self.phases["import"] = time.perf_counter() - start
        self.nemu = nemu
        self.nodes: dict[str, Any] = {}
        self.switches: list[Any] = []
        self.links: list[Any] = []

    def up(self) -> None:
        """Make the network."""
        nemu = self.nemu
        self.nodes = {node.name: nemu.Node() for node in self.network.nodes}
        for node in self.nodes.values():
            node.get_interface("lo").up = True
        for segment in self.network.segments:
            switch = nemu.Switch()
            self.switches.append(switch)
            for end in segment.ports:
                link = nemu.NodeInterface(self.nodes[end.node])
                switch.connect(link)
                link.control.up = True
                self.configure(end, link)
        for cable in self.network.cables:
            pair = nemu.P2PInterface.create_pair(*(self.nodes[end.node] for end in cable.ends))
            for end, link in zip(cable.ends, pair, strict=True):
                self.configure(end, link)
        for switch in self.switches:
            switch.up = True
        for node in self.network.nodes:
            for route in node.routes:
                words = {"nexthop": str(route.via)}
                if route.dst.prefixlen:
                    words["prefix"] = str(route.dst.network_address)
                self.nodes[node.name].add_route(prefix_len=route.dst.prefixlen, **words)

    def configure(self, end: Endpoint, link: Any) -> None:
        """Configure one link of a node."""
        link.up = True
        address = end.addresses[0]
        link.add_v4_address(address=str(address.ip), prefix_len=address.network.prefixlen)
        self.links.append(link)

    def run_in(self, node: str, command: list[str]) -> None:
        """Run a command in a node."""
        if status := self.nodes[node].system(command):
            raise RuntimeError(f"{command}: {status}")

    def down(self) -> None:
        """Remove the network."""
        for switch in self.switches:
            switch.destroy()
        for node in self.nodes.values():
            node.destroy()


if __name__ == "__main__":
    harness.run(WithNemu)
