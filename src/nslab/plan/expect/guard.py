"""Canaries: what shows that a probe which found nothing would have found something.

A silent network proves nothing. So a target that was not reached, and must not be, counts only if
before and after it the source was alive on its link, and the target on its own, and what is asked
for was there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from nslab.kernel.echo import Probe
from nslab.kernel.sandbox import HOST

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from nslab.kernel.echo import Echo
    from nslab.lab.model import Address
    from nslab.plan.expect.places import Places


class Sight(Protocol):
    """What canaries see of a running lab beside probes."""

    def leaves_by(self, netns: str, address: Address) -> str | None:
        """Give the link by which a netns sends to an address, None where it does not."""

    def holds(self, netns: str, address: Address) -> bool:
        """Tell whether a netns has an address."""

    def hears(self, netns: str, ifname: str | None, others: tuple[Address, ...]) -> bool:
        """Tell whether one of these answers on the link itself (ARP, NDP), asked anew."""


class Live(Struct, frozen=True):
    """That one netns is alive on a link (any, if None): somebody there answers it."""

    netns: str
    ifname: str | None
    probes: tuple[Probe, ...]

    def fault(self, echoes: Mapping[Probe, Echo], sight: Sight) -> str:
        """Say what is missing, or ""."""
        if any(echoes[probe].ok for probe in self.probes):
            return ""
        if sight.hears(self.netns, self.ifname, tuple(probe.address for probe in self.probes)):
            return ""
        if not self.probes:
            return f"{self.netns} has no neighbour to show that it is alive"
        return f"{self.netns} reaches none of its own neighbours"


class Served(Struct, frozen=True):
    """That what is asked for is there: somebody reaches it."""

    probe: Probe

    def fault(self, echoes: Mapping[Probe, Echo], _: Sight) -> str:
        """Say what is missing, or ""."""
        echo = echoes[self.probe]
        if echo.ok:
            return ""
        who = "the machine" if self.probe.source == HOST else self.probe.source
        how = f" {self.probe.protocol}/{self.probe.port}" if self.probe.port else ""
        return f"{who} itself does not reach {self.probe.address}{how}: {echo.reason}"

    @property
    def probes(self) -> tuple[Probe, ...]:
        """What is asked."""
        return (self.probe,)


class Held(Struct, frozen=True):
    """That the address which is asked for is there."""

    netns: str
    address: Address
    probes: tuple[Probe, ...] = ()

    def fault(self, _: Mapping[Probe, Echo], sight: Sight) -> str:
        """Say what is missing, or ""."""
        held = sight.holds(self.netns, self.address)
        return "" if held else f"{self.netns} does not have {self.address}"


Canary = Live | Served | Held


def canaries(places: Places, probe: Probe, sight: Sight) -> Iterator[Canary]:
    """Give what must hold before and after a probe that must not reach its target."""
    source, address = probe.source, probe.address
    leaves_by = sight.leaves_by(source, address) or places.should_leave_by(source, address)
    yield _live(places, source, leaves_by)
    owner = places.owner(address, probe.target)
    if owner is None:
        yield Served(Probe(HOST, probe.target, address, probe.protocol, probe.port))
        return
    yield _live(places, owner.node, owner.ifname)
    if probe.port:
        yield Served(Probe(owner.node, owner.node, address, probe.protocol, probe.port))
    else:
        yield Held(owner.node, address)


def _live(places: Places, netns: str, ifname: str | None) -> Live:
    own = [end.ifname for end in places.ends.get(netns, [])]
    link = ifname if ifname in own else None
    return Live(netns, link, tuple(Probe(netns, *pair) for pair in places.neighbours(netns, link)))
