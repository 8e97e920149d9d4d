"""A lab's way out as part of its plan: what there is, what there shall be, the steps between."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from nslab.kernel.sandbox import HOST, OUTSIDE
from nslab.lab.model import Route
from nslab.lab.names import digest, mac_of
from nslab.lab.routes import DEFAULTS
from nslab.lab.uplink import UPLINK
from nslab.nft import program, rules
from nslab.plan.state import LinkState, NetnsState
from nslab.plan.steps import DeleteNetns
from nslab.plan.steps.way import CloseHost, OpenHost, SetTable, StartPasta, StopPasta
from nslab.plan.way import host, tables
from nslab.plan.way.choose import (
    Choice,
    Way,
    kind_of,
    led_out,
    plain_subnets,
    refuse_clashes,
    transfer,
)
from nslab.plan.way.machine import Machine, look

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nslab.kernel.sandbox import Sandbox
    from nslab.lab.model import Desired, Interface, Network
    from nslab.plan.state import State
    from nslab.plan.steps import Step

_HIGH = 1 << 24
"""Ifindexes from here on are no kernel's own choice on a machine that lives less than long."""


@dataclass(frozen=True, slots=True)
class Leading:
    """What there is of a way out, and what there shall be.

    Attributes:
        way: what shall be; None for no way out.
        before: what is.
        versions: the IP versions that the machine shall forward.
    """

    way: Way | None = None
    before: Way | None = None
    versions: tuple[int, ...] = ()


def probe(lab: str) -> State:
    """Give what to look for in the machine's netns: the lab's veth, if root made one."""
    if os.geteuid() != 0:
        return {}
    link = replace(_host_link(Way(lab, "kernel", (), ())), peer=(OUTSIDE, UPLINK))
    return {HOST: NetnsState({link.ifname: link})}


def decide(lab: Desired, choice: Choice, observed: State, last: Desired | None) -> Leading:
    """Decide on a lab's way out.

    Args:
        lab: what is to be.
        choice: which kind the caller wants.
        observed: the lab now, with the namespaces `outside` and the machine's.
        last: the lab as it was last brought up, None for a new one.

    Raises:
        NslabError: it cannot be had here, or clashes with the machine's own networks.
    """
    before = found(lab.name, observed, plain_subnets(last) if last else ())
    if not lab.uplinks() or choice == "none":
        return Leading(None, before)
    if choice == "auto" and before is not None:
        choice = "kernel" if before.kind == "kernel" else "pasta"
    plain = plain_subnets(lab)
    kind = kind_of(choice, plain)
    machine = look()
    own = Way(lab.name, kind, (), ()).host_ifname
    known = [route for route in machine.routes if route[1] != own]
    refuse_clashes(lab, known)
    mtu = machine.mtu if kind == "kernel" and machine.mtu < 1500 else None
    ends = _ends(lab, before if before and before.kind == kind else None, known)
    return Leading(Way(lab.name, kind, *ends, plain, mtu), before, _versions(lab, machine))


def found(lab: str, observed: State, plain: tuple[Network, ...]) -> Way | None:
    """Tell which way out a lab has now, from its link in `outside`."""
    state = observed.get(OUTSIDE, NetnsState())
    link = state.links.get(UPLINK)
    if link is None:
        return None
    if link.kind == "veth" and link.peer is not None and link.peer[0] == HOST:
        far = observed[HOST].links[link.peer[1]].addresses
        return Way(lab, "kernel", link.addresses, far, plain, _unusual(link.mtu))
    gateways = {route.dst.version: route.via for route in state.routes if route.ifname == UPLINK}
    far = tuple(
        type(near)((via, near.network.prefixlen))
        for near in link.addresses
        if (via := gateways.get(near.version)) is not None
    )
    return Way(lab, "pasta", link.addresses, far)


