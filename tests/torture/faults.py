"""Let every request of an `up` fail in every way, one at a time: `python -m tests.torture.faults`.

With names of scenarios only those are run, and take the place of their figures of before.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from tests.plan.faulty.labs import SCENARIOS
from tests.plan.faulty.launch import trials
from tests.torture import results

_SLICES = {"new": 5, "new-way": 17, "change": 11}
_MOST = 19
_KINDS = ("trials", "undone whole", "done all the same")


def main(names: list[str]) -> int:
    """Run scenarios and write what came of them; 1 if any trial failed."""
    rows, failures = _known(names)
    for name in names or SCENARIOS:
        counted = {"tried": 0, "refused": 0, "struck": 0}
        slices = _SLICES.get(name.partition("-")[2], _MOST)
        for first in range(slices):
            failures += _slice(name, slices, first, counted)
            print(f"{name}: {first + 1} of {slices}: {counted}", file=sys.stderr, flush=True)
        done = counted["struck"] - counted["refused"]
        for kind, number in zip(_KINDS, (counted["struck"], counted["refused"], done), strict=True):
            rows[f"{name}: {kind}"] = number
    for kind in _KINDS:
        rows[f"all: {kind}"] = sum(rows.get(f"{name}: {kind}", 0) for name in SCENARIOS)
    results.write("faults", "python -m tests.torture.faults", list(rows.items()), failures)
    return bool(failures)


def _known(names: list[str]) -> tuple[dict[str, int], list[str]]:
    """Give the figures of the scenarios that are not run now."""
    path = results.DIRECTORY / "faults.json"
    if not names or not path.exists():
        return {}, []
    content = json.loads(path.read_text())
    kept = [name for name in SCENARIOS if name not in names]
    rows = {words: number for words, number in content["figures"] if words.split(":")[0] in kept}
    return rows, [one for one in content["failures"] if one.split(":")[0] in kept]


def _slice(name: str, slices: int, first: int, counted: dict[str, int]) -> list[str]:
    with tempfile.TemporaryDirectory() as folder:
        try:
            found = trials(name, slices, first, Path(folder) / "told")
        except BaseException as error:  # noqa: BLE001 - pytest's own, too
            return [f"{name}: slice {first} of {slices}: {str(error)[:2000]}"]
    for key in counted:
        counted[key] += found[key]
    return []


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
