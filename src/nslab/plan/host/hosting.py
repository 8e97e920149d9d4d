"""What a lab has in the machine as part of its plan: fitted into its state, and into its steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nslab.kernel.sandbox import HOST
from nslab.plan.host import ports
from nslab.plan.host.names import HostNames, Naming, naming
from nslab.plan.plan import parted
from nslab.plan.steps.mac import ReturnMac

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nslab.kernel.sandbox import Sandbox
    from nslab.lab.model import Desired
    from nslab.plan.host.machine import Machine
    from nslab.plan.state import State
    from nslab.plan.steps import Step


@dataclass(frozen=True, slots=True)
class Hosting:
    """What a lab shall have in the machine.

    Attributes:
        lab: what is to be.
        naming: the names of its nodes there.
        machine: the machine's netns, None where no link of it joins the lab.
        observed: the lab's namespaces now, and of the machine's what is the lab's.
    """

    lab: Desired
    naming: Naming
    machine: Machine | None
    observed: State

    def fit(self, state: State) -> State:
        """Complete the lab's state by what is so on the machine."""
        if self.machine is None:
            return state
        return ports.fit(state, self.lab, self.machine, self.observed)

    def known(self) -> State:
        """Give what there is before a new lab."""
        return ports.known(self.machine) if self.machine is not None else {}

    def around(self, steps: Iterable[Step]) -> tuple[Step, ...]:
        """Put the steps on the machine around the others; namespaces end last of all."""
        inner, ending = parted(steps)
        first = [*self.naming.deletions(), *self._keepings()]
        return (*first, *inner, *self._returns(), *self.naming.additions(), *ending)

    def _keepings(self) -> list[Step]:
        if self.machine is None:
            return []
        return list(ports.keepings(self.lab, self.machine, self._kept()))

    def _returns(self) -> list[Step]:
        wanted = {host.link for _, host in ports.joined(self.lab) if host.bridge}
        kept = self._kept()
        return [ReturnMac(HOST, link, kept[link]) for link in sorted(kept.keys() - wanted)]

    def _kept(self) -> dict[str, str]:
        record = self.naming.record
        return dict(record.macs) if record is not None else {}


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
    names = naming(lab, said, sandbox)
    names.refuse_taken()
    return Hosting(lab, names, ports.survey(lab, observed), observed)
