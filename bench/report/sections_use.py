"""The sections about commands and traffic: one a question."""

from __future__ import annotations

from typing import TYPE_CHECKING

from parts.traffic import LATENCY, THROUGHPUT
from report.words import middle, number, spread, table

if TYPE_CHECKING:
    from report.data import Data

SIDES = ("nslab", "ip", "python")


def commands(data: Data) -> str:
    """Write what whole commands cost."""
    rows = []
    for words, sides in data.figures("commands").get("commands", {}).items():
        times = [spread([1000 * one for one in sides.get(side, [])]) for side in SIDES]
        against = [number(data.command(words, side)) for side in ("python", "ip")]
        rows.append([f"`{words}`", *times, *against])
    head = "command|nslab, ms|`ip`, ms|`python -c pass`, ms|Python = 1|`ip` = 1"
    return table(head.split("|"), rows) if rows else ""


def imports(data: Data) -> str:
    """Write what it costs to import nslab and its verbs."""
    found = data.figures("commands").get("imports", {})
    bare = middle(found.get("python", []))
    rows = [
        [
            f"`{name}`",
            number(1000 * (middle(times) or 0)),
            number(1000 * ((middle(times) or 0) - bare)),
        ]
        for name, times in found.items()
        if name != "python" and bare is not None
    ]
    head = ["imported", "whole process, ms", "more than `python -c pass`, ms"]
    return table(head, rows) if rows else ""


def data_path(data: Data) -> str:
    """Write how fast traffic is between two nodes, and what could make it faster."""
    scenes = data.figures("data-path").get("scenes", {})
    plain = [key for key in scenes if key.startswith(("hand-", "nslab-"))]
    tuned = [key for key in scenes if key not in plain]
    if not scenes:
        return ""
    told = _paths(data, "data-path", plain)
    more = _paths(data, "data-path", tuned)
    says = "What could make such links faster, each against the same links by hand without it:"
    return f"{told}\n\n{says}\n\n{more}\n\n{_helps(data, tuned)}"


def _helps(data: Data, tuned: list[str]) -> str:
    """Say which of them help, by the margin that a difference needs to count."""
    good, bad = [], []
    for key in tuned:
        found = [data.clearly("data-path", key, figure) for figure in (THROUGHPUT, LATENCY)]
        title = data.figures("data-path")["scenes"][key]["title"]
        if any(one < 1 - MARGIN for one in found):
            bad.append(title)
        elif any(one > 1 + MARGIN for one in found):
            good.append(title)
    helps = (
        f"By {100 * MARGIN:.0f} % or more in every round, and without harm to the other figure, "
    )
    helps += f"it helps to have: {'; '.join(good)}." if good else "nothing of it helps."
    return helps + (f" It harms to have: {'; '.join(bad)}." if bad else "")


MARGIN = 0.05


def uplink(data: Data) -> str:
    """Write how fast the ways out are."""
    scenes = data.figures("uplink").get("scenes", {})
    return _paths(data, "uplink", list(scenes)) if scenes else ""


def _paths(data: Data, part: str, keys: list[str]) -> str:
    rows = []
    for key in keys:
        scene = data.figures(part)["scenes"][key]
        stalled = [one for figure in (LATENCY, THROUGHPUT) for one in scene[figure] if one is None]
        bits = [one / 1e9 for one in data.traffic(part, key, THROUGHPUT)]
        trips = [one * 1e6 for one in data.traffic(part, key, LATENCY)]
        rows.append(
            [
                scene["title"],
                spread(bits),
                number(data.better(part, key, THROUGHPUT)),
                spread(trips),
                number(data.better(part, key, LATENCY)),
                str(len(stalled)),
            ]
        )
    head = "path|Gbit/s|peer = 1|round trip, µs|peer = 1|stalled"
    return table(head.split("|"), rows)
