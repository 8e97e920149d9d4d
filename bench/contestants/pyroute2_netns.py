"""pyroute2, straightforward: one `IPRoute` outside, one `NetNS` a node.

The veth's far end is named and placed in one request; links are looked up by name as its
documentation does. The bridge comes up last, which is the fast order. The import is not timed.
"""

from __future__ import annotations

import subprocess
import time

import harness
import star


class Pyroute2(harness.Contestant):
    """The library from PyPI."""

    def __init__(self, nodes: int) -> None:
        super().__init__(nodes)
        start = time.perf_counter()
        import pyroute2  # type: ignore[import-not-found]

        self.phases["import"] = time.perf_counter() - start
        self.pyroute2 = pyroute2

    def up(self) -> None:
        """Make the star."""
        with self.pyroute2.IPRoute() as outside:
            outside.link("add", ifname="lan", kind="bridge")
            bridge = outside.link_lookup(ifname="lan")[0]
            for index in range(self.nodes):
                node, port = star.name(index), f"p{index}"
                self.pyroute2.netns.create(node)
                peer = {"ifname": "eth0", "net_ns_fd": node}
                outside.link("add", ifname=port, kind="veth", peer=peer)
                outside.link(
                    "set",
                    index=outside.link_lookup(ifname=port)[0],
                    master=bridge,
                    state="up",
                )
                self.configure(index)
            outside.link("set", index=bridge, state="up")

    def configure(self, index: int) -> None:
        """Configure one node from inside its netns."""
        with self.pyroute2.NetNS(star.name(index)) as node:
            node.link("set", index=node.link_lookup(ifname="lo")[0], state="up")
            eth0 = node.link_lookup(ifname="eth0")[0]
            node.link("set", index=eth0, state="up")
            node.addr("add", index=eth0, address=star.address(index), prefixlen=star.PREFIX)
            node.route("add", dst="default", gateway=star.GATEWAY)

    def run_in(self, index: int, command: list[str]) -> None:
        """Run a command in a node."""
        subprocess.run(["ip", "netns", "exec", star.name(index), *command], check=True)

    def down(self) -> None:
        """Remove the star."""
        for index in range(self.nodes):
            self.pyroute2.netns.remove(star.name(index))
        with self.pyroute2.IPRoute() as outside:
            outside.link("del", index=outside.link_lookup(ifname="lan")[0])


if __name__ == "__main__":
    harness.run(Pyroute2)
