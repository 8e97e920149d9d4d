"""Some trials of `kill.py`; `python -m tests.torture.kill` does as many as one likes."""

from __future__ import annotations

import shutil

import pytest

from tests.plan.way.world import need
from tests.torture.kill import Tally, run, ways_here
from tests.torture.trials import trial_of

TRIALS, SEED = 60, 7
CHANGES = [("plain", "led out"), ("led out", "led out, changed"), ("led out", "joined")]
"""A few: every other one would have to be known undisturbed first, which takes its time."""


def test_whatever_is_killed_the_next_up_is_right_and_down_leaves_nothing() -> None:
    need(user=len(ways_here()) == 3)
    if shutil.which("nsenter") is None:
        pytest.skip("nsenter is not installed")
    tally = Tally()
    trials = [trial_of(SEED, number, ways_here(), CHANGES) for number in range(TRIALS)]
    try:
        for done, failure in run(trials, tally):
            print(done, failure)
    except PermissionError as error:
        pytest.skip(str(error))
    assert tally.failures == []
    assert tally.counts["killed"] > TRIALS // 3
