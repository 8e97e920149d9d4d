"""One random lab, all that is done to it, and what must be true after each step."""

from __future__ import annotations

import contextlib
import json
import os
import re
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from nslab import connect, diff, up
from nslab.errors import LabNotRunningError
from nslab.lab import dumps, loads
from nslab.plan import segment
from nslab.plan.addresses import complete
from nslab.plan.lower import lower
from nslab.plan.observe import observe
from nslab.plan.planning import defaults_of
from nslab.plan.segment import MARK, segment_of
from tests.state import state
from tests.torture.changes import changes, choose
from tests.torture.drawing import read
from tests.torture.snapshot import snapshot

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from nslab import Lab, Running
    from nslab.lab import Desired, Tree
    from nslab.plan.state import State
    from nslab.plan.way.choose import Choice
    from tests.state import MachineState

    T = TypeVar("T")

_USUAL = ("mtu", None)
_ROOM = segment.ROOM
_PATIENCE = 5.0
"""Seconds for what the kernel does a little later: carriers, routes that come with them."""

_PAUSES = (0.05, 1.5)
"""How long a lab must look the same to be taken for settled: first in haste, then at leisure."""


@dataclass
class Tally:
    """What was done."""

    labs: int = 0
    nodes: int = 0
    most: int = 0
    ends: int = 0
    edits: int = 0
    disturbed: Counter[str] = field(default_factory=Counter)


@dataclass
class Trial:
    """Tries labs.

    Attributes:
        way: how those with an uplink are led out.
        tally: counts what was done.
        name: the labs' name.
    """

    way: Choice
    tally: Tally = field(default_factory=Tally)
    name: str = f"torture-{os.getpid()}"

    def run(self, tree: dict[str, Tree], edit: dict[str, Tree], chance: random.Random) -> None:
        """Do everything with one lab and one edit of it."""
        before = settled(seen, _PAUSES[0])  # IPv6's routes come a little after a carrier
        if self.way == "pasta":  # which cannot do without
            tree, edit = masqueraded(tree), masqueraded(edit)
        first, second = read(tree, self.name), read(edit, self.name)
        try:
            stays = True
            while stays:  # what stays is not ours to remove: begin anew
                with up(first, uplink=self.way) as running:
                    self.check_up(first, running)
                    stays = not self.disturb(first, running, chance)
            found = self.against_fresh(first, second, _PAUSES[0])
            if found:  # did the kernel need longer than usual for what comes with a carrier?
                found = self.against_fresh(first, second, _PAUSES[1])
            assert not found, f"changed against fresh: {found}"
        finally:
            self.end()
        after = eventually(seen, before)
        assert after == before, f"left behind: {differences(after, before)}"
        self.count(first, edited=tree != edit)

    def count(self, lab: Lab, *, edited: bool) -> None:
        """Count a lab with which all went well."""
        desired, tally = lab.resolve(), self.tally
        tally.labs += 1
        tally.edits += edited
        tally.nodes += len(desired.nodes)
        tally.most = max(tally.most, len(desired.nodes))
        tally.ends += sum(map(len, desired.endpoints().values()))

    def check_up(self, lab: Lab, running: Running) -> None:
        """Check that a lab is as its file says."""
        wanted, shown = as_shown(lab.resolve()), as_shown(running.observed())
        assert shown == wanted, (
            f"show against the file: {differences(tree_of(shown), tree_of(wanted))}"
        )
        none: list[str] = []
        drift = eventually(lambda: [str(one) for one in running.drift()], none)
        assert not drift, f"drift after up: {drift}"
        steps = diff(lab, uplink=self.way).steps
        assert not steps, f"a second up would: {[step.words() for step in steps]}"

    def disturb(self, lab: Lab, running: Running, chance: random.Random) -> bool:
        """Change something by hand; see that drift names it, and that `up` takes it back.

        Returns:
            whether it was taken back: what is not the lab's stays.
        """
        before = facts_of(running, [lab])
        possible = list(changes(*complete_state(lab, running)))
        if not possible:
            return True
        change = choose(possible, chance)
        with running.open() as sandbox:
            change.act(sandbox)
        said = {str(one) for one in running.drift()}
        self.tally.disturbed[change.words.split(":")[0]] += 1
        assert change.is_told_by(said), f"{change.words}: {sorted(said)}, not {sorted(change.says)}"
        up(lab, uplink=self.way)
        if change.stays:
            assert {str(one) for one in running.drift()} == change.says
            assert not diff(lab, uplink=self.way).steps
            return False
        self.check_up(lab, running)
        after = eventually(lambda: facts_of(running, [lab]), before)
        assert after == before, f"{change.words}: not taken back: {differences(after, before)}"
        return True

    def against_fresh(self, first: Lab, second: Lab, pause: float) -> list[str]:
        """Change a lab into another; say where that is not as a fresh one."""
        with up(first, uplink=self.way) as running:
            up(second, uplink=self.way)
            self.check_up(second, running)
            changed = settled(lambda: facts_of(running, [first, second]), pause)
        with up(second, uplink=self.way) as fresh:
            self.check_up(second, fresh)
            wanted = eventually(lambda: facts_of(fresh, [first, second]), changed)
        return differences(changed, wanted)

    def end(self) -> None:
        """End a lab that a failure left."""
        with contextlib.suppress(LabNotRunningError):
            connect(self.name).down()


