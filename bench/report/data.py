"""The figures of all parts, by what is asked of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from field import LIBRARY, contestants
from parts import PARTS
from parts.traffic import LATENCY
from report.words import middle, ratio

if TYPE_CHECKING:
    from results import Measured

LABS = ("star", "shapes", "large", "huge")
"""The parts whose runs are of networks alone: nothing else is done while they are up."""

SMALL, LARGE = 100, 1000
"""Numbers of nodes that are compared."""


@dataclass(frozen=True)
class Data:
    """What was measured."""

    parts: dict[str, Measured]

    def figures(self, part: str) -> dict[str, Any]:
        """Give a part's figures; none if it was not measured."""
        measured = self.parts.get(part)
        return measured.figures if measured and not measured.figures.get("skipped") else {}

    @cached_property
    def titles(self) -> dict[str, str]:
        """Give every contestant's title, by its key, in their order."""
        return {one.key: one.title for one in contestants("")}

    @cached_property
    def runs(self) -> list[dict[str, Any]]:
        """Give the runs of networks."""
        return [run for part in LABS for run in self.figures(part).get("runs", [])]

    def of(self, who: str, shape: str, nodes: int, part: str | None = None) -> list[dict[str, Any]]:
        """Give the runs that count: none unless one of them was checked."""
        runs = self.runs if part is None else self.figures(part).get("runs", [])
        place = (who, shape, nodes)
        found = [run for run in runs if (run["contestant"], run["shape"], run["nodes"]) == place]
        parts = LABS if part is None else (part,)
        failures = [one for name in parts for one in self.figures(name).get("failures", [])]
        failed = any((f["contestant"], f["shape"], f["nodes"]) == place for f in failures)
        return found if not failed and any(run["checked"] for run in found) else []

    def figure(self, figure: str, who: str, nodes: int, shape: str = "star") -> float | None:
        """Give the median of one figure."""
        return middle([run[figure] for run in self.of(who, shape, nodes)])

    def up(self, who: str, nodes: int, shape: str = "star") -> float | None:
        """Give the median of `up` in seconds."""
        return self.figure("up", who, nodes, shape)

    def also(
        self, part: str, figure: str, who: str, nodes: int, shape: str = "star"
    ) -> float | None:
        """Give the median of what else was measured."""
        return middle([run["also"].get(figure) for run in self.of(who, shape, nodes, part)])

    def part_up(self, part: str, who: str, nodes: int) -> float | None:
        """Give the median of `up` in the runs of one part."""
        return middle([run["up"] for run in self.of(who, "star", nodes, part)])

    def sizes(self, shape: str) -> list[int]:
        """Give the numbers of nodes of a shape, from small to large."""
        return sorted({run["nodes"] for run in self.runs if run["shape"] == shape})

    def command(self, words: str, side: str) -> float | None:
        """Give how many times the other side's time nslab's is, of a whole command."""
        times = self.figures("commands").get("commands", {}).get(words, {})
        return ratio(middle(times.get("nslab", [])), middle(times.get(side, [])))

    def traffic(self, part: str, key: str, figure: str) -> list[float]:
        """Give one scene's figures of the rounds in which the traffic did not stall."""
        scene = self.figures(part).get("scenes", {}).get(key, {})
        return [one for one in scene.get(figure, []) if one is not None]

    def better(self, part: str, key: str, figure: str) -> float | None:
        """Give how good a scene is against its peer, bout by bout; above 1 it is better.

        The bouts of one round come close together: what changes on the machine meanwhile, and
        throughput does by half, meets both.
        """
        return middle(self._bouts(part, key, figure))

    def _bouts(self, part: str, key: str, figure: str) -> list[float]:
        scenes = self.figures(part).get("scenes", {})
        peer = scenes.get(scenes.get(key, {}).get("peer", ""), {})
        pairs = zip(scenes.get(key, {}).get(figure, []), peer.get(figure, []), strict=False)
        found = [own / other for own, other in pairs if own is not None and other is not None]
        return [1 / one for one in found] if figure == LATENCY else found

    def clearly(self, part: str, key: str, figure: str) -> float:
        """Give how good a scene is against its peer in every round: 1 if that differs."""
        found = self._bouts(part, key, figure)
        least, most = min(found, default=1.0), max(found, default=1.0)
        return least if least > 1 else min(most, 1.0)

    def growth(self, who: str, small: int, large: int, shape: str = "star") -> float | None:
        """Give the cost of a veth of a large network against that of a small one.

        Of a veth, because some shapes have more of them for each node when they are large.
        """
        costs = [
            middle([run["up"] / run["links"] for run in self.of(who, shape, size)])
            for size in (large, small)
        ]
        return ratio(*costs)

    def user_share(self, who: str, nodes: int = LARGE) -> float | None:
        """Give user CPU time divided by wall time of `up`."""
        return middle([run["user"] / run["up"] for run in self.of(who, "star", nodes)])

    def absent(self) -> list[str]:
        """Say who was skipped and who failed, and why."""
        lines: dict[str, None] = {}
        for key, part in self.parts.items():
            title = PARTS[key].title if key in PARTS else key
            if why := part.figures.get("skipped"):
                lines[f"{title}: skipped: {why}"] = None
            for one in part.figures.get("absent", []):
                if "shape" not in one:
                    lines[f"{self.titles.get(one['contestant'])}: skipped: {one['why']}"] = None
            for one in part.figures.get("failures", []):
                lines[f"{title}: {self._failure(one)}"] = None
        return list(lines)

    def _failure(self, one: dict[str, Any] | str) -> str:
        if isinstance(one, str):
            return one
        where = f"{one['shape']} of {one['nodes']} nodes"
        return f"{self.titles.get(one['contestant'])} failed at a {where}: {one['error']}"


def ours(data: Data, nodes: int = LARGE) -> float | None:
    """Give the library's `up` of a star."""
    return data.up(LIBRARY, nodes)
