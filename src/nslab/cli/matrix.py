"""What pings found, for a reader: a line, a list, a matrix, or a row for each node that asked."""

from __future__ import annotations

import shutil
import sys
from statistics import median
from typing import TYPE_CHECKING

from nslab.cli.text import RED, columns, number_of, paint
from nslab.kernel.privilege import read_switch
from nslab.kernel.procfs import sysctl_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nslab.kernel.echo import Echo

_MATRIX = 12  # nodes
_LIST = 40  # lines
_NAMED = 20  # broken pairs
_NEIGHBOURS = {
    4: "net.ipv4.neigh.default.gc_thresh3",
    6: "net.ipv6.neigh.default.gc_thresh3",
}
_CORNER = "from \\ to, ms"


def report(echoes: Sequence[Echo]) -> str:
    """Say all that was found, the broken pairs by name at its end."""
    if len(echoes) == 1:
        return _line(echoes[0])
    asked = dict.fromkeys(one.probe.source for one in echoes)
    if len(asked) == 1 and len(echoes) <= _LIST:
        return "\n".join([*map(_line, echoes), _sum(echoes)])
    grid = _Grid(echoes)
    return "\n".join([*grid.lines(_width()), _sum(echoes), *_broken(echoes)])


class _Grid:
    def __init__(self, echoes: Sequence[Echo]) -> None:
        self.echoes = echoes
        self.sources = list(dict.fromkeys(one.probe.source for one in echoes))
        asked = dict.fromkeys(one.probe.target for one in echoes)
        first = [name for name in self.sources if name in asked]
        self.targets = list(dict.fromkeys([*first, *asked]))
        self.cells = {(one.probe.source, one.probe.target): _cell(one) for one in echoes}

    def lines(self, width: int) -> list[str]:
        """Choose what fits: a matrix with names, one with numbers above it, or a row for each."""
        if max(len(self.sources), len(self.targets)) <= _MATRIX:
            numbers = {name: str(place) for place, name in enumerate(self.targets, 1)}
            for heads in ({name: name for name in self.targets}, numbers):
                lines = self.matrix(heads)
                if len(lines[0]) <= width:
                    return [_reddened(line) for line in lines]
        return columns(self.rows(), right={1, 2, 3, 4})

    def matrix(self, heads: dict[str, str]) -> list[str]:
        """Give a matrix, each target's column under its head."""
        longest = max(map(len, heads.values()))
        rows = [[_CORNER, *heads.values()]]
        for source in self.sources:
            head = heads.get(source, source)
            label = source if head == source else f"{head.rjust(longest)} {source}"
            rows.append([label, *(self.cells.get((source, name), "-") for name in heads)])
        return columns(rows, right=range(1, len(heads) + 1))

    def rows(self) -> Iterator[tuple[str, ...]]:
        """Give a row for each source: how many it reaches, how fast, and whom it does not."""
        yield "FROM", "REACHES", "MIN MS", "MEDIAN", "MAX", "NOT REACHED"
        by_source: dict[str, list[Echo]] = {name: [] for name in self.sources}
        for one in self.echoes:
            by_source[one.probe.source].append(one)
        for source, group in by_source.items():
            times = [one.seconds for one in group if one.seconds is not None]
            spread = [_ms(f(times)) for f in (min, median, max)] if times else ["-"] * 3
            failed = [one.probe.target for one in group if not one.ok]
            yield source, f"{len(times)} of {len(group)}", *spread, _few(failed)


def _line(one: Echo) -> str:
    if one.seconds is None:
        return f"{one.probe}: {paint(one.reason, RED)}"
    return f"{one.probe}: {_ms(one.seconds)} ms"


def _sum(echoes: Sequence[Echo]) -> str:
    times = [one.seconds for one in echoes if one.seconds is not None]
    text = f"{len(times):,} of {number_of(len(echoes), 'pair')} reach each other"
    if times:
        text += f" in {_ms(min(times))} to {_ms(max(times))} ms (median {_ms(median(times))})"
    return text


def _broken(echoes: Sequence[Echo]) -> Iterator[str]:
    broken = [one for one in echoes if not one.ok]
    yield from map(_line, broken[:_NAMED])
    if len(broken) > _NAMED:
        yield f"... and {len(broken) - _NAMED:,} more broken pairs (`nslab ping -j` has them all)"
    for version in sorted({one.probe.address.version for one in broken}):
        yield from _crowd([one for one in echoes if one.probe.address.version == version])


def _crowd(echoes: Sequence[Echo]) -> Iterator[str]:
    """Tell where the kernel has no room for all the neighbours: both ends of a pair have one."""
    pairs = {frozenset((one.probe.source, one.probe.target)) for one in echoes}
    key = _NEIGHBOURS[echoes[0].probe.address.version]
    most = read_switch(sysctl_path(key))
    if most is not None and 2 * len(pairs) > int(most):
        yield f"hint: the kernel knows at most {int(most):,} neighbours in all netns together:"
        yield f"      `sudo sysctl -w {key}={4 * len(pairs)}` allows more"


def _cell(one: Echo) -> str:
    return "FAIL" if one.seconds is None else _ms(one.seconds)


def _reddened(line: str) -> str:
    return line.replace("  FAIL", f"  {paint('FAIL', RED)}")


def _ms(seconds: float) -> str:
    value = seconds * 1000
    return f"{value:.2f}" if value < 100 else f"{value:.0f}"


def _few(names: list[str]) -> str:
    shown = names[: next((n for n in range(1, len(names)) if len(" ".join(names[:n])) > 16), None)]
    more = f" ... ({len(names)})" if len(shown) < len(names) else ""
    return " ".join(shown) + more


def _width() -> int:
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else 1000
