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
import os
import sys
import time
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING

from tests.torture import results
from tests.torture.machine import Machine, play
from tests.torture.moments import BOTH, COMMAND, HOLDER
from tests.torture.trials import WAYS, Trial, trial_of
from tests.torture.trying import Bench, FailedError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.torture.machine import Json
    from tests.torture.trying import Measures

_SERIES = 100

SAID = {
    "up": "`up`",
    "change": "`up` on a change",
    "down": "`down`",
    "holder": "the life of a lab at rest",
    "exec": "`exec`",
}
MOMENTS = {
    "time": "at random in the time that the command takes",
    "step": "after a step",
    "call": "after a call into the kernel",
    "at rest": "while no command ran",
}
KINDS_OF_LABS = {
    "with an uplink": "led out",
    "with a bridge of the machine": "joined",
    "with neither": "plain",
}


@dataclass(slots=True)
class Tally:
    """What came of some trials, and what is known of undisturbed commands."""

    counts: collections.Counter[str] = field(default_factory=collections.Counter)
    failures: list[str] = field(default_factory=list)
    slowest: float = 0.0
    measures: Measures = field(default_factory=dict)

    def add(self, found: Json) -> None:
        """Add what came of a series."""
        self.counts.update(word for words in found["outcomes"] for word in words)
        self.counts["trials"] += found["done"]
        self.slowest = max(self.slowest, found["slowest"])
        self.measures = found["measures"]
        if found["failure"]:
            self.failures.append(found["failure"])


def run(trials: Sequence[Trial], tally: Tally) -> Iterator[tuple[int, str]]:
    """Do trials, a series on each machine; a trial that fails is the last of its machine.

    Yields:
        After each series how many are done, and what failed in it.
    """
    left = list(trials)
    while left:
        series = functools.partial(_series, trials=left[:_SERIES], measures=tally.measures)
        found = play(series)
        tally.add(found)
        left = left[found["done"] :]
        yield len(trials) - len(left), found["failure"]


def _series(
    machine: Machine,
    trials: list[Trial],
    measures: Measures,
) -> dict[str, object]:
    bench = Bench(machine, measures)
    outcomes: list[list[str]] = []
    failure = ""
    for trial in trials:
        words = [trial.way, trial.verb, trial.victim, trial.kind]
        words += [words for words, name in KINDS_OF_LABS.items() if trial.has(name)]
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


def figures_of(counts: dict[str, int], failed: int, slowest: float) -> list[results.Figure]:
    """Put what was counted into words."""
    rows: list[results.Figure] = [
        ("trials", counts["trials"]),
        ("trials after which something was wrong or left behind", failed),
    ]
    rows += [(f"run by {way}", counts[way]) for way in WAYS]
    rows += [(f"during {words}", counts[verb]) for verb, words in SAID.items()]
    rows += [(f"killed: {victim}", counts[victim]) for victim in (COMMAND, HOLDER, BOTH)]
    rows += [(f"moment: {words}", counts[kind]) for kind, words in MOMENTS.items()]
    rows += [(f"labs {words}", counts[words]) for words in KINDS_OF_LABS]
    return [*rows, ("slowest `up` after a kill, s", round(slowest, 2))]


def vars_of(tally: Tally) -> dict[str, object]:
    """Give a tally as JSON has it."""
    return {one.name: getattr(tally, one.name) for one in fields(tally)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int, nargs="+", help="only the trials of these numbers")
    parser.add_argument("--minutes", type=float, default=1e9, help="stop after so long")
    parser.add_argument("--state", type=Path, help="a file to go on from, and to go on from later")
    options = parser.parse_args()
    tally = Tally()
    if options.state and options.state.exists():
        known = json.loads(options.state.read_text())
        tally = Tally(**{**known, "counts": collections.Counter(known["counts"])})
    numbers = options.only or range(tally.counts["trials"], options.trials)
    end = time.monotonic() + 60 * options.minutes
    trials = [trial_of(options.seed, number, ways_here()) for number in numbers]
    for done, failure in run(trials, tally):
        print(f"{done} of {len(trials)} trials, {len(tally.failures)} failed {failure}", flush=True)
        if options.state:
            options.state.write_text(json.dumps(vars_of(tally)))
        if not options.only:
            command = f"--trials {tally.counts['trials']} --seed {options.seed}"
            figures = figures_of(tally.counts, len(tally.failures), tally.slowest)
            results.write(
                "kill", f"python -m tests.torture.kill {command}", figures, tally.failures
            )
        if time.monotonic() > end:
            break
    sys.exit(1 if tally.failures else 0)


if __name__ == "__main__":
    main()
