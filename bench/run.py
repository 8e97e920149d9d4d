"""Run the benchmark, or parts of it, and write the report.

Usage: python3 bench/run.py [--quick] [--only star,ping] [--nodes 30000] [--report]
Needs Python >= 3.11 alone; what the contestants need is in bench/README.md.
"""

from __future__ import annotations

import argparse
import os
import shlex
import sys
import time
from pathlib import Path

import machine
import process
import results
import settle
from alternation import say
from field import contestants
from options import Options
from parts import PARTS
from report import write

ROOT = machine.ROOT
TIMEOUT = 900.0
"""Seconds after which one run is given up."""


def parse(arguments: list[str]) -> Options:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="small networks, one round")
    parser.add_argument("--only", default="", help=f"parts, with commas: {', '.join(PARTS)}")
    parser.add_argument("--nodes", help="sizes of the networks; alone: of the part `huge`")
    parser.add_argument("--rounds", type=int, help="of each size, instead of each part's own")
    parser.add_argument("--contestants", default="", help="who takes part, with commas")
    parser.add_argument("--report", action="store_true", help="write the report, measure nothing")
    parser.add_argument("--python", help="the interpreter that has nslab (default: .venv's)")
    parser.add_argument("--results", type=Path, help="the file of the figures")
    parser.add_argument("--output", type=Path, help="the folder for the report")
    parser.add_argument("--timeout", type=float, default=TIMEOUT, help="seconds for one run")
    found = parser.parse_args(arguments)
    beside = ROOT / ".venv/bin/python"
    python = str(Path.cwd() / (found.python or (beside if beside.exists() else sys.executable)))
    only, who = _words(found.only), _words(found.contestants)
    for word in set(only) - PARTS.keys():
        parser.error(f"no such part: {word}")
    for word in set(who) - {one.key for one in contestants(python)}:
        parser.error(f"no such contestant: {word}")
    nodes = [int(word) for word in _words(found.nodes or "")] or None
    parts = only or (["huge"] if nodes else [key for key, one in PARTS.items() if not one.asked])
    trial = found.quick or found.rounds or who or (nodes and parts != ["huge"])
    folder = process.BENCH / "build" if trial else process.BENCH
    return Options(
        parts=[] if found.report else parts,
        nodes=nodes,
        rounds=found.rounds,
        contestants=who,
        python=python,
        results=found.results or folder / "results.json",
        output=found.output or (process.BENCH / "build/report" if trial else ROOT),
        quick=found.quick,
        timeout=found.timeout,
    )


def command_line(arguments: list[str]) -> str:
    """Give the command to repeat this run, with paths as seen from the checkout."""
    words = [os.path.relpath(word, ROOT) if word.startswith("/") else word for word in arguments]
    return shlex.join(["python3", "bench/run.py", *words])


def main() -> int:
    options = parse(sys.argv[1:])
    process.become_subreaper()
    measured = results.load(options.results)
    missed = False
    for key in options.parts:
        part = PARTS[key]
        say(f"== {key}: {part.title}")
        surroundings, settled = machine.describe(), settle.settle().how
        started, begun = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()), time.monotonic()
        figures = part.measure(options)
        missed = missed or bool(figures.get("failures"))
        if figures.get("skipped"):
            say(f"skipped: {part.title}: {figures['skipped']}")
        measured[key] = results.Measured(
            command=command_line(sys.argv[1:]),
            started=started,
            seconds=time.monotonic() - begun,
            machine=surroundings,
            versions={one.key: one.version() for one in contestants(options.python)},
            settled=settled,
            figures=figures,
        )
        results.save(options.results, measured)
    print(write(measured, options.output))
    return 1 if missed else 0


def _words(text: str) -> list[str]:
    return [word for word in text.split(",") if word]


if __name__ == "__main__":
    sys.exit(main())
