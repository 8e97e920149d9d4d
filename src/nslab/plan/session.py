"""Running labs: bring one up, find one again, look at it, run things in it, take it down."""

from __future__ import annotations

import contextlib
import json
import time
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Self

from msgspec.structs import replace

from nslab.errors import (
    KernelError,
    LabBusyError,
    LabInterrupted,
    LabNotRunningError,
    NslabError,
    OvertakenError,
    StepError,
)
from nslab.kernel import libc, record
from nslab.kernel.sandbox import OUTSIDE, Sandbox, no_such_node
from nslab.lab import Desired, Lab
from nslab.lab.dump import written
from nslab.plan.apply import Watch, apply
from nslab.plan.ending import make_room, take_down
from nslab.plan.host.hosting import hosting
from nslab.plan.interrupts import blamed_on_signals, held_back
from nslab.plan.lower import lower
from nslab.plan.observe import read_standing
from nslab.plan.plan import parted
from nslab.plan.planning import (
    Wanted,
    defaults_of,
    document_of,
    drifts,
    host_defaults,
    past_of,
    plan_change,
    plan_new,
    same_source,
    see,
)
from nslab.plan.room import needs_of_change, needs_of_lab, refuse_crowded
from nslab.plan.state import KEPT
from nslab.plan.steps import Remember
from nslab.plan.way.lead import Leading, decide, is_overtaken, refuse_overtaken

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nslab.lab.model import Address
    from nslab.plan.drift import Drift
    from nslab.plan.expect.finding import Checks
    from nslab.plan.host.names import HostNames
    from nslab.plan.interrupts import Check
    from nslab.plan.node import Node
    from nslab.plan.pings import Pings
    from nslab.plan.plan import Plan
    from nslab.plan.steps import Step
    from nslab.plan.way.choose import Choice
    from nslab.plan.way.trace import Hop

_PATIENCE = 20.0
"""Seconds to wait for somebody else's holder that is only starting, or only ending."""


def up(
    lab: Lab | Desired,
    *,
    keep: bool = False,
    watch: Watch | None = None,
    uplink: Choice = "auto",
    host: HostNames = None,
) -> Running:
    """Make the kernel match the lab; one that runs already is changed by the fewest steps.

    Args:
        lab: what is to be.
        keep: whether the lab outlives this process. Without it the lab ends with the returned
            object's `with` block, its `down()`, or this process, however that ends.
        watch: called with each step as it is begun.
        uplink: how a lab with an uplink is led out: "kernel" (root: a veth and the machine's own
            forwarding), "pasta", "none", or "auto", which takes the first that can be had.
        host: whether the nodes have names in the machine's /run/netns (root): True for LAB-NODE, a
            text with `{node}` for others, False for none; None leaves it as it is.

    Raises:
        LabFileError: the lab cannot be.
        LabBusyError: a lab of this name runs from another file.
        NslabError: this machine has no room for it.
        PrivilegeError: this machine lets this user make no namespaces.
        StepError: a step failed; everything done before it has been undone.
        KeyboardInterrupt: likewise undone.
    """
    desired = _resolve(lab)
    wanted = Wanted(desired, _source(lab), uplink, host)
    try:
        return _up(wanted, keep=keep, watch=watch)
    except OSError as error:
        raise libc.of_oserror(f'bring the lab "{desired.name}" up', error) from None


def diff(lab: Lab | Desired, *, uplink: Choice = "auto", host: HostNames = None) -> Plan:
    """Compute the steps that `up` would take now, without taking any.

    Args:
        lab: what is to be.
        uplink: as for `up`.
        host: as for `up`.

    Raises:
        LabFileError: the lab cannot be.
        LabBusyError: a lab of this name runs from another file.
        NslabError: a link that is not ours stands in the way, or there is no way out.
    """
    desired = _resolve(lab)
    try:
        sandbox = Sandbox.connect(desired.name)
    except LabNotRunningError:
        own = hosting(desired, host, None, {})
        return plan_new(desired, decide(desired, uplink), own, host_defaults())
    with sandbox:
        same_source(sandbox, _source(lab))
        return plan_change(sandbox, Wanted(desired, "", uplink, host))


def connect(name: str) -> Running:
    """Find a running lab.

    Raises:
        LabNotRunningError: there is none of that name.
    """
    with Sandbox.connect(name) as sandbox:
        return Running(name, sandbox.pid, None)


