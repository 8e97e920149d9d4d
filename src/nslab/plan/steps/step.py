"""What every step of a plan can: say, do and undo itself.

`words()` says a step to a person, `command()` as the `ip` command that does the same, `finding()`
says what it mends when it repairs drift. `requests()` gives the netlink messages for the step's
netns; what is no netlink message, `apply` has the holder do. `undo()` gives the steps back.
"""

from __future__ import annotations

from functools import lru_cache
from shlex import quote
from typing import TYPE_CHECKING, ClassVar

from msgspec import Struct

from nslab.kernel.sandbox import HOST
from nslab.netlink.message import NLM_F

if TYPE_CHECKING:
    from collections.abc import Callable

    from nslab.kernel.sandbox import Handle, Sandbox
    from nslab.netlink.message import Request

    Open = Callable[[str], Handle]
    """Opens the netns of a name."""


def ip_in(netns: str) -> str:
    """Give the beginning of an `ip` command that works in a netns."""
    return "ip" if netns == HOST else f"ip -n {netns}"


@lru_cache(1024)
def dev(ifname: str) -> str:
    """Name a link to `ip link`, for the shell, and so that it is taken for none of ip's own words.

    ip takes the beginnings of some words for them: `br` for `broadcast`, `m` for `master`.
    """
    from nslab.ip.link.arguments import READERS
    from nslab.ip.words import matches

    is_word = any(matches(ifname, word) for word in ("dev", "[help]", *READERS))
    return f"dev {ifname}" if is_word else quote(ifname)


NEW = NLM_F.CREATE | NLM_F.EXCL


class Step(Struct, frozen=True, gc=False):
    """One act in one netns.

    Attributes:
        is_sent: whether it is taken by netlink messages; else `apply` knows what to do.
    """

    netns: str

    is_sent: ClassVar[bool] = True

    def words(self) -> str:
        """Say the step to a person, in the imperative."""
        raise NotImplementedError

    def command(self) -> str:
        """Give the command of stock tools that does the same."""
        raise NotImplementedError

    def finding(self) -> str:
        """Say what is wrong where this step is needed."""
        raise NotImplementedError

    def undo(self) -> list[Step]:
        """Give the steps that take this one back, in order."""
        raise NotImplementedError

    def remedy(self, number: int) -> str | None:  # noqa: ARG002
        """Say what helps where the kernel refused with an error number, if that is known."""
        return None

    def company(self) -> object:
        """Give what steps in a row have in common that are taken together; None if alone."""
        return self.netns

    def requests(self, opened: Open) -> list[Request]:
        """Give the netlink messages to send in the step's netns."""
        raise NotImplementedError


class Deed(Step, frozen=True):
    """A step that acts by itself, alone."""

    is_sent: ClassVar[bool] = False

    def company(self) -> None:
        return None

    def act(self, sandbox: Sandbox) -> None:
        """Take the step, whole or not at all."""
        raise NotImplementedError
