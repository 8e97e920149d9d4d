"""What differs between the file and the kernel, said to a person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nslab.plan.addresses import complete, own_address
from nslab.plan.diff import compare
from nslab.plan.state import NetnsState, State
from nslab.plan.steps import AddAddress, AddMacvlan, AddNetns, AddVeth, SetLink

if TYPE_CHECKING:
    from collections.abc import Iterator

_EMPTY = NetnsState()


@dataclass(frozen=True, slots=True)
class Drift:
    """One difference.

    Attributes:
        message: where and what, as `gw:eth0: the address 10.0.1.1/24 is missing`.
        command: what `up` would do about it; "" for what is not the lab's own and stays.
    """

    message: str
    command: str = ""

    def __str__(self) -> str:
        return self.message


def drift_of(desired: State, observed: State, last: State, defaults: dict[str, str]) -> list[Drift]:
    """List the differences: what `up` would mend, then what it would leave alone."""
    desired, last = complete(desired, defaults), complete(last, defaults)
    steps = list(compare(desired, observed, last, defaults))
    made: set[tuple[str, str]] = set()
    for step in steps:
        if isinstance(step, AddNetns):
            made |= {(step.netns, ifname) for ifname in desired[step.netns].links}
    for step in steps:
        if isinstance(step, AddVeth):
            made |= {(step.netns, step.near.ifname), (step.far_netns, step.far.ifname)}
        elif isinstance(step, AddMacvlan):
            made.add((step.fabric, step.link.ifname))
    found = []
    for step in steps:
        if isinstance(step, SetLink | AddAddress) and (step.netns, step.link.ifname) in made:
            continue  # what is missing as a whole is named once
        found.append(Drift(step.finding(), step.command()))
    return [*found, *_extras(desired, observed, last)]


def _extras(desired: State, observed: State, last: State) -> Iterator[Drift]:
    for name, state in observed.items():
        wanted, before = desired.get(name, _EMPTY), last.get(name, _EMPTY)
        for link in state.links.values():
            known = wanted.links.get(link.ifname) or before.links.get(link.ifname)
            if known is None:
                yield Drift(f"{name}:{link.ifname}: the link is not this lab's")
                continue
            for address in link.addresses:
                if address not in (*known.addresses, own_address(link)):
                    place = f"{name}:{link.ifname}"
                    yield Drift(f"{place}: the address {address} is not this lab's")
