"""`nslab ls`: the running labs."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from nslab.cli.failure import report
from nslab.cli.parser import Parser, add_json, parser_of
from nslab.cli.text import columns, inside, say_swept, uptime
from nslab.errors import LabNotRunningError, NslabError
from nslab.kernel.sandbox import running
from nslab.plan.ending import sweep

if TYPE_CHECKING:
    from collections.abc import Iterator

    Row = dict[str, str | int]


def parser() -> Parser:
    """Make the verb's parser."""
    made = parser_of("ls", "List this user's running labs, with their nodes, age and file.")
    add_json(made, "print them as a JSON list")
    return made


def run(arguments: list[str]) -> int:
    """List this user's running labs."""
    options = parser().parse_args(arguments)
    say_swept(sweep())
    failed: list[NslabError] = []
    found = list(_summaries(failed))
    if options.json:
        print(json.dumps(found, indent=2))
    elif found:
        print("\n".join(columns(_rows(found), right={2, 3})))
    elif not failed:
        print(inside() or "no lab is running", file=sys.stderr)
    return max(map(report, failed), default=0)


def _summaries(failed: list[NslabError]) -> Iterator[Row]:
    """Give what there is to tell of each lab; note why others tell nothing."""
    from nslab.plan.running import summary

    for name in running():
        try:
            yield summary(name)
        except LabNotRunningError:
            continue  # it ended, or is only beginning
        except NslabError as error:
            failed.append(error)


def _rows(found: list[Row]) -> Iterator[tuple[str, ...]]:
    yield "NAME", "STATE", "NODES", "UP FOR", "FILE"
    for lab in found:
        nodes = str(lab["nodes"]) if lab["state"] == "up" else "-"
        age = uptime(time.time() - int(lab["started"]))
        yield str(lab["lab"]), str(lab["state"]), nodes, age, _near(str(lab["file"])) or "-"


def _near(path: str) -> str:
    """Give a path as it is from here, where the file lies here or below."""
    try:
        here = Path.cwd()
    except FileNotFoundError:  # it has been deleted
        return path
    return str(Path(path).relative_to(here)) if path and here in Path(path).parents else path
