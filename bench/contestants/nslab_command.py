"""`nslab up FILE` and `nslab down LAB`, each timed as a whole process.

The file (YAML, bridges and cables with their subnets, routes by node) is written before. CPU time
is the command's and the holder's.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from contestants import harness
from contestants.nslab_lab import document

if TYPE_CHECKING:
    from shapes import Network


def written(network: Network, name: str, *, changed: bool = False) -> str:
    """Write the lab as a person would: a line for each port, cable and node."""
    tree = document(name, network, changed=changed)
    lines = [f"name: {name}"]
    if "bridges" in tree:
        lines.append("bridges:")
        for bridge, words in tree["bridges"].items():
            lines += [f"  {bridge}:", f"    subnet: [{', '.join(words['subnet'])}]", "    ports:"]
            lines += [f"      - {port}" for port in words["ports"]]
    if "cables" in tree:
        lines.append("cables:")
        for cable in tree["cables"]:
            ends, subnet = ", ".join(cable["ends"]), ", ".join(cable["subnet"])
            lines.append(f"  - {{ends: [{ends}], subnet: [{subnet}]}}")
    lines.append("nodes:")
    lines += [f"  {node}: {json.dumps(words)}" for node, words in tree["nodes"].items()]
    return "\n".join([*lines, ""])


class Command(harness.Contestant):
    """The command line."""

    in_this_process = False

    def __init__(self, network: Network) -> None:
        super().__init__(network)
        self.lab = f"bench-{os.getpid()}"
        self.nslab = str(Path(sys.executable).with_name("nslab"))
        self.folder = tempfile.TemporaryDirectory(prefix="nslab-bench-")
        self.file = Path(self.folder.name) / "lab.yaml"
        self.file.write_text(written(network, self.lab))
        self.changed = self.file.with_name("changed.yaml")
        self.changed.write_text(written(network, self.lab, changed=True))

    def call(self, *arguments: str) -> None:
        """Call nslab."""
        subprocess.run(
            [self.nslab, *arguments],
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=sys.stderr,
            env={**os.environ, "NSLAB_LAB": self.lab},
        )

    def up(self) -> None:
        """Make the network."""
        self.call("up", str(self.file))

    def again(self) -> None:
        """Make it once more."""
        self.call("up", str(self.file))

    def change(self) -> None:
        """Make it of its changed file."""
        self.changed.replace(self.file)
        self.call("up", str(self.file))

    def run_in(self, node: str, command: list[str]) -> None:
        """Run a command in a node."""
        self.call("exec", node, *command)

    def down(self) -> None:
        """Remove the network."""
        self.call("down", self.lab)
        self.folder.cleanup()


if __name__ == "__main__":
    harness.run(Command)
