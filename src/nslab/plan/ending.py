"""The end of a lab, and of what ended labs have left in the machine's netns.

The kernel removes a lab with its holder. Only what the machine itself did for it, as root, has to
be taken back.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nslab.kernel.sandbox import Sandbox


def take_down(sandbox: Sandbox) -> None:
    """End a lab, and take back what the machine did for it."""
    led_out = _may_reach_machine() and b'"uplink"' in sandbox.get()[0]
    if led_out:
        from nslab.plan.way.host import part_from_machine

        part_from_machine(sandbox)
    sandbox.end()
    if led_out:
        sweep()


def sweep() -> list[str]:
    """Take back what ended labs have left in the machine's netns; give their names.

    Raises:
        NslabError: nftables refuses.
    """
    if not _may_reach_machine():
        return []
    from nslab.plan.way.host import sweep as sweep_machine

    return sweep_machine()


def leftovers() -> list[str]:
    """Name the ended labs that have left something in the machine's netns."""
    if not _may_reach_machine():
        return []
    from nslab.plan.way.host import leftovers as found

    return found()


def _may_reach_machine() -> bool:
    return os.geteuid() == 0
