from __future__ import annotations

import functools

import pytest

from tests.ip.twins import CASES, Case, compare, has_kind, read_cases, why_not_compare
from tests.kernel.sandboxed import sandboxed

ALL = [case for path in sorted(CASES.glob("*.txt")) for case in read_cases(path)]

probe = functools.cache(has_kind)


@pytest.mark.parametrize("case", ALL, ids=lambda case: f"{case.place} {case.title}")
@sandboxed
def test_the_same_answers_as_the_real_program(case: Case) -> None:
    reason = why_not_compare()
    if reason:
        pytest.skip(reason)
    for kind in case.needs:
        if not probe(kind):
            pytest.skip(f"this kernel has no links of kind {kind}")
    difference = compare(case)
    assert not difference, f"\n{difference}"
