"""From a lab to its steps: what there is, read once, and what is to be, with all that goes along.

The comparison itself is `diff`; the way out, the relays and what stands on the machine are put
around it here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from nslab.errors import LabBusyError, NslabError
from nslab.kernel.privilege import read_switch
from nslab.kernel.procfs import sysctl_path
from nslab.kernel.sandbox import OUTSIDE
from nslab.lab.load import reread
from nslab.lab.names import FORWARD
from nslab.plan.diff import compare
from nslab.plan.doubt import Few, is_served, look_at_few
from nslab.plan.host.hosting import Hosting, hosting
from nslab.plan.lower import lower
from nslab.plan.observe import observe, read_standing, read_sysctls
from nslab.plan.plan import Plan
from nslab.plan.segment import whole
from nslab.plan.state import IMPLIED, NetnsState, State
from nslab.plan.way.lead import (
    Leading,
    Now,
    Serving,
    around,
    as_it_is,
    decide,
    found,
    probe,
    with_links,
    without_pasta,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nslab.kernel.sandbox import Sandbox
    from nslab.lab import Desired
    from nslab.plan.drift import Drift
    from nslab.plan.wanted import Wanted


def plan_new(
    desired: Desired,
    state: State,
    leading: Leading,
    own: Hosting,
    defaults: dict[str, str],
    standing: Mapping[str, int] | None = None,
) -> Plan:
    """Plan a new lab.

    Args:
        desired: what is to be.
        state: the same, lowered.
        leading: its way out.
        own: what it shall have in the machine.
        defaults: the sysctls that its namespaces begin with.
        standing: the links of the kernel's own that they begin with.
    """
    state = own.fit(with_links(state, leading.way))
    serving = _relays(desired, leading)
    plan = compare(state, own.known(), None, defaults, standing)
    return Plan(own.around(around(plan, leading, serving, None)))


def plan_change(sandbox: Sandbox, wanted: Wanted) -> tuple[Plan, State]:
    """Plan the change of a running lab; give also what it will be, lowered."""
    desired, past = wanted.desired, past_of(sandbox, wanted.desired)
    few = look_at_few(sandbox, wanted, past)
    if few is not None:
        return _plan_few(sandbox, few), few.whole
    observed = look_at(sandbox, [desired, *past])
    leading = Leading()
    if any(lab.uplinks() for lab in (desired, *past)):
        now = Now(sandbox, past, observed)
        leading = decide(desired, wanted.uplink, now, direct=wanted.direct)
    own = hosting(desired, wanted.host, sandbox, observed)
    states = [
        with_links(lower(desired, observed), leading.way),
        with_links(_all(past, observed), leading.before),
    ]
    states[0] = own.fit(states[0])
    defaults = defaults_of(sandbox, states)
    if any(lab.uplinks() for lab in past):  # what they were read from has been changed since
        defaults |= {key: "" for key in FORWARD if key in defaults}
    seen, standing = without_pasta(observed), read_standing(sandbox)
    plan = compare(states[0], seen, states[1], defaults, standing)
    serving = _relays(desired, leading, past, sandbox)
    return Plan(own.around(around(plan, leading, serving, sandbox))), states[0]


def _plan_few(sandbox: Sandbox, few: Few) -> Plan:
    if not few.desired and not few.past:
        return Plan()
    defaults = defaults_of(sandbox, [few.desired, few.past])
    standing = read_standing(sandbox)
    return compare(few.desired, few.observed, few.past, defaults, standing)


def drifts(sandbox: Sandbox, desired: Desired, past: Sequence[Desired]) -> list[Drift]:
    """List the differences between a lab and the kernel: the way out's first, then the lab's own.

    Args:
        sandbox: the running lab.
        desired: what should be.
        past: the lab as it was last brought up, and what it was to become since.
    """
    from nslab.plan.drift import Drift, drift_of
    from nslab.plan.host.names import names_drift
    from nslab.plan.host.ports import fitted
    from nslab.plan.way.serve import serve

    observed = look_at(sandbox, [desired, *past])
    before = found(past, observed)
    states = [
        with_links(lower(desired, observed), before),
        with_links(_all(past, observed), before),
    ]
    states[0] = fitted(states[0], desired, observed)
    seen = without_pasta(observed)
    own = drift_of(states[0], seen, states[1], defaults_of(sandbox, states))
    serving = serve(desired, before, past, before, sandbox)
    beside = around([], as_it_is(past[0], before), serving, sandbox)
    outer = [Drift(step.finding()) for step in beside]
    return [*outer, *own, *names_drift(desired, sandbox)]


def _relays(
    desired: Desired,
    leading: Leading,
    past: Sequence[Desired] = (),
    sandbox: Sandbox | None = None,
) -> Serving:
    """Compare the relays that a lab shall have with those that run; see that ports are free."""
    if not any(is_served(lab) for lab in (desired, *past)):
        return Serving()
    from nslab.plan.way.serve import refuse_busy, serve  # most labs need not load it

    serving = serve(desired, leading.way, past, leading.before, sandbox)
    refuse_busy(serving)
    return serving


def same_source(sandbox: Sandbox, source: str) -> str:
    """Refuse a lab that is up from another file; give the file that it is from."""
    other = sandbox.get()[1]
    if source and other and other != source:
        raise LabBusyError(
            f'a lab named "{sandbox.lab}" is up from another file, {other}',
            hint=f"`nslab down {sandbox.lab}` ends it, or give this one another name",
        )
    return source or other


def document_of(sandbox: Sandbox, likely: Desired | None = None) -> Desired:
    """Give the lab as it was last brought up; if that is the `likely` one, it is not read again."""
    data = sandbox.get()[0]
    if not data:
        raise NslabError(f'the lab "{sandbox.lab}" is still being brought up')
    return reread(data, likely)


def past_of(sandbox: Sandbox, wanted: Desired | None = None) -> list[Desired]:
    """Give the lab as it was last brought up, and what it was to become since, in parts perhaps.

    Args:
        sandbox: the running lab.
        wanted: what it most likely was, if that is known.
    """
    attempts = [reread(data) for data in sandbox.attempted()]
    return [document_of(sandbox, wanted), *attempts]


def _all(labs: Sequence[Desired], seen: State) -> State:
    """Give what several labs of one name would hold together: the first one's word counts most."""
    found: State = {}
    for state in (lower(lab, seen, spare=True) for lab in labs):
        for name, netns in state.items():
            found[name] = _both(found[name], netns) if name in found else netns
    return found


