"""Signals for a command and all that it starts, as a terminal sends them, at chosen moments."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_AGAIN = 0.02


@dataclass(frozen=True)
class Blow:
    """A signal at a moment, alone or with another one soon after."""

    after: float
    number: signal.Signals = signal.SIGINT
    again: bool = False


def blows(seed: int, count: int, longest: float) -> Iterator[Blow]:
    """Give blows at random moments, the same ones for the same seed; every other comes twice."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    for place in range(count):
        number = SIGNALS[place % len(SIGNALS)]
        yield Blow(chance.uniform(0, longest), number, again=place % 2 == 1)


def strike(command: Sequence[str], blow: Blow, **options: object) -> tuple[int, str]:
    """Run a command and strike its process group; give exit code and what it said on stderr."""
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        **options,  # type: ignore[call-overload]
    ) as process:
        time.sleep(blow.after)
        for _ in range(1 + blow.again):
            with suppress(ProcessLookupError):
                os.killpg(process.pid, blow.number)
            time.sleep(_AGAIN)
        said = process.communicate(timeout=60)[1]
    return process.returncode, said


def fits(code: int, said: str, blow: Blow) -> bool:
    """Tell whether a command ended as it should: done, told in one line, or never begun."""
    lines = said.splitlines()
    if code == 128 + blow.number:
        return len(lines) <= 1 and all(line.startswith("nslab: interrupted") for line in lines)
    return not_begun(code, said) or (code in (0, -blow.number) and not lines)


def not_begun(code: int, said: str) -> bool:
    """Tell whether the signal struck Python itself, which was only starting, or loading `entry`."""
    begun = ", in entry\n" in said
    return code in (1, -signal.SIGINT) and "KeyboardInterrupt" in said and not begun
