"""NeST: `Node`, `Router`, `Switch`, `connect`, `set_address`, `add_route`, as in its examples.

Its nodes have names of its own choice in /run/netns. The import is not timed, and its log is off.
`down` is what NeST does at the end of the program.
"""

from __future__ import annotations

import logging
import os
import subprocess
import tempfile
import time
from typing import TYPE_CHECKING, Any
from unittest import mock

from contestants import harness

if TYPE_CHECKING:
    from shapes import Network
    from shapes.network import Node


LIST = os.listdir


def listed(path: str) -> list[str]:
    """List a folder; NeST lists one of iproute2's that Debian has elsewhere."""
    try:
        return LIST(path)
    except FileNotFoundError:
        return []


class WithNest(harness.Contestant):
    """The library from PyPI."""

    named = False

    def __init__(self, network: Network) -> None:
        super().__init__(network)
        self.folder = tempfile.TemporaryDirectory(prefix="nslab-bench-")
        os.chdir(self.folder.name)
        start = time.perf_counter()
        with mock.patch("os.listdir", listed):
            from nest import clean_up, config, topology  # type: ignore[import-not-found]

        self.phases["import"] = time.perf_counter() - start
        config.set_value("show_progress_bar", False)  # noqa: FBT003
        logging.disable(logging.CRITICAL)
        self.topology, self.clean_up = topology, clean_up
        self.nodes: dict[str, Any] = {}
        self.links: dict[tuple[str, int], Any] = {}

    def up(self) -> None:
        """Make the network."""
        topology = self.topology
        for node in self.network.nodes:
            kind = topology.Router if node.forward else topology.Node
            self.nodes[node.name] = kind(node.name)
        for segment in self.network.segments:
            switch = topology.Switch(segment.name)
            for end in segment.ports:
                link, _ = topology.connect(self.nodes[end.node], switch)
                link.set_address(str(end.addresses[0]))
                self.links[end.node, end.index] = link
        for cable in self.network.cables:
            a, b = cable.ends
            pair = topology.connect(self.nodes[a.node], self.nodes[b.node])
            for end, link in zip(cable.ends, pair, strict=True):
                link.set_address(str(end.addresses[0]))
                self.links[end.node, end.index] = link
        ends = self.network.endpoints()
        for node in self.network.nodes:
            links = {self.links[e.node, e.index]: e.addresses[0].network for e in ends[node.name]}
            self.routes(node, links)

    def routes(self, node: Node, links: dict[Any, Any]) -> None:
        """Set a node's routes: each names the link that it leaves by."""
        for route in node.routes:
            link = next(link for link, subnet in links.items() if route.via in subnet)
            dst = str(route.dst) if route.dst.prefixlen else "DEFAULT"
            self.nodes[node.name].add_route(dst, link, str(route.via))

    def run_in(self, node: str, command: list[str]) -> None:
        """Run a command in a node."""
        with self.nodes[node]:
            subprocess.run(command, check=True)

    def down(self) -> None:
        """Remove the network."""
        self.clean_up.kill_processes()
        self.clean_up.delete_namespaces()
        os.chdir("/")
        self.folder.cleanup()


if __name__ == "__main__":
    harness.run(WithNest)
