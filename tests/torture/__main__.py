"""Run all parts, or some of them by their names, one after another, and write the document.

python -m tests.torture [PART…]
"""

from __future__ import annotations

import subprocess
import sys

from tests.torture.report import PARTS

_LABS = ("labs", "--examples", "100", "--seconds", "180")
RUNS: dict[str, list[tuple[str, ...]]] = {
    "kill": [("kill", "--trials", "1000")],
    "faults": [("faults",)],
    "peers": [("peers", "--trials", "14")],
    "fuzz": [
        ("fuzz", "--target", "netlink", "--inputs", "1000000"),
        ("fuzz", "--target", "loader", "--inputs", "200000"),
        ("fuzz", "--target", "ip", "--inputs", "200000"),
    ],
    "cycles": [("cycles",)],
    "many": [("many", "--labs", "50")],
    "labs": [
        _LABS,
        (*_LABS, "--way", "kernel"),
        (*_LABS, "--user"),
        (*_LABS, "--user", "--way", "pasta"),
    ],
}
"""The commands of each part."""


def main(names: list[str]) -> int:
    """Run each command in a process of its own; give 1 if one failed, 2 for an unknown part."""
    if unknown := set(names) - set(PARTS):
        print(f"no parts: {', '.join(unknown)}; the parts: {', '.join(PARTS)}", file=sys.stderr)
        return 2
    codes = [_run(*words) for name in names or PARTS for words in RUNS[name]]
    subprocess.run([sys.executable, "-m", "tests.torture.report"], check=True)
    return int(any(codes))


def _run(module: str, *words: str) -> int:
    command = [sys.executable, "-m", f"tests.torture.{module}", *words]
    return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
