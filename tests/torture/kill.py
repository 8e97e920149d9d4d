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
import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.torture import results
from tests.torture.machine import Machine, play
from tests.torture.moments import BOTH, COMMAND, HOLDER
from tests.torture.trials import WAYS, trial_of
from tests.torture.trying import Bench, FailedError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

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
    rows += [(f"labs {words}", counts[words]) for words in ("with uplink", "without uplink")]
    return [*rows, ("slowest `up` after a kill, s", round(slowest, 2))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="go on with the trial of this number")
    parser.add_argument("--only", type=int, nargs="+", help="only the trials of these numbers")
    options = parser.parse_args()
    numbers = options.only or range(options.first, options.first + options.trials)
    tally = run(numbers, options.seed, ways_here(), lambda text: print(text, flush=True))
    if not options.only:
        tell(tally, options.first, options.seed)
    sys.exit(1 if tally.failures else 0)


def tell(tally: Tally, first: int, seed: int) -> None:
    """Write the result, added to that of the trials before the first."""
    before = results.read("kill") if first else None
    tally.counts["trials"] = sum(tally.counts[way] for way in WAYS)
    slowest = tally.slowest
    if before is not None:
        known = dict(before["figures"])
        slowest = max(slowest, known.pop("slowest `up` after a kill, s"))
        fresh = figures_of(tally.counts, len(tally.failures), slowest)
        figures = [(words, count + known.get(words, 0)) for words, count in fresh[:-1]]
        figures.append(fresh[-1])
        tally.failures[:0] = before["failures"]
    else:
        figures = figures_of(tally.counts, len(tally.failures), slowest)
    command = f"python -m tests.torture.kill --trials {figures[0][1]} --seed {seed}"
    results.write("kill", command, figures, tally.failures)


if __name__ == "__main__":
    main()
