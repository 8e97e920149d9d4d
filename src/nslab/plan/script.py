"""A plan as a shell script: the same lab by stock tools alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nslab.plan.diff import compare
from nslab.plan.lower import lower
from nslab.plan.state import MODERN
from nslab.plan.steps import AddNetns

if TYPE_CHECKING:
    from nslab.lab import Desired

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
    plan = compare(lower(lab), {}, defaults=MODERN)
    names = " ".join(step.netns for step in plan if isinstance(step, AddNetns))
    return _HEAD.format(lab=lab.name, names=names) + "\n".join(plan.commands()) + "\n"
