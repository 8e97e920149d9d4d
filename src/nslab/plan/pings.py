"""Who is pinged, at which address, and what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from nslab.kernel import probe as probing
from nslab.kernel.echo import Probe
from nslab.plan.neighbours import paced

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nslab.kernel.dial import Opener
    from nslab.kernel.echo import Echo
    from nslab.kernel.sandbox import Sandbox
    from nslab.lab.model import Desired, Endpoint


class Pings(Struct, frozen=True):
    """The outcome of `ping`: one echo a pair, in the order in which they were asked."""

    echoes: tuple[Echo, ...]

    @property
    def ok(self) -> bool:
        """Whether every pair answered."""
        return all(one.ok for one in self.echoes)

    @property
    def broken(self) -> tuple[Echo, ...]:
        """The pairs that did not."""
        return tuple(one for one in self.echoes if not one.ok)


def probes_of(desired: Desired, source: str | None, target: str | None) -> list[Probe]:
    """Choose who is pinged: at its address on a segment that both share, else at its first one.

    Args:
        desired: the lab.
        source: the node that asks; None for every one that has an address.
        target: the node that is asked; None for all others.
    """
    ends = desired.endpoints()
    shared = {
        (end.node, address.network): address.ip
        for group in ends.values()
        for end in group
        for address in end.addresses
    }
    asking = [source] if source is not None else [name for name in ends if _speaks(ends[name])]
    probes = []
    for one in asking:
        own = [address.network for end in ends[one] for address in end.addresses]
        for other in [target] if target is not None else ends:
            if one != other or target is not None:
                first = [address.ip for end in ends[other] for address in end.addresses]
                near = [shared[other, net] for net in own if (other, net) in shared]
                address = next(iter([*near, *first]), None)
                if address is not None:
                    probes.append(Probe(one, other, address))
    return probes


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

    def tell(self, done: int, of: int) -> None:
        """Say how far it is, if anybody asked for that."""
        if self.progress is not None:
            self.progress(done, of)


def ask(
    sandbox: Sandbox, lab: Desired, probes: Sequence[Probe], opener: Opener, asking: Asking
) -> dict[Probe, Echo]:
    """Send probes, all at once or as many as the kernel can bear, and gather what comes of them.

    Args:
        sandbox: the running lab.
        lab: what it is.
        probes: who asks whom, and how; each once.
        opener: opens sockets in the sources' netns.
        asking: how to ask.
    """
    return {echo.probe: echo for echo in _echoes(sandbox, lab, probes, opener, asking)}


def _echoes(
    sandbox: Sandbox, lab: Desired, probes: Sequence[Probe], opener: Opener, asking: Asking
) -> list[Echo]:
    """Do so, in the order in which they were sent."""
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
    """Send pings from nodes, and give what comes of them in their order."""
    echoes = _echoes(sandbox, lab, probes, sandbox.sockets, asking)
    found = {id(echo.probe): echo for echo in echoes}  # its hash takes longer than to send it
    return Pings(tuple(found[id(probe)] for probe in probes))


def _speaks(ends: list[Endpoint]) -> bool:
    return any(end.addresses for end in ends)
