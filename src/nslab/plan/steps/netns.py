"""Steps that make and end namespaces, and set what is theirs as a whole."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING, ClassVar

from nslab.kernel.sysctls import refused
from nslab.plan.steps.step import Deed, Step

if TYPE_CHECKING:
    from nslab.kernel.sandbox import Sandbox


class _Whole(Step, frozen=True):
    """An act on a netns as a whole, of which many are done at once."""

    is_sent: ClassVar[bool] = False

    def company(self) -> object:
        return type(self)


class AddNetns(_Whole, frozen=True):
    """Make the netns and name it."""

    def words(self) -> str:
        return f"add the namespace {self.netns}"

    def command(self) -> str:
        return f"ip netns add {self.netns}"

    def finding(self) -> str:
        return f"{self.netns}: the namespace is missing"

    def undo(self) -> list[Step]:
        return [DeleteNetns(self.netns)]


class DeleteNetns(_Whole, frozen=True):
    """End the netns and the processes in it: the last act of a plan, for it cannot be undone."""

    def words(self) -> str:
        return f"delete the namespace {self.netns} and end its processes"

    def command(self) -> str:
        return f"ip netns delete {self.netns}"

    def finding(self) -> str:
        return f"{self.netns}: the namespace is no longer in the file"

    def undo(self) -> list[Step]:
        return []


class SetSysctl(Deed, frozen=True):
    """Set one sysctl; `before` is what it was, None for one that is not there yet (nor read)."""

    key: str
    value: str
    before: str | None = None

    def words(self) -> str:
        return f"set {self.key} of {self.netns} to {self.value}"

    def command(self) -> str:
        return f"ip netns exec {self.netns} sysctl -qw {quote(f'{self.key}={self.value}')}"

    def finding(self) -> str:
        return f"{self.netns}: {self.key} is {self.before or 'empty'}, not {self.value}"

    def undo(self) -> list[Step]:
        if self.before is None:
            return []
        return [SetSysctl(self.netns, self.key, self.before, self.value)]

    def act(self, sandbox: Sandbox) -> None:
        """Set it by way of the holder, unless that was foreseen: netlink has no word for it."""
        word = f"{self.key}={self.value}"
        if sandbox.foresaw(self.netns, word):
            return
        (answer,) = sandbox.sysctl(self.netns, [word])
        if isinstance(answer, OSError):
            raise refused(self.netns, word, answer.errno or 0)
