"""The figures of all parts in one file: each with when, where and how it was measured."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Measured:
    """One part's figures.

    Attributes:
        command: what measured them.
        started: date and time.
        seconds: how long it took.
        machine: what `machine.describe` gave.
        versions: of the contestants, by their keys.
        settled: how the kernel was waited for.
        figures: the part's own.
    """

    command: str
    started: str
    seconds: float
    machine: dict[str, str]
    versions: dict[str, str]
    settled: str
    figures: dict[str, Any]


def load(path: Path) -> dict[str, Measured]:
    """Read the parts that were measured so far, by their keys."""
    if not path.exists():
        return {}
    return {key: Measured(**part) for key, part in json.loads(path.read_text()).items()}


def save(path: Path, parts: dict[str, Measured]) -> None:
    """Write them: a run a line, so that one sees what has changed."""
    path.parent.mkdir(exist_ok=True)
    text = json.dumps({key: asdict(part) for key, part in parts.items()}, indent=1)
    path.write_text(text + "\n")
