"""Bring a lab up again and again, and let another request of it fail each time.

Runs as a process of its own (`python -c "from tests.plan.faulty.drive import main; main()"`), as
root or as a plain user, in a PID namespace of its own: so what is left is seen.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from nslab import connect, up
from nslab.errors import LabNotRunningError, NslabError
from nslab.kernel.sandbox import Sandbox, running
from nslab.plan.planning import document_of, look_at
from tests.plan.faulty.labs import NAME, SCENARIOS, Scenario
from tests.plan.faulty.seams import FAULTS, FOLDER, arm, count
from tests.state import state

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nslab.plan.state import State

ROLES = ("up", "holder", "beside", "spawn")  # a relay comes to life when `up` has ended
_PATIENCE = 10.0
_LIMIT = 60
_SLOW = 5.0


@dataclass(frozen=True)
class Point:
    """One request of an `up`: in which process, which one of its kind there, and what it was."""

    role: str
    number: int
    kind: str
    what: str


def main() -> None:
    """Run as `drive SCENARIO STRIDE FIRST [once]`: report each trial that went wrong in a line."""
    if os.getpid() == 1:
        _be_init()
    scenario, stride, first = SCENARIOS[sys.argv[1]], int(sys.argv[2]), int(sys.argv[3])
    with tempfile.TemporaryDirectory() as folder:
        Drive(scenario, Path(folder), once="once" in sys.argv[4:]).run(stride, first)


def _be_init() -> None:
    """Let a child go on, and reap all that end here."""
    child = os.fork()
    if child == 0:
        return
    while True:
        pid, status = os.wait()
        if pid == child:
            os._exit(os.waitstatus_to_exitcode(status) & 0xFF)


class Drive:
    """One scenario's trials."""

    def __init__(self, scenario: Scenario, folder: Path, *, once: bool) -> None:
        self.scenario = scenario
        self.once = once
        self.folder = folder
        self.tried = 0
        self.struck = 0
        self.refused = 0

    def run(self, stride: int, first: int) -> None:
        """Count the points, then let every stride-th fault befall them in turn."""
        bare = state()
        self.begin()
        before = self.facts()
        points = self.points()
        self.back(before)
        for point, fault in self.faults(points)[first::stride]:
            begun = time.monotonic()
            for wrong in self.trial(point, fault, before):
                tell(point=vars(point), fault=fault, wrong=wrong)
            if (seconds := time.monotonic() - begun) > _SLOW:
                tell(point=vars(point), fault=fault, seconds=round(seconds, 1))
        self.end()
        for wrong in _differences(bare, state):
            tell(wrong=f"at the end {wrong}")
        tell(points=len(points), tried=self.tried, struck=self.struck, refused=self.refused)

    def faults(self, points: list[Point]) -> list[tuple[Point, str]]:
        """Give all that can befall the points, or one thing for each, not always the same."""
        if self.once:
            return [
                (point, FAULTS[point.kind][place % len(FAULTS[point.kind])])
                for place, point in enumerate(points)
            ]
        return [(point, fault) for point in points for fault in FAULTS[point.kind]]

    def begin(self) -> None:
        """Bring up what is there before."""
        if self.scenario.last is not None:
            up(self.scenario.last(), keep=True, host=self.scenario.host[0])

    def end(self) -> None:
        """Bring up what is desired without any fault, and end it."""
        up(self.scenario.desired(), keep=True, host=self.scenario.host[1])
        assert connect(NAME).drift() == []
        connect(NAME).down()

    def points(self) -> list[Point]:
        """Bring the lab up once and note every request."""
        outcome = self.attempt()
        assert outcome["kind"] == "up", outcome
        found = []
        for role in ROLES:
            path = self.folder / f"points.{role}"
            lines = path.read_text().splitlines() if path.exists() else []
            seen: Counter[str] = Counter()
            for line in lines:
                kind, _, what = line.rstrip().partition(" ")
                found.append(Point(role, seen[kind], kind, what))
                seen[kind] += 1
        return found

    def trial(self, point: Point, fault: str, before: object) -> Iterator[str]:
        """Let one request fail; give what was wrong with what came of it."""
        self.tried += 1
        said = {"fault": fault, **{key: getattr(point, key) for key in ("role", "kind", "number")}}
        outcome = self.attempt(said)
        self.struck += self.passed(point)
        if outcome["kind"] == "up":
            yield from self.wrong_up()
            self.back(before)
            return
        self.refused += 1
        if outcome["kind"] != "refused":
            yield f"not refused, but {outcome}"
        yield from _wrong_words(outcome["words"])
        left = list(_differences(before, self.facts))
        yield from (f"after {outcome['words']!r} {one}" for one in left)
        if left:
            self.back(before)

    def passed(self, point: Point) -> bool:
        """Tell whether the request was made at all."""
        path = self.folder / f"points.{point.role}"
        return path.exists() and count(path.read_bytes(), point.kind) > point.number

    def attempt(self, fault: dict[str, object] | None = None) -> dict[str, str]:
        """Bring the lab up in a process of its own."""
        for path in self.folder.iterdir():
            path.unlink()
        if fault is not None:
            (self.folder / "fault").write_text(json.dumps(fault))
        readable, writable = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(readable)
            os.write(writable, json.dumps(self.bring_up()).encode())
            os._exit(0)
        os.close(writable)
        with os.fdopen(readable) as pipe:
            text = pipe.read()
        os.waitpid(child, 0)
        found: dict[str, str] = json.loads(text or '{"kind": "died", "words": "it died or hung"}')
        return found

    def bring_up(self) -> dict[str, str]:
        """Bring the lab up with seams, and say what came of it."""
        signal.alarm(_LIMIT)
        os.environ[FOLDER] = str(self.folder)
        try:
            arm("up")
            up(self.scenario.desired(), keep=True, host=self.scenario.host[1])
        except NslabError as error:
            return {"kind": "refused", "words": str(error), "hint": error.hint or ""}
        except BaseException:  # noqa: BLE001 - whatever it is, it is wrong
            return {"kind": "raised", "words": traceback.format_exc()[-1500:]}
        return {"kind": "up", "words": ""}

    def wrong_up(self) -> Iterator[str]:
        """Say what is wrong with a lab that is up although something failed."""
        try:
            drift = connect(NAME).drift(self.scenario.desired())
        except NslabError as error:
            yield f"it is said to be up, but {error}"
            return
        if drift:
            yield f"it is said to be up, but {'; '.join(map(str, drift))}"

    def back(self, before: object) -> None:
        """Have again what was there at first."""
        with contextlib.suppress(LabNotRunningError):
            if self.scenario.last is None:
                connect(NAME).down()
            else:
                up(self.scenario.last(), keep=True, host=self.scenario.host[0] or False)
        left = list(_differences(before, self.facts))
        if left and self.scenario.last is not None:
            with contextlib.suppress(LabNotRunningError):
                connect(NAME).down()
            self.begin()
            left = list(_differences(before, self.facts))
        for wrong in left:
            tell(wrong=f"not even a plain command brought back what was: {wrong}")

    def facts(self) -> dict[str, object]:
        """Give all that can be seen of the machine, and of the lab that runs before."""
        found: dict[str, object] = {**state()}
        if self.scenario.last is None or NAME not in running():
            return found
        with Sandbox.connect(NAME) as sandbox:
            last = document_of(sandbox)
            found["lab"] = facts_of(look_at(sandbox, [last, self.scenario.desired().resolve()]))
            found["document"] = sandbox.get()[0].decode()
            found["own files"] = [sandbox._ask("file", "hosts")[0][0], sandbox.resolver()]
            found["lodgers"] = sandbox.lodgers()
            sandbox.become_writer()  # nobody else holds it any more
        found["drift"] = [str(one) for one in connect(NAME).drift()]
        return found


