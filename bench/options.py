"""What the command line asks for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line asks for.

    Attributes:
        parts: keys of the parts that are measured, in their order.
        nodes: sizes of the networks, or None for each part's own.
        rounds: how often each is run at most, or None for each part's own.
        contestants: keys of those who take part; empty for all.
        python: the interpreter that has nslab.
        results: the file where the figures are kept.
        output: the folder that gets the report, or None; the project's own, as a rule.
        quick: whether everything is small.
        timeout: seconds for one run.
    """

    parts: list[str]
    nodes: list[int] | None
    rounds: int | None
    contestants: list[str]
    python: str
    results: Path
    output: Path | None
    quick: bool
    timeout: float
