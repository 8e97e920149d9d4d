"""Why a target is not reached: at which hop, in one line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from nslab.kernel.sandbox import HOST
from nslab.lab.address import is_link_local
from nslab.nft.verdict import Drop, Packet, judge
from nslab.plan.expect.trail import follow

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nslab.kernel.echo import Echo, Probe
    from nslab.lab.model import Address
    from nslab.plan.expect.places import Places
    from nslab.plan.expect.trail import Hop, Sight, Trail

_BEYOND = "no answer from beyond the way out, by which it leaves the lab"


def explain(sight: Sight, places: Places, echo: Echo) -> str:
    """Say where the way of a probe that was not answered breaks.

    Args:
        sight: the lab as it is now.
        places: the lab as its file says.
        echo: what the probe found; of a probe with a size, smaller ones were answered.
    """
    probe = echo.probe
    if probe.source == HOST:
        return echo.reason
    there = follow(sight, places, probe.source, probe.address)
    saddr = _saddr(sight, places, there, probe)
    back = None
    if saddr is not None and not (there.fault or there.leaves):
        back = follow(sight, places, there.hops[-1].netns, saddr)
    dropped = _dropped(sight, there, back, probe, saddr)
    if echo.refused:
        return dropped if "reject" in dropped else f"{echo.reason} ({_place(there, probe)})"
    fault = there.fault or (f"on the way back: {back.fault}" if back and back.fault else "")
    if dropped and (not fault or fault.startswith("no neighbour")):
        return dropped
    if fault:
        return fault
    if probe.size:
        return _too_large(there, back, probe)
    return _BEYOND if there.leaves and echo.reason == "no answer" else echo.reason


def _place(there: Trail, probe: Probe) -> str:
    return f"{probe.protocol}/{probe.port} of {there.hops[-1].netns}"


def _saddr(sight: Sight, places: Places, there: Trail, probe: Probe) -> Address | None:
    """Give the address from which a probe goes: one of the link that it leaves by."""
    first = there.hops[0]
    if not first.oifname:
        return probe.address
    link = sight.links(first.netns).get(first.oifname)
    found = [one.ip for one in (link.held if link else ()) if not is_link_local(one.ip)]
    found += places.addresses(first.netns)
    return next((ip for ip in found if ip.version == probe.address.version), None)


def _too_large(there: Trail, back: Trail | None, probe: Probe) -> str:
    for label, mtu in [*there.mtus, *(back.mtus if back else [])]:
        if 0 < mtu < probe.size:
            sends = f"{probe.source} sends {probe.size}"
            return f"MTU: {label} takes packets of up to {mtu} bytes, and {sends}"
    return f"MTU: packets of {probe.size} bytes get no answer, small ones do"


# nftables


def _dropped(
    sight: Sight, there: Trail, back: Trail | None, probe: Probe, saddr: Address | None
) -> str:
    """Say which chain drops a probe or its answer, or ""; first one that certainly does."""
    if saddr is None:
        return ""
    asked = Packet(saddr, probe.address, probe.protocol, dport=probe.port)
    answer = Packet(probe.address, saddr, probe.protocol, sport=probe.port, state="established")
    ways = [(there, asked)] + ([(back, answer)] if back is not None else [])
    possible = ""
    for trail, packet in ways:
        for hop in trail.hops:
            drop = _judge_hop(sight, hop, packet)
            if drop is not None:
                text = _say(hop, drop, packet)
                if drop.sure:
                    return text
                possible = possible or text
    return possible


def _say(hop: Hop, drop: Drop, packet: Packet) -> str:
    what = "it" if packet.state == "new" else "the answer"
    verb = "drops" if drop.sure else "may drop"
    return f"nft drop: {hop.netns} {verb} {what} in chain {drop.chain} ({drop.why})"


def _judge_hop(sight: Sight, hop: Hop, packet: Packet) -> Drop | None:
    rules = sight.rules(hop.netns)
    packet = replace(packet, iifname=hop.iifname, oifname=hop.oifname)
    possible = None
    for families, hook in _hooks(hop, packet.daddr.version):
        drop = judge(rules, families, hook, packet)
        if drop is not None and drop.sure:
            return drop
        possible = possible or drop
    return possible


def _hooks(hop: Hop, version: int) -> Iterator[tuple[tuple[str, ...], str]]:
    """Give the hooks that a packet passes in a netns, in order, with the families of chains."""
    families = ("bridge",) if hop.bridged else ("inet", "ip" if version == 4 else "ip6")
    if hop.iifname:
        yield ("netdev", "inet"), "ingress"
        yield families, "prerouting"
    if hop.iifname and hop.oifname:
        yield families, "forward"
    elif hop.iifname:
        yield families, "input"
    else:
        yield families, "output"
    if hop.oifname:
        yield families, "postrouting"
        yield ("netdev",), "egress"
    elif not hop.iifname:
        yield families, "input"
