"""A lab's way out as part of its plan: what there is, what there shall be, the steps between."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from nslab.errors import KernelError, OvertakenError
from nslab.kernel.nftables import table_names
from nslab.kernel.sandbox import HOST, OUTSIDE
from nslab.lab.address import is_link_local
from nslab.lab.model import Route
from nslab.lab.names import mac_of
from nslab.lab.routes import DEFAULTS
from nslab.lab.uplink import UPLINK
from nslab.plan.lower import MARK, high
from nslab.plan.plan import parted
from nslab.plan.state import LinkState, NetnsState
from nslab.plan.way.choose import (
    PREFIX,
    Choice,
    Way,
    forwards,
    host_ifname,
    kind_of,
    led_out,
    meets,
    plain_subnets,
    refuse_clashes,
    transfer,
)
from nslab.plan.way.machine import Machine, look

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from nslab.errors import StepError
    from nslab.kernel.sandbox import Sandbox
    from nslab.lab.model import Desired, Interface, Network
    from nslab.plan.state import State
    from nslab.plan.steps import Step


_NO_LINK = "pasta/"
"""A name that no link can have."""

_DIRECT = " direct"
"""How the alias of the machine's end ends, where the way out is direct."""


class Now(Struct, frozen=True):
    """A running lab, as far as its way out depends on it.

    Attributes:
        sandbox: the lab itself.
        past: the lab as it was last brought up, and what it was to become since.
        observed: its namespaces, with `outside` and the machine's.
    """

    sandbox: Sandbox
    past: Sequence[Desired]
    observed: State


class Leading(Struct, frozen=True):
    """What there is of a way out, and what there shall be.

    Attributes:
        way: what shall be; None for no way out.
        before: what is.
        versions: the IP versions that the machine shall forward.
        led: whether there was one, or one was begun, so that something of it may be left.
    """

    way: Way | None = None
    before: Way | None = None
    versions: tuple[int, ...] = ()
    led: bool = False


class Serving(Struct, frozen=True):
    """The steps that end relays, before all others, and those that begin some, after them."""

    ending: tuple[Step, ...] = ()
    beginning: tuple[Step, ...] = ()


def probe(lab: str) -> State:
    """Give what to look for in the machine's netns: the lab's veth, if root made one."""
    if os.geteuid() != 0:
        return {}
    link = _host_link(Way(lab, "kernel", (), ()))
    return {HOST: NetnsState({link.ifname: link})}


def decide(lab: Desired, choice: Choice, now: Now | None = None, *, direct: bool = True) -> Leading:
    """Decide on a lab's way out.

    Args:
        lab: what is to be.
        choice: which kind the caller wants; with "auto" a running lab keeps the one it has.
        now: what there is, None for a new lab.
        direct: whether a way out of the kernel's may be direct.

    Raises:
        NslabError: it cannot be had here, or clashes with the machine's own networks.
    """
    past = now.past if now else ()
    before = found(past, now.observed) if now else None
    led = any(one.uplinks() for one in past)
    if choice == "auto" and now:
        choice = _taken(now, before)
    if not lab.uplinks() or choice == "none":
        return Leading(None, before, _opened(past, before), led)
    from nslab.plan.way import host

    plain = plain_subnets(lab)
    kind = kind_of(choice, plain, barred=choice == "auto" and host.is_barred())
    machine = look()
    ifname = host_ifname(lab.name)
    there = [route for route in machine.routes if route[1] != ifname]
    labs = [route for route in machine.labs if route[1] != ifname]
    joined = {bridge.host.link for bridge in lab.bridges if bridge.host}  # has its subnet there
    known = [route for route in there if route[1] not in joined]
    refuse_clashes(lab, known, labs)
    kept = before if before and before.kind == kind else None
    ends = _ends(lab, kept, [*known, *labs])
    subnets = led_out(lab)
    if kind == "pasta":
        return Leading(Way(lab.name, kind, *ends, subnets), before, _versions(lab, machine), led)
    mtu = machine.mtu if machine.mtu < 1500 else None
    direct = direct and (kept is None or kept.direct) and not meets(subnets, [*there, *labs])
    way = Way(lab.name, kind, *ends, subnets, plain, forwards(lab), mtu, direct)
    return Leading(way, before, _versions(lab, machine), led)


def _taken(now: Now, before: Way | None) -> Choice:
    """Tell which kind a running lab was given: what is left of a broken way out says it, too.

    Where nothing is left and somebody was killed in the middle of a change, it is chosen anew.
    """
    if before is not None:
        return "kernel" if before.kind == "kernel" else "pasta"
    if len(now.past) > 1 or not now.past[0].uplinks():
        return "auto"
    from nslab.kernel.pasta import LODGED

    pidfd = now.sandbox.lend(LODGED)
    if pidfd is None:
        return "none"
    os.close(pidfd)
    return "pasta"


def refuse_overtaken(leading: Leading) -> None:
    """See that no other lab has taken the same addresses while a direct way out was made.

    Raises:
        OvertakenError: one has, so that neither can be reached for sure.
    """
    way = leading.way
    if way is None or not way.direct:
        return
    labs = [route for route in look().labs if route[1] != way.host_ifname]
    if meets(way.subnets, labs):
        raise OvertakenError(f"another lab has taken addresses of {way.lab}'s")


def is_overtaken(error: OvertakenError | StepError) -> bool:
    """Tell whether another lab was quicker: the machine had just got a route to the same."""
    if isinstance(error, OvertakenError):
        return True
    from nslab.plan.steps import AddRoute

    exists = isinstance(error.cause, KernelError) and error.cause.errno == errno.EEXIST
    return exists and isinstance(error.failed, AddRoute) and error.failed.netns == HOST


