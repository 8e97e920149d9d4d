"""Who is pinged, at which address, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nslab.kernel import echo

if TYPE_CHECKING:
    from _socket import socket

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


def sockets_for(sandbox: Sandbox, probes: list[echo.Probe]) -> dict[tuple[str, int], socket]:
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
