"""Which of a running lab's namespaces need a look: the holder hears of changes in all of them.

The others are asked for as before, and as they were when an `up` last found or left them so.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from msgspec import Struct

from nslab.kernel import record
from nslab.plan.lower import lower
from nslab.plan.observe import further_sysctls, observe_some, read_ports, read_sysctls
from nslab.plan.segment import MARK, noted, segment_of
from nslab.plan.state import IMPLIED, NetnsState, State

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from nslab.kernel.sandbox import Sandbox
    from nslab.lab import Desired
    from nslab.plan.wanted import Wanted

_NO = NetnsState()


class Few(Struct, frozen=True):
    """The namespaces that may have to change: as they shall be, are, and should have been.

    Attributes:
        whole: all of the lab, as it shall be.
    """

    desired: State
    observed: State
    past: State
    whole: State


def look_at_few(sandbox: Sandbox, wanted: Wanted, past: Sequence[Desired]) -> Few | None:
    """Read the namespaces that may not be as they are wanted; None where all must be read.

    Args:
        sandbox: the running lab.
        wanted: what it shall be.
        past: what it was brought to, and what it was to become since.

    Raises:
        KernelError: the kernel refused to tell.
        LabNotRunningError: the lab ended meanwhile.
    """
    names = sandbox.names()
    named, note = sandbox.changed()
    heard = set(named)
    labs = [wanted.desired, *past]
    plain = len(past) == 1 and not wanted.host and not record.are_any()
    if not plain or any(_reaches_out(lab) for lab in labs) or _are_many(heard, names):
        return None
    seats = {name: netns for name, netns in noted(note).items() if name not in heard}
    there = _ports(sandbox, labs, names, seats)
    states = [lower(wanted.desired, there), lower(past[0], there, spare=True)]
    found = heard.union(_asked_otherwise(*states), states[0].keys() - set(names))
    found.update(_with_other_sysctls(sandbox, states[0], set(names) - found))
    found.update(_joined_twice(found, states))
    if _are_many(found, names):
        return None
    observed = observe_some(sandbox, [name for name in names if name in found], states)
    return Few(_only(states[0], found), observed, _only(states[1], found), states[0])


def _reaches_out(lab: Desired) -> bool:
    """Tell whether a lab has something in the machine, of which the holder hears nothing."""
    return is_served(lab) or any(bridge.host for bridge in lab.bridges)


def is_served(lab: Desired) -> bool:
    """Tell whether a lab has a way out or published ports."""
    return bool(lab.uplinks()) or any(node.publish for node in lab.nodes)


def _are_many(found: Collection[str], names: Sequence[str]) -> bool:
    """Tell whether it is no more work to read all."""
    return 2 * len(found) > len(names)


def _ports(sandbox: Sandbox, labs: Iterable[Desired], names: Iterable[str], seats: State) -> State:
    """Tell which ports are where in segments of several fabrics: they are to stay there.

    Of some fabrics, `seats`, that is known.
    """
    bridges = {bridge.name for lab in labs for bridge in lab.bridges}
    several = {segment_of(name) for name in names if MARK in name} & bridges
    fabrics = [name for name in names if segment_of(name) in several]
    read = read_ports(sandbox, [name for name in fabrics if name not in seats])
    return {name: read[name] if name in read else seats[name] for name in fabrics}


def _asked_otherwise(desired: State, past: State) -> set[str]:
    return {name for name in desired.keys() | past.keys() if desired.get(name) != past.get(name)}


def _with_other_sysctls(sandbox: Sandbox, state: State, names: set[str]) -> set[str]:
    """Name those whose sysctls, of which nobody hears, are not as they shall be."""
    found = set()
    for name, keys in further_sysctls([state]).items():
        if name in names:
            said, wanted = read_sysctls(sandbox, name, keys), state[name].sysctl
            usual = {key: wanted[key] for key in keys if key in IMPLIED}  # it may not be there
            if any({**usual, **said}.get(key, "").split() != wanted[key].split() for key in keys):
                found.add(name)
    return found


def _joined_twice(names: Iterable[str], states: Iterable[State]) -> set[str]:
    """Name those to which more than one cable leads from one of these."""
    return {
        far
        for state in states
        for name in names
        for far, count in Counter(
            link.peer[0] for link in state.get(name, _NO).links.values() if link.peer
        ).items()
        if count > 1
    }


def _only(state: State, names: Collection[str]) -> State:
    return {name: netns for name, netns in state.items() if name in names}
