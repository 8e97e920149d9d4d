"""`nslab` from Python: build the `Lab`, then `with up(lab)`.

`up` is the building of the Lab and the entering of the block, `down` the leaving of it. CPU time
includes the holder's.
"""

from __future__ import annotations

import os
import time
from contextlib import ExitStack
from typing import Protocol

import harness
import star


class Node(Protocol):
    """What is used here of a node of a running lab."""

    def run(self, command: list[str], /, *, check: bool) -> object:
        """Run a command in it."""


class Running(Protocol):
    """What is used here of a running lab."""

    def __getitem__(self, name: str, /) -> Node:
        """Give a node."""


class Library(harness.Contestant):
    """The Python API."""

    def __init__(self, nodes: int) -> None:
        super().__init__(nodes)
        start = time.perf_counter()
        import nslab

        self.phases["import"] = time.perf_counter() - start
        self.nslab = nslab
        self.stack = ExitStack()
        self.running: Running | None = None

    def up(self) -> None:
        """Make the star."""
        start = time.perf_counter()
        lab = self.nslab.Lab(f"bench-{os.getpid()}")
        lan = lab.bridge("lan", subnet=star.SUBNET)
        routes = [{"dst": "default", "via": star.GATEWAY}]
        for index in range(self.nodes):
            lab.node(star.name(index), on=lan, routes=routes)
        built = time.perf_counter()
        self.running = self.stack.enter_context(self.nslab.up(lab))
        self.phases["build the Lab"] = built - start
        self.phases["up(lab)"] = time.perf_counter() - built

    def run_in(self, index: int, command: list[str]) -> None:
        """Run a command in a node."""
        if self.running is None:
            raise RuntimeError("not up")
        self.running[star.name(index)].run(command, check=True)

    def down(self) -> None:
        """Remove the star."""
        self.stack.close()


if __name__ == "__main__":
    harness.run(Library)
