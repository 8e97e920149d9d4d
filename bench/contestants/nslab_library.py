"""`nslab` from Python: build the `Lab` call by call, then `with up(lab)`.

`up` is the building of the Lab and the entering of the block, `down` the leaving of it. The import
is not timed. CPU time includes the holder's.
"""

from __future__ import annotations

import os
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

from contestants import harness

if TYPE_CHECKING:
    import nslab
    from shapes import Network


class Library(harness.Contestant):
    """The Python API."""

    def __init__(self, network: Network) -> None:
        super().__init__(network)
        start = time.perf_counter()
        from nslab import Lab, up

        self.phases["import"] = time.perf_counter() - start
        self.lab_type, self.bring_up = Lab, up
        self.stack = ExitStack()
        self.running: nslab.Running | None = None

    def lab(self, *, changed: bool = False) -> nslab.Lab:
        """Build the Lab."""
        lab = self.lab_type(f"bench-{os.getpid()}")
        for node in self.network.nodes:
            gone = changed and node is self.network.nodes[-1]
            routes = [] if gone else [{"dst": r.words, "via": str(r.via)} for r in node.routes]
            lab.node(node.name, forward=node.forward, routes=routes)
        for segment in self.network.segments:
            bridge = lab.bridge(segment.name, subnet=segment.subnets)
            for port in segment.ports:
                lab.port(bridge, port.node)
        for cable in self.network.cables:
            a, b = cable.ends
            lab.cable(a.node, b.node, subnet=cable.subnets)
        return lab

    def up(self) -> None:
        """Make the network."""
        start = time.perf_counter()
        lab = self.lab()
        built = time.perf_counter()
        self.running = self.stack.enter_context(self.bring_up(lab))
        self.phases["build the Lab"] = built - start
        self.phases["up(lab)"] = time.perf_counter() - built

    def again(self) -> None:
        """Build the same Lab, and bring it up."""
        self.bring_up(self.lab())

    def change(self) -> None:
        """Build the Lab with a node changed, and bring it up."""
        self.bring_up(self.lab(changed=True))

    def ping(self) -> harness.Pinged:
        """Ping all pairs."""
        pings = self.is_running().ping()
        return harness.Pinged(len(pings.echoes), len(pings.broken))

    def is_running(self) -> nslab.Running:
        """Give the running lab."""
        if self.running is None:
            raise RuntimeError("not up")
        return self.running

    def run_in(self, node: str, command: list[str]) -> None:
        """Run a command in a node."""
        self.is_running()[node].run(command, check=True)

    def down(self) -> None:
        """Remove the network."""
        self.stack.close()


if __name__ == "__main__":
    harness.run(Library)
