"""Make the report out of the results: every figure in it is computed here.

Usage: python3 bench/report.py [RESULTS.json] > REPORT.md
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

import commands

FLOOR, LIBRARY, COMMAND = "floor", "nslab-library", "nslab-command"
BEGIN, END = "<!-- written by make bench -->", "<!-- end -->"
SIDES = ("nslab", "ip", "python")
LATENCY, THROUGHPUT = "latency", "throughput"
SMALL, LARGE = 100, 1000
"""Numbers of nodes whose costs a node are compared."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of one contestant; seconds, and KiB. `down`: None where there is none."""

    contestant: str
    nodes: int
    up: float
    down: float | None
    user: float
    system: float
    peak_kib: int | None
    held_kib: int | None
    checked: bool
    phases: dict[str, float]

    @classmethod
    def load(cls, data: dict[str, Any]) -> Run:
        """Take a run from JSON; unknown keys are refused."""
        return cls(**data)


@dataclass(frozen=True, slots=True)
class Failure:
    """A run that gave no right result; it counts nowhere else."""

    contestant: str
    nodes: int
    error: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A contestant; `skipped` says why it did not run, if it did not."""

    key: str
    title: str
    description: str
    version: str
    skipped: str | None


@dataclass(frozen=True, slots=True)
class Commands:
    """Whole commands: for each command line, the seconds of each side's runs.

    The sides are "nslab", "ip", and "python", the interpreter that does nothing. `skipped` says why
    there are none.
    """

    seconds: dict[str, dict[str, list[float]]]
    skipped: str | None

    def ratio(self, words: str, side: str) -> float | None:
        """Give how many times the other side's time nslab's is."""
        sides = self.seconds.get(words, {})
        return median(sides["nslab"]) / median(sides[side]) if side in sides else None


@dataclass(frozen=True, slots=True)
class Uplinks:
    """Ways out of a lab: what uplink.py prints of each, by its key. `skipped` says why none."""

    ways: dict[str, dict[str, Any]]
    skipped: str | None

    def figures(self, key: str, figure: str) -> list[float]:
        """Give one way's figures of the rounds in which the traffic did not stall."""
        return [one for one in self.ways[key][figure] if one is not None]

    def ratio(self, key: str, peer: str, figure: str) -> float | None:
        """Give how good a way is against another: above 1 it is better."""
        ours, theirs = self.figures(key, figure), self.figures(peer, figure)
        if not ours or not theirs:
            return None
        found = median(ours) / median(theirs)
        return 1 / found if figure == LATENCY else found


@dataclass(frozen=True, slots=True)
class Results:
    """All of one benchmark."""

    command: str
    started: str
    machine: dict[str, str]
    settled: str
    entries: list[Entry]
    runs: list[Run]
    failures: list[Failure]
    commands: Commands
    uplinks: Uplinks

    def dump(self) -> dict[str, Any]:
        """Give it as values for JSON."""
        return asdict(self)

    @classmethod
    def load(cls, data: dict[str, Any]) -> Results:
        """Take it from JSON."""
        return cls(
            **{
                **data,
                "entries": [Entry(**entry) for entry in data["entries"]],
                "runs": [Run.load(run) for run in data["runs"]],
                "failures": [Failure(**failure) for failure in data["failures"]],
                "commands": Commands(**data["commands"]),
                "uplinks": Uplinks(**data["uplinks"]),
            }
        )

    def of(self, contestant: str, nodes: int) -> list[Run]:
        """Give the runs that count: none unless one of them was checked."""
        found = [run for run in self.runs if (run.contestant, run.nodes) == (contestant, nodes)]
        failed = any((f.contestant, f.nodes) == (contestant, nodes) for f in self.failures)
        return found if not failed and any(run.checked for run in found) else []

    def up(self, contestant: str, nodes: int) -> float | None:
        """Give the median of `up` in seconds."""
        runs = self.of(contestant, nodes)
        return median(run.up for run in runs) if runs else None

    def sizes(self) -> list[int]:
        """Give the numbers of nodes, from small to large."""
        return sorted({run.nodes for run in self.runs})


def number(value: float | None) -> str:
    """Write a number with about three digits that count, or a dash if it is not known."""
    if value is None:
        return "-"
    if value == 0:
        return "0"
    digits = next((d for bound, d in [(0.1, 4), (10, 2), (100, 1)] if value < bound), 0)
    return f"{value:.{digits}f}"


def spread(values: list[float]) -> str:
    """Write median (least to most)."""
    if len(values) < 2:
        return number(values[0]) if values else "-"
    return f"{number(median(values))} ({number(min(values))} to {number(max(values))})"


def ratio(above: float | None, below: float | None) -> float | None:
    """Divide, if both are known."""
    return above / below if above is not None and below else None


def middle(values: list[int | None]) -> float | None:
    """Give the median in MiB of what is known in KiB."""
    known = [value for value in values if value is not None]
    return median(known) / 1024 if known else None


