"""Expectations as probes: one for each pair and each address that it is about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from nslab.kernel.echo import Probe
from nslab.kernel.sandbox import HOST
from nslab.lab.expect import members, pairs
from nslab.lab.model import Expectation
from nslab.lab.names import OUTSIDE
from nslab.plan.expect.beyond import Outside

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nslab.lab.model import Address, Desired, Endpoint, Publish
    from nslab.plan.expect.beyond import Beyond
    from nslab.plan.expect.places import Places


class Case(Struct, frozen=True):
    """One probe that an expectation asks for.

    Attributes:
        probe: who asks whom; None where there is nothing to ask.
        behind: what must be answered, too: a relay takes a connection before it knows of that.
        lack: why there is nothing to ask.
        blameless: whether that is not the lab's fault.
    """

    expectation: Expectation
    source: str
    target: str
    probe: Probe | None = None
    behind: Probe | None = None
    lack: str = ""
    blameless: bool = False


def expand(places: Places, beyond: Beyond, loopbacks: Sequence[Address] = ()) -> list[Case]:
    """Give the cases of a lab: of its expectations, or of those that every lab has.

    Args:
        places: the lab.
        beyond: what `outside` stands for as a target.
        loopbacks: the machine's addresses at which to ask for published ports.
    """
    lab = places.lab
    if not lab.expect:
        return list(dict.fromkeys(_usual(lab)))  # of two ports on one bridge each asks the same
    known = members(
        {bridge.name: [port.node for port in bridge.ports] for bridge in lab.bridges},
        [node.name for node in lab.nodes],
    )
    return [
        case
        for one in lab.expect
        for source, target in pairs(one, known)
        for case in _cases(places, one, source, target, (beyond, loopbacks))
    ]


def _usual(lab: Desired) -> Iterator[Case]:
    """Expect that everything on one segment reaches everything there, by each shared subnet."""
    segments: list[Sequence[Endpoint]] = [bridge.ports for bridge in lab.bridges]
    segments += [cable.ends for cable in lab.cables]
    for ends in segments:
        for end in ends:
            own = {item.network for item in end.addresses if not item.is_link_local}
            for other in ends:
                if other.node != end.node:
                    one = Expectation(end.node, other.node)
                    for item in other.addresses:
                        if item.network in own:
                            probe = Probe(end.node, other.node, item.ip)
                            yield Case(one, end.node, other.node, probe)


def _cases(
    places: Places,
    one: Expectation,
    source: str,
    target: str | Address,
    around: tuple[Beyond, Sequence[Address]],
) -> Iterator[Case]:
    name = str(target)
    if not isinstance(target, str):
        yield Case(one, source, name, Probe(source, name, target, one.protocol, one.port))
    elif target == OUTSIDE:
        yield from _outwards(places, one, source, around[0])
    elif source == OUTSIDE:
        yield from from_outside(places, one, target, around[1])
    else:
        yield from _asked(places, one, source, target)


def _asked(places: Places, one: Expectation, source: str, target: str) -> Iterator[Case]:
    addresses = _addresses(places, one, source, target)
    for address in addresses:
        probe = Probe(source, target, address, one.protocol, one.port)
        yield Case(one, source, target, probe)
    if not addresses:
        yield Case(one, source, target, lack=_lack(places, source, target))


def from_outside(
    places: Places, one: Expectation, target: str, loopbacks: Sequence[Address]
) -> Iterator[Case]:
    """Give the cases of a node that the outside asks.

    A port that the node publishes is asked for at the machine, by the machine. For anything else
    the netns `outside`, from where the way out forwards, asks at the node's own addresses.
    """
    ports = [
        port
        for port in places.published(target)
        if (port.outside, port.protocol) == (one.port, one.protocol)
    ]
    for port in ports:
        own = places.addresses(target) or loopbacks
        behind = Probe(target, target, own[0], port.protocol, port.inside)
        for address in _heard_at(port, loopbacks):
            probe = Probe(HOST, target, address, port.protocol, port.outside)
            yield Case(one, OUTSIDE, target, probe, behind)
    if not ports:
        yield from _asked(places, one, OUTSIDE, target)


def _heard_at(port: Publish, loopbacks: Sequence[Address]) -> list[Address]:
    """Give the machine's addresses at which to ask for a published port."""
    if port.address is not None and not port.address.is_unspecified:
        return [port.address]
    versions = {4, 6} if port.address is None else {port.address.version}
    return [address for address in loopbacks if address.version in versions]


def _addresses(places: Places, one: Expectation, source: str, target: str) -> list[Address]:
    """Choose what to ask for: one address of each family that both have; every one that must not.

    On a bridge that is named as the target, the addresses are those on it.
    """
    bridge = one.target if one.target in places.bridges else None
    versions = {address.version for address in places.addresses(source)}
    found = [
        address
        for address in places.addresses(target, str(bridge) if bridge else None)
        if address.version in versions
    ]
    if not one.reach:
        return found
    clear = [a for a in found if not places.shadows.why_not(source, target, a)]
    groups = ([a for a in clear or found if a.version == version] for version in (4, 6))
    return [places.nearest(source, group) for group in groups if group]


def _lack(places: Places, source: str, target: str) -> str:
    for name in (source, target):
        if not places.addresses(name):
            return f"no address: the lab file gives {name} none, and the kernel has none"
    return f"no address: {source} and {target} have none of one family"


def _outwards(places: Places, one: Expectation, source: str, beyond: Beyond) -> Iterator[Case]:
    outside = beyond.get((one.protocol, one.port), Outside())
    versions = {address.version for address in places.addresses(source)}
    addresses = [address for address in outside.addresses if address.version in versions]
    for address in addresses:
        probe = Probe(source, OUTSIDE, address, one.protocol, one.port)
        yield Case(one, source, OUTSIDE, probe)
    if not outside.addresses:
        yield Case(one, source, OUTSIDE, lack=outside.lack, blameless=True)
    elif not addresses:
        yield Case(one, source, OUTSIDE, lack=_lack(places, source, source))
