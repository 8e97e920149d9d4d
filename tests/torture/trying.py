"""One trial of `kill.py`: what is done, and what must be so afterwards."""

from __future__ import annotations

import functools
import mmap
import os
import signal
import time
from struct import Struct
from typing import TYPE_CHECKING

from tests.kernel.labs import eventually
from tests.plan.way.world import MACHINE4
from tests.state import difference, processes
from tests.torture import facts
from tests.torture.machine import Machine, output
from tests.torture.moments import after, at_calls, at_steps, count_all, strike
from tests.torture.trials import ASK, LABS, SLEEP, WAYS, Trial

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.torture.machine import Command, Said

    Measures = dict[str, dict[str, float]]
    """Of each command undisturbed: its seconds, its steps, its calls into the kernel."""

EXEC = ["exec", "pc1", *SLEEP]
_COUNT = Struct("Q")


class FailedError(Exception):
    """A trial that did not end well; says how."""


class Bench:
    """A machine with what is known of it and of its labs undisturbed."""

    def __init__(self, machine: Machine, measures: Measures) -> None:
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
        whole = self.whole(trial) if trial.kind != "at rest" else 0
        if trial.begin:
            self.succeed(way, *self.words_up(way, trial.begin))
        outcome = self.kill(trial, whole)
        if trial.down_first:
            self.clear(way)
        begun = time.monotonic()
        self.succeed(way, *self.words_up(way, trial.then))
        self.slowest = max(self.slowest, time.monotonic() - begun)
        self.check(way, trial.then)
        self.succeed(way, "down")
        self.check_machine()
        return outcome

    def kill(self, trial: Trial, whole: float) -> str:
        """Run the command and strike when that share of the whole has passed."""
        if trial.kind == "at rest":
            strike(trial.victim, -1)
            return "killed"
        place = 1 + int(trial.share * whole)
        arms: dict[str, Callable[[], None]] = {
            "time": lambda: None,
            "step": lambda: at_steps(after(place, trial.victim)),
            "call": lambda: at_calls(after(place, trial.victim)),
        }
        command = self.start(trial, arms[trial.kind])
        if trial.kind == "time":
            time.sleep(trial.share * whole)
            strike(trial.victim, command.pid)
        if trial.verb == "exec" and trial.kind == "call":
            time.sleep(trial.share * 0.1)
            strike(trial.victim, command.pid)
        said = command.wait()
        _need(said.code is not None, "the command hung", said)
        _need(said.is_clean, "the command said", said)
        if trial.verb == "exec":
            _need(eventually(lambda: not _is_asleep(), 5.0), "what exec ran goes on", said)
        return "killed" if said.code == -9 else "ended itself"

    def start(self, trial: Trial, arm: Callable[[], None] = lambda: None) -> Command:
        """Start a trial's command."""
        user = trial.way == WAYS[2]
        words = EXEC if trial.verb == "exec" else ["down"]
        if trial.goal and trial.verb != "exec":
            words = self.words_up(trial.way, trial.goal)
        return self.machine.start(words, user=user, arm=arm)

    def whole(self, trial: Trial) -> float:
        """Tell how long a trial's command takes undisturbed, or how many moments it has."""
        key = _key(trial.way, trial.verb, trial.begin, trial.goal)
        if key not in self.measures and trial.verb == "change":
            self.learn_change(trial)
        elif key not in self.measures:
            self.reference(trial.way, str(trial.begin or trial.goal))
        return self.measures[key][trial.kind]

    def learn_change(self, trial: Trial) -> None:
        """Measure a change from one lab to another."""
        way, begin, goal = trial.way, str(trial.begin), str(trial.goal)
        self.succeed(way, *self.words_up(way, begin))
        words = self.words_up(way, goal)
        self.measures[_key(way, "change", begin, goal)] = self.measured(way, words)
        self.succeed(way, "down")
        self.check_machine()

    def reference(self, way: str, lab: str) -> list[str]:
        """Give the facts of a lab that nobody disturbs; measure what is done with it meanwhile."""
        if (way, lab) not in self.references:
            words = self.words_up(way, lab)
            self.measures[_key(way, "up", None, lab)] = self.measured(way, words)
            self.references[way, lab] = self.steady(way)
            self.check(way, lab)
            self.measures[_key(way, "exec", lab, lab)] = self.measured(way, EXEC, ends=False)
            self.measures[_key(way, "down", lab, None)] = self.measured(way, ["down"])
            self.check_machine()
        return self.references[way, lab]

    def measured(self, way: str, words: list[str], *, ends: bool = True) -> dict[str, float]:
        """Run a command undisturbed; give its seconds, its steps and its calls into the kernel."""
        steps, calls = mmap.mmap(-1, _COUNT.size), mmap.mmap(-1, _COUNT.size)
        arm = functools.partial(count_all, _counter(steps), _counter(calls))
        command = self.machine.start(words, user=way == WAYS[2], arm=arm)
        if not ends:
            _need(eventually(_is_asleep, 5.0), f"{words[0]} runs nothing")
            os.kill(command.pid, signal.SIGKILL)
        said = command.wait()
        seconds = time.monotonic() - command.begun
        _need(said.code == (0 if ends else -signal.SIGKILL), "the undisturbed command", said)
        step, call = (_COUNT.unpack(shared)[0] for shared in (steps, calls))
        return {"time": seconds, "step": step, "call": call}

    def steady(self, way: str) -> list[str]:
        """Give the facts once they change no more."""
        found: list[list[str]] = [self.facts(way)]

        def same() -> bool:
            found.append(self.facts(way))
            return found[-1] == found[-2]

        eventually(same, 5.0)
        return found[-1]

    def facts(self, way: str) -> list[str]:
        """Ask `ip`, `nft` and /proc."""
        return facts.read(self.succeed(way, "exec", "outside", "sh", "-c", facts.SCRIPT).text)

    def check(self, way: str, lab: str) -> None:
        """See that the running lab is the right one."""
        self.succeed(way, "show", "--drift")
        self.succeed(way, "ping")
        wanted = self.references[way, lab]
        if not eventually(lambda: self.facts(way) == wanted, 5.0):
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
        if not eventually(lambda: self.machine.state() == self.before, 5.0):
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


def _key(way: str, verb: str, begin: str | None, goal: str | None) -> str:
    return f"{way}, {verb}, {begin} to {goal}"


def _counter(shared: mmap.mmap) -> Callable[[], None]:
    """Give what counts the moments of this process."""
    count = 0

    def more() -> None:
        nonlocal count
        count += 1
        shared[:] = _COUNT.pack(count)

    return more


def _is_asleep() -> bool:
    return any(" ".join(SLEEP) in command for command in processes().values())
