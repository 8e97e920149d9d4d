"""The comparison itself: what depends on the time is the same, and nothing else is."""

from __future__ import annotations

from itertools import pairwise

import pytest

from tests.ip.twins import CASES, Case, Normal, read_cases

LEAST_APART = 60
"""Seconds between two lifetimes of a case, which no run of it may take."""

_CASE = Case("", "", ("ip addr add 10.0.0.1/24 dev v valid_lft 1000 preferred_lft 0x200",))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("valid_lft 1000sec preferred_lft 512sec", "valid_lft 998sec preferred_lft 510sec"),
        ('"valid_life_time":1000,', '"valid_life_time":999,'),
        ('"preferred_life_time": 512\n', '"preferred_life_time": 509\n'),
        ("lladdr 02:00:00:00:00:01 used 0/60/0", "lladdr 02:00:00:00:00:01 used 1/62/2"),
        ('"used":0,"updated":0', '"used":3,"updated":1'),
        ("address 02:12:34:56:78:9a", "address 02:9a:78:56:34:12"),
    ],
)
def test_what_depends_on_the_time_is_the_same(first: str, second: str) -> None:
    plain = Normal(_CASE, 3)
    assert plain(first) == plain(second)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("valid_lft 1000sec", "valid_lft 990sec"),
        ("valid_lft 1000sec", "valid_lft 1001sec"),
        ("valid_lft 1000sec", "valid_lft 512sec"),
        ("valid_lft forever", "valid_lft 1000sec"),
        ('"valid_life_time":4294967295,', '"valid_life_time":4294967294,'),
        ("used 0/60/0", "used 0/0/60"),
        ("used 0/60/0", "used 0/600/0"),
        ("mtu 1000", "mtu 999"),
    ],
)
def test_all_else_differs(first: str, second: str) -> None:
    plain = Normal(_CASE, 3)
    assert plain(first) != plain(second)


def test_no_lifetime_of_a_case_comes_down_to_another_while_it_runs() -> None:
    for path in CASES.glob("*.txt"):
        for case in read_cases(path):
            given = sorted({*Normal(case, 0).given, 0})
            near = [pair for pair in pairwise(given) if pair[1] - pair[0] < LEAST_APART]
            assert not near, case.place
