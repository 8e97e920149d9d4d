"""What an `up` is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from nslab.errors import UsageError

if TYPE_CHECKING:
    from nslab.lab import Desired
    from nslab.plan.host.names import HostNames
    from nslab.plan.way.choose import Choice


KINDS = ("auto", "kernel", "pasta", "none")
"""The ways out that may be asked for."""


class Wanted(Struct, frozen=True):
    """What an `up` is to bring about.

    Attributes:
        desired: the lab.
        source: the file that it is from.
        uplink: which way out.
        host: whether there are names in the machine.
        direct: whether a way out of the kernel's may be direct.
        keep: whether a new lab outlives the process.
    """

    desired: Desired
    source: str
    uplink: Choice
    host: HostNames = None
    direct: bool = True
    keep: bool = False

    def __post_init__(self) -> None:
        """Refuse what the types forbid, which not everybody checks.

        Raises:
            UsageError: there is no such way out.
        """
        if self.uplink not in KINDS:
            raise UsageError(
                f'there is no way out "{self.uplink}"', hint=f"one of {', '.join(KINDS)}"
            )
