"""Kill nslab with SIGKILL, and see that the next `up` and `down` make everything right.

    python -m tests.torture.kill --trials 1000 --seed 1

A trial brings a lab to a state, runs a command and kills it, its holder or both: at a random
moment of the time that the command takes undisturbed, after a step, or after a call into the
kernel. Then `up` must give the right lab (no drift, pings, and what `ip` and `nft` say is what
they say of a lab that nobody disturbed), and `down` a machine that is as before.
"""

from __future__ import annotations

import argparse
import collections
import functools
import json
import mmap
import os
import random
import struct
import sys
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from tests.plan.way.world import FAR4, MACHINE4
from tests.torture import facts
from tests.torture.machine import (
    Command,
    Machine,
    Said,
    difference,
    eventually,
    output,
    play,
    processes,
)
from tests.torture.moments import BOTH, COMMAND, HOLDER, after, at_calls, at_steps, strike

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.torture.machine import Facts

LAN = {"subnet": ["10.0.1.0/24", "fd00:1::/64"]}
LABS: dict[str, Facts] = {
    "plain": {
        "bridges": {"lan": {**LAN, "ports": ["pc1", "pc2"]}},
        "cables": [{"ends": ["pc2", "far"], "subnet": "10.0.2.0/30"}],
        "nodes": {
            "pc1": {"routes": [{"dst": "10.0.2.0/30", "via": "10.0.1.2"}]},
            "pc2": {"forward": True},
            "far": {"routes": [{"dst": "10.0.1.0/24", "via": "10.0.2.1"}]},
        },
    },
    "plain, changed": {
        "bridges": {
            "lan": {**LAN, "ports": ["pc1", "pc3"]},
            "dmz": {"subnet": "10.0.3.0/24", "ports": ["pc3", "pc4"]},
        },
        "cables": [{"ends": ["pc1", "far:wan0"], "subnet": "10.0.4.0/30"}],
        "nodes": {
            "pc1": {"forward": True, "routes": [{"dst": "10.0.3.0/24", "via": "10.0.1.2"}]},
            "pc3": {"forward": True, "routes": [{"dst": "10.0.4.0/30", "via": "10.0.1.1"}]},
            "pc4": {"routes": [{"dst": "10.0.0.0/8", "via": "10.0.3.1"}]},
            "far": {
                "routes": [{"dst": "10.0.0.0/8", "via": "10.0.4.1"}],
                "sysctl": {"net.ipv4.tcp_ecn": 1},
            },
        },
    },
    "led out": {
        "bridges": {"lan": {**LAN, "uplink": True, "ports": ["pc1", "pc2"]}},
        "nodes": {"pc2": {"publish": ["8080:80"]}},
    },
    "led out, changed": {
        "bridges": {"lan": {**LAN, "uplink": True, "ports": ["pc1", "pc3"]}},
        "nodes": {
            "pc1": {"publish": ["8080:80", "5353:53/udp"]},
            "alone": {"uplink": True},
        },
    },
}
CHANGES = (
    ("plain", "plain, changed"),
    ("plain, changed", "plain"),
    ("led out", "led out, changed"),
    ("led out, changed", "led out"),
    ("plain", "led out"),
    ("led out", "plain"),
)
WAYS = ("root", "root with --host", "a plain user")
VERBS = ("up", "change", "down", "holder", "exec")
KINDS = ("time", "step", "call")
SLEEP = ("sleep", "61")
ASK = f"exec 3<>/dev/tcp/{FAR4}/80; echo hi >&3; timeout 3 head -c {len(MACHINE4)} <&3"


@dataclass(frozen=True, slots=True)
class Trial:
    """One trial.

    Attributes:
        number: of its place in the row.
        way: who runs nslab.
        verb: what is killed.
        begin: the lab before; None for none.
        goal: the lab that the command is to bring about; None for none.
        victim: who is killed.
        kind: how the moment is told.
        share: where the moment lies, from 0 to 1.
        then: the lab that the next `up` shall give.
        down_first: whether a `down` comes before it.
    """

    number: int
    way: str
    verb: str
    begin: str | None
    goal: str | None
    victim: str
    kind: str
    share: float
    then: str
    down_first: bool

    def words(self) -> str:
        """Say it in a line."""
        return json.dumps(asdict(self))


