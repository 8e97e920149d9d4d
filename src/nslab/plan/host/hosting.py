"""What a lab has in the machine as part of its plan: fitted into its state, and into its steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from nslab.kernel import record
from nslab.plan.plan import parted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nslab.kernel.sandbox import Sandbox
    from nslab.lab.model import Desired
    from nslab.plan.host.machine import Machine
    from nslab.plan.host.names import HostNames, Naming
    from nslab.plan.state import State
    from nslab.plan.steps import Step


class Hosting(Struct, frozen=True):
    """What a lab shall have in the machine.

    Attributes:
        lab: what is to be.
        naming: the names of its nodes there; None where there are none, and were none.
        machine: the machine's netns, None where no link of it joins the lab.
        observed: the lab's namespaces now, and of the machine's what is the lab's.
    """

    lab: Desired
    naming: Naming | None = None
    machine: Machine | None = None
    observed: State = {}

    def fit(self, state: State) -> State:
        """Complete the lab's state by what is so on the machine."""
        if self.machine is None:
            return state
        from nslab.plan.host import ports

        return ports.fit(state, self.lab, self.machine, self.observed)

    def known(self) -> State:
        """Give what there is before a new lab."""
        if self.machine is None:
            return {}
        from nslab.plan.host import ports

        return ports.known(self.machine)

    def around(self, steps: Iterable[Step]) -> tuple[Step, ...]:
        """Put the steps on the machine around the others; namespaces end last of all."""
        if self.naming is None:
            return tuple(steps)
        inner, ending = parted(steps)
        from nslab.plan.host import ports

        record = self.naming.record
        kept = dict(record.macs) if record is not None else {}
        keepings = ports.keepings(self.lab, self.machine, kept) if self.machine is not None else ()
        returns = ports.returns(self.lab, kept)
        first = [*self.naming.deletions(), *keepings]
        return (*first, *inner, *returns, *self.naming.additions(), *ending)


def hosting(lab: Desired, said: HostNames, sandbox: Sandbox | None, observed: State) -> Hosting:
    """Look at the machine, and see that the lab can have there what it shall.

    Args:
        lab: what is to be.
        said: whether there shall be names of its nodes; None for as it is.
        sandbox: the running lab; None for one to come.
        observed: its namespaces, and of the machine's what is its own.

    Raises:
        NslabError: it takes root, a link must not be touched, or somebody else has a name.
    """
    if not (said or record.are_any() or any(bridge.host for bridge in lab.bridges)):
        return Hosting(lab)  # so it is with most labs, and they need load no more than this
    from nslab.plan.host import ports
    from nslab.plan.host.names import naming

    names = naming(lab, said, sandbox)
    names.refuse_taken()
    return Hosting(lab, names, ports.survey(lab, observed), observed)
