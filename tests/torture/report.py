"""Write docs/reliability.md out of the template and the results: every figure comes from there.

python -m tests.torture.report
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.torture import results
from tests.torture.machine import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.torture.results import Result

    Cells = dict[str, dict[str, str]]
    """What was counted, and of each the figure in each column."""

TEMPLATE = ROOT / "tests" / "torture" / "reliability.md.in"
DOCUMENT = ROOT / "docs" / "reliability.md"

PARTS: Mapping[str, Mapping[str, str]] = {
    "kill": {"kill": ""},
    "faults": {"faults": ""},
    "peers": {"peers": ""},
    "fuzz": {"fuzz-netlink": "netlink", "fuzz-loader": "lab files", "fuzz-ip": "`nslab ip`"},
    "cycles": {"cycles": ""},
    "many": {"many": ""},
    "labs": {
        "labs-root-none": "root",
        "labs-root-kernel": "root, led out",
        "labs-user-none": "user",
        "labs-user-pasta": "user, led out",
    },
}
"""The results of each part, and the columns of those that share a table."""

LONG = ("faults",)
"""Parts of which so many were tried that each has a row, not a column."""

_COLUMN = re.compile(r"(.+?): (.+)")


def table(rows: list[list[str]]) -> str:
    """Write a Markdown table; all columns but the first are numbers."""
    rule = ["---", *["---:"] * (len(rows[0]) - 1)]
    return "\n".join(f"| {' | '.join(row)} |" for row in [rows[0], rule, *rows[1:]])


def section(name: str) -> str:
    """Write a part's table with what made it, or say what has not been run."""
    there = {column: results.read(file) for file, column in PARTS[name].items()}
    found = {column: result for column, result in there.items() if result is not None}
    if not found:
        return f"Not run yet: `python -m tests.torture {name}`."
    cells: Cells = {}
    for column, result in found.items():
        for words, value in result["figures"]:
            own = None if column else _COLUMN.fullmatch(words)
            what, place = (own[2], own[1]) if own else (words, column or "figure")
            if name in LONG:
                what, place = place, what
            cells.setdefault(what, {})[place] = str(value)
    return "\n\n".join([across(without_zeros(cells)), *map(made, found.values())])


def across(cells: Cells) -> str:
    """Write a table with a column for each of those who were tried."""
    names = list(dict.fromkeys(name for row in cells.values() for name in row))
    rows = [[what, *(row.get(name, "-") for name in names)] for what, row in cells.items()]
    return table([["what", *names], *rows])


def without_zeros(cells: Cells) -> Cells:
    """Put growths that are 0 for everybody into one row, which names them all."""
    names = list(dict.fromkeys(name for row in cells.values() for name in row))
    none = [what for what, row in cells.items() if _is_growth(what) and set(row.values()) == {"0"}]
    kept = {what: row for what, row in cells.items() if what not in none}
    if none:
        words = ", ".join(what.removeprefix("growth of ") for what in none)
        kept[f"growth of each of: {words}"] = dict.fromkeys(names, "0")
    return kept


def _is_growth(what: str) -> bool:
    return what.startswith("growth of ")


def made(result: Result) -> str:
    """Say what made a result, when and where."""
    machine = result["machine"]
    place = f"{machine['Kernel']}, {machine['Cores']} cores"
    said = f"Made by `{result['command']}` on {result['date']}, commit {result['commit']}, {place}."
    if not result["failures"]:
        return said
    lines = "\n".join(f"- {failure}" for failure in result["failures"])
    return f"{said}\n\n**What failed:**\n\n{lines}"


def document() -> str:
    """Write the whole document."""
    text = TEMPLATE.read_text(encoding="utf-8")
    for name in PARTS:
        text = text.replace(f"@{name}@", section(name))
    return text


if __name__ == "__main__":
    DOCUMENT.write_text(document(), encoding="utf-8")
