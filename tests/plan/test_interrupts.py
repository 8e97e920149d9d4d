"""Signals in the middle of things: held back, taken at a good moment, everything undone."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, NoReturn

import pytest

from nslab import diff, up
from nslab.errors import LabInterrupted, NslabError
from nslab.kernel.sandbox import Sandbox, running
from nslab.plan.interrupts import held_back
from tests.plan.labs import star

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nslab.plan.steps import Step

HANDLED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@pytest.fixture(autouse=True)
def _handlers() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in HANDLED}
    yield
    after = {number: signal.getsignal(number) for number in HANDLED}
    for number, handler in before.items():
        signal.signal(number, handler)
    assert after == before


def be_struck(number: int, reached: list[str]) -> None:
    with held_back() as check:
        signal.raise_signal(number)
        reached.append("after the signal")
        check()
        reached.append("after the check")


def test_a_signal_waits_for_the_check() -> None:
    reached: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        be_struck(signal.SIGINT, reached)
    assert reached == ["after the signal"]


def test_a_time_limit_waits_as_well() -> None:
    """pytest-timeout's handler of SIGALRM raises."""

    def handler(*_: object) -> None:
        raise TimeoutError

    reached: list[str] = []
    before = signal.signal(signal.SIGALRM, handler)
    try:
        with pytest.raises(TimeoutError):
            be_struck(signal.SIGALRM, reached)
        assert signal.getsignal(signal.SIGALRM) is handler
    finally:
        signal.signal(signal.SIGALRM, before)
    assert reached == ["after the signal"]


def test_a_signal_that_nobody_checked_for_comes_at_the_end() -> None:
    with pytest.raises(KeyboardInterrupt), held_back():
        signal.raise_signal(signal.SIGINT)


def test_a_second_signal_does_not_disturb_the_undoing() -> None:
    undone: list[bool] = []

    def work() -> None:
        with held_back() as check:
            signal.raise_signal(signal.SIGINT)
            try:
                check()
            except KeyboardInterrupt:
                signal.raise_signal(signal.SIGINT)
                undone.append(True)
                raise

    with pytest.raises(KeyboardInterrupt):
        work()
    assert undone


def test_a_handler_of_the_program_is_only_put_off() -> None:
    came: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _: came.append(number))
    try:
        with held_back() as check:
            signal.raise_signal(signal.SIGTERM)
            assert came == []
            check()
            assert came == [signal.SIGTERM]
        assert came == [signal.SIGTERM]
    finally:
        signal.signal(signal.SIGTERM, before)


def test_ignored_signals_stay_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with held_back() as check:
            signal.raise_signal(signal.SIGHUP)
            check()
    finally:
        signal.signal(signal.SIGHUP, before)


def test_other_threads_hold_nothing_back() -> None:
    found: list[object] = []

    def work() -> None:
        with held_back() as check:
            check()
            found.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [signal.getsignal(signal.SIGINT)]


def at(place: int, number: int = signal.SIGINT) -> object:
    """Give a watcher that sends this process a signal at the step of that number."""
    seen = 0

    def watch(_: Step) -> None:
        nonlocal seen
        seen += 1
        if seen == place:
            signal.raise_signal(number)

    return watch


@pytest.mark.kernel
@pytest.mark.usefixtures("able")
@pytest.mark.parametrize("place", [1, 7, 30, 53])
def test_a_new_lab_is_undone(name: str, place: int) -> None:
    with pytest.raises(LabInterrupted, match="was undone"):
        up(star(name, 12), watch=at(place))  # type: ignore[arg-type]
    assert name not in running()


@pytest.mark.kernel
@pytest.mark.usefixtures("able")
@pytest.mark.parametrize("place", [1, 10, 20])
def test_a_running_lab_is_as_it_was(name: str, place: int) -> None:
    with up(star(name, 2)) as lab:
        with pytest.raises(LabInterrupted, match="is as it was before"):
            up(star(name, 9), watch=at(place))  # type: ignore[arg-type]
        assert lab.drift() == []
        assert diff(star(name, 2)).steps == ()
        assert lab.ping().ok


def test_a_signal_is_the_reason_of_what_fails_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Until it has a session of its own, the holder's process gets the terminal's signals, too."""

    def start(*_: object, **__: object) -> NoReturn:
        signal.raise_signal(signal.SIGINT)
        raise NslabError("the holder died")

    monkeypatch.setattr(Sandbox, "start", start)
    with pytest.raises(KeyboardInterrupt):
        up(star("struck", 1))


@pytest.mark.kernel
@pytest.mark.usefixtures("able")
def test_a_signal_that_kills_does_so_after_the_undoing(name: str) -> None:
    code = f"""
import os, signal
from nslab import Lab, up
lab = Lab({name!r})
lab.cable("a", "b", subnet="10.0.0.0/30")
steps = []
def watch(step):
    steps.append(step)
    if len(steps) == 5:
        os.kill(os.getpid(), signal.SIGTERM)
up(lab, keep=True, watch=watch)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert done.returncode == -signal.SIGTERM
    assert name not in running()
