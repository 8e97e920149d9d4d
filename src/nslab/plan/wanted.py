"""What an `up` is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from nslab.lab import Desired
    from nslab.plan.host.names import HostNames
    from nslab.plan.way.choose import Choice


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