def facts_of(state: State) -> object:
    """Give what can be compared: all but the order of things, carriers, what pasta numbers.

    And not `lo`: its addresses are the kernel's own, and it stays up where it once was.
    """
    return {
        name: (
            sorted(
                str(
                    (
                        x.ifname,
                        x.kind,
                        x.mac,
                        x.mtu,
                        x.up or x.ifname == "lo",
                        x.master,
                        x.peer,
                        sorted(map(str, x.addresses if x.ifname != "lo" else ())),
                    )
                )
                for x in netns.links.values()
                if x.kind != "tun"
            ),
            sorted(map(str, netns.routes)),
            netns.sysctl,
        )
        for name, netns in state.items()
    }


def _differences(before: object, look: object) -> Iterator[str]:
    """Wait until all is as before; give what is not, even then."""
    assert callable(look)
    assert isinstance(before, dict)
    deadline = time.monotonic() + _PATIENCE
    while (now := look()) != before:
        if time.monotonic() > deadline:
            for key in sorted(before.keys() | now.keys()):
                if before.get(key) != now.get(key):
                    yield f"{key} is {now.get(key)!s:.500}, not {before.get(key)!s:.500}"
            return
        time.sleep(0.01)


def _wrong_words(words: str) -> Iterator[str]:
    """See that an error is one line, and says what failed and why."""
    if "\n" in words:
        yield f"not one line: {words!r}"
    if ": " not in words and "could not" not in words:
        yield f"no step or no reason: {words!r}"
    if "undoing failed" in words:
        yield f"not undone: {words!r}"


def tell(**said: object) -> None:
    """Say one thing to whoever drives."""
    print(json.dumps(said), flush=True)
