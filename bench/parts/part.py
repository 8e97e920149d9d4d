"""What a part of the benchmark is: it answers one question, alone or with the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

    from options import Options

Figures: TypeAlias = dict[str, Any]
"""What a part has measured, as values for JSON; `skipped` says why there is nothing."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part.

    Attributes:
        key: its name for `--only` and in the results.
        title: what it measures.
        measure: gives the figures.
        asked: whether it runs only when it is asked for.
    """

    key: str
    title: str
    measure: Callable[[Options], Figures]
    asked: bool = False
