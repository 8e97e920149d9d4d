"""The files in which each part leaves its figures: `results/NAME.json`."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

sys.path.append(str(Path(__file__).parents[2] / "bench"))
import machine

if TYPE_CHECKING:
    from collections.abc import Sequence

DIRECTORY = Path(__file__).parent / "results"

Figure = tuple[str, Any]
"""What was counted or measured, in words, and how much: a number or a word."""


class Result(TypedDict):
    """What such a file holds."""

    command: str
    date: str
    commit: str
    machine: dict[str, str]
    figures: list[Figure]
    failures: list[str]


def write(name: str, command: str, figures: Sequence[Figure], failures: Sequence[str] = ()) -> Path:
    """Write a part's result.

    Args:
        name: the part's.
        command: what made the figures.
        figures: in the order in which they are shown.
        failures: one line each.
    """
    described = machine.describe()
    content: Result = {
        "command": command,
        "date": time.strftime("%Y-%m-%d"),
        "commit": described.pop("nslab's commit"),
        "machine": described,
        "figures": list(figures),
        "failures": list(failures),
    }
    DIRECTORY.mkdir(exist_ok=True)
    path = DIRECTORY / f"{name}.json"
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def read(name: str) -> Result | None:
    """Give a part's result, if there is one."""
    path = DIRECTORY / f"{name}.json"
    if not path.exists():
        return None
    found: Result = json.loads(path.read_text(encoding="utf-8"))
    return found
