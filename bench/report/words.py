"""Numbers and tables as text."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

NONE = "-"


def number(value: float | None) -> str:
    """Write a number with about three digits that count, or a dash if it is not known."""
    if value is None:
        return NONE
    if value == 0:
        return "0"
    digits = next((d for bound, d in [(0.1, 4), (10, 2), (100, 1)] if abs(value) < bound), 0)
    return f"{value:,.{digits}f}"


def spread(values: Sequence[float]) -> str:
    """Write median (least to most)."""
    if len(values) < 2:
        return number(values[0]) if values else NONE
    return f"{number(median(values))} ({number(min(values))} to {number(max(values))})"


def middle(values: Sequence[float | None]) -> float | None:
    """Give the median of what is known."""
    known = [value for value in values if value is not None]
    return median(known) if known else None


def ratio(above: float | None, below: float | None) -> float | None:
    """Divide, if both are known."""
    return above / below if above is not None and below else None


def share(value: float | None) -> str:
    """Write a part of one as percent."""
    return NONE if value is None else f"{number(100 * value)} %"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Write a Markdown table; all columns but the first are numbers."""
    rule = ["---"] + ["---:"] * (len(head) - 1)
    return "\n".join(f"| {' | '.join(row)} |" for row in [head, rule, *rows])


def folded(summary: str, text: str) -> str:
    """Write something that is shown when it is asked for."""
    return f"<details>\n<summary>{summary}</summary>\n\n{text}\n\n</details>"
