"""One `ip` process a step: a shell script of `ip` commands.

For each node: netns, `lo` up; for each of its links: veth (made with its far end named and placed,
which is faster than moving it), the near end into the bridge and up, the link up, its addresses;
then its routes. Routers are let forward by `sysctl`. The bridges come up last, which is the fast
order. The script is written before and run by `sh -e`.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from contestants import harness

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapes import Network
    from shapes.network import Endpoint, Node


def ports(network: Network) -> Iterator[tuple[str, str, Endpoint]]:
    """Give bridge, name and far end of every port of a bridge."""
    number = 0
    for segment in network.segments:
        for end in segment.ports:
            yield segment.name, f"p{number}", end
            number += 1


def settings(node: Node, ends: list[Endpoint]) -> list[str]:
    """Give what is said to `ip` inside of a node."""
    lines = ["link set lo up"]
    for end in ends:
        lines.append(f"link set {end.ifname} up")
        for address in end.addresses:
            extra = " nodad" if address.version == 6 else ""
            lines.append(f"address add {address} dev {end.ifname}{extra}")
    return [*lines, *(f"route add {route.dst} via {route.via}" for route in node.routes)]


def forwarding(node: Node) -> list[str]:
    """Give what lets a router forward, without `ip`."""
    enter = f"netns exec {node.name} sysctl -qw"
    return [f"{enter} net.ipv4.ip_forward=1"] if node.forward else []


def outside(network: Network) -> dict[str, list[str]]:
    """Give what makes netns and veths, by kind of step."""
    return {
        "bridges": [f"link add {one.name} type bridge" for one in network.segments],
        "nodes": [f"netns add {node.name}" for node in network.nodes],
        "cables": [
            f"link add {a.ifname} netns {a.node} type veth peer name {b.ifname} netns {b.node}"
            for a, b in (cable.ends for cable in network.cables)
        ],
        "forward": [line for node in network.nodes for line in forwarding(node)],
        "up": [f"link set {one.name} up" for one in network.segments],
    }


class Steps(harness.Contestant):
    """One process a step."""

    in_this_process = False

    def __init__(self, network: Network) -> None:
        super().__init__(network)
        self.folder = tempfile.TemporaryDirectory(prefix="nslab-bench-")
        self.prepare()

    def prepare(self) -> None:
        """Write the scripts."""
        steps, ends = outside(self.network), self.network.endpoints()
        lines = [*steps["bridges"], *steps["nodes"]]
        for bridge, port, end in ports(self.network):
            lines += [
                f"link add {port} type veth peer name {end.ifname} netns {end.node}",
                f"link set {port} master {bridge}",
                f"link set {port} up",
            ]
        lines += [*steps["cables"], *steps["forward"]]
        for node in self.network.nodes:
            lines += [f"-n {node.name} {line}" for line in settings(node, ends[node.name])]
        self.write("up", [f"ip {line}" for line in [*lines, *steps["up"]]])
        self.write("down", [f"ip {line}" for line in self.leave()])

    def leave(self) -> list[str]:
        """Give what removes everything."""
        nodes = [f"netns delete {node.name}" for node in self.network.nodes]
        return [*nodes, *(f"link delete {one.name}" for one in self.network.segments)]

    def write(self, name: str, lines: list[str]) -> None:
        """Write one script or batch."""
        Path(self.folder.name, name).write_text("\n".join([*lines, ""]))

    def script(self, name: str) -> None:
        """Run one of the scripts."""
        path = str(Path(self.folder.name, name))
        subprocess.run(["sh", "-e", path], check=True, stdout=sys.stderr)

    def up(self) -> None:
        """Make the network."""
        self.script("up")

    def run_in(self, node: str, command: list[str]) -> None:
        """Run a command in a node."""
        subprocess.run(["ip", "netns", "exec", node, *command], check=True)

    def down(self) -> None:
        """Remove the network."""
        self.script("down")
        self.folder.cleanup()


if __name__ == "__main__":
    harness.run(Steps)
