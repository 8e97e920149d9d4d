"""Many pings at once, in spite of the kernel's one table of neighbours for all namespaces.

Past net.ipv4.neigh.default.gc_thresh3 (1024) entries, counted over the whole machine, the kernel
resolves no more addresses, and keeps each entry for five seconds at least. So that all pairs of a
large segment can be pinged, entries are deleted once both their ends have been answered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nslab.netlink.message import Request
from nslab.netlink.rtnl.constants import AF, RTM
from nslab.netlink.rtnl.link import Link
from nslab.netlink.rtnl.neigh import Neigh

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nslab.kernel.echo import Echo, Probe
    from nslab.kernel.sandbox import Sandbox
    from nslab.lab.model import Address, Desired

FEW = 256
"""So many neighbours find room in the table, whatever else is in it."""

_DOZEN = 12

_FAMILY = {4: AF.INET, 6: AF.INET6}

_Pair = frozenset[tuple[str, "Address"]]


def paced(sandbox: Sandbox, lab: Desired, probes: Sequence[Probe]) -> Neighbours | None:
    """Give what keeps probes from filling the table; None where they are too few for that."""
    if 2 * len(probes) <= FEW:
        return None
    found = Neighbours(sandbox, lab, [probe for probe in probes if probe.protocol == "icmp"])
    return found if found.many else None


class Neighbours:
    """The pairs of a `ping` whose ends become each other's neighbours."""

    def __init__(self, sandbox: Sandbox, lab: Desired, probes: Sequence[Probe]) -> None:
        self._sandbox = sandbox
        self._ends = {
            (end.node, address.ip): (end.ifname, address.network)
            for ends in lab.endpoints().values()
            for end in ends
            for address in end.addresses
        }
        self._own = {(node, network): ip for (node, ip), (_, network) in self._ends.items()}
        self._left: dict[_Pair, int] = {}
        for probe in probes:
            pair = self._pair(probe)
            if pair is not None:
                self._left[pair] = self._left.get(pair, 0) + 1
        self._place = {name: number for number, name in enumerate(lab.endpoints())}
        self._indexes: dict[str, dict[str, int]] = {}
        self._done: list[_Pair] = []

    @property
    def in_flight(self) -> int:
        """How many probes may be under way: each makes an entry, or two with its reverse."""
        return FEW

    @property
    def many(self) -> bool:
        """Whether there are more than the kernel's table is sure to have room for."""
        return len(self._left) * 2 > FEW

    def together(self, probes: Sequence[Probe]) -> list[Probe]:
        """Give the probes in an order in which both directions of a pair follow each other.

        A dozen nodes are asked by another dozen, then by the next: each has many to forget at once.
        """

        def place(probe: Probe) -> tuple[int, ...]:
            one, other = sorted(self._place.get(name, -1) for name in (probe.source, probe.target))
            return one // _DOZEN, other // _DOZEN, one, other

        return sorted(probes, key=place)

    def finished(self, echo: Echo) -> None:
        """Be told what came of a probe; forget neighbours, many at once.

        What was not answered stays in the table, for whoever asks why.
        """
        pair = self._pair(echo.probe)
        if pair is None or not echo.ok:
            return
        self._left[pair] -= 1
        if not self._left[pair]:
            self._done.append(pair)
        if len(self._done) * 4 >= FEW:
            self.forget()

    def forget(self) -> None:
        """Delete the entries of all pairs that are done; those that are not there are no matter."""
        requests: dict[str, list[Request]] = {}
        for pair in self._done:
            one, other = pair
            for (node, own), (_, far) in ((one, other), (other, one)):
                body = Neigh(
                    family=_FAMILY[far.version],
                    ifindex=self._index(node, self._ends[node, own][0]),
                    dst=far.packed,
                )
                requests.setdefault(node, []).append(Request(RTM.DELNEIGH, body))
        self._done.clear()
        for node, asked in requests.items():
            self._sandbox.handle(node).transport.batch(asked)

    def _pair(self, probe: Probe) -> _Pair | None:
        """Give both ends of a probe between two nodes of one segment, None for another's."""
        end = self._ends.get((probe.target, probe.address))
        own = end and self._own.get((probe.source, end[1]))
        if own is None or probe.source == probe.target:
            return None
        return frozenset([(probe.source, own), (probe.target, probe.address)])

    def _index(self, node: str, ifname: str) -> int:
        if node not in self._indexes:
            links = self._sandbox.handle(node).transport.dump(Request(RTM.GETLINK, Link()), Link)
            self._indexes[node] = {link.ifname or "": link.index for link in links}
        return self._indexes[node].get(ifname, 0)
