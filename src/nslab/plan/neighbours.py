"""Many pings at once, in spite of the kernel's one table of neighbours for all namespaces.

Past net.ipv4.neigh.default.gc_thresh3 (1024) entries, counted over the whole machine, the kernel
resolves no more addresses, and keeps each entry for five seconds at least. So that all pairs of a
large segment can be pinged, entries are deleted once both their ends have been answered.

And to look for each neighbour, a node asks all of its segment: nearly all the time of such a ping.
So each asks once, which proves that it can; of the others the kernel is told the MACs that it will
find, as ones to be confirmed (NUD_PROBE): it asks each neighbour alone. Where there is no answer,
the entry is deleted, and the kernel looks for itself.

On a segment over several fabrics, what is flooded fills the queue that all floods wait in
(plan/segment.py): there a node is looked for when the flood before has come to its end, and nobody
is introduced, since frames to a MAC that no bridge has heard of are flooded as well.
"""

from __future__ import annotations

import time
from itertools import islice
from typing import TYPE_CHECKING

from msgspec import Struct

from nslab.netlink.message import NLM_F, Request
from nslab.netlink.rtnl.constants import AF, RTM
from nslab.netlink.rtnl.link import Link
from nslab.netlink.rtnl.neigh import NUD, Neigh
from nslab.plan.segment import ROOM

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nslab.kernel.echo import Echo, Probe
    from nslab.kernel.sandbox import Sandbox
    from nslab.lab.model import Desired

    _Key = tuple[str, bytes]

FEW = 256
"""So many neighbours find room in the table, whatever else is in it."""

_DOZEN = 12

_AHEAD = 128
"""So many probes ahead neighbours are introduced: the kernel needs a tick to confirm them."""

_COPY = 8e-6
"""Seconds that a flood takes at most for each port that it goes to, if nobody answers before."""

_FAMILY = {4: AF.INET, 6: AF.INET6}
_NONE = Link()


class _End(Struct, eq=False):
    """An address of a node: `packed` as messages have it, on which link, in which subnet.

    On a segment over several fabrics `ports` is how many it has, else 0.
    """

    node: str
    ifname: str
    family: int
    packed: bytes
    subnet: tuple[bytes, int]
    ports: int


class _Pair(Struct, eq=False):
    """Two ends that become each other's neighbours.

    Attributes:
        ports: how many a flood from the one to the other goes to; 0 where those are not too many.
        left: how many probes between them are not done.
        introduced: whether the kernel has been told of the other's MAC.
        heard: whether each has heard of the other.
    """

    ends: tuple[_End, _End]
    ports: int
    left: int = 0
    introduced: bool = False
    heard: bool = False


def paced(sandbox: Sandbox, lab: Desired, probes: Sequence[Probe]) -> Neighbours | None:
    """Give what keeps probes from filling the table; None where they are too few for that."""
    wide = any(len(bridge.ports) > ROOM for bridge in lab.bridges)
    if len(probes) == 1 or (2 * len(probes) <= FEW and not wide):
        return None
    found = Neighbours(sandbox, lab, [probe for probe in probes if probe.protocol == "icmp"])
    return found if found.many or wide else None