class Running:
    """A running lab, for any number of threads; the end of its `with` block is the lab's."""

    def __init__(self, name: str, pid: int, sandbox: Sandbox | None) -> None:
        self.name = name
        self.pid = pid
        self._sandbox = sandbox

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.down()

    def __getitem__(self, node: str) -> Node:
        """Give a node by name.

        Raises:
            NodeNotFoundError: the lab has no such node.
        """
        with self.open() as sandbox:
            names = sandbox.names()
        if node not in names:
            raise no_such_node(self.name, node, names)
        from nslab.plan.node import Node

        return Node(self.name, self.pid, node)

    def open(self) -> Sandbox:
        """Open a connection of the caller's own to the lab's holder."""
        return Sandbox.connect(self.name)

    def down(self) -> None:
        """Remove every trace of the lab; one that is gone already is no error."""
        held, self._sandbox = self._sandbox, None
        try:
            with Sandbox.connect(self.name) as sandbox:
                if sandbox.pid == self.pid:
                    take_down(sandbox)
        except LabNotRunningError:
            pass
        if held is not None:
            held.close()

    def desired(self) -> Desired:
        """Give the lab as it was last brought up."""
        with self.open() as sandbox:
            return document_of(sandbox)

    def observed(self) -> Desired:
        """Read the lab back from the kernel, in the file's own terms."""
        from nslab.plan.lift import lift

        with self.open() as sandbox:
            desired = document_of(sandbox)
            return lift(desired, see(sandbox, desired), sandbox.lodgers())

    def drift(self, lab: Lab | Desired | None = None) -> list[Drift]:
        """List the differences between the lab (as last brought up, or as given) and the kernel."""
        with self.open() as sandbox:
            past = past_of(sandbox)
            return drifts(sandbox, past[0] if lab is None else _resolve(lab), past)

    def trace(self, node: str) -> list[Hop]:
        """Look at a node's way out of the lab hop by hop, up to the first one that fails.

        Raises:
            NodeNotFoundError: the lab has no such node.
        """
        from nslab.plan.way.trace import trace

        with self.open() as sandbox:
            desired = document_of(sandbox)
            names = [one.name for one in desired.nodes]
            if node not in names:
                raise no_such_node(self.name, node, names)
            return trace(sandbox, desired, see(sandbox, desired), node)

    def check(
        self,
        *,
        outside: Sequence[str | Address] = (),
        timeout: float = 1.0,
        tries: int = 3,
        progress: Callable[[int, int], None] | None = None,
    ) -> Checks:
        """Test what the lab expects; without `expect`, that all on one segment reach each other.

        Args:
            outside: the addresses that the target `outside` stands for; without them, those of the
                machine's default gateways and name servers that answer the machine itself.
            timeout: seconds to wait for one answer.
            tries: how often each is asked before it counts as not reached.
            progress: called now and then with the number of probes done, and of all.
        """
        from nslab.plan.expect.check import check
        from nslab.plan.pings import Asking

        given = tuple(ip_address(address) for address in outside)
        with self.open() as sandbox:
            asking = Asking(timeout, tries, progress)
            return check(sandbox, document_of(sandbox), asking, given)

    def ping(
        self,
        source: str | None = None,
        target: str | None = None,
        *,
        timeout: float = 1.0,
        tries: int = 3,
        progress: Callable[[int, int], None] | None = None,
    ) -> Pings:
        """Ping one pair, all from `source`, or every pair of nodes, all at once.

        Args:
            source: the node to ask from, or None for every node.
            target: the node to reach, or None for every other.
            timeout: seconds to wait for one answer.
            tries: how often each is asked before it counts as broken.
            progress: called now and then with the number of pairs done, and of all.

        Raises:
            NodeNotFoundError: the lab has no such node.
        """
        from nslab.plan.pings import Asking, ping, probes_of

        with self.open() as sandbox:
            desired = document_of(sandbox)
            names = [node.name for node in desired.nodes]
            for name in (source, target):
                if name is not None and name not in names:
                    raise no_such_node(self.name, name, names)
            probes = probes_of(desired, source, target)
            return ping(sandbox, desired, probes, Asking(timeout, tries, progress))


def _resolve(lab: Lab | Desired) -> Desired:
    return lab.resolve() if isinstance(lab, Lab) else lab


def _source(lab: Lab | Desired) -> str:
    """Name the file that the lab is from, the same from wherever it is called."""
    said = (lab.source or "") if isinstance(lab, Lab) else ""
    return str(Path(said).resolve()) if said and Path(said).exists() else said


def _up(wanted: Wanted, *, keep: bool, watch: Watch | None) -> Running:
    name = wanted.desired.name
    deadline = time.monotonic() + _PATIENCE
    while True:
        with held_back() as check, blamed_on_signals(check):
            try:
                with contextlib.suppress(FileExistsError):
                    return _start(wanted, keep=keep, watch=watch, check=check)
                with contextlib.suppress(LabNotRunningError):
                    return _change(wanted, watch, check)
            except (OvertakenError, StepError) as error:
                if not (wanted.direct and is_overtaken(error)):
                    raise
                wanted = replace(wanted, direct=False)
                continue
        if time.monotonic() > deadline:
            raise LabBusyError(f'the lab "{name}" is being brought up or down by somebody else')
        time.sleep(0.02)


