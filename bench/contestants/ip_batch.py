"""`ip -batch`, one batch per netns.

One batch outside makes every netns and every veth, each end named and placed, and a bridge's port
enslaved and up, in one line each; then one `ip -netns NODE -batch` configures each node; the
bridges come up last, which is the fast order. Routers are let forward by `sysctl`. The batches are
written before.
"""

from __future__ import annotations

from contestants import harness, ip_steps


class Batch(ip_steps.Steps):
    """One process a netns."""

    def prepare(self) -> None:
        """Write the batches, and the script that runs them."""
        folder, steps, ends = (
            self.folder.name,
            ip_steps.outside(self.network),
            self.network.endpoints(),
        )
        joined = [
            f"link add {port} up master {bridge} type veth peer name {end.ifname} netns {end.node}"
            for bridge, port, end in ip_steps.ports(self.network)
        ]
        kinds = [steps["bridges"], steps["nodes"], joined, steps["cables"], steps["forward"]]
        self.write("outside", [line for kind in kinds for line in kind])
        inside = []
        for number, node in enumerate(self.network.nodes):
            self.write(f"inside-{number}", ip_steps.settings(node, ends[node.name]))
            inside.append(f"ip -netns {node.name} -batch {folder}/inside-{number}")
        self.write("last", steps["up"])
        self.write("up", [f"ip -batch {folder}/outside", *inside, f"ip -batch {folder}/last"])
        self.write("leave", self.leave())
        self.write("down", [f"ip -batch {folder}/leave"])


if __name__ == "__main__":
    harness.run(Batch)
