"""A few random labs, the same in every run; `python -m tests.torture.labs` tries more."""

from __future__ import annotations

import pytest

from nslab.plan import segment
from tests.kernel.sandboxed import _forked
from tests.torture.labs import enter, run
from tests.torture.trial import Trial

pytestmark = pytest.mark.kernel


@pytest.mark.parametrize(
    ("user", "start", "room"),
    [(False, 1, segment.ROOM), (False, 2, 1), (False, 4, 2), (True, 3, segment.ROOM)],
)
def test_random_labs_come_up_change_are_mended_and_go(
    *, user: bool, start: int, room: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(segment, "ROOM", room)

    def tried() -> None:
        trial = Trial("none")
        failures = run(trial, examples=4, start=start, seconds=100)
        assert not failures, "\n".join(failures)[:4000]
        assert trial.tally.labs > 0

    _forked(lambda: enter(user=user), tried)()