class Neighbours:
    """The pairs of a `ping` whose ends become each other's neighbours."""

    def __init__(self, sandbox: Sandbox, lab: Desired, probes: Sequence[Probe]) -> None:
        self._sandbox = sandbox
        self._place = {name: number for number, name in enumerate(lab.endpoints())}
        self._pairs = _pairs(lab, probes)
        self._links: dict[str, dict[str, Link]] = {}
        self._done: list[_Pair] = []
        self._coming: Iterator[Probe] = iter(())
        self._ahead = 0
        self._seekers: set[str] = set()
        self._quiet_at = 0.0

    @property
    def in_flight(self) -> int:
        """How many probes may be under way: each makes an entry, or two with its reverse."""
        return FEW

    @property
    def many(self) -> bool:
        """Whether there are more than the kernel's table is sure to have room for."""
        return len({id(pair) for pair in self._pairs.values()}) * 2 > FEW

    def together(self, probes: Sequence[Probe]) -> list[Probe]:
        """Give the probes in an order in which both directions of a pair follow each other.

        A dozen nodes are asked by another dozen, then by the next: each has many to forget at once.
        """

        def place(probe: Probe) -> tuple[int, ...]:
            one, other = sorted(self._place.get(name, -1) for name in (probe.source, probe.target))
            return one // _DOZEN, other // _DOZEN, one, other

        ordered = sorted(probes, key=place)
        self._coming = (probe for probe in ordered if id(probe) in self._pairs)
        return ordered

    def pause(self, probe: Probe) -> float:
        """Give the seconds until a probe may be sent: 0 unless it has to wait for a flood's end."""
        pair = self._pairs.get(id(probe))
        if pair is None or pair.heard or not pair.ports:
            return 0.0
        return max(0.0, self._quiet_at - time.monotonic())

    def begun(self, probe: Probe, attempt: int) -> None:
        """Be told that a probe is about to be sent; introduce those that come next.

        One that is sent again has had no answer: the MAC may be another by now.
        """
        pair = self._pairs.get(id(probe))
        if pair is None:
            return
        if pair.ports:
            if not pair.heard:
                self._quiet_at = time.monotonic() + pair.ports * _COPY
            return
        if attempt > 1:
            if pair.introduced:
                pair.introduced = False
                self._delete([pair])
            return
        if self._ahead <= _AHEAD // 2:
            coming = list(islice(self._coming, _AHEAD))
            self._ahead += len(coming)
            self._introduce(coming)
        self._ahead -= 1

    def finished(self, echo: Echo) -> None:
        """Be told what came of a probe; forget neighbours, many at once.

        What was not answered stays in the table, for whoever asks why.
        """
        pair = self._pairs.get(id(echo.probe))
        if pair is None or not echo.ok:
            return
        if pair.ports and not pair.heard:
            self._quiet_at = 0.0  # the answer came behind the flood
        pair.heard = True
        pair.left -= 1
        if not pair.left:
            self._done.append(pair)
        if len(self._done) * 4 >= FEW:
            self.forget()

    def forget(self) -> None:
        """Delete the entries of all pairs that are done; those that are not there are no matter."""
        self._delete(self._done)
        self._done.clear()

    def _introduce(self, probes: Sequence[Probe]) -> None:
        """Tell the kernel MACs to be confirmed; those that it has found itself stay as they are."""
        requests: dict[str, list[Request]] = {}
        for probe in probes:
            pair = self._pairs[id(probe)]
            if pair.introduced or pair.ports:
                continue
            if probe.source not in self._seekers:
                self._seekers.add(probe.source)
                continue
            near, far = pair.ends if pair.ends[0].node == probe.source else pair.ends[::-1]
            mac = self._link(far).address
            if mac is not None:
                pair.introduced = True
                body = Neigh(
                    family=far.family,
                    ifindex=self._link(near).index,
                    state=NUD.PROBE,
                    dst=far.packed,
                    lladdr=mac,
                )
                request = Request(RTM.NEWNEIGH, body, NLM_F.CREATE | NLM_F.EXCL)
                requests.setdefault(near.node, []).append(request)
        self._send(requests)

    def _delete(self, pairs: Sequence[_Pair]) -> None:
        requests: dict[str, list[Request]] = {}
        for pair in pairs:
            for near, far in (pair.ends, pair.ends[::-1]):
                body = Neigh(family=far.family, ifindex=self._link(near).index, dst=far.packed)
                requests.setdefault(near.node, []).append(Request(RTM.DELNEIGH, body))
        self._send(requests)

    def _send(self, requests: dict[str, list[Request]]) -> None:
        for node, asked in requests.items():
            self._sandbox.handle(node).transport.batch(asked)

    def _link(self, end: _End) -> Link:
        """Give the link that has an address, as it is now."""
        links = self._links.get(end.node)
        if links is None:
            transport = self._sandbox.handle(end.node).transport
            found = transport.dump(Request(RTM.GETLINK, Link()), Link)
            links = self._links[end.node] = {link.ifname or "": link for link in found}
        return links.get(end.ifname, _NONE)


def _pairs(lab: Desired, probes: Sequence[Probe]) -> dict[int, _Pair]:
    """Give the pair of each probe between two nodes of one segment.

    They are found by the probe's id: to hash its address would take longer than to send it.
    """
    ends: dict[tuple[str, bytes], _End] = {}
    on: dict[tuple[str, tuple[bytes, int]], _End] = {}
    wide = {
        (port.node, port.ifname): len(bridge.ports)
        for bridge in lab.bridges
        if len(bridge.ports) > ROOM
        for port in bridge.ports
    }
    for group in lab.endpoints().values():
        for point in group:
            ports = wide.get((point.node, point.ifname), 0)
            for address in point.addresses:
                network = address.network
                subnet = network.network_address.packed, network.prefixlen
                packed = address.packed
                end = _End(
                    point.node, point.ifname, _FAMILY[address.version], packed, subnet, ports
                )
                ends[point.node, packed] = on[point.node, subnet] = end
    pairs: dict[tuple[_Key, _Key], _Pair] = {}
    found: dict[int, _Pair] = {}
    for probe in probes:
        far = ends.get((probe.target, probe.address.packed))
        near = far and on.get((probe.source, far.subnet))
        if far is None or near is None or near.node == far.node:
            continue
        one, other = (near.node, near.packed), (far.node, far.packed)
        key = (one, other) if one < other else (other, one)
        pair = pairs.get(key)
        if pair is None:
            pair = pairs[key] = _Pair((near, far), min(near.ports, far.ports))
        pair.left += 1
        found[id(probe)] = pair
    return found
