"""Every request of an `up` fails once: all is undone, the error says what failed and why.

`python -m tests.torture.faults` lets every request fail in every way; these are some of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.plan.faulty.labs import SCENARIOS
from tests.plan.faulty.launch import trials

if TYPE_CHECKING:
    from pathlib import Path

_STRIDES = {
    "root-new": 17,
    "root-new-way": 101,
    "root-change": 29,
    "root-change-way": 127,
    "root-change-to-way": 149,
    "root-change-from-way": 149,
    "user-new": 17,
    "user-new-way": 67,
    "user-change": 29,
    "user-change-way": 67,
    "user-change-to-way": 67,
    "user-change-from-way": 67,
}
"""Of so many faults one is tried; primes, so that it is another fault at each request."""


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_request_that_fails_is_undone(scenario: str, tmp_path: Path) -> None:
    counted = trials(scenario, _STRIDES[scenario], 0, tmp_path / "told")
    assert counted["points"] > 50
    assert counted["struck"] > counted["tried"] / 2 > 2  # what waits asks now more, now less often
    assert counted["refused"] > counted["tried"] / 2
