"""Steps that name a lab's nodes in the machine's /run/netns."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from msgspec import Struct

from nslab.kernel import hostnames
from nslab.kernel.record import Holder
from nslab.kernel.registry import DIRECTORY
from nslab.kernel.sandbox import HOST
from nslab.plan.steps.step import Deed, Step

if TYPE_CHECKING:
    from nslab.kernel.sandbox import Sandbox

_COMING = "/proc/HOLDER/root/run/nslab/fd0/NUMBER"


class Name(Struct, frozen=True):
    """A node's name on the machine.

    Attributes:
        name: the entry in /run/netns.
        node: the node; "" where the link leads to none of the lab's.
        pattern: how the lab's names are made.
        text: of the link; "" for a node that is not yet there.
    """

    name: str
    node: str
    pattern: str
    text: str = ""

    @property
    def path(self) -> str:
        """The link."""
        return f"{DIRECTORY}/{self.name}"


class AddName(Deed, frozen=True):
    """Name a node, by a link to the holder's descriptor of its netns."""

    name: Name

    def words(self) -> str:
        return f"name {self.name.node} {self.name.name} on this machine"

    def command(self) -> str:
        return f"ln -s {self.name.text or _COMING} {quote(self.name.path)}"

    def finding(self) -> str:
        return f"{self.name.node}: the name {self.name.path} is missing on this machine"

    def undo(self) -> list[Step]:
        return [DeleteName(HOST, self.name)]

    def act(self, sandbox: Sandbox) -> None:
        name = self.name
        (text,) = sandbox.paths([name.node])
        hostnames.add(sandbox.lab, Holder.of(sandbox.pid), name.name, text, name.pattern)


class DeleteName(Deed, frozen=True):
    """Take a node's name away."""

    name: Name

    def words(self) -> str:
        return f"take the name {self.name.name} from this machine"

    def command(self) -> str:
        return f"rm {quote(self.name.path)}"

    def finding(self) -> str:
        return f"{self.name.node or HOST}: the name {self.name.path} leads elsewhere"

    def undo(self) -> list[Step]:
        return [AddName(HOST, self.name)] if self.name.node else []

    def act(self, sandbox: Sandbox) -> None:
        text = self.name.text
        if not text:
            (text,) = sandbox.paths([self.name.node])
        hostnames.delete(sandbox.lab, Holder.of(sandbox.pid), self.name.name, text)
