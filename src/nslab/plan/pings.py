"""Who is pinged, at which address, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nslab.kernel import echo
from nslab.plan.neighbours import paced

if TYPE_CHECKING:
    from _socket import socket
    from collections.abc import Callable, Sequence

    from nslab.kernel.sandbox import Sandbox
    from nslab.lab.model import Desired, Endpoint


@dataclass(frozen=True, slots=True)
class Pings:
    """The outcome of `ping`: one echo a pair, in the order in which they were asked."""

    echoes: tuple[echo.Echo, ...]

    @property
    def ok(self) -> bool:
        """Whether every pair answered."""
        return all(one.ok for one in self.echoes)

    @property
    def broken(self) -> tuple[echo.Echo, ...]:
        """The pairs that did not."""
        return tuple(one for one in self.echoes if not one.ok)


def probes_of(desired: Desired, source: str | None, target: str | None) -> list[echo.Probe]:
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
                    probes.append(echo.Probe(one, other, address))
    return probes


@dataclass(frozen=True, slots=True)
class Asking:
    """How to ask.

    Attributes:
        timeout: seconds to wait for one answer.
        tries: how often each is asked before it counts as broken.
        progress: called now and then with the number of probes done, and of all.
    """

    timeout: float
    tries: int
    progress: Callable[[int, int], None] | None = None

    def tell(self, done: int, of: int) -> None:
        """Say how far it is, if anybody asked for that."""
        if self.progress is not None:
            self.progress(done, of)


def ping(sandbox: Sandbox, lab: Desired, probes: Sequence[echo.Probe], asking: Asking) -> Pings:
    """Send probes, all at once or as many as the kernel can bear, and gather what comes of them."""
    pace = paced(sandbox, lab, probes)
    sent = probes if pace is None else pace.together(probes)
    sockets = sockets_for(sandbox, probes)
    try:
        found = echo.ping(
            sent,
            sockets,
            timeout=asking.timeout,
            tries=asking.tries,
            progress=lambda done: asking.tell(done, len(probes)),
            pace=pace,
        )
    finally:
        for sock in sockets.values():
            sock.close()
    if pace is not None:
        pace.forget()
    answers = {one.probe: one for one in found}
    return Pings(tuple(answers[probe] for probe in probes))


def sockets_for(sandbox: Sandbox, probes: Sequence[echo.Probe]) -> dict[tuple[str, int], socket]:
    """Open a socket for each node that asks and each IP version; the caller closes them."""
    sockets: dict[tuple[str, int], socket] = {}
    try:
        for version in sorted({probe.address.version for probe in probes}):
            asking = dict.fromkeys(p.source for p in probes if p.address.version == version)
            opened = sandbox.sockets(*echo.protocol_of(version), list(asking))
            sockets |= {(name, version): s for name, s in zip(asking, opened, strict=True)}
    except BaseException:
        for sock in sockets.values():
            sock.close()
        raise
    return sockets


def _speaks(ends: list[Endpoint]) -> bool:
    return any(end.addresses for end in ends)