def table(head: list[str], rows: list[list[str]]) -> str:
    """Write a Markdown table; all columns but the first are numbers."""
    rule = ["---"] + ["---:"] * (len(head) - 1)
    return "\n".join(f"| {' | '.join(row)} |" for row in [head, rule, *rows])


def row_of(results: Results, entry: Entry, nodes: int) -> list[str] | None:
    """Write one contestant's row of the table of one size."""
    runs = results.of(entry.key, nodes)
    if not runs:
        return None
    up = median(run.up for run in runs)
    user = median(run.user for run in runs)
    return [
        entry.title,
        spread([run.up for run in runs]),
        number(ratio(up, results.up(FLOOR, nodes))),
        number(ratio(up, results.up(LIBRARY, nodes))),
        spread([run.down for run in runs if run.down is not None]),
        number(user),
        number(median(run.system for run in runs)),
        f"{100 * user / up:.0f} %",
        number(middle([run.peak_kib for run in runs])),
        number(middle([run.held_kib for run in runs])),
        str(len(runs)),
    ]


def size_table(results: Results, nodes: int) -> str:
    """Write the table of one size."""
    head = "contestant|up, s|floor = 1|library = 1|down, s|user CPU, s|system CPU, s"
    head += "|user CPU / up|peak, MiB|held, MiB|rounds"
    rows = [row_of(results, entry, nodes) for entry in results.entries]
    return table(head.split("|"), [row for row in rows if row])


def node_table(results: Results) -> str:
    """Write the table of costs a node."""
    sizes = results.sizes()
    head = ["contestant", *(f"ms a node at {nodes}" for nodes in sizes)]
    both = {SMALL, LARGE} <= set(sizes)
    rows = []
    for entry in results.entries:
        costs = {nodes: ratio(results.up(entry.key, nodes), nodes / 1000) for nodes in sizes}
        row = [entry.title, *(number(cost) for cost in costs.values())]
        if both:
            row.append(number(ratio(costs[LARGE], costs[SMALL])))
        if any(costs.values()):
            rows.append(row)
    return table([*head, f"{LARGE} against {SMALL}"] if both else head, rows)


def phase_table(results: Results) -> str:
    """Write the table of the parts of `up` at the largest size."""
    nodes = results.sizes()[-1]
    rows: list[list[str]] = []
    for entry in results.entries:
        runs = results.of(entry.key, nodes)
        rows += [
            [entry.title, phase, spread([run.phases[phase] for run in runs])]
            for phase in (runs[0].phases if runs else [])
        ]
    return table(["contestant", "part", f"s at {nodes} nodes"], rows)


@dataclass(frozen=True, slots=True)
class Target:
    """A promise about a figure: at most, or at least, so much."""

    words: str
    measured: float | None
    bound: float
    at_most: bool

    def row(self) -> list[str]:
        """Write it and whether it is met."""
        sign = "≤" if self.at_most else "≥"
        if self.measured is None:
            verdict = "not measured"
        elif self.measured <= self.bound if self.at_most else self.measured >= self.bound:
            verdict = "met"
        else:
            verdict = "**missed**"
        return [self.words, f"{sign} {self.bound:g}", number(self.measured), verdict]


def user_share(results: Results, contestant: str) -> float | None:
    """Give user CPU time divided by wall time of `up`."""
    runs = results.of(contestant, LARGE)
    return median(run.user / run.up for run in runs) if runs else None


def command_targets(found: Commands) -> list[Target]:
    """Compute the targets of whole commands."""
    bare = [(commands.EXEC, "python", 1.6), (commands.SHOW, "python", 1.6)]
    names = {"python": "`python -c pass`", "ip": "`ip`"}
    return [
        Target(
            f"nslab for `{words}` against {names[side]}",
            found.ratio(words, side),
            bound,
            at_most=True,
        )
        for words, side, bound in [*bare, (commands.BATCH, "ip", 1.5)]
    ]


def command_table(found: Commands) -> str:
    """Write the table of whole commands."""
    rows = [
        [
            f"`{words}`",
            *(spread([1000 * one for one in sides.get(side, [])]) for side in SIDES),
            number(found.ratio(words, "python")),
            number(found.ratio(words, "ip")),
            str(len(sides["nslab"])),
        ]
        for words, sides in found.seconds.items()
    ]
    head = "command|nslab, ms|`ip`, ms|`python -c pass`, ms|Python = 1|`ip` = 1|rounds"
    return table(head.split("|"), rows)


def uplink_targets(found: Uplinks) -> list[Target]:
    """Compute the targets of the ways out: each of nslab's against the same by hand."""
    return [
        Target(
            f"{figure} of {way['title']}, against {found.ways[way['peer']]['title']}",
            found.ratio(key, way["peer"], figure),
            0.95,
            at_most=False,
        )
        for key, way in found.ways.items()
        if way["peer"]
        for figure in (THROUGHPUT, LATENCY)
    ]