def as_it_is(lab: Desired, before: Way | None) -> Leading:
    """Give the way out that a running lab has as the one that it shall keep."""
    return Leading(before, before, _opened([lab], before))


def _opened(past: Sequence[Desired], before: Way | None) -> tuple[int, ...]:
    """Give the IP versions that the machine forwards for a running lab."""
    led = next((lab for lab in past if lab.uplinks()), None)
    kernel = before is not None and before.kind == "kernel"
    return _versions(led, look()) if led is not None and kernel else ()


def on_any_machine(lab: Desired) -> Leading:
    """Give the kernel's way out for a machine of which nothing is known.

    It is not direct: that would take addresses of which nobody has seen that they are free.
    """
    if not lab.uplinks():
        return Leading()
    inner = led_out(lab)
    ends = transfer(lab.name, inner)
    way = Way(lab.name, "kernel", *ends, inner, plain_subnets(lab), forwards(lab))
    return Leading(way, None, tuple(sorted({network.version for network in inner})))


def found(past: Sequence[Desired], observed: State) -> Way | None:
    """Tell which way out a lab has now, from its link in `outside` and from what it was made of.

    Where the kernel's has lost its link, the machine's own part of it tells; not which kind.
    """
    last = next((lab for lab in past if lab.uplinks()), None)
    if last is None:
        return None
    kernel = Way(last.name, "kernel", (), (), led_out(last), plain_subnets(last), forwards(last))
    state = observed.get(OUTSIDE, NetnsState())
    link = state.links.get(UPLINK)
    if link is None:
        if not _is_open(last.name):
            return None
        near, far = transfer(last.name, led_out(last))
        return replace(kernel, near=near, far=far, direct=True)
    if link.kind == "veth" and link.peer is not None and link.peer[0] == HOST:
        there = observed[HOST].links[link.peer[1]]
        direct = there.alias.endswith(_DIRECT)
        near, far, mtu = _given(link), _given(there), _unusual(link.mtu)
        return replace(kernel, near=near, far=far, mtu=mtu, direct=direct)
    gateways = {route.dst.version: route.via for route in state.routes if route.ifname == UPLINK}
    far = tuple(
        type(near)((via, near.network.prefixlen))
        for near in _given(link)
        if (via := gateways.get(near.version)) is not None
    )
    return Way(last.name, "pasta", _given(link), far, led_out(last))


def _is_open(lab: str) -> bool:
    """Tell whether the machine forwards for a lab, by the name of the lab's table."""
    return os.geteuid() == 0 and PREFIX + lab in table_names()


def _given(link: LinkState) -> tuple[Interface, ...]:
    """Give the addresses that a way out has; its links have link-local ones of their own."""
    return tuple(address for address in link.addresses if not is_link_local(address.ip))


def without_pasta(observed: State) -> State:
    """Leave out the link that pasta made in `outside`: it comes and goes with its process."""
    state = observed.get(OUTSIDE)
    link = state.links.get(UPLINK) if state is not None else None
    if state is None or link is None or link.kind == "veth":
        return observed
    links = {ifname: one for ifname, one in state.links.items() if one is not link}
    routes = [route for route in state.routes if route.ifname != UPLINK]
    known = {**state.known, _NO_LINK: link.ifindex}  # its number stays taken
    return {**observed, OUTSIDE: NetnsState(links, routes, state.sysctl, known)}


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
    ways = [network for network in way.routed if network.version in back]
    there = [Route(network, back[network.version]) for network in ways]
    host = NetnsState({far.ifname: far, **state.get(HOST, NetnsState()).links}, there)
    return {HOST: host, **{name: state[name] for name in state if name != HOST}, OUTSIDE: led}


def around(
    steps: Iterable[Step], leading: Leading, serving: Serving, sandbox: Sandbox | None
) -> tuple[Step, ...]:
    """Put the steps of the way out and of the relays around those that netlink takes."""
    inner, ending = parted(steps)
    first, then = _passage(leading, sandbox)
    begin, end = [*serving.ending, *first], [*then, *serving.beginning]
    return (*begin, *inner, *end, *ending)


def _passage(leading: Leading, sandbox: Sandbox | None) -> tuple[list[Step], list[Step]]:
    """Give the way out's own steps: those before the links and routes change, and those after."""
    if leading.way is None and leading.before is None and not leading.led:
        return [], []
    from nslab.plan.way import passage  # most labs have no way out, and need not load it

    return passage.first(leading), passage.then(leading, sandbox)


def _host_link(way: Way) -> LinkState:
    ifname = way.host_ifname
    mac = mac_of(way.lab, HOST, ifname)
    peer = (OUTSIDE, UPLINK)
    mark = f"{MARK}{way.lab}{_DIRECT * way.direct}"
    return LinkState(
        ifname,
        "veth",
        high(way.lab),
        mac=mac,
        mtu=way.mtu,
        peer=peer,
        addresses=way.far,
        alias=mark,
    )


def _ends(
    lab: Desired, before: Way | None, known: list[tuple[Network, str]]
) -> tuple[tuple[Interface, ...], tuple[Interface, ...]]:
    """Keep the addresses of the way out where they are still free, else choose some."""
    used = [*(network for network, _ in known), *led_out(lab)]
    chosen = transfer(lab.name, used)
    if before is not None and len(before.near) == len(before.far) == len(chosen[0]):
        return before.near, before.far
    return chosen


def _versions(lab: Desired, machine: Machine) -> tuple[int, ...]:
    inner = {network.version for network in led_out(lab)}
    return tuple(version for version in machine.versions if version in inner)


def _unusual(mtu: int | None) -> int | None:
    return None if mtu == 1500 else mtu
