"""`nslab up FILE` and `nslab down LAB`, each timed as a whole process.

The file (YAML, one bridge with a list of ports, one default route a node) is written before. CPU
time is the command's and the holder's.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import harness
import star


def lab_file(name: str, nodes: int) -> str:
    """Write the star in nslab's words."""
    names = [star.name(index) for index in range(nodes)]
    route = f"{{routes: [{{dst: default, via: {star.GATEWAY}}}]}}"
    return "\n".join(
        [
            f"name: {name}",
            "bridges:",
            "  lan:",
            f"    subnet: {star.SUBNET}",
            "    ports:",
            *(f"      - {node}" for node in names),
            "nodes:",
            *(f"  {node}: {route}" for node in names),
            "",
        ]
    )


class Command(harness.Contestant):
    """The command line."""

    in_this_process = False

    def __init__(self, nodes: int) -> None:
        super().__init__(nodes)
        self.lab = f"bench-{os.getpid()}"
        self.nslab = str(Path(sys.executable).with_name("nslab"))
        self.folder = tempfile.TemporaryDirectory(prefix="nslab-bench-")
        self.file = Path(self.folder.name) / "star.yaml"
        self.file.write_text(lab_file(self.lab, nodes))

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
        """Make the star."""
        self.call("up", str(self.file))

    def run_in(self, index: int, command: list[str]) -> None:
        """Run a command in a node."""
        self.call("exec", star.name(index), *command)

    def down(self) -> None:
        """Remove the star."""
        self.call("down", self.lab)
        self.folder.cleanup()


if __name__ == "__main__":
    harness.run(Command)
