"""The runner of others' scripts tells well from ill."""

from __future__ import annotations

import pytest

from tests.ip.foreign import Run, agree, judge


@pytest.mark.parametrize(
    ("code", "output", "verdict", "good"),
    [
        (0, "TEST: one  [ OK ]\nTEST: two  [PASS]\n", "pass", 2),
        (0, "Tests passed:  50\nTests failed:   0\n", "pass", 0),
        (0, "Tests passed:  49\nTests failed:   1\n", "fail", 0),
        (0, "TEST: one  [FAIL]\n", "fail", 0),
        (0, "not ok 1 one\n", "fail", 0),
        (1, "TEST: one  [ OK ]\n", "fail", 1),
        (4, "SKIP: no such kernel\n", "skip", 0),
        (None, "", "late", 0),
    ],
)
def test_what_came_of_a_script(code: int | None, output: str, verdict: str, good: int) -> None:
    assert judge(code, output, "", failed=False) == Run(verdict, good)


def test_a_script_that_wrote_down_a_failure_failed() -> None:
    assert judge(0, "", "called a\nreal b\n", failed=True) == Run("fail", 0, 1, 1)


def test_as_many_checks_have_to_go_well() -> None:
    assert agree(Run("pass", 9), Run("pass", 9, 4, 1))
    assert not agree(Run("pass", 9), Run("pass", 8))
    assert not agree(Run("pass", 9), Run("late", 9))