def seen() -> MachineState:
    """Give all that a lab could leave behind, on the machine and in this process."""
    own = [str(Path(f"/proc/self/ns/{key}").readlink()) for key in ("net", "mnt")]
    descriptors = sorted(map(str, Path("/proc/self/fd").iterdir()))
    return {**state(), "namespaces": own, "descriptors": descriptors}


def masqueraded(tree: dict[str, Tree]) -> dict[str, Tree]:
    """Give a tree in which no way out is without masquerade."""
    text = json.dumps(tree).replace('"masquerade": false', '"masquerade": true')
    found: dict[str, Tree] = json.loads(text)
    return found


def eventually(get: Callable[[], T], wanted: T) -> T:
    """Ask again until it is what is wanted, or for some seconds."""
    deadline = time.monotonic() + _PATIENCE
    found = get()
    while found != wanted and time.monotonic() < deadline:
        time.sleep(0.05)
        found = get()
    return found


def settled(get: Callable[[], T], pause: float) -> T:
    """Ask until the answer stays the same for that many seconds."""
    found = get()
    for _ in range(20):
        time.sleep(pause)
        before, found = found, get()
        if found == before:
            break
    return found


def as_shown(lab: Desired) -> Desired:
    """Give a lab as `show` says it: the kernel does not tell whether 1500 was asked for."""
    written = re.sub(r'"mtu": 1500\b', '"mtu": null', dumps(lab, format="json"))
    tree = json.loads(
        written, object_pairs_hook=lambda pairs: dict(p for p in pairs if p != _USUAL)
    )
    return loads(json.dumps(tree), format="json").resolve()


def tree_of(lab: Desired) -> object:
    """Give a lab as a tree."""
    return json.loads(dumps(lab, format="json"))


def complete_state(lab: Lab, running: Running) -> tuple[State, State]:
    """Give what is wanted, all of it, and what is there."""
    with running.open() as sandbox:
        state = lower(lab.resolve())
        return complete(state, defaults_of(sandbox, [state])), observe(sandbox, [lab.resolve()])


def facts_of(running: Running, labs: list[Lab]) -> dict[str, dict[str, object]]:
    """Give everything that the kernel says of a running lab."""
    with running.open() as sandbox:
        found = together(snapshot(sandbox, [lab.resolve() for lab in labs]))
        if not labs[-1].resolve().uplinks():
            found.pop("outside", None)  # nobody minds what it is like then
        hosts = Path(f"/proc/{sandbox.pid}/root/run/nslab/hosts")
        found["files"] = {"hosts": hosts.read_text()}
        return found


def together(found: dict[str, dict[str, object]]) -> dict[str, dict[str, object]]:
    """Put the fabrics of a segment together: on which of them a port is depends on the past."""
    made: dict[str, dict[str, object]] = {}
    for name, facts in found.items():
        if segment.ROOM != _ROOM:
            facts["links"] = without_bridge_mtus(facts["links"])
        home = made.setdefault(segment_of(name), {})
        for key, value in facts.items():
            home[key] = _both(home.get(key), value)
    return made


def without_bridge_mtus(links: object) -> object:
    """Leave out what a bridge has of the ports that are on the same fabric: the least MTU."""
    assert isinstance(links, dict)
    return {
        ifname: {key: value for key, value in link.items() if key not in ("mtu", "af_spec")}
        if (link.get("linkinfo") or {}).get("kind") == "bridge"
        else link
        for ifname, link in links.items()
    }


def _both(one: object, other: object) -> object:
    if isinstance(one, dict) and isinstance(other, dict):
        links = {key: _homed(value) for key, value in other.items() if not key.startswith(MARK)}
        return {**links, **one}
    if isinstance(other, dict):
        return {key: _homed(value) for key, value in other.items() if not key.startswith(MARK)}
    return other if one is None else one


def _homed(peer: object) -> object:
    """Give a peer's place by its segment."""
    if isinstance(peer, tuple) and len(peer) == 2:
        return segment_of(str(peer[0])), peer[1]
    return peer


def differences(one: object, other: object, path: str = "") -> list[str]:
    """Say where two trees differ."""
    if isinstance(one, dict) and isinstance(other, dict):
        found = []
        for key in {**one, **other}:
            found += differences(one.get(key), other.get(key), f"{path}/{key}")
        return found
    if isinstance(one, list) and isinstance(other, list):
        only = [item for item in one if item not in other]
        more = [item for item in other if item not in one]
        if only or more:
            return [f"{path}: {only} against {more}"]
    return [] if one == other else [f"{path}: {one} against {other}"]
