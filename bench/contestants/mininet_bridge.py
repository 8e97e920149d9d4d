"""Mininet with its `LinuxBridge` and without a controller.

One host a node, with its address and default route as parameters, and one link to the switch;
`up` is the construction and `start()`, `down` is `stop()`. Mininet's nodes have no name in
/run/netns but a shell each, whose CPU time is counted in whole clock ticks while it lives.
"""

from __future__ import annotations

import time
from typing import Any

import harness
import star


class WithMininet(harness.Contestant):
    """Mininet's Python API."""

    named = False

    def __init__(self, nodes: int) -> None:
        super().__init__(nodes)
        start = time.perf_counter()
        from mininet.net import Mininet  # type: ignore[import-not-found]
        from mininet.nodelib import LinuxBridge  # type: ignore[import-not-found]

        self.phases["import"] = time.perf_counter() - start
        self.kinds = Mininet, LinuxBridge
        self.net: Any = None

    def up(self) -> None:
        """Make the star."""
        network, bridge = self.kinds
        self.net = network(controller=None, switch=bridge, ipBase=star.SUBNET)
        switch = self.net.addSwitch("s1")
        for index in range(self.nodes):
            host = self.net.addHost(
                star.name(index),
                ip=f"{star.address(index)}/{star.PREFIX}",
                defaultRoute=f"via {star.GATEWAY}",
            )
            self.net.addLink(host, switch)
        self.net.start()

    def run_in(self, index: int, command: list[str]) -> None:
        """Run a command in a node."""
        output, errors, status = self.net[star.name(index)].pexec(command)
        if status:
            raise RuntimeError(f"{command}: {status}\n{output}{errors}")

    def down(self) -> None:
        """Remove the star."""
        if self.net is not None:
            self.net.stop()


if __name__ == "__main__":
    harness.run(WithMininet)
