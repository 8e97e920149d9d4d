"""Who is pinged, at which address, and what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from nslab.kernel import probe as probing
from nslab.kernel.echo import Echo, Probe
from nslab.plan.neighbours import paced
from nslab.plan.shadows import Shadows

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nslab.kernel.dial import Opener
    from nslab.kernel.sandbox import Sandbox
    from nslab.lab.model import Address, Desired, Endpoint, Interface, Network


_FEW = 3
"""How many of those that are not as they should be are named."""


class Pings(Struct, frozen=True):
    """The outcome of `ping`: one echo a pair, in the order in which they were asked."""

    echoes: tuple[Echo, ...]

    def __repr__(self) -> str:
        return summed("Pings", len(self.echoes), self.broken)

    @property
    def ok(self) -> bool:
        """Whether every pair answered."""
        return all(one.ok for one in self.echoes)

    @property
    def broken(self) -> tuple[Echo, ...]:
        """The pairs that did not."""
        return tuple(one for one in self.echoes if not one.ok)


def summed(what: str, count: int, broken: Sequence[object]) -> str:
    """Tell an outcome in a line, as a failed assertion shows it: what is broken first."""
    if not broken:
        return f"<{what}: all {count} ok>"
    few = "; ".join(map(str, broken[:_FEW])) + ("; …" if len(broken) > _FEW else "")
    return f"<{what}: {len(broken)} of {count} not ok: {few}>"


def probes_of(desired: Desired, source: str | None, target: str | None) -> list[Probe]:
    """Choose who is pinged: at its address on a segment that both share, else at its first one.

    Addresses of a link alone (IPv6 link-local ones) are not asked for.

    Args:
        desired: the lab.
        source: the node that asks; None for every one that has an address.
        target: the node that is asked; None for all others.
    """
    addresses = {
        name: [item.ip for end in group for item in _asked_for(end)]
        for name, group in desired.endpoints().items()
    }
    around = _around(desired)
    shadows = Shadows(desired)
    asking = [source] if source is not None else [name for name in addresses if addresses[name]]
    probes = []
    for one in asking:
        neighbours = around.get(one, [])
        for other in [target] if target is not None else addresses:
            if one != other or target is not None:
                near = [group[other] for group in neighbours if other in group]
                found = near or addresses[other]
                clear = (each for each in found if not shadows.why_not(one, other, each))
                address = next(clear, next(iter(found), None))
                if address is not None:
                    probes.append(Probe(one, other, address))
    return probes


def _asked_for(end: Endpoint) -> list[Interface]:
    return [item for item in end.addresses if not item.is_link_local]


def _around(desired: Desired) -> dict[str, list[dict[str, Address]]]:
    """Give for each node its segments, each subnet by itself: who is there at which address."""
    found: dict[str, list[dict[str, Address]]] = {}
    for segment in desired.segments():
        subnets: dict[Network, dict[str, Address]] = {}
        for end in segment:
            for item in _asked_for(end):
                subnets.setdefault(item.network, {}).setdefault(end.node, item.ip)
        for members in subnets.values():
            for node in members:
                found.setdefault(node, []).append(members)
    return found


class Asking(Struct, frozen=True):
    """How to ask.

    Attributes:
        timeout: seconds to wait for one answer.
        tries: how often each is asked before it counts as broken.
        progress: called now and then with the number of probes done, and of all.
    """

    timeout: float = 1.0
    tries: int = 3
    progress: Callable[[int, int], None] | None = None

    def __post_init__(self) -> None:
        """Refuse what would ask nobody.

        Raises:
            ValueError: the timeout is not above 0, or there is no try.
        """
        if not self.timeout > 0:
            raise ValueError(f"timeout={self.timeout}: seconds above 0 are needed")
        if self.tries < 1:
            raise ValueError(f"tries={self.tries}: at least 1 is needed")

    def tell(self, done: int, of: int) -> None:
        """Say how far it is, if anybody asked for that."""
        if self.progress is not None:
            self.progress(done, of)


def ask(
    sandbox: Sandbox, lab: Desired, probes: Sequence[Probe], opener: Opener, asking: Asking
) -> list[Echo]:
    """Send probes, all at once or as many as the kernel can bear; give what comes of them.

    Args:
        sandbox: the running lab.
        lab: what it is.
        probes: who asks whom, and how; each once.
        opener: opens sockets in the sources' netns.
        asking: how to ask.
    """
    pace = paced(sandbox, lab, probes)
    sent = probes if pace is None else pace.together(probes)
    found = probing.ask(
        sent,
        opener,
        timeout=asking.timeout,
        tries=asking.tries,
        progress=lambda done: asking.tell(done, len(sent)),
        pace=pace,
    )
    if pace is not None:
        pace.forget()
    return found


def ping(sandbox: Sandbox, lab: Desired, probes: Sequence[Probe], asking: Asking) -> Pings:
    """Send pings from nodes, and give what comes of them in their order.

    What others would answer in the target's place is not sent.
    """
    shadows = Shadows(lab)
    found = {  # by its id: its hash takes longer than to send it
        id(probe): Echo(probe, None, why)
        for probe in probes
        if (why := shadows.why_not(probe.source, probe.target, probe.address))
    }
    asked = [probe for probe in probes if id(probe) not in found]
    echoes = ask(sandbox, lab, asked, sandbox.sockets, asking)
    found |= {id(echo.probe): echo for echo in echoes}
    return Pings(tuple(found[id(probe)] for probe in probes))