def uplink_table(found: Uplinks) -> str:
    """Write the table of the ways out."""
    rows = []
    for key, way in found.ways.items():
        stalled = [figure for figure in (LATENCY, THROUGHPUT) for one in way[figure] if one is None]
        peer = way["peer"] or key
        rows.append(
            [
                way["title"],
                spread([one / 1e9 for one in found.figures(key, THROUGHPUT)]),
                number(found.ratio(key, peer, THROUGHPUT)),
                spread([one * 1e6 for one in found.figures(key, LATENCY)]),
                number(found.ratio(key, peer, LATENCY)),
                f"{len(stalled)} of {len(way[LATENCY]) + len(way[THROUGHPUT])}",
            ]
        )
    head = "way out|Gbit/s|peer = 1|round trip, µs|peer = 1|stalled"
    return table(head.split("|"), rows)


def targets(results: Results) -> list[Target]:
    """Compute the project's targets."""
    up = {entry.key: results.up(entry.key, LARGE) for entry in results.entries}
    ours = up.get(LIBRARY)
    growth = ratio(ratio(ours, LARGE), ratio(results.up(LIBRARY, SMALL), SMALL))
    at = f"at {LARGE} nodes"
    return [
        Target(f"library against floor, {at}", ratio(ours, up.get(FLOOR)), 1.25, at_most=True),
        *(
            Target(f"{words} against library, {at}", ratio(up.get(key), ours), bound, at_most=False)
            for words, key, bound in [
                ("Mininet", "mininet-bridge", 10),
                ("pyroute2", "pyroute2-netns", 10),
                ("`ip -batch`", "ip-batch", 2),
            ]
        ),
        *(
            Target(f"user CPU against wall time, {words}, {at}", share, 0.25, at_most=True)
            for words, share in [
                ("library", user_share(results, LIBRARY)),
                ("`nslab up`", user_share(results, COMMAND)),
            ]
        ),
        Target(f"library's cost a node, {LARGE} against {SMALL}", growth, 1.3, at_most=True),
        *command_targets(results.commands),
        *uplink_targets(results.uplinks),
    ]


def target_table(results: Results) -> str:
    """Write the table of targets."""
    rows = [target.row() for target in targets(results)]
    return table(["figure", "target", "measured", "verdict"], rows)


def absent(results: Results) -> str:
    """Say who was skipped and who failed, and why."""
    lines = [f"- {e.title} was skipped: {e.skipped}." for e in results.entries if e.skipped]
    if results.commands.skipped:
        lines.append(f"- Whole commands were skipped: {results.commands.skipped}.")
    if results.uplinks.skipped:
        lines.append(f"- Ways out were skipped: {results.uplinks.skipped}.")
    lines += [f"- {f.contestant} failed at {f.nodes} nodes: {f.error}" for f in results.failures]
    return "\n".join(lines)


def tables(results: Results) -> str:
    """Write all tables, for the terminal and for the document alike."""
    parts = [absent(results), "## Targets", target_table(results)]
    if results.commands.seconds:
        parts += ["## Whole commands", command_table(results.commands)]
    if results.uplinks.ways:
        parts += ["## Ways out", uplink_table(results.uplinks)]
    if results.runs:
        for nodes in results.sizes():
            parts += [f"## {nodes} nodes", size_table(results, nodes)]
        parts += ["## Cost a node", node_table(results), "## Inside", phase_table(results)]
    return "\n\n".join(part for part in parts if part)


def document(results: Results) -> str:
    """Write the whole document."""
    template = Path(__file__).with_name("report.md.in").read_text()
    machine = table(["", ""], [[key, value] for key, value in results.machine.items()])
    versions = [f"- {e.title}: {e.version}" for e in results.entries if e.version]
    written = [f"### {entry.title}\n\n{entry.description}" for entry in results.entries]
    values = {
        "command": results.command,
        "started": results.started,
        "machine": machine.replace("---:", "---"),
        "versions": "\n".join(versions),
        "settled": results.settled,
        "tables": tables(results),
        "written": "\n\n".join(written),
    }
    for key, value in values.items():
        template = template.replace(f"@{key}@", value)
    return template


def summary(results: Results) -> str:
    """Write the README's table: the largest star, everybody against nslab's library."""
    rows = [
        [entry.title, number(up), number(ratio(up, results.up(LIBRARY, LARGE)))]
        for entry in results.entries
        if (up := results.up(entry.key, LARGE)) is not None
    ]
    return table([f"{LARGE} nodes on one bridge", "up, s", "nslab's library = 1"], rows)


def with_summary(readme: str, results: Results) -> str:
    """Put the table into the README, between its two marks."""
    before, begin, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not end:
        raise ValueError(f"the README has no {BEGIN} … {END}")
    return f"{before}{begin}\n{summary(results)}\n{end}{after}"


def main() -> None:
    default = str(Path(__file__).with_name("results.json"))
    path = sys.argv[1] if len(sys.argv) > 1 else default
    print(document(Results.load(json.loads(Path(path).read_text()))), end="")


if __name__ == "__main__":
    main()