def _both(first: NetnsState, second: NetnsState) -> NetnsState:
    links = second.links | first.links
    for ifname in first.links.keys() & second.links.keys():
        one, other = first.links[ifname], second.links[ifname]
        addresses = tuple(dict.fromkeys(one.addresses + other.addresses))
        links[ifname] = replace(one, addresses=addresses, mtu=one.mtu or other.mtu)
    routes = list(dict.fromkeys([*first.routes, *second.routes]))
    return NetnsState(links, routes, second.sysctl | first.sysctl)


def look_at(sandbox: Sandbox, labs: Sequence[Desired]) -> State:
    """Read a lab's namespaces, and of the machine's what is the lab's way out."""
    labs = list({id(lab): lab for lab in labs}.values())
    led_out = any(lab.uplinks() for lab in labs)
    return observe(sandbox, labs, probe(sandbox.lab) if led_out else None)


def see(sandbox: Sandbox, lab: Desired) -> State:
    """Read them likewise, each segment as one."""
    return whole(lab, look_at(sandbox, [lab]))


def read_back(sandbox: Sandbox, *, lasting: bool) -> tuple[Desired, State]:
    """Read a lab back from the kernel: in the file's terms, and as its namespaces hold it.

    Args:
        sandbox: the running lab.
        lasting: whether to leave out the addresses that links have for a time, as a file must.
    """
    from nslab.plan.lift import lift
    from nslab.plan.state import with_dynamic

    desired = document_of(sandbox)
    state = see(sandbox, desired)
    return lift(desired, state if lasting else with_dynamic(state), sandbox.lodgers()), state


def host_defaults() -> dict[str, str]:
    """Give what a new netns begins with: IPv4 settings are copied from the machine's."""
    found = {key: read_switch(sysctl_path(key)) for key in IMPLIED}
    found[FORWARD[1]] = found[FORWARD[1]] and "0"
    return {key: value for key, value in found.items() if value is not None}


def defaults_of(sandbox: Sandbox, states: list[State]) -> dict[str, str]:
    """Read what a new netns of the lab begins with, of all settings that matter."""
    asked = {key for state in states for netns in state.values() for key in netns.sysctl}
    return read_sysctls(sandbox, OUTSIDE, sorted(asked.union(IMPLIED)))
