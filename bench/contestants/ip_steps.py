"""One `ip` process a step: a shell script of `ip` commands.

For each node: netns, veth (made with its far end named and placed, which is faster than moving it),
the near end into the bridge and up, `lo` and `eth0` up, address, default route. The bridge comes up
last, which is the fast order. The script is written before and run by `sh -e`.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import harness
import star


def node_lines(index: int) -> list[str]:
    """The steps of one node."""
    node = star.name(index)
    return [
        f"ip netns add {node}",
        f"ip link add p{index} type veth peer name eth0 netns {node}",
        f"ip link set p{index} master lan",
        f"ip link set p{index} up",
        f"ip -n {node} link set lo up",
        f"ip -n {node} link set eth0 up",
        f"ip -n {node} address add {star.address(index)}/{star.PREFIX} dev eth0",
        f"ip -n {node} route add default via {star.GATEWAY}",
    ]


class Steps(harness.Contestant):
    """One process a step."""

    in_this_process = False

    def __init__(self, nodes: int) -> None:
        super().__init__(nodes)
        self.folder = tempfile.TemporaryDirectory(prefix="nslab-bench-")
        steps = [line for index in range(nodes) for line in node_lines(index)]
        self.write("up", ["ip link add lan type bridge", *steps, "ip link set lan up"])
        leave = [f"ip netns delete {star.name(index)}" for index in range(nodes)]
        self.write("down", [*leave, "ip link delete lan"])

    def write(self, name: str, lines: list[str]) -> None:
        """Write one script or batch."""
        Path(self.folder.name, name).write_text("\n".join([*lines, ""]))

    def script(self, name: str) -> None:
        """Run one of the scripts."""
        path = str(Path(self.folder.name, name))
        subprocess.run(["sh", "-e", path], check=True, stdout=sys.stderr)

    def up(self) -> None:
        """Make the star."""
        self.script("up")

    def run_in(self, index: int, command: list[str]) -> None:
        """Run a command in a node."""
        subprocess.run(["ip", "netns", "exec", star.name(index), *command], check=True)

    def down(self) -> None:
        """Remove the star."""
        self.script("down")
        self.folder.cleanup()


if __name__ == "__main__":
    harness.run(Steps)
