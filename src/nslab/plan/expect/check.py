"""Testing a lab's expectations: all probes at once, the negative ones between their canaries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from nslab.kernel import probe as probing
from nslab.kernel.echo import Echo
from nslab.kernel.sandbox import HOST
from nslab.plan.expect import beyond
from nslab.plan.expect.cases import Case, expand
from nslab.plan.expect.explain import explain
from nslab.plan.expect.finding import Checks, Finding
from nslab.plan.expect.guard import canaries
from nslab.plan.expect.places import Places
from nslab.plan.expect.view import View
from nslab.plan.pings import ask

if TYPE_CHECKING:
    from _socket import socket
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from nslab.kernel.echo import Probe
    from nslab.kernel.sandbox import Sandbox
    from nslab.lab.model import Address, Desired
    from nslab.plan.expect.finding import Outcome
    from nslab.plan.expect.guard import Canary
    from nslab.plan.pings import Asking

    Echoes = Mapping[Probe, Echo]
    Tell = Callable[[Echo], str]
    Guards = dict[Case, list[Canary]]


def check(sandbox: Sandbox, lab: Desired, how: Asking, outside: tuple[Address, ...] = ()) -> Checks:
    """Test what a lab expects, or that everything on one segment reaches everything there.

    Args:
        sandbox: the running lab.
        lab: what it is.
        how: how to ask.
        outside: the addresses that stand for the target `outside`; found out if there are none.
    """
    places = Places(lab)
    view = View(sandbox, lab, how.timeout)
    found = _ask(sandbox, places, beyond.questions(lab, outside), how)
    cases = expand(places, beyond.choose(found.values()), beyond.loopbacks())
    asked = [case for case in cases if case.probe is not None]
    guards: Guards = {
        case: list(canaries(places, case.probe, view))
        for case in asked
        if case.probe is not None and not case.expectation.reach
    }
    watched = [probe for each in guards.values() for canary in each for probe in canary.probes]
    reached = [case for case in asked if case.expectation.reach]
    positive = [probe for case in reached for probe in (case.probe, case.behind)]
    before = _ask(sandbox, places, [*watched, *positive], how)
    unsure = {case: _weakness(guards[case], before, view) for case in guards}
    negative = _ask(sandbox, places, [case.probe for case in guards], how)
    large = _large(view, places, [before[case.probe] for case in reached if case.probe])
    after = _ask(sandbox, places, [*watched, *large], how)
    for case, fault in unsure.items():
        unsure[case] = fault or _weakness(guards[case], after, view)
    whole = {replace(probe, size=0): after[probe] for probe in large}
    seen = {**before, **negative}

    def tell(echo: Echo) -> str:
        return explain(view, places, echo)

    findings = (_judge(case, seen, whole, unsure.get(case, ""), tell) for case in cases)
    return Checks(tuple(findings))


def _ask(
    sandbox: Sandbox, places: Places, probes: Iterable[Probe | None], how: Asking
) -> dict[Probe, Echo]:
    """Ask each of these once, all at the same time."""
    every = [probe for probe in dict.fromkeys(probes) if probe is not None]
    barred = {one: Echo(one, None, why) for one in every if (why := _why_not(places, one))}
    asked = [probe for probe in every if probe not in barred]
    if not asked:
        return barred

    def opened(family: int, kind: int, protocol: int, names: Sequence[str]) -> list[socket]:
        inside = [name for name in names if name != HOST]
        own = probing.own_sockets(family, kind, protocol, len(names) - len(inside))
        found = iter(sandbox.sockets(family, kind, protocol, inside) if inside else ())
        return [own.pop() if name == HOST else next(found) for name in names]

    found = ask(sandbox, places.lab, asked, opened, how)
    return {**barred, **{echo.probe: echo for echo in found}}


def _why_not(places: Places, probe: Probe) -> str:
    """Say why a probe is not sent: this user may not, or another node would answer; else ""."""
    by_machine = probe.source == HOST and probe.protocol == "icmp"
    if by_machine and not probing.may_ping(probe.address.version):
        return beyond.BARRED
    return places.shadows.why_not(probe.source, probe.target, probe.address)


def _weakness(guard: Sequence[Canary], echoes: Echoes, view: View) -> str:
    """Say which canary does not sing, or ""."""
    return next(filter(None, (canary.fault(echoes, view) for canary in guard)), "")


def _large(view: View, places: Places, echoes: Iterable[Echo]) -> list[Probe]:
    """Give the probes to ask once more, in the largest packets that their sources send.

    What is beyond the lab is not asked: what it makes of large pings is not the lab's affair.
    """
    found = []
    for probe in [one.probe for one in echoes if one.ok and one.probe.protocol == "icmp"]:
        leg = view.route(probe.source, probe.address)
        if places.owner(probe.address) is not None and leg.mtu and not leg.local:
            found.append(replace(probe, size=leg.mtu))
    return found


def _judge(case: Case, seen: Echoes, whole: Echoes, weakness: str, tell: Tell) -> Finding:
    one, probe = case.expectation, case.probe
    if probe is None:
        outcome: Outcome = "untested" if case.blameless or not one.reach else "broken"
        return Finding(one, case.source, case.target, None, outcome, None, case.lack)
    echo = seen[probe]
    if one.reach:
        behind = echo if case.behind is None else seen[case.behind]
        failed = [each for each in (behind, echo, whole.get(probe, echo)) if not each.ok]
        reason = tell(failed[0]) if failed else ""
        outcome = "broken" if failed else "ok"
    elif echo.seconds is not None:
        outcome, reason = "broken", f"is reached in {echo.seconds * 1000:.2f} ms, and must not be"
    else:
        outcome = "untested" if weakness else "ok"
        reason = f"silent, which proves nothing: {weakness}" if weakness else ""
    return Finding(one, case.source, case.target, probe.address, outcome, echo.seconds, reason)
