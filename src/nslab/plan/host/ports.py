"""Bridges and links of the machine that join a lab: refused, or fitted into its state."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from msgspec.structs import replace

from nslab.errors import NslabError, PrivilegeError
from nslab.kernel.sandbox import HOST
from nslab.netlink.rtnl.link import IFF
from nslab.plan.host.machine import Machine, is_up, kind_of, look, mac_of
from nslab.plan.lower import host_port
from nslab.plan.state import NetnsState
from nslab.plan.steps.mac import KeepMac, ReturnMac
from nslab.plan.steps.step import dev

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nslab.lab.model import Bridge, Desired, HostPort
    from nslab.netlink.rtnl.link import Link
    from nslab.plan.state import LinkState, State
    from nslab.plan.steps import Step

_PATIENCE = 2.0
_MOMENT = 0.02
_EMPTY = NetnsState()


def joined(lab: Desired) -> list[tuple[Bridge, HostPort]]:
    """Give the bridges that a link of the machine joins, each with it."""
    return [(bridge, bridge.host) for bridge in lab.bridges if bridge.host is not None]


def survey(lab: Desired, observed: State) -> Machine | None:
    """Look at the machine and see that all can join that shall; None if nothing shall.

    Raises:
        PrivilegeError: this user may not change the machine's network.
        NslabError: a link is not there, or must not be touched.
    """
    pairs = joined(lab)
    if not pairs:
        return None
    if os.geteuid() != 0:
        raise PrivilegeError(
            f"bridges.{pairs[0][0].name}.host: joining links of the machine takes root",
            hint='run as root, or lead the lab out with "uplink: true"',
        )
    machine = _settled(lab, observed)
    for bridge, host in pairs:
        if host.bridge:
            why, hint = _bridge_fault(host.link, machine)
        elif _has_joined(bridge, host, observed):
            continue
        else:
            why, hint = _link_fault(host.link, machine)
        if why:
            raise NslabError(f"bridges.{bridge.name}.host: {why}", hint=hint)
    return machine


def fit(state: State, lab: Desired, machine: Machine, observed: State) -> State:
    """Complete a lab's state by what is so on the machine, whose bridges shall stay as they are.

    A bridge takes the least MTU of its ports, and the lowest MAC: a port that is its only one must
    have the bridge's own. An end that is there keeps its MAC.
    """
    made = {name: replace(netns, links=dict(netns.links)) for name, netns in state.items()}
    for bridge, host in joined(lab):
        master = machine.links.get(host.link)
        if not host.bridge or master is None:
            continue
        end = _end(lab, bridge, host)
        mac = mac_of(master) if machine.is_bare(master) else end.mac
        if end.ifname in observed.get(HOST, _EMPTY).links:
            mac = ""
        made[HOST].links[end.ifname] = replace(end, mac=mac, mtu=master.mtu)
        port = made[bridge.name].links[host.port_ifname]
        made[bridge.name].links[host.port_ifname] = replace(port, mtu=master.mtu)
    return made


def fitted(state: State, lab: Desired, observed: State) -> State:
    """Complete the state of a running lab likewise, by what is so now; nothing is refused."""
    return fit(state, lab, look(), observed) if joined(lab) else state


def known(machine: Machine) -> State:
    """Give the machine's netns as a lab finds it that is not there yet."""
    return {HOST: NetnsState(known={name: link.index for name, link in machine.links.items()})}


def keepings(lab: Desired, machine: Machine, kept: dict[str, str]) -> Iterator[Step]:
    """Give the steps that remember the MACs of bridges with no port of their own."""
    links = {host.link for _, host in joined(lab) if host.bridge} - kept.keys()
    for ifname in sorted(links & machine.links.keys()):
        link = machine.links[ifname]
        if machine.is_bare(link):
            yield KeepMac(HOST, ifname, mac_of(link))


def returns(lab: Desired, kept: dict[str, str]) -> Iterator[Step]:
    """Give the steps that give bridges back the MACs they had, where no port joins them now."""
    links = {host.link for _, host in joined(lab) if host.bridge}
    for ifname in sorted(kept.keys() - links):
        yield ReturnMac(HOST, ifname, kept[ifname])


