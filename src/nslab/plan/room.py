"""Whether a machine has room for what a plan makes: refused before the first step, not half-way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from nslab.errors import NslabError
from nslab.kernel import limits
from nslab.kernel.limits import NAMESPACES
from nslab.plan.costs import CABLE, NETNS
from nslab.plan.state import KEPT
from nslab.plan.steps import AddNetns, AddVeth

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nslab.plan.state import State
    from nslab.plan.steps import Step

_GIB = 1 << 30


class Needs(Struct, frozen=True):
    """What is to be made anew.

    Attributes:
        netns: namespaces, of nodes and of fabrics.
        cables: pairs of links.
    """

    netns: int
    cables: int

    @property
    def memory(self) -> int:
        """Bytes of the kernel's memory, about."""
        return self.netns * NETNS + self.cables * CABLE


class Room(Struct, frozen=True):
    """What there is room for; None where nothing tells.

    Attributes:
        namespaces: those that each user may have.
        memory: bytes.
    """

    namespaces: int | None = None
    memory: int | None = None


def needs_of_lab(state: State) -> Needs:
    """Count what a new lab makes."""
    kinds = [link.kind for netns in state.values() for link in netns.links.values()]
    return Needs(len(state.keys() - KEPT), kinds.count("veth") // 2)


def needs_of_change(steps: Iterable[Step]) -> Needs:
    """Count what a plan makes anew."""
    kinds = [type(step) for step in steps]
    return Needs(kinds.count(AddNetns), kinds.count(AddVeth))


def refusal_of(lab: str, needed: Needs) -> NslabError | None:
    """Say why there is no room for what a lab, new or running, needs, and what helps."""
    room = Room(limits.namespaces(), limits.memory())
    why, hint = crowded(needed, room) if needed.netns else ("", "")
    return NslabError(f'no room for the lab "{lab}": {why}', hint=hint) if why else None


def crowded(needed: Needs, room: Room) -> tuple[str, str]:
    """Say what there is no room for, and what helps; nothing where all is well."""
    if room.namespaces is not None and needed.netns > room.namespaces:
        made = f"it needs {needed.netns:,} more namespaces"
        why = f"{made}, and {NAMESPACES} allows {room.namespaces:,}"
        return why, f"`sudo sysctl -w {NAMESPACES}={_above(needed.netns)}`"
    if room.memory is not None and needed.memory > room.memory:
        fits = max(0, needed.netns * room.memory // needed.memory)
        why = f"it needs about {_gib(needed.memory)} of memory, and {_gib(room.memory)} is left"
        return why, f"that is enough for about {fits:,} of its {needed.netns:,} new namespaces"
    return "", ""


def _above(count: int) -> int:
    """Give a power of two that leaves room for others."""
    return 1 << (2 * count).bit_length()


def _gib(size: int) -> str:
    return f"{max(0, size) / _GIB:,.1f} GiB"
