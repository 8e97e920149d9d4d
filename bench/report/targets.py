"""What the project promises of its speed, as ratios within one run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from field import BATCH, COMMAND, FLOOR, LIBRARY, MININET, PYROUTE2
from parts import commands
from parts.traffic import LATENCY, THROUGHPUT
from report.data import LARGE, SMALL
from report.words import number, ratio, table

if TYPE_CHECKING:
    from report.data import Data

_MISSED = "**missed**"

CHANGE = 1000
EXEC = (100, 1000)
EXACT = 300
HUGE = 10_000


_STARTS = (
    "a process of its own keeps a lab; it has to start, and meanwhile `up` loads what it needs."
    " Several CPUs earn that back only where there are more nodes"
)
_READS = (
    "the command reads a file: PyYAML's and msgspec's import, then parsing and checking, come on"
    " top of what the library takes (the row above)"
)
_ASKS = (
    "the kernel lets no process with threads into a lab, and only children of one inside"
    " (user_namespaces(7), pid_namespaces(7)). So another process starts each program, and each"
    " start takes two messages and two wake-ups more than `subprocess` does"
)


@dataclass(frozen=True, slots=True)
class Target:
    """A promise about a figure: at most, or at least, so much.

    Attributes:
        own: the same figure of the floor, where the kernel itself may be what takes the time.
        why: what keeps it from being met, for the case that it is not.
    """

    words: str
    measured: float | None
    bound: float
    at_most: bool
    own: float | None = None
    why: str = ""

    @property
    def verdict(self) -> str:
        """Tell whether it is met."""
        if self.measured is None:
            return "not measured"
        if self.measured <= self.bound if self.at_most else self.measured >= self.bound:
            return "met"
        if self.is_the_kernels:
            return f"the kernel's own: the floor has {number(self.own)}"
        return _MISSED

    @property
    def is_the_kernels(self) -> bool:
        """Tell whether the floor does no better."""
        return self.measured is not None and self.own is not None and self.measured <= self.own

    def row(self) -> list[str]:
        """Write it as a row of a table."""
        sign = "≤" if self.at_most else "≥"
        return [self.words, f"{sign} {self.bound:,g}", number(self.measured), self.verdict]


def targets(data: Data) -> list[Target]:
    """Compute all of them."""
    return [
        *_up(data),
        *_down(data),
        *_change(data),
        *_use(data),
        *_commands(data),
        *_scale(data),
        *_traffic(data),
    ]


def target_table(data: Data) -> str:
    """Write the table of targets."""
    rows = [target.row() for target in targets(data)]
    written = table(["figure", "target", "measured", "verdict"], rows)
    return "\n\n".join(filter(None, [written, _reasons(data)]))


def _reasons(data: Data) -> str:
    """Say what keeps targets from being met that are missed, as a list; or nothing."""
    missed: dict[str, list[str]] = {}
    for one in targets(data):
        if one.verdict == _MISSED and one.why:
            missed.setdefault(one.why, []).append(one.words)
    lines = [f"- {', and '.join(words)}: {why}." for why, words in missed.items()]
    return "\n".join(["Why some are missed:\n", *lines] if lines else [])


def _least(words: str, measured: float | None, bound: float) -> Target:
    return Target(words, measured, bound, at_most=False)


def _most(words: str, measured: float | None, bound: float, why: str = "") -> Target:
    return Target(words, measured, bound, at_most=True, why=why)


def _up(data: Data) -> list[Target]:
    ours = data.up(LIBRARY, LARGE)
    at = f"{LARGE:,} nodes up"
    return [
        *(
            _most(
                f"{nodes:,} nodes up: library against floor",
                ratio(data.up(LIBRARY, nodes), data.up(FLOOR, nodes)),
                1.1,
                _STARTS if nodes == SMALL else "",
            )
            for nodes in (SMALL, LARGE)
        ),
        _least(f"{at}: Mininet against library", ratio(data.up(MININET, LARGE), ours), 12),
        _least(f"{at}: pyroute2 against library", ratio(data.up(PYROUTE2, LARGE), ours), 10),
        _least(f"{at}: `ip -batch` against library", ratio(data.up(BATCH, LARGE), ours), 2),
        *(
            _most(
                f"{at}: user CPU time against wall time, {title}", data.user_share(who), 0.15, why
            )
            for who, title, why in ((LIBRARY, "library", ""), (COMMAND, "`nslab up`", _READS))
        ),
    ]


def _down(data: Data) -> list[Target]:
    at = f"{LARGE:,} nodes down"
    gone = {who: data.figure("gone", who, LARGE) for who in (FLOOR, LIBRARY)}
    down = {who: data.figure("down", who, LARGE) for who in (LIBRARY, MININET)}
    return [
        _most(
            f"{at}: until the call returns, against up",
            ratio(down[LIBRARY], data.up(LIBRARY, LARGE)),
            0.03,
        ),
        _most(
            f"{at}: until the kernel is done, library against floor",
            ratio(gone[LIBRARY], gone[FLOOR]),
            1.0,
        ),
        _least(f"{at}: Mininet against library", ratio(down[MININET], down[LIBRARY]), 30),
    ]


def _change(data: Data) -> list[Target]:
    first = data.part_up("change", LIBRARY, CHANGE)
    again = data.also("change", "again", LIBRARY, CHANGE)
    change = data.also("change", "change", LIBRARY, CHANGE)
    at = f"{CHANGE:,} nodes"
    return [
        _most(f"{at}: a second up without change, against the first", ratio(again, first), 0.15),
        _most(f"{at}: an up that changes one node, against the first", ratio(change, first), 0.10),
    ]


def _use(data: Data) -> list[Target]:
    rate = ping_rate(data, LIBRARY, EXACT)
    nodes = max((n for n in ping_sizes(data) if ping_rate(data, MININET, n)), default=0)
    return [
        *(
            _most(
                f"`true` in each of {nodes:,} nodes by the library, against `subprocess.run`",
                ratio(
                    data.also("exec", "exec", LIBRARY, nodes),
                    data.also("exec", "exec_plain", LIBRARY, nodes),
                ),
                1.5,
                _ASKS,
            )
            for nodes in EXEC
        ),
        _least(
            f"pings a second, all pairs of {nodes} nodes: library against Mininet",
            ratio(ping_rate(data, LIBRARY, nodes), ping_rate(data, MININET, nodes)),
            15,
        ),
        _least(f"pings a second, all pairs of {EXACT} nodes", rate, 10_000),
        _most(
            f"pings lost, all pairs of {EXACT} nodes",
            data.also("ping", "lost", LIBRARY, EXACT),
            0,
        ),
    ]


def ping_sizes(data: Data) -> list[int]:
    """Give the numbers of nodes whose pairs were pinged."""
    return sorted({run["nodes"] for run in data.figures("ping").get("runs", [])})


def ping_rate(data: Data, who: str, nodes: int) -> float | None:
    """Give pings a second."""
    sent = data.also("ping", "sent", who, nodes)
    return ratio(sent, data.also("ping", "ping", who, nodes))


def _commands(data: Data) -> list[Target]:
    bare = [(commands.EXEC, 2.0), (commands.NETNS_EXEC, 1.6), (commands.SHOW, 1.6)]
    return [
        *(
            _most(
                f"`{words}` by nslab, against `python -c pass`",
                data.command(words, "python"),
                bound,
            )
            for words, bound in bare
        ),
        _most(
            f"`{commands.BATCH}` by nslab, against `ip`", data.command(commands.BATCH, "ip"), 1.5
        ),
    ]


def _scale(data: Data) -> list[Target]:
    shapes = {
        "star": "star",
        "chain": "chain",
        "tree": "tree",
        "fat-tree": "fat tree",
        "flat": "flat segment",
    }
    return [
        _most(
            f"cost a veth of a star, {LARGE:,} nodes against {SMALL}",
            data.growth(LIBRARY, SMALL, LARGE),
            1.3,
        ),
        _most(f"{HUGE:,} nodes up, seconds", data.up(LIBRARY, HUGE), 20),
        *(
            Target(
                f"cost a veth of a {title}, {HUGE:,} nodes against {LARGE:,}",
                data.growth(LIBRARY, LARGE, HUGE, shape),
                1.25,
                at_most=True,
                own=data.growth(FLOOR, LARGE, HUGE, shape),
            )
            for shape, title in shapes.items()
        ),
    ]


def _traffic(data: Data) -> list[Target]:
    bounds = {"data-path": 0.98, "uplink": 0.95}
    names = {THROUGHPUT: "throughput", LATENCY: "latency"}
    return [
        _least(
            f"{names[figure]} of {scene['title']}, against {_peer(data, part, scene)}",
            data.better(part, key, figure),
            bound,
        )
        for part, bound in bounds.items()
        for key, scene in data.figures(part).get("scenes", {}).items()
        if key.startswith("nslab-")
        for figure in (THROUGHPUT, LATENCY)
    ]


def _peer(data: Data, part: str, scene: dict[str, str]) -> str:
    title: str = data.figures(part)["scenes"][scene["peer"]]["title"]
    return title