def trial_of(seed: int, number: int, ways: Sequence[str]) -> Trial:
    """Make the trial of a number; the same each time."""
    rng = random.Random(f"{seed} {number}")  # noqa: S311
    way, verb = ways[number % len(ways)], VERBS[number // len(ways) % len(VERBS)]
    begin, goal = rng.choice(CHANGES)
    kinds = {"up": KINDS, "change": KINDS, "holder": ("at rest",)}.get(verb, ("time", "call"))
    victims = {"holder": (HOLDER,), "exec": (COMMAND, HOLDER, BOTH)}.get(
        verb, (COMMAND, COMMAND, HOLDER, BOTH)
    )
    return Trial(
        number,
        way,
        verb,
        None if verb == "up" else begin,
        None if verb == "down" else goal if verb in ("up", "change") else begin,
        rng.choice(victims),
        rng.choice(kinds),
        rng.random(),
        rng.choice([begin, goal, goal, *LABS]),
        rng.random() < 0.25,
    )


class FailedError(Exception):
    """A trial that did not end well; says how."""


@dataclass(slots=True)
class Measure:
    """An undisturbed run of a command: its seconds, and how many steps and calls it made."""

    seconds: float
    step: int
    call: int


class Bench:
    """A machine with what is known of it and of its labs undisturbed."""

    def __init__(self, machine: Machine, measures: dict[str, list[float]]) -> None:
        self.machine = machine
        self.before = machine.state()
        self.references: dict[tuple[str, str], list[str]] = {}
        self.measures = measures
        self.slowest = 0.0

    def run(self, trial: Trial) -> str:
        """Do a trial; say what happened to the command: killed, or it was over before.

        Raises:
            FailedError: something was not as it should be.
        """
        way = trial.way
        self.reference(way, trial.then)
        measure = self.measure(trial) if trial.kind != "at rest" else None
        if trial.begin:
            self.succeed(way, *self.words_up(way, trial.begin))
        outcome = self.kill(trial, measure)
        if trial.down_first:
            self.clear(way)
        begun = time.monotonic()
        self.succeed(way, *self.words_up(way, trial.then))
        self.slowest = max(self.slowest, time.monotonic() - begun)
        self.check(way, trial.then)
        self.succeed(way, "down")
        self.check_machine()
        return outcome

    def kill(self, trial: Trial, measure: Measure | None) -> str:
        """Run the command and strike."""
        if measure is None:
            strike(trial.victim, -1)
            return "killed"
        place = 1 + int(trial.share * (measure.step if trial.kind == "step" else measure.call))
        arms: dict[str, Callable[[], None]] = {
            "time": lambda: None,
            "step": lambda: at_steps(after(place, trial.victim)),
            "call": lambda: at_calls(after(place, trial.victim)),
        }
        command = self.start(trial, arms[trial.kind])
        if trial.kind == "time":
            time.sleep(trial.share * measure.seconds)
            strike(trial.victim, command.pid)
        if trial.verb == "exec" and trial.kind == "call":
            time.sleep(trial.share * 0.1)
            strike(trial.victim, command.pid)
        said = command.wait()
        _need(said.code is not None, "the command hung", said)
        _need(said.is_clean, "the command said", said)
        if trial.verb == "exec":
            _need(eventually(lambda: not _is_asleep()), "what exec ran goes on", said)
        return "killed" if said.code == -9 else "ended itself"

    def start(self, trial: Trial, arm: Callable[[], None] = lambda: None) -> Command:
        """Start a trial's command."""
        user = trial.way == WAYS[2]
        words = ["exec", "pc1", *SLEEP] if trial.verb == "exec" else ["down"]
        if trial.goal and trial.verb != "exec":
            words = self.words_up(trial.way, trial.goal)
        return self.machine.start(words, user=user, arm=arm)

    def measure(self, trial: Trial) -> Measure:
        """Learn how long a command takes undisturbed, and how many steps and calls it makes."""
        key = f"{trial.way}, {trial.verb}, {trial.begin} to {trial.goal}"
        if key not in self.measures:
            counted = mmap.mmap(-1, 16)
            self.undisturbed(trial, lambda: _count(counted))
            steps, calls = struct.unpack("QQ", counted)
            self.measures[key] = [self.undisturbed(trial), steps, calls]
        seconds, step, call = self.measures[key]
        return Measure(seconds, int(step), int(call))

    def undisturbed(self, trial: Trial, arm: Callable[[], None] = lambda: None) -> float:
        """Run a trial's command from its beginning to its end; give its seconds."""
        if trial.begin:
            self.succeed(trial.way, *self.words_up(trial.way, trial.begin))
        command = self.start(trial, arm)
        if trial.verb == "exec":
            _need(eventually(_is_asleep), "exec runs nothing")
            seconds = time.monotonic() - command.begun
            strike(COMMAND, command.pid)
            command.wait()
        else:
            said = command.wait()
            seconds = time.monotonic() - command.begun
            _need(said.code == 0, "the undisturbed command failed", said)
        if trial.verb != "down":
            self.succeed(trial.way, "down")
        self.check_machine()
        return seconds

    def reference(self, way: str, lab: str) -> list[str]:
        """Give the facts of a lab that nobody disturbed."""
        if (way, lab) not in self.references:
            self.succeed(way, *self.words_up(way, lab))
            self.references[way, lab] = self.steady(way)
            self.check(way, lab)
            self.succeed(way, "down")
            self.check_machine()
        return self.references[way, lab]

    def steady(self, way: str) -> list[str]:
        """Give the facts once they change no more."""
        found: list[list[str]] = [self.facts(way)]

        def same() -> bool:
            found.append(self.facts(way))
            return found[-1] == found[-2]

        eventually(same)
        return found[-1]

    def facts(self, way: str) -> list[str]:
        """Ask `ip`, `nft` and /proc."""
        return facts.read(self.succeed(way, "exec", "outside", "sh", "-c", facts.SCRIPT).text)

    def check(self, way: str, lab: str) -> None:
        """See that the running lab is the right one."""
        self.succeed(way, "show", "--drift")
        self.succeed(way, "ping")
        wanted = self.references[way, lab]
        if not eventually(lambda: self.facts(way) == wanted):
            raise FailedError(difference({"lab": wanted}, {"lab": self.facts(way)}))
        if lab.startswith("led"):
            said = self.succeed(way, "exec", "pc1", "bash", "-c", ASK)
            _need(said.text == MACHINE4, "the way out", said)
        names = output("ip", "netns", "list").split()
        nodes = {fact.partition(":")[0] for fact in wanted} - {"lab", "outside", "lan", "dmz"}
        expected = {f"torn-{node}" for node in nodes if way == WAYS[1]}
        _need(expected == set(names), f"names on the machine: {names}")

    def clear(self, way: str) -> None:
        """Have `down` make the machine as it was, whatever there was to end."""
        said = self.machine.run("down", user=way == WAYS[2])
        _need(said.code in (0, 1) and said.is_clean, "down", said)
        self.check_machine()

    def check_machine(self) -> None:
        """See that the machine is as it was at first."""
        if not eventually(lambda: self.machine.state() == self.before):
            raise FailedError(f"left behind: {difference(self.before, self.machine.state())}")

    def words_up(self, way: str, lab: str) -> list[str]:
        """Write the lab's file; give the words that bring it up."""
        path = self.machine.write({"name": "torn", **LABS[lab]})
        return ["up", path, *(["--host"] if way == WAYS[1] else [])]

    def succeed(self, way: str, *words: str) -> Said:
        """Run nslab, which must do well."""
        said = self.machine.run(*words, user=way == WAYS[2])
        _need(said.code == 0, " ".join(words[:2]), said)
        return said


def _need(true: object, what: str, said: Said | None = None) -> None:
    if not true:
        raise FailedError(f"{what}{f' [{said.code}]: {said.text.strip()}' if said else ''}")


def _count(shared: mmap.mmap) -> None:
    """Count steps and calls of this process."""
    counts = [0, 0]

    def more(place: int) -> None:
        counts[place] += 1
        shared[:] = struct.pack("QQ", *counts)

    at_steps(lambda: more(0))
    at_calls(lambda: more(1))


def _is_asleep() -> bool:
    return any(" ".join(SLEEP) in command for command in processes())


@dataclass(slots=True)
class Tally:
    """What came of some trials."""

    counts: collections.Counter[str]
    failures: list[str]
    slowest: float = 0.0


def run(
    numbers: Sequence[int], seed: int, ways: Sequence[str], tell: Callable[[str], None]
) -> Tally:
    """Do trials; after one that failed the others get a new machine."""
    tally = Tally(collections.Counter(), [])
    left, measures = list(numbers), dict[str, list[float]]()
    while left:
        series = functools.partial(_series, numbers=left, seed=seed, ways=ways, measures=measures)
        found = play(series)
        measures = found["measures"]
        done = found["done"]
        tally.counts.update(word for words in found["outcomes"] for word in words)
        tally.slowest = max(tally.slowest, found["slowest"])
        if found["failure"]:
            tally.failures.append(found["failure"])
            tell(f"FAILED {found['failure']}")
        left = left[done:]
        tell(f"{len(numbers) - len(left)} of {len(numbers)} trials, {len(tally.failures)} failed")
    return tally


def _series(
    machine: Machine,
    numbers: list[int],
    seed: int,
    ways: Sequence[str],
    measures: dict[str, list[float]],
) -> dict[str, object]:
    bench = Bench(machine, measures)
    outcomes: list[list[str]] = []
    failure = ""
    for number in numbers[:100]:
        trial = trial_of(seed, number, ways)
        words = [trial.way, trial.verb, trial.victim, trial.kind]
        words.append("with uplink" if "led" in f"{trial.begin}{trial.goal}" else "without uplink")
        try:
            outcomes.append([*words, bench.run(trial)])
        except FailedError as error:
            outcomes.append([*words, "failed"])
            failure = f"{trial.words()}: {error}"
            break
    return {
        "done": len(outcomes),
        "outcomes": outcomes,
        "failure": failure,
        "slowest": bench.slowest,
        "measures": bench.measures,
    }


def ways_here() -> list[str]:
    """Give the ways that this user can play: only root can play a plain user."""
    return list(WAYS if os.geteuid() == 0 else WAYS[:2])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="the number of the first trial")
    parser.add_argument("--only", type=int, nargs="+", help="only the trials of these numbers")
    parser.add_argument("--dry", action="store_true", help="write no result")
    options = parser.parse_args()
    numbers = options.only or range(options.first, options.first + options.trials)
    begun = time.monotonic()
    tally = run(numbers, options.seed, ways_here(), lambda text: print(text, flush=True))
    print(tally.counts, round(time.monotonic() - begun), "s, slowest up", tally.slowest)
    sys.exit(1 if tally.failures else 0)


if __name__ == "__main__":
    main()
