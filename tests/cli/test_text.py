"""What is shown to a reader: tables, matrices, times, colour, progress."""

from __future__ import annotations

import io
from ipaddress import ip_address

import pytest

from nslab import Lab
from nslab.cli import matrix, progress, text
from nslab.cli.building import Building
from nslab.cli.matrix import report
from nslab.cli.progress import Bar, Count
from nslab.kernel.echo import Echo, Probe
from nslab.plan.state import LinkState
from nslab.plan.steps import DeleteLink, DeleteNetns

TIMES = [(0, "0 s"), (-3, "0 s"), (59.9, "59 s"), (60, "1 min"), (3599, "59 min")]
TIMES += [(3600, "1 h 0 min"), (86399, "23 h 59 min"), (90000, "1 d 1 h"), (86400 * 40, "40 d 0 h")]


class Screen(io.StringIO):
    """A terminal, as far as programs can tell."""

    def isatty(self) -> bool:
        return True


def echo(source: str, target: str, ms: float | None = 0.05) -> Echo:
    seconds = None if ms is None else ms / 1000
    probe = Probe(source, target, ip_address("10.0.0.1"))
    return Echo(probe, seconds, "" if ms is not None else "no answer")


def pairs(names: list[str], broken: tuple[tuple[str, str], ...] = ()) -> list[Echo]:
    return [
        echo(one, other, None if (one, other) in broken else 0.05)
        for one in names
        for other in names
        if one != other
    ]


@pytest.mark.parametrize(("seconds", "words"), TIMES)
def test_uptime(seconds: float, words: str) -> None:
    assert text.uptime(seconds) == words


def test_columns() -> None:
    rows = [("NAME", "N", "FILE"), ("office", "10", "x"), ("a", "7", "")]
    assert text.columns(rows, right={1}) == ["NAME     N  FILE", "office  10  x", "a        7"]


def test_one_pair() -> None:
    assert report([echo("a", "b", 0.123)]) == "a -> b (10.0.0.1): 0.12 ms"
    assert report([echo("a", "b", None)]) == "a -> b (10.0.0.1): no answer"


def test_a_matrix() -> None:
    assert report(pairs(["a", "b", "gw"], (("a", "gw"),))).splitlines() == [
        "from \\ to, ms     a     b    gw",
        "a                 -  0.05  FAIL",
        "b              0.05     -  0.05",
        "gw             0.05  0.05     -",
        "5 of 6 pairs reach each other in 0.05 to 0.05 ms (median 0.05)",
        "a -> gw (10.0.0.1): no answer",
    ]


def test_names_that_do_not_fit_become_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matrix, "_width", lambda: 60)
    names = ["datacenter-east-leaf-01", "datacenter-east-leaf-02", "h"]
    assert report(pairs(names)).splitlines()[:4] == [
        "from \\ to, ms                 1     2     3",
        "1 datacenter-east-leaf-01     -  0.05  0.05",
        "2 datacenter-east-leaf-02  0.05     -  0.05",
        "3 h                        0.05  0.05     -",
    ]
    monkeypatch.setattr(matrix, "_width", lambda: 30)
    assert report(pairs(names)).splitlines()[0].split() == [
        *["FROM", "REACHES", "MIN", "MS", "MEDIAN", "MAX", "NOT", "REACHED"]
    ]


def test_twelve_nodes_are_a_matrix_and_thirteen_are_rows() -> None:
    names = [f"n{number}" for number in range(13)]
    assert len(report(pairs(names[:12])).splitlines()[0].split()) == 4 + 12
    broken = tuple(("n0", other) for other in names[1:])
    header, first, second, *_ = report(pairs(names, broken)).splitlines()
    assert header.split()[:2] == ["FROM", "REACHES"]
    assert first.split() == [
        "n0",
        "0",
        "of",
        "12",
        "-",
        "-",
        "-",
        *["n1", "n2", "n3", "n4", "n5", "n6", "...", "(12)"],
    ]
    assert second.split()[:4] == ["n1", "12", "of", "12"]


def test_many_broken_pairs_are_cut_and_the_neighbour_table_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(matrix, "read_switch", lambda _: "1024")
    names = [f"n{number}" for number in range(40)]
    everything = tuple((one, other) for one in names for other in names)
    *_, cut, hint, way = report(pairs(names, everything)).splitlines()
    assert cut.startswith("... and 1,540 more broken pairs")
    assert "at most 1,024 neighbours" in hint
    assert "sysctl -w net.ipv4.neigh.default.gc_thresh3=3120" in way


def test_colour_is_for_terminals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert text.paint("x", text.RED, Screen()) == "\x1b[31mx\x1b[0m"
    assert text.paint("x", text.RED, io.StringIO()) == "x"
    monkeypatch.setenv("NO_COLOR", "1")
    assert text.paint("x", text.RED, Screen()) == "x"
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "dumb")
    assert text.paint("x", text.RED, Screen()) == "x"


def show_work(
    monkeypatch: pytest.MonkeyPatch, screen: io.StringIO, pause: float, *, hidden: bool = False
) -> str:
    monkeypatch.setenv("TERM", "xterm")
    for name in ("_PATIENCE", "_PAUSE", "_SILENCE"):
        monkeypatch.setattr(progress, name, pause)
    monkeypatch.setattr("sys.stderr", screen)
    with Bar("office: up", hidden=hidden) as bar:
        count = Count("nodes made", 10)
        for _ in range(10):
            count.done += 1
            bar.reach(count.done / 10, lambda: str(count))
    return screen.getvalue()


def test_long_work_shows_a_bar_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = show_work(monkeypatch, Screen(), -1.0)
    assert "office: up  50%|" in shown
    assert "| 5 of 10 nodes made, " in shown
    assert shown.rpartition("\r")[0].rstrip(" ").endswith("\r")  # wiped at the end


def test_long_work_is_told_in_lines_where_there_is_no_terminal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lines = show_work(monkeypatch, io.StringIO(), -1.0).splitlines()
    assert len(lines) == 10
    assert lines[4].startswith("office: up: 5 of 10 nodes made, ")
    assert lines[4].endswith("/s")


def test_one_is_counted_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    for noun, total, done, said in (
        ("nodes made", None, 1, "1 node made"),
        ("nodes made", None, 2, "2 nodes made"),
        ("nodes made", 9, 1, "1 of 9 nodes made"),
        ("pairs", 1, 1, "1 of 1 pair"),
    ):
        count = Count(noun, total)
        count.done = done
        monkeypatch.setattr(count, "_begun", count._begun - 100)
        assert str(count) == said  # and not how fast, as that is less than one a second


def test_what_is_taken_away_is_counted_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr", screen := io.StringIO())
    monkeypatch.setattr(progress, "_SILENCE", -1.0)
    lab, gone = Lab("x").resolve(), DeleteLink("a", LinkState("eth0", "veth"))
    with Bar("x: up") as bar:
        building = Building(bar, lab, new=False)
        for step in (gone, DeleteNetns("b"), DeleteNetns("c")):
            building.take(step)
    words = [line[7:].partition(",")[0] for line in screen.getvalue().splitlines()]
    assert words == ["1 link taken away", "1 node taken away", "2 nodes taken away"]


@pytest.mark.parametrize("screen", [Screen, io.StringIO])
def test_short_work_and_quiet_work_show_nothing(
    monkeypatch: pytest.MonkeyPatch, screen: type[io.StringIO]
) -> None:
    assert show_work(monkeypatch, screen(), 60.0) == ""
    assert show_work(monkeypatch, screen(), -1.0, hidden=True) == ""
