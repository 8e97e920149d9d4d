"""What differs between the file and the kernel, said to a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from nslab.kernel.sandbox import HOST
from nslab.plan.addresses import complete, own_address
from nslab.plan.diff import compare
from nslab.plan.state import NetnsState, route_key
from nslab.plan.steps import (
    AddAddress,
    AddBridge,
    AddMacvlan,
    AddNetns,
    AddVeth,
    DeleteLink,
    SetLink,
)
from nslab.plan.steps.route import route_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nslab.plan.state import End, LinkState, State
    from nslab.plan.steps import Step

_EMPTY = NetnsState()


class Drift(Struct, frozen=True):
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
    made: set[End] = set()
    for step in steps:
        if isinstance(step, AddNetns):
            made |= {(step.netns, ifname) for ifname in desired[step.netns].links}
    for step in steps:
        if isinstance(step, AddVeth):
            made |= {(step.netns, step.near.ifname), (step.far_netns, step.far.ifname)}
        elif isinstance(step, AddBridge):
            made.add((step.netns, step.link.ifname))
        elif isinstance(step, AddMacvlan):
            made.add((step.above, step.link.ifname))
    found = [
        Drift(step.finding(), step.command())
        for step in steps
        if not _is_told(step, made, desired, observed)
    ]
    return [*found, *_extras(desired, observed, last)]


def _is_told(step: Step, made: set[End], desired: State, observed: State) -> bool:
    """Tell whether a finding goes without saying: what is missing as a whole is named once."""
    if isinstance(step, DeleteLink):  # it only makes room for the one that is missing
        return step.link.ifname in desired.get(step.netns, _EMPTY).links
    if not isinstance(step, SetLink | AddAddress):
        return False
    if (step.netns, step.link.ifname) in made:
        return True
    if not isinstance(step, AddAddress) or step.address.version == 4:
        return False
    return not observed[step.netns].links[step.link.ifname].up


def _extras(desired: State, observed: State, last: State) -> Iterator[Drift]:
    """Name what is there and nobody asked for."""
    for name, state in observed.items():
        wanted, before = desired.get(name, _EMPTY), last.get(name, _EMPTY)
        for link in state.links.values():
            known = wanted.links.get(link.ifname) or before.links.get(link.ifname)
            yield from _of_link(name, link, known)
        keys = {route_key(route) for route in (*wanted.routes, *before.routes)}
        for route in state.routes if name != HOST else ():
            if route_key(route) not in keys:
                yield Drift(f"{name}: the route {route_words(route)} is not this lab's")


def _of_link(name: str, link: LinkState, known: LinkState | None) -> Iterator[Drift]:
    place = f"{name}:{link.ifname}"
    if known is None:
        yield Drift(f"{place}: the link is not this lab's")
        return
    for address in link.addresses:
        if address not in (*known.addresses, own_address(link)):
            yield Drift(f"{place}: the address {address} is not this lab's")
