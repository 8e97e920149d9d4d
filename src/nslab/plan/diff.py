"""What is to be done: desired against observed, in an order in which every step can succeed.

Pure. `last` is what the previous `up` asked for: what is in the kernel and was asked for then, but
is no longer, is ours and goes. What nobody asked for is not ours: it stays, and shows as drift.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nslab.plan.coming import Coming
from nslab.plan.going import Going
from nslab.plan.plan import Plan
from nslab.plan.steps import AddNetns, DeleteNetns, Step

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from nslab.plan.state import State


def compare(
    desired: State,
    observed: State,
    last: State | None = None,
    defaults: dict[str, str] | None = None,
    standing: Mapping[str, int] | None = None,
) -> Plan:
    """Compute the steps from observed to desired.

    Args:
        desired: what is to be.
        observed: what is.
        last: what was asked for the last time, None for a lab that is new.
        defaults: sysctls as a new netns has them on this machine, "" for what is not known. Those
            of a lab's own making (IMPLIED) that are not among them do not exist here.
        standing: the ifindexes of the links that the kernel puts into each netns (STANDING).

    Raises:
        NslabError: a link that is not ours stands in the way.
    """
    new = defaults or {}, standing or {}
    return Plan(tuple(_Steps(desired, observed, last or {}, *new).steps()))


class _Steps(Going, Coming):
    def steps(self) -> Iterator[Step]:
        deletions = list(self.delete_links())
        yield from self.delete_routes()
        yield from self.delete_addresses()
        yield from deletions
        yield from (AddNetns(name) for name in self.new)
        self.choose_indexes()
        for name in self.busy:
            yield from self.settings(name)
        yield from self.bridges()
        yield from self.cables()
        yield from self.macvlans()
        for name in self.busy:
            yield from self.configure(name)
        yield from self.raise_bridges()
        yield from (DeleteNetns(name) for name in self.gone)
