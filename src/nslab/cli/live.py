"""A running lab as the kernel has it, and how its links are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nslab.draw.marks import Mark
from nslab.lab.surroundings import MACHINE, with_surroundings
from nslab.plan.planning import read_back

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nslab.draw.marks import Marks, Place
    from nslab.lab import Desired
    from nslab.plan.running import Running
    from nslab.plan.state import LinkState, State


def look(lab: Running, *, lasting: bool = False) -> tuple[Desired, State]:
    """Read a lab back from the kernel: in the file's terms, and as its namespaces hold it.

    Args:
        lab: the running lab.
        lasting: whether to leave out the addresses that links have for a time, as a file must.
    """
    with lab.open() as sandbox:
        return read_back(sandbox, lasting=lasting)


def link_word(link: LinkState) -> str:
    """Say how a link is: `up`, `down`, or `no carrier` where its other end is down."""
    if not link.up:
        return "down"
    return "up" if link.carrier else "no carrier"


def down_marks(lab: Desired, state: State) -> Marks:
    """Mark what is down for a picture."""
    return dict(_down(lab, state))


def _down(lab: Desired, state: State) -> Iterator[tuple[Place, Mark]]:
    for bridge in lab.bridges:
        device = state[bridge.name].links.get(bridge.ifname)
        if device is None or not device.up:
            yield bridge.name, Mark("down", "" if device else "no bridge in it")
    for name, ends in with_surroundings(lab).endpoints().items():
        for end in ends if name != MACHINE else ():
            word = link_word(state[name].links[end.ifname])
            if word != "up":
                yield (name, end.ifname), Mark("down", "" if word == "down" else word)
