"""How far an `up` has come: namespaces made, joined, set as the file says, taken away."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nslab.cli.progress import Count
from nslab.plan.steps import AddNetns, AddVeth, DeleteLink, DeleteNetns

if TYPE_CHECKING:
    from nslab.cli.progress import Bar
    from nslab.lab import Desired
    from nslab.plan.steps import Step


_NOUNS: dict[type[Step], str] = {
    AddNetns: "nodes made",
    AddVeth: "cables laid",
    DeleteNetns: "nodes taken away",
    DeleteLink: "links taken away",
}
"""What is counted of some steps; of the others it is the nodes that they set up."""


class Building:
    """Counts steps by what they are for, and tells a bar."""

    def __init__(self, bar: Bar, desired: Desired, *, new: bool) -> None:
        """Begin; how much there is to do is known only of a lab that is new."""
        nodes = len(desired.nodes)
        cables = len(desired.cables) + sum(len(bridge.ports) for bridge in desired.bridges)
        self.bar = bar
        self.total = 2 * nodes + cables if new else 0
        self.totals = {"nodes made": nodes, "cables laid": cables, "nodes set up": nodes}
        self.new = new
        self.passed = 0
        self.stage = Count("", None)
        self.netns = ""

    def take(self, step: Step) -> None:
        """Count a step that is begun."""
        noun = _NOUNS.get(type(step))
        if noun is not None:
            self._count(noun)
        elif step.netns != self.netns:
            self._count("nodes set up")
        self.netns = step.netns

    def _count(self, noun: str) -> None:
        if noun != self.stage.noun:
            self.passed += self.stage.done
            self.stage = Count(noun, self.totals.get(noun) if self.new else None)
        self.stage.done += 1
        if self.bar.is_due():
            share = min(1.0, (self.passed + self.stage.done) / self.total) if self.total else None
            self.bar.reach(share, lambda: str(self.stage))
