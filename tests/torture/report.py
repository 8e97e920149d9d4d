"""Write docs/reliability.md out of the template and the results: every figure comes from there.

python -m tests.torture.report
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.torture import results
from tests.torture.machine import ROOT

if TYPE_CHECKING:
    from tests.torture.results import Result

TEMPLATE = ROOT / "tests" / "torture" / "reliability.md.in"
DOCUMENT = ROOT / "docs" / "reliability.md"
PARTS = ("kill", "fuzz", "cycles", "labs", "peers")
"""The parts, in the order of the document."""

_COLUMN = re.compile(r"(.+?): (.+)")


def table(rows: list[list[str]]) -> str:
    """Write a Markdown table; all columns but the first are numbers."""
    rule = ["---", *["---:"] * (len(rows[0]) - 1)]
    return "\n".join(f"| {' | '.join(row)} |" for row in [rows[0], rule, *rows[1:]])


def figures(result: Result) -> str:
    """Write a part's figures, with what made them."""
    return f"{table([['what', 'figure'], *map(_row, result['figures'])])}\n\n{made(result)}"


def _row(figure: tuple[str, object]) -> list[str]:
    return [figure[0], str(figure[1])]


def made(result: Result) -> str:
    """Say what made a result, when and where."""
    machine = result["machine"]
    place = f"{machine['Kernel']}, {machine['Cores']} cores"
    said = f"Made by `{result['command']}` on {result['date']}, commit {result['commit']}, {place}."
    if not result["failures"]:
        return said
    lines = "\n".join(f"- {failure}" for failure in result["failures"])
    return f"{said}\n\n**What failed:**\n\n{lines}"


def contestants(result: Result) -> str:
    """Write figures of the form `who: what` with a column for each of who."""
    cells: dict[str, dict[str, str]] = {}
    for words, value in result["figures"]:
        if found := _COLUMN.fullmatch(words):
            cells.setdefault(found[2], {})[found[1]] = str(value)
    names = list(dict.fromkeys(name for row in cells.values() for name in row))
    rows = [[what, *(row.get(name, "-") for name in names)] for what, row in cells.items()]
    return f"{table([['what', *names], *rows])}\n\n{made(result)}"


def section(name: str) -> str:
    """Write a part's section, or say that it has not been run."""
    result = results.read(name)
    if result is None:
        return f"Not run yet: `python -m tests.torture.{name}`."
    return contestants(result) if name == "peers" else figures(result)


def document() -> str:
    """Write the whole document."""
    text = TEMPLATE.read_text(encoding="utf-8")
    for name in PARTS:
        text = text.replace(f"@{name}@", section(name))
    return text


if __name__ == "__main__":
    DOCUMENT.write_text(document(), encoding="utf-8")