def _end(lab: Desired, bridge: Bridge, host: HostPort) -> LinkState:
    return host_port(lab.name, bridge.name, host.port_ifname, host.link)


def _has_joined(bridge: Bridge, host: HostPort, observed: State) -> bool:
    """Tell whether a link of the machine that is no bridge is this lab's already."""
    link = observed.get(bridge.name, _EMPTY).links.get(host.port_ifname)
    return link is not None and link.kind == "macvlan" and link.peer == (HOST, host.link)


def _settled(lab: Desired, observed: State) -> Machine:
    """Look at the machine once what an ended lab of this name had there is gone.

    Raises:
        NslabError: a link has the name of one to come.
    """
    ends = [_end(lab, bridge, host) for bridge, host in joined(lab) if host.bridge]
    coming = {end.ifname: end for end in ends if not _is_ours(end, observed)}
    deadline = time.monotonic() + _PATIENCE
    while True:
        machine = look()
        there = [machine.links[ifname] for ifname in coming if ifname in machine.links]
        if not there:
            return machine
        going = all(link.ifalias == coming[link.ifname or ""].alias for link in there)
        if not going or time.monotonic() > deadline:
            raise _foreign(there[0])
        time.sleep(_MOMENT)


def _is_ours(end: LinkState, observed: State) -> bool:
    """Tell whether the other end of what is called so is in this lab, wherever there."""
    found = observed.get(HOST, _EMPTY).links.get(end.ifname)
    return found is not None and found.peer is not None and found.peer[0] != HOST


def _foreign(link: Link) -> NslabError:
    delete = f"`ip link delete {dev(link.ifname or '')}`"
    return NslabError(
        f"the machine has a link {link.ifname} already, which is not this lab's",
        hint=f"{delete} if nobody needs it, or rename the lab or its bridge",
    )


def _bridge_fault(ifname: str, machine: Machine) -> tuple[str, str]:
    """Say why a bridge of the machine cannot take a port, and the remedy."""
    link = machine.links.get(ifname)
    if link is None:
        there = ", ".join(machine.bridges())
        make = f"`ip link add {dev(ifname)} type bridge` makes one"
        hint = f"its bridges: {there}" if there else make
        return f'this machine has no bridge "{ifname}"', hint
    if kind_of(link) != "bridge":
        return f'"{ifname}" is no bridge', f'"host: {{link: {ifname}}}" is for links that are none'
    return "", ""


def _link_fault(ifname: str, machine: Machine) -> tuple[str, str]:
    """Say why a link of the machine cannot join a lab, and the remedy."""
    link = machine.links.get(ifname)
    if link is None:
        return f'this machine has no link "{ifname}"', "`ip -brief link` lists them"
    return next(((f'"{ifname}" {why}', hint) for why, hint in _obstacles(link, machine)), ("", ""))


def _obstacles(link: Link, machine: Machine) -> Iterator[tuple[str, str]]:
    """Say what keeps a link from joining; it would no longer be heard by the machine."""
    ifname = link.ifname or ""
    if kind_of(link) == "bridge":
        yield "is a bridge", f'"host: {ifname}" makes the lab a port of it'
    if link.flags & IFF.LOOPBACK or not link.flags & IFF.BROADCAST:
        yield "carries no Ethernet", "take another link"
    if not is_up(link):
        yield "is down", f"`ip link set {dev(ifname)} up`"
    if link.master:
        names = {other.index: name for name, other in machine.links.items()}
        yield f"is a port of {names.get(link.master)}", f"`ip link set {dev(ifname)} nomaster`"
    if link.index in machine.speaking:
        why = "has addresses or routes of the machine, which would be cut off"
        yield why, f"`ip address flush dev {ifname}` if nobody needs them, or take another link"
    if above := machine.above(link):
        yield f"has the {kind_of(machine.links[above])} {above}", "take another link"
