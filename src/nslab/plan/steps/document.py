"""The step that comes when all others have been taken but those that cannot be undone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nslab.plan.steps.step import Deed, Step

if TYPE_CHECKING:
    from nslab.kernel.sandbox import Sandbox


class Remember(Deed, frozen=True):
    """Let the holder keep the lab as it is now, and the nodes find each other's names.

    Attributes:
        document: the lab, as JSON; empty for one that is not up yet.
        source: the file that it is from.
        hosts: what every node finds in /etc/hosts.
        before: document, source and hosts from before.
    """

    document: bytes
    source: str
    hosts: str
    before: tuple[bytes, str, str]

    def words(self) -> str:
        return "remember the lab as it is now"

    def command(self) -> str:
        return "nslab show >lab.yaml"

    def undo(self) -> list[Step]:
        now = (self.document, self.source, self.hosts)
        return [Remember(self.netns, *self.before, now)]

    def act(self, sandbox: Sandbox) -> None:
        """Take it whole, or not at all: who reads the document sees one of the two labs."""
        sandbox.set_hosts(self.hosts)
        try:
            if self.document:
                sandbox.put(self.document, self.source)
        except BaseException:
            sandbox.set_hosts(self.before[2])
            raise
