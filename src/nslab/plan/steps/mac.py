"""Steps that see to it that a bridge of the machine has its MAC when the lab has left it.

A bridge whose MAC nobody set takes that of a port. When its last port goes, it has none at all: a
bridge that had no port before the lab came would not be as it was.
"""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from nslab.kernel import record
from nslab.kernel.record import Holder
from nslab.plan.host.machine import give_mac
from nslab.plan.steps.step import Deed, Step, dev

if TYPE_CHECKING:
    from nslab.kernel.sandbox import Sandbox


class KeepMac(Deed, frozen=True):
    """Remember the MAC of a bridge of the machine that has no port of its own."""

    bridge: str
    mac: str

    def words(self) -> str:
        return f"remember the MAC of the machine's bridge {self.bridge}, {self.mac}"

    def command(self) -> str:
        return f"ip -brief link show dev {quote(self.bridge)}"

    def finding(self) -> str:
        return f"{self.netns}:{self.bridge}: nobody remembers the MAC {self.mac}"

    def undo(self) -> list[Step]:
        return [ReturnMac(self.netns, self.bridge, self.mac)]

    def act(self, sandbox: Sandbox) -> None:
        record.note(sandbox.lab, Holder.of(sandbox.pid), "mac", self.bridge, self.mac)


class ReturnMac(Deed, frozen=True):
    """Give a bridge of the machine back the MAC that it lost with its last port."""

    bridge: str
    mac: str

    def words(self) -> str:
        return f"give the machine's bridge {self.bridge} its MAC {self.mac} back"

    def command(self) -> str:
        return f"ip link set {dev(self.bridge)} address {self.mac}"

    def finding(self) -> str:
        return f"{self.netns}:{self.bridge}: the MAC {self.mac} is still remembered"

    def undo(self) -> list[Step]:
        return [KeepMac(self.netns, self.bridge, self.mac)]

    def act(self, sandbox: Sandbox) -> None:
        give_mac(sandbox.lab, self.bridge, self.mac)
        record.note(sandbox.lab, Holder.of(sandbox.pid), "mac", self.bridge, None)
