"""Names of a lab's nodes in the machine's /run/netns: which there shall be, and the steps there."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, TypeAlias

from msgspec import Struct

from nslab.errors import PrivilegeError, UsageError
from nslab.kernel import hostnames, registry
from nslab.kernel.record import Holder, record_of, records
from nslab.kernel.sandbox import HOST
from nslab.plan.drift import Drift
from nslab.plan.steps.name import AddName, DeleteName, Name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nslab.kernel.record import Record
    from nslab.kernel.sandbox import Sandbox
    from nslab.lab.model import Desired
    from nslab.plan.steps import Step

HostNames: TypeAlias = bool | str | None
"""What a caller may say: whether there shall be names, or how they are made; None for as it is."""

PATTERN = "{lab}-{node}"
"""How names are made where nobody says."""


class Naming(Struct, frozen=True):
    """A lab's names, as they are and as they shall be.

    Attributes:
        wanted: the nodes by the names that they shall have.
        record: what the machine remembers of the lab; None for nothing.
        texts: of the nodes that are there, the text of the link that leads to each.
        pattern: how the names are made; "" for none.
    """

    wanted: dict[str, str]
    record: Record | None
    texts: dict[str, str]
    pattern: str

    def deletions(self) -> Iterator[Step]:
        """Give the steps that take back what is no longer wanted, or leads elsewhere."""
        if self.record is None:
            return
        for name, text in self.record.names.items():
            if self.stays(name, text):
                continue
            yield DeleteName(HOST, Name(name, self.node_of(text), self.record.pattern, text))

    def additions(self) -> Iterator[Step]:
        """Give the steps that make what is missing."""
        for name, node in self.wanted.items():
            known = self.record.names.get(name) if self.record else None
            if known is None or not self.stays(name, known) or hostnames.found(name) is None:
                yield AddName(HOST, Name(name, node, self.pattern, self.texts.get(node, "")))

    def stays(self, name: str, text: str) -> bool:
        """Tell whether a recorded link leads to the node that shall have its name."""
        return name in self.wanted and self.texts.get(self.wanted[name]) == text

    def node_of(self, text: str) -> str:
        """Give the node to which a link leads; "" for none."""
        return next((node for node, own in self.texts.items() if own == text), "")

    def refuse_taken(self) -> None:
        """Refuse names that somebody else has; what ended labs have left is taken back by `up`.

        Raises:
            NetnsExistsError: the first of them.
        """
        own = dict(self.record.names) if self.record else {}
        for ended in (one for one in records() if not one.holder.alive):
            own |= ended.names
        for name in self.wanted:
            text = hostnames.found(name)
            if text is not None and text != own.get(name):
                raise hostnames.taken(name)


def naming(lab: Desired, said: HostNames, sandbox: Sandbox | None) -> Naming:
    """Look at what there is and decide what there shall be.

    Args:
        lab: what is to be.
        said: what the caller wants; None for names where there are names already.
        sandbox: the running lab; None for one to come.

    Raises:
        UsageError: no names can be made in that way.
        PrivilegeError: only root can have names on the machine.
    """
    record = record_of(lab.name) if sandbox is not None else None
    if sandbox is not None and record is not None and record.holder != Holder.of(sandbox.pid):
        record = None
    pattern = _pattern(said, record)
    wanted = names_of(lab, pattern)
    texts: dict[str, str] = {}
    if sandbox is not None and (wanted or record):
        there = sandbox.names()
        texts = dict(zip(there, sandbox.paths(there), strict=True))
    return Naming(wanted, record, texts, pattern)


def names_drift(lab: Desired, sandbox: Sandbox) -> list[Drift]:
    """List the names that are missing or lead elsewhere."""
    own = naming(lab, None, sandbox)
    steps = [*own.deletions(), *own.additions()]
    return [Drift(step.finding(), step.command()) for step in steps]


def names_of(lab: Desired, pattern: str) -> dict[str, str]:
    """Give the nodes by their names on the machine."""
    if not pattern:
        return {}
    made = {
        pattern.replace("{lab}", lab.name).replace("{node}", node.name): node.name
        for node in lab.nodes
    }
    for name in made:
        registry.check_name(name)
    return made


def _pattern(said: HostNames, record: Record | None) -> str:
    if said is None:
        return record.pattern if record is not None and record.names else ""
    pattern = PATTERN if said is True else said or ""
    if pattern and "{node}" not in pattern:
        hint = 'as "{lab}-{node}", which is the usual'
        raise UsageError(f'"{pattern}" names all nodes alike: it has no {{node}}', hint=hint)
    if pattern and os.geteuid() != 0:
        raise PrivilegeError(
            "names in the machine's /run/netns take root",
            hint="run as root, or leave --host out: `nslab exec NODE` needs neither",
        )
    return pattern
