"""A plan as a shell script: the same lab by stock tools alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nslab.kernel.sandbox import OUTSIDE
from nslab.plan.diff import compare
from nslab.plan.lower import lower
from nslab.plan.state import MODERN
from nslab.plan.steps import AddNetns
from nslab.plan.way.lead import around, on_any_machine, with_links
from nslab.plan.way.serve import serve

if TYPE_CHECKING:
    from nslab.lab import Desired
    from nslab.plan.steps import Step

_HEAD = """\
#!/bin/sh
# The lab "{lab}", built with iproute2 and sysctl alone.
#
# As root:    sh {lab}.sh          and `sh {lab}.sh down` takes it away
# Else:       unshare -Urnm sh -c 'mount -t tmpfs tmpfs /run && sh {lab}.sh && exec sh'
#             gives a shell beside the lab, which ends with it
set -eu
PATH=$PATH:/usr/sbin:/sbin
if [ "${{1-}}" = down ]; then
    for name in {names}; do ip netns delete "$name"; done
    exit
fi
"""


def script(lab: Desired) -> str:
    """Give a POSIX shell script that builds the lab; it stops at the first step that fails."""
    steps = _steps(lab)
    names = [step.netns for step in steps if isinstance(step, AddNetns)]
    commands = [step.command() for step in steps]
    return _HEAD.format(lab=lab.name, names=" ".join(names)) + "\n".join(commands) + "\n"


def _steps(lab: Desired) -> list[Step]:
    """Plan the lab as for a machine that nothing is known of, its way out through the kernel."""
    leading = on_any_machine(lab)
    inner = compare(with_links(lower(lab), leading.way), {}, defaults=MODERN)
    steps = around(inner, leading, serve(lab, None), None)
    return [AddNetns(OUTSIDE), *steps] if lab.uplinks() else [*steps]
