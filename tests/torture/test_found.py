"""What the trials of `kill.py` have found, one case each.

Those of labs that are only just ending went wrong now and then: it hung on how far the kernel was.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import pytest

from tests.torture.moments import BOTH, COMMAND, HOLDER
from tests.torture.playing import played
from tests.torture.trials import WAYS, Trial
from tests.torture.trying import Bench

if TYPE_CHECKING:
    from tests.torture.machine import Json, Machine

ROOT, HOSTED, USER = WAYS


def trial(
    way: str,
    verb: str,
    labs: tuple[str | None, str | None, str],
    moment: tuple[str, str, float] = (HOLDER, "at rest", 0.0),
    *,
    down_first: bool = False,
) -> Trial:
    (begin, goal, then), (victim, kind, share) = labs, moment
    return Trial(0, way, verb, begin, goal, victim, kind, share, then, down_first)


LED, MORE, PLAIN, JOINED = "led out", "led out, changed", "plain", "joined"
CASES = {
    "the ended lab's veth is still there": trial(ROOT, "holder", (LED, LED, LED)),
    "the ended lab was led out, the next is not": trial(ROOT, "holder", (LED, LED, PLAIN)),
    "down comes while the lab is ending": trial(HOSTED, "holder", (LED, LED, LED), down_first=True),
    "names of a lab that is ending": trial(HOSTED, "holder", (PLAIN, PLAIN, MORE)),
    "a changed lab is another one by now": trial(
        ROOT, "change", (LED, MORE, PLAIN), (COMMAND, "step", 0.7)
    ),
    "what leads out was made last of all": trial(
        ROOT, "change", (PLAIN, LED, PLAIN), (COMMAND, "step", 0.99)
    ),
    "the bridge has the way out's MTU already": trial(
        HOSTED, "change", (PLAIN, LED, JOINED), (COMMAND, "step", 0.7746)
    ),
    "the change begins anew without its holder": trial(
        ROOT, "change", (LED, PLAIN, LED), (HOLDER, "step", 0.1)
    ),
    "pasta has an ifindex of its own": trial(
        USER, "change", (LED, MORE, PLAIN), (BOTH, "step", 0.5)
    ),
    "pasta has ended, the rest of the way out not": trial(
        USER, "change", (LED, PLAIN, PLAIN), (COMMAND, "step", 0.2)
    ),
}


def once(machine: Machine, one: Trial, *, user: bool) -> Json:
    assert user == (one.way == USER)
    return {"outcome": Bench(machine, {}).run(one)}


@pytest.mark.parametrize("name", CASES)
def test_what_was_found_is_right_now(name: str) -> None:
    one = CASES[name]
    played(functools.partial(once, one=one), user=one.way == USER)


def all_through_down(machine: Machine, *, user: bool) -> Json:
    bench = Bench(machine, {})
    for place in range(4, 20, 2):
        way = USER if user else ROOT
        bench.run(trial(way, "down", (LED, None, PLAIN), (COMMAND, "call", place / 20)))
    return {}


def test_a_down_that_was_killed_is_no_way_out_of_the_next_lab() -> None:
    played(all_through_down, user=False)
