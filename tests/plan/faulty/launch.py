"""Have a scenario's trials run on a played machine, as root or as a plain user."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from tests.plan.faulty.labs import SCENARIOS
from tests.plan.way.world import World, in_world

_ROOT = str(Path(__file__).parents[3])
_LIMIT = 110
_CODE = "from tests.plan.faulty.drive import main; main()"


def trials(
    scenario: str, stride: int, first: int, told: Path, *, once: bool = False
) -> dict[str, int]:
    """Let every stride-th request of a scenario fail, from the first-th on.

    Args:
        scenario: its name.
        stride: 1 for all that can befall every request.
        once: let only one thing befall each request, another one at each.
        first: from 0, less than stride.
        told: a file for what is said meanwhile.

    Returns:
        How many points there are, and of how many trials how many struck and were refused.

    Raises:
        AssertionError: what was wrong with what came of a trial.
    """

    def drive(world: World) -> None:
        before = world.state()
        _drive(world, scenario, (stride, first, *(["once"] if once else [])), told)
        assert world.state() == before

    in_world(user=SCENARIOS[scenario].user)(drive)()
    said = [json.loads(line) for line in told.read_text().splitlines()]
    wrong = [one for one in said if "wrong" in one]
    assert not wrong, "\n".join(map(str, wrong))
    counted: dict[str, int] = said[-1]
    return counted


def _drive(world: World, scenario: str, which: tuple[object, ...], told: Path) -> None:
    words = world._command([])
    place = words.index("-m")
    path = next(number for number, word in enumerate(words) if word.startswith("PYTHONPATH="))
    words[path] += f":{_ROOT}"
    command = ["unshare", "--pid", "--fork", "--mount-proc", *words[:place], "-c", _CODE, scenario]
    with told.open("w") as file:
        try:
            done = subprocess.run(
                [*command, *map(str, which)],
                stdout=file,
                stderr=subprocess.PIPE,
                text=True,
                check=False,
                timeout=_LIMIT,
            )
        except subprocess.TimeoutExpired:
            said = "\n".join(told.read_text().splitlines()[-5:])
            raise AssertionError(f"not done after {_LIMIT} s; said last: {said}") from None
    assert done.returncode == 0, done.stderr
