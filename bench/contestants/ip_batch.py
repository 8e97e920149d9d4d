"""`ip -batch`, one batch per netns.

One batch outside makes every netns and every veth, the node's end named and placed and the other
enslaved and up in the same line; then one `ip -netns NODE -batch` configures each node; the bridge
comes up last, which is the fast order. The batches are written before.
"""

from __future__ import annotations

import harness
import ip_steps
import star


def outside_lines(index: int) -> list[str]:
    """What one node needs outside of its netns."""
    node = star.name(index)
    return [
        f"netns add {node}",
        f"link add p{index} up master lan type veth peer name eth0 netns {node}",
    ]


def inside_lines(index: int) -> list[str]:
    """What one node needs inside of its netns."""
    return [
        "link set lo up",
        "link set eth0 up",
        f"address add {star.address(index)}/{star.PREFIX} dev eth0",
        f"route add default via {star.GATEWAY}",
    ]


class Batch(ip_steps.Steps):
    """One process a netns."""

    def __init__(self, nodes: int) -> None:
        super().__init__(nodes)
        folder = self.folder.name
        outside = [line for index in range(nodes) for line in outside_lines(index)]
        self.write("outside", ["link add lan type bridge", *outside])
        for index in range(nodes):
            self.write(f"inside-{index}", inside_lines(index))
        inside = [
            f"ip -netns {star.name(index)} -batch {folder}/inside-{index}" for index in range(nodes)
        ]
        self.write("up", [f"ip -batch {folder}/outside", *inside, "ip link set lan up"])
        leave = [f"netns delete {star.name(index)}" for index in range(nodes)]
        self.write("leave", [*leave, "link delete lan"])
        self.write("down", [f"ip -batch {folder}/leave"])


if __name__ == "__main__":
    harness.run(Batch)
