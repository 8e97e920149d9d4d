"""Random labs on the real kernel: up, changed, disturbed, down.

`python -m tests.torture.labs --examples 200` does it as whoever runs it; each example is one lab:

1. `up`, then what `show` prints is the lab again, nothing drifts, and a second `up` does nothing.
2. Somebody changes something by hand: drift names it and nothing else, and `up` takes it back.
3. An edit of the file, then `up`: the namespaces are as those of a fresh `up` of the edited file.
4. `down`: this process sees nothing that it did not see before.

With `--room 2` two ports fill a fabric, so that segments are laid over several.
With `--way kernel` or `--way pasta` the labs that have an uplink lead to a played internet.
"""

from __future__ import annotations

import argparse
import os
import pickle
import random
import sys
import tempfile
import time
import traceback
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from nslab.ip import program
from nslab.plan import segment
from tests.kernel.sandboxed import _become_nobody, _enter
from tests.plan.way.world import World, build, python_for_all, serve_apart
from tests.state import MARK
from tests.torture import results
from tests.torture.drawing import edited, real_trees
from tests.torture.trial import Tally, Trial

_PART = 10  # examples, after which the time is looked at


def enter(*, user: bool, internet: bool = False) -> None:
    """Leave the machine for namespaces of this process's own; become a plain user there.

    Args:
        user: whether root gives up being root.
        internet: whether to play an internet beyond `eth0` (root alone can).
    """
    os.environ[MARK] = str(os.getpid())
    is_root = os.getuid() == 0
    _enter()
    if internet:
        build(World(Path(tempfile.gettempdir()), user=user), serve_apart)
    else:
        assert program.run("ip", ["link", "set", "lo", "up"]) == 0
    if user and is_root:
        sys.executable = python_for_all()  # the holder's; root's own may be hidden from others
        if not sys.executable:
            pytest.skip("no Python here is for all users")
        _become_nobody()


def run(trial: Trial, examples: int, start: int, seconds: float) -> list[str]:
    """Run so many examples, or for so many seconds; give what failed."""
    begun, failures = time.monotonic(), list[str]()
    for part in range(0, examples, _PART):
        if time.monotonic() - begun < seconds:
            _run_part(trial, min(_PART, examples - part), start * 1000 + part, failures)
    return failures


def _run_part(trial: Trial, examples: int, start: int, failures: list[str]) -> None:
    @seed(start)
    @settings(
        max_examples=examples,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def one(data: st.DataObject) -> None:
        tree = data.draw(real_trees())
        edit = data.draw(edited(tree))
        chance = random.Random(data.draw(st.integers(0, 1 << 30)))  # noqa: S311 - no secret
        try:
            trial.run(tree, edit, chance)
        except Exception as error:  # noqa: BLE001 - told at the end, with what made it
            line = traceback.extract_tb(error.__traceback__)[-1]
            place = f"{Path(line.filename).name}:{line.lineno}"
            failures.append(f"{type(error).__name__} at {place}: {error} <- {tree} => {edit}")

    one()


def figures(tally: Tally, way: str, failures: int) -> list[results.Figure]:
    """Say what was done."""
    return [
        ("random labs", tally.labs),
        ("way out", way),
        ("nodes in all", tally.nodes),
        ("nodes of the largest", tally.most),
        ("endpoints in all", tally.ends),
        ("edits of a running lab that became as a fresh one", tally.edits),
        ("changes by hand, each named by drift", sum(tally.disturbed.values())),
        *((f"of these: {kind}", count) for kind, count in sorted(tally.disturbed.items())),
        ("failures", failures),
    ]


def main() -> int:
    """Run it and write the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=220.0)
    parser.add_argument("--user", action="store_true", help="root plays a plain user")
    parser.add_argument("--room", type=int, default=segment.ROOM, help="ports of a fabric")
    parser.add_argument("--way", choices=("none", "kernel", "pasta"), default="none")
    options = parser.parse_args()
    who = "root" if os.getuid() == 0 and not options.user else "user"
    tally, failures = _in_child(options)
    command = "python -m tests.torture.labs " + " ".join(sys.argv[1:])
    found = figures(tally, options.way, len(failures))
    for words, number in found:
        print(f"{words}: {number}")
    for failure in failures:
        print(f"  {failure[:500]}")
    if options.room == segment.ROOM:
        results.write(f"labs-{who}-{options.way}", command, found, failures)
    return 1 if failures else 0


def _in_child(options: argparse.Namespace) -> tuple[Tally, list[str]]:
    """Run it in a child, which leaves this machine's namespaces and perhaps this user."""
    readable, writable = os.pipe()
    child = os.fork()
    if child == 0:
        enter(user=options.user, internet=options.way != "none")
        segment.ROOM = options.room
        trial = Trial(options.way)
        failures = run(trial, options.examples, options.seed, options.seconds)
        with os.fdopen(writable, "wb") as pipe:
            pickle.dump((trial.tally, failures), pipe)
        os._exit(0)
    os.close(writable)
    with os.fdopen(readable, "rb") as pipe:
        found: tuple[Tally, list[str]] = pickle.load(pipe)  # noqa: S301 - our own child's
    os.waitpid(child, 0)
    return found


if __name__ == "__main__":
    sys.exit(main())