def with_links(state: State, way: Way | None) -> State:
    """Add the kernel's way out to what a lab shall hold: a veth from `outside` to the machine."""
    if way is None or way.kind != "kernel":
        return state
    far = _host_link(way)
    near = LinkState(
        UPLINK,
        "veth",
        mac=mac_of(way.lab, OUTSIDE, UPLINK),
        mtu=way.mtu,
        peer=(HOST, far.ifname),
        addresses=way.near,
    )
    outside = state[OUTSIDE]
    routes = [Route(DEFAULTS[far.version], far.ip) for far in way.far]
    led = NetnsState({**outside.links, UPLINK: near}, [*outside.routes, *routes], outside.sysctl)
    back = {near.version: near.ip for near in way.near}
    there = [Route(network, back[network.version]) for network in way.plain]
    return {HOST: NetnsState({far.ifname: far}, there), **state, OUTSIDE: led}


def around(steps: Iterable[Step], leading: Leading, sandbox: Sandbox | None) -> tuple[Step, ...]:
    """Put the steps of the way out around those that netlink takes."""
    inner = list(steps)
    ending = [step for step in inner if isinstance(step, DeleteNetns)]
    inner = [step for step in inner if not isinstance(step, DeleteNetns)]
    return (*_closing(leading), *inner, *_opening(leading, sandbox), *ending)


def _closing(leading: Leading) -> list[Step]:
    way, before = leading.way, leading.before
    if before is None or _same(way, before):
        return []
    if before.kind == "pasta":
        return [StopPasta(OUTSIDE, before)]
    return [CloseHost(HOST, before, leading.versions)]


def _opening(leading: Leading, sandbox: Sandbox | None) -> list[Step]:
    way, before = leading.way, leading.before
    steps: list[Step] = []
    table = tables.outside_table(way.plain) if way else None
    place = None if sandbox is None else (sandbox.lab, sandbox.pid, OUTSIDE)
    listed = program.listed(["table", "inet", tables.OURS], place) if before and place else []
    old = tables.outside_table(before.plain) if before and listed else None
    if table is None and old is not None:
        steps.append(SetTable(OUTSIDE, None, old))
    elif table is not None and not (old is not None and rules.same(table, listed)):
        steps.append(SetTable(OUTSIDE, table, old))
    if way is None:
        return steps
    new = not _same(way, before)
    if way.kind == "pasta" and new:
        steps.append(StartPasta(OUTSIDE, way))
    if way.kind == "kernel" and (new or not host.is_open_for(way)):
        steps.append(OpenHost(HOST, way, leading.versions))
    return steps


def _same(way: Way | None, before: Way | None) -> bool:
    """Tell whether a way out is as it was, as far as the machine and pasta are concerned."""
    if way is None or before is None or way.kind != before.kind:
        return False
    if way.kind == "pasta":
        return (way.near, way.far) == (before.near, before.far)
    return (way.near, way.plain) == (before.near, before.plain)


def _host_link(way: Way) -> LinkState:
    index = _HIGH + int(digest(way.lab)[:6], 16)
    ifname = way.host_ifname
    mac = mac_of(way.lab, HOST, ifname)
    peer = (OUTSIDE, UPLINK)
    return LinkState(ifname, "veth", index, mac=mac, mtu=way.mtu, peer=peer, addresses=way.far)


def _ends(
    lab: Desired, before: Way | None, known: list[tuple[Network, str]]
) -> tuple[tuple[Interface, ...], tuple[Interface, ...]]:
    """Keep the addresses of the way out where they are still free, else choose some."""
    used = [*(network for network, _ in known), *led_out(lab)]
    chosen = transfer(lab.name, used)
    if before is not None and len(before.near) == len(before.far) == len(chosen[0]):
        return before.near, before.far
    return chosen[0], chosen[1]


def _versions(lab: Desired, machine: Machine) -> tuple[int, ...]:
    inner = {network.version for network in led_out(lab)}
    return tuple(version for version in machine.versions if version in inner)


def _unusual(mtu: int | None) -> int | None:
    return None if mtu == 1500 else mtu