def _start(wanted: Wanted, *, keep: bool, watch: Watch | None, check: Check) -> Running:
    desired = wanted.desired
    sandbox = Sandbox.start(desired.name)
    leading = Leading()
    try:
        make_room(desired.name)
        state = lower(desired)
        refuse_crowded(sandbox, needs_of_lab(state))
        defaults = defaults_of(sandbox, [state])
        standing, before = read_standing(sandbox), _remembered(sandbox)
        sandbox.foresee(name for name in state if name not in KEPT)
        if desired.uplinks():
            leading = decide(desired, wanted.uplink, direct=wanted.direct)
        own = hosting(desired, wanted.host, None, {})
        plan = plan_new(desired, leading, own, defaults, standing)
        steps = _with_memory(plan.steps, _memory(wanted, before))
        apply(steps, sandbox, watch, check, whole=True)
        refuse_overtaken(leading)
        check()
        if keep:
            sandbox.keep()
    except BaseException as error:
        _abandon(sandbox, desired, leading)
        if isinstance(error, KeyboardInterrupt):
            undone = f'interrupted: the lab "{desired.name}" was undone'
            raise LabInterrupted(undone) from None
        raise
    _tidy(sandbox)
    if keep:
        sandbox.close()
    else:
        sandbox.release()
    return Running(desired.name, sandbox.pid, None if keep else sandbox)


def _abandon(sandbox: Sandbox, desired: Desired, leading: Leading) -> None:
    """End a lab that is not up yet, and take back what the machine did for it."""
    from nslab.plan.host import leave

    kernel = leading.way is not None and leading.way.kind == "kernel"
    leave.part(sandbox, desired)
    if kernel:
        from nslab.plan.way.host import part_from_machine

        part_from_machine(sandbox)
    sandbox.end()
    leave.settle(sandbox.lab, sandbox.pid)
    if kernel:
        from nslab.plan.way.host import close_for

        close_for(desired.name)


def _change(wanted: Wanted, watch: Watch | None, check: Check) -> Running:
    desired = wanted.desired
    with Sandbox.connect(desired.name) as sandbox:
        try:
            sandbox.become_writer(check)
            source = same_source(sandbox, wanted.source)
            plan = plan_change(sandbox, wanted)
            refuse_crowded(sandbox, needs_of_change(plan))
            memory = _memory(replace(wanted, source=source), _remembered(sandbox))
            if plan.steps:
                sandbox.attempt(memory.document)
            apply(_with_memory(plan.steps, memory), sandbox, watch, check)
            _conclude(sandbox)
        except KeyboardInterrupt:
            raise LabInterrupted(
                f'interrupted: the lab "{desired.name}" is as it was before'
            ) from None
        finally:
            _tidy(sandbox)
        return Running(desired.name, sandbox.pid, None)


def _conclude(sandbox: Sandbox) -> None:
    """Have the holder forget what else the lab might have been; failing that, the next change does.

    The lab is wholly as desired by now, and nothing can be undone any more.
    """
    with contextlib.suppress(KernelError):
        sandbox.conclude()


def _remembered(sandbox: Sandbox) -> tuple[bytes, str, str]:
    document, source, _, _ = sandbox.get()
    return document, source, sandbox.hosts()


def _memory(wanted: Wanted, before: tuple[bytes, str, str]) -> Remember:
    now = written(wanted.desired)
    return Remember(OUTSIDE, now, wanted.source, _hosts(wanted.desired), before)


def _with_memory(steps: Sequence[Step], memory: Remember) -> list[Step]:
    """Have the lab remembered once it is as it shall be, before namespaces end for good."""
    inner, ending = parted(steps)
    return [*inner, memory, *ending]


def _tidy(sandbox: Sandbox) -> None:
    """Forget a record of nothing; if that fails, the next command does it."""
    if not record.are_any():
        return
    from nslab.plan.host import leave

    with contextlib.suppress(NslabError, OSError):
        leave.tidy(sandbox.lab)


def _hosts(desired: Desired) -> str:
    lines = ["127.0.0.1 localhost", "::1 localhost ip6-localhost ip6-loopback"]
    for name, ends in desired.endpoints().items():
        lines += [f"{address.ip} {name}" for end in ends for address in end.addresses]
    return "\n".join(lines) + "\n"


def summary(name: str) -> dict[str, str | int]:
    """Tell what `nslab ls` prints of a running lab: name, nodes, source, start time, holder."""
    with Sandbox.connect(name) as sandbox:
        document, source, started, state = sandbox.get()
        nodes = len(json.loads(document).get("nodes", {})) if document else 0
        return {
            "lab": name,
            "state": state,
            "nodes": nodes,
            "file": source,
            "started": started,
            "pid": sandbox.pid,
        }
