"""Let every request of an `up` fail, one at a time: `python -m tests.torture.faults`.

Those of labs without a way out fail in every way, those of labs with one in one way each, since
they are many; `--every` lets them fail in every way, too. With names of scenarios only those are
run, and take the place of their figures of before.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from tests.plan.faulty.labs import SCENARIOS
from tests.plan.faulty.launch import trials
from tests.torture import results

_SLICES = {"once": 3, "every": 7, "every, with a way": 23}
"""On so many machines, one after the other: each lasts two minutes at most."""

_KINDS = ("trials", "undone whole", "done all the same")


def main(names: list[str], *, every: bool) -> int:
    """Run scenarios and write what came of them; 1 if any trial failed."""
    rows, failures = _known(names)
    for name in names or SCENARIOS:
        counted = {"tried": 0, "refused": 0, "struck": 0}
        failures += _scenario(name, counted, once="way" in name and not every)
        done = counted["struck"] - counted["refused"]
        for kind, number in zip(_KINDS, (counted["struck"], counted["refused"], done), strict=True):
            rows[f"{name}: {kind}"] = number
    for kind in _KINDS:
        rows[f"all: {kind}"] = sum(rows.get(f"{name}: {kind}", 0) for name in SCENARIOS)
    results.write("faults", "python -m tests.torture.faults", list(rows.items()), failures)
    return bool(failures)


def _scenario(name: str, counted: dict[str, int], *, once: bool) -> list[str]:
    """Run a scenario; add what was counted, give what failed."""
    slices = _SLICES["once" if once else "every, with a way" if "way" in name else "every"]
    failures = []
    for first in range(slices):
        with tempfile.TemporaryDirectory() as folder:
            try:
                found = trials(name, slices, first, Path(folder) / "told", once=once)
            except BaseException as error:  # noqa: BLE001 - pytest's own, too
                failures.append(
                    f"{name}: slice {first} of {slices}: {' '.join(str(error).split())[:600]}"
                )
                continue
        for key in counted:
            counted[key] += found[key]
        print(f"{name}: {first + 1} of {slices}: {counted}", file=sys.stderr, flush=True)
    return failures


def _known(names: list[str]) -> tuple[dict[str, int], list[str]]:
    """Give the figures of the scenarios that are not run now."""
    path = results.DIRECTORY / "faults.json"
    if not names or not path.exists():
        return {}, []
    content = json.loads(path.read_text())
    kept = [name for name in SCENARIOS if name not in names]
    rows = {words: number for words, number in content["figures"] if words.split(":")[0] in kept}
    return rows, [one for one in content["failures"] if one.split(":")[0] in kept]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("names", nargs="*", metavar="SCENARIO", help=", ".join(SCENARIOS))
    parser.add_argument("--every", action="store_true", help="with a way out, too, in every way")
    options = parser.parse_args()
    sys.exit(main(options.names, every=options.every))
