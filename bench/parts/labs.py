"""Networks built, used and removed by the contestants, in turn."""

from __future__ import annotations

import dataclasses
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import settle
from alternation import say, turns
from field import BATCH, COMMAND, FLOOR, LIBRARY, MININET, Contestant, contestants
from parts.part import Figures, Part
from process import RunError, figures_of
from shapes import SHAPES, Network

if TYPE_CHECKING:
    from options import Options

SPENT = 12.0
"""Seconds that a contestant may about spend on the rounds of one size, if that is more than one."""

QUICK_LINKS, QUICK_MOST = 100, 2.0
"""In a quick run, links of a network, and seconds that one run may about take."""


@dataclass(slots=True)
class Found:
    """What was measured, who failed, and who was left out where and why."""

    runs: list[dict[str, Any]] = dataclasses.field(default_factory=list)
    failures: list[dict[str, Any]] = dataclasses.field(default_factory=list)
    absent: list[dict[str, Any]] = dataclasses.field(default_factory=list)
    skipped: str | None = None


@dataclass(frozen=True, slots=True)
class Labs:
    """Networks of one kind.

    Attributes:
        sizes: of each shape.
        rounds: how often each contestant builds each.
        most: seconds that one run may about take; who would need more is left out.
        who: keys of those who take part; empty for all.
        also: what else is measured while it is up.
        patience: seconds after which one run is given up.
    """

    sizes: dict[str, list[int]]
    rounds: int
    most: float
    who: tuple[str, ...] = ()
    also: str = ""
    patience: float = 900

    def measure(self, options: Options) -> Figures:
        """Run every round of every size, in alternation."""
        able, absent = self._field(options)
        found = Found(absent=absent)
        for shape, sizes in self.sizes.items():
            for nodes in options.nodes or sizes:
                network = SHAPES[shape].build(nodes)
                if not options.quick or network.links <= QUICK_LINKS:
                    self._size(network, nodes, able, options, found)
        if not found.runs:
            found.skipped = "nobody could run"
        return asdict(found)

    def _field(self, options: Options) -> tuple[list[Contestant], list[dict[str, Any]]]:
        able, absent = [], []
        for one in contestants(options.python):
            if options.contestants and one.key not in options.contestants:
                continue
            if self.who and one.key not in self.who:
                continue
            if (why := one.obstacle()) is None:
                able.append(one)
            else:
                say(f"skipped: {one.key}: {why}")
                absent.append({"contestant": one.key, "why": why})
        return able, absent

    def _size(
        self, network: Network, size: int, able: list[Contestant], options: Options, found: Found
    ) -> None:
        """Run every round of one network."""
        rounds: dict[str, int] = {}
        for one in able:
            if network.shape == "dual" and not one.dual:
                continue
            if network.shape == "flat" and one.key not in (FLOOR, LIBRARY, COMMAND):
                continue  # no bridge of the kernel's has so many ports
            needs = network.links * one.ms / 1000
            if one.sandboxed and needs > (
                min(self.most, QUICK_MOST) if options.quick else self.most
            ):
                why = f"it would take some {needs:.0f} s"
                found.absent.append({**_place(one, network, size), "why": why})
                continue
            most = options.rounds or (1 if options.quick else self.rounds)
            rounds[one.key] = min(most, max(1, int(SPENT / needs)))
        field = {one.key: one for one in able}
        for number, key in turns(rounds):
            place = _place(field[key], network, size)
            if not any(place.items() <= failure.items() for failure in found.failures):
                command = field[key].command(network, check=number == 0, also=self.also)
                timeout = min(self.patience, options.timeout)
                _try(command, {**place, "links": network.links}, number, timeout, found)


def _try(
    command: list[str], place: dict[str, Any], number: int, timeout: float, found: Found
) -> None:
    """Run once; `gone` is the time from the begin of `down` until the kernel is done."""
    label = f"{place['shape']}, {place['nodes']} nodes, round {number + 1}: {place['contestant']}"
    try:
        figures = figures_of(command, timeout)
    except RunError as failure:
        say(f"{label}: FAILED: {failure}")
        found.failures.append({**place, "error": str(failure)})
        settle.settle()
    else:
        gone = settle.settle().at - figures.pop("left_at")
        say(f"{label}: {figures['up']:.3f} s")
        found.runs.append({**place, **figures, "gone": gone})


def _place(one: Contestant, network: Network, size: int) -> dict[str, Any]:
    return {"contestant": one.key, "shape": network.shape, "nodes": size}


OURS = (FLOOR, LIBRARY)

SIZES = [10, 100, 1000]

PARTS = [
    Part("star", "stars", Labs({"star": SIZES}, rounds=5, most=60).measure),
    Part(
        "shapes",
        "other shapes",
        Labs(
            {
                "dual": SIZES,
                "chain": SIZES,
                "tree": SIZES,
                "fat-tree": SIZES,
                "mesh": [10, 30, 100],
            },
            rounds=3,
            most=12,
        ).measure,
    ),
    Part(
        "large",
        "large networks",
        Labs(
            {
                "star": [4000, 10000],
                "chain": [10000],
                "tree": [10000],
                "fat-tree": [10000],
                "flat": [1000, 10000],
            },
            rounds=1,
            most=0,
            who=OURS,
        ).measure,
    ),
    Part("huge", "30,000 nodes", Labs({"star": [30000]}, 1, 0, who=OURS).measure, asked=True),
    Part(
        "change",
        "a second `up`, and the change of a node",
        Labs({"star": [100, 1000]}, 5, 0, (LIBRARY, COMMAND), "again,change").measure,
    ),
    Part(
        "exec",
        "programs in every node",
        Labs({"star": [100, 1000]}, 5, 60, (LIBRARY, COMMAND, BATCH, MININET), "exec").measure,
    ),
    Part(
        "ping",
        "pings of all pairs",
        Labs({"star": [10, 50, 300]}, 3, 2, (LIBRARY, MININET), "ping", 60).measure,
    ),
]
