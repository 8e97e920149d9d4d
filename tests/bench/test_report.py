"""The benchmark's report, from parts of its figures."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest

if TYPE_CHECKING:
    from pathlib import Path

plot = importlib.import_module("report.plot")
report = importlib.import_module("report")
results = importlib.import_module("results")
targets = importlib.import_module("report.targets")


def run(who: str, nodes: int, up: float, *, checked: bool = True) -> dict[str, Any]:
    return {
        "contestant": who,
        "shape": "star",
        "nodes": nodes,
        "links": nodes,
        "up": up,
        "down": 0.01,
        "gone": 0.5,
        "user": 0.1,
        "system": 0.2,
        "peak_kib": None,
        "held_kib": 1024,
        "kernel_kib": 300 * nodes,
        "checked": checked,
        "phases": {},
        "also": {},
    }


def measured(*runs: dict[str, Any], failures: tuple[dict[str, Any], ...] = ()) -> Any:
    figures = {"runs": list(runs), "failures": list(failures), "absent": [], "skipped": None}
    machine = {"Kernel": "Linux", "nslab's commit": "abc"}
    return results.Measured("run", "2026-01-01 00:00 UTC", 60.0, machine, {}, "a while", figures)


def test_a_report_is_made_from_one_part_alone(tmp_path: Path) -> None:
    report.write(
        {"star": measured(run("floor", 100, 1.0), run("nslab-library", 100, 1.5))}, tmp_path
    )
    written = (tmp_path / "docs/benchmarks.md").read_text()
    assert "| 100 nodes up: library against floor | ≤ 1.1 | 1.50 | **missed** |" in written
    assert "## How fast is traffic between two nodes?" not in written
    assert (tmp_path / "docs/plots/up.svg").exists()
    assert "@" not in written


def test_a_report_of_nothing_says_that_nothing_was_measured() -> None:
    found = targets.targets(importlib.import_module("report.data").Data({}))
    assert {one.verdict for one in found} == {"not measured"}


def test_what_grows_for_the_floor_too_is_the_kernels_own() -> None:
    data = importlib.import_module("report.data").Data
    sizes = {"nslab-library": (1.0, 15.0), "floor": (1.0, 20.0)}
    runs = [
        run(who, nodes, seconds)
        for who, both in sizes.items()
        for nodes, seconds in zip((1000, 10000), both, strict=True)
    ]
    (found,) = [
        one for one in targets.targets(data({"star": measured(*runs)})) if one.measured == 1.5
    ]
    assert found.words.startswith("cost a veth of a star, 10,000")
    assert found.verdict == "the kernel's own: the floor has 2.00"


def test_why_a_target_is_missed_is_said_where_it_is() -> None:
    data = importlib.import_module("report.data").Data
    slow, fast = (
        targets.target_table(
            data({"star": measured(run("nslab-library", 100, up), run("floor", 100, 1.0))})
        )
        for up in (2.0, 1.0)
    )
    assert "- 100 nodes up: library against floor: a process of its own keeps a lab" in slow
    assert "Why some are missed" not in fast


def test_a_network_that_was_never_proven_or_that_failed_does_not_count() -> None:
    data = importlib.import_module("report.data").Data
    unproven = measured(run("floor", 10, 1.0, checked=False))
    assert data({"star": unproven}).up("floor", 10) is None
    failure = {"contestant": "floor", "shape": "star", "nodes": 10, "error": "lost"}
    failed = measured(run("floor", 10, 1.0), failures=(failure,))
    assert data({"star": failed}).up("floor", 10) is None
    assert data({"star": measured(run("floor", 10, 1.0))}).up("floor", 10) == 1.0


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_plots_are_well_formed_whatever_the_names(theme: str) -> None:
    bars = plot.bars("a & b", "<c>", [plot.Bar('"d"', 0.0, "0", "ours")])
    lines = plot.lines("t", "c", "x", "y", [plot.Line("<l>", ((10.0, 1.0), (100.0, 2.0)), "floor")])
    for one in (bars, lines):
        ET.fromstring(one.svg(theme))  # noqa: S314 - we wrote it


def test_results_are_read_back_as_they_were_saved(tmp_path: Path) -> None:
    parts = {"star": measured(run("floor", 10, 1.0))}
    results.save(tmp_path / "results.json", parts)
    assert results.load(tmp_path / "results.json") == parts
