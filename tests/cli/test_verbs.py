"""The verbs, as their users run them: what they do, print and leave."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from nslab.cli import VERBS, choice, down
from tests.cli.machine import TUTORIAL

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cli.machine import Machine, Said

    Nslab = Callable[..., Said]

pytestmark = pytest.mark.kernel


def test_from_file_to_nothing(machine: Machine) -> None:
    machine.write("lab.yaml", "name: pair\nbridges: {lan: {subnet: 10.0.0.0/24, ports: [a, b]}}\n")
    assert machine.run("ls").err == "no lab is running\n"
    assert "ip netns add a" in machine.run("plan").out.splitlines()

    first = machine.run("up")
    told = r"pair is up: 2 nodes, 1 bridge in \d+\.\d\d s \(\d+ steps\)\n"
    assert (first.code, first.err) == (0, "")
    assert re.fullmatch(told, first.out)
    assert machine.run("up").out == "pair is up, as the file says: nothing to do\n"
    assert machine.run("plan").out == "nothing to do: pair is as the file says\n"

    header, row = machine.run("ls").out.splitlines()
    assert header.split() == ["NAME", "STATE", "NODES", "UP", "FOR", "FILE"]
    assert re.match(r"pair +up +2 +\d+ s +\S*lab\.yaml$", row)
    assert machine.run("down").out == "pair is down\n"
    assert machine.labs() == []


def test_a_change_takes_its_steps_only(machine: Machine) -> None:
    text = "name: grows\nbridges: {lan: {subnet: 10.0.0.0/24, ports: [a, b]}}\n"
    path = str(machine.write("grows.yaml", text))
    assert machine.run("up", "-q", path).out == ""
    machine.write("grows.yaml", text.replace("a, b", "a, b, c"))
    planned = machine.run("plan", path).out.splitlines()
    in_words = machine.run("plan", "-v", path).out.splitlines()
    assert in_words[:2] == ["# add the namespace c", "ip netns add c"]
    assert in_words[1::2] == planned
    changed = machine.run("up", "-v", path)
    assert changed.err.splitlines() == planned
    assert re.match(rf"grows is changed: {len(planned)} steps in .* \(3 nodes, 1 br", changed.out)
    ended = machine.run("down", "-v")
    assert ended.out == "grows is down\n"
    assert ended.err.startswith("end the holder of grows")


def test_json_of_what_changes_labs(machine: Machine) -> None:
    path = str(machine.write("said.yaml", "cables: [{ends: [a, b], subnet: 10.0.0.0/30}]\n"))
    steps = json.loads(machine.run("plan", "-j", path).out)
    done = json.loads(machine.run("up", "-j", path).out)
    assert done["steps"] == steps
    assert {key: done[key] for key in ("lab", "new", "nodes", "bridges", "cables")} == {
        "lab": "said",
        "new": True,
        "nodes": 2,
        "bridges": 0,
        "cables": 1,
    }
    again = json.loads(machine.run("up", "-j", path).out)
    assert (again["new"], again["steps"]) == (False, [])
    (lab,) = json.loads(machine.run("ls", "-j").out)
    assert (lab["lab"], lab["state"], lab["nodes"]) == ("said", "up", 2)
    ended = machine.run("down", "-j", "said", "nope")
    assert ended.code == 1
    assert json.loads(ended.out) == [
        {"lab": "said", "ended": True},
        {"lab": "nope", "ended": False},
    ]
    assert json.loads(machine.run("ls", "-j").out) == []
    assert json.loads(machine.run("plan", "-j", path).out) == steps


def test_addresses_for_a_time_show_everywhere(machine: Machine) -> None:
    ports = "[{node: a, addresses: [192.168.50.1/24]}, b]"
    path = str(machine.write("lent.yaml", f"name: lent\nbridges: {{lan: {{ports: {ports}}}}}\n"))
    machine.run("up", path)
    lease = ("192.168.50.53/24", "valid_lft", "600", "preferred_lft", "600")
    machine.run("exec", "-llent", "b", "ip", "address", "add", *lease, "dev", "eth0")
    shown = machine.run("show", "lent").out
    assert shown.endswith("\n# for a time only: b:eth0 192.168.50.53/24\n")
    machine.write("lent.yaml", shown)
    assert machine.run("plan", path).out == "nothing to do: lent is as the file says\n"
    assert "192.168.50.53" not in machine.run("show", "-j", "lent").out
    assert "192.168.50.53/24" in machine.run("show", "-o", "table", "lent").out
    assert "192.168.50.53/24" in machine.run("draw", "lent").out
    assert machine.run("ping", "-llent", "a", "b").out.startswith("a -> b (192.168.50.53): ")
    machine.run("down", "lent")


def test_show(tutorial: Machine) -> None:
    shown = json.loads(tutorial.run("show", "-j").out)
    assert list(shown["nodes"]) == ["left", "gw", "pc1", "pc2", "pc3"]
    assert shown == json.loads(tutorial.run("show", "-o", "json", "tutorial").out)
    header, *rows = tutorial.run("show", "-o", "table", "-l", "tutorial").out.splitlines()
    assert header.split() == ["NODE", "LINK", "STATE", "JOINS", "MAC", "ADDRESSES"]
    assert rows[0].split()[:4] == ["left", "eth0", "up", "gw:eth0"]
    assert len(rows) == 6
    assert {row.index(row.split()[4]) for row in rows} == {header.index("MAC")}


def test_what_is_down_shows_everywhere(tutorial: Machine) -> None:
    assert tutorial.run("show", "--drift").out == "tutorial is as it was brought up\n"
    tutorial.run("exec", "pc1", "ip", "link", "set", "eth0", "down")
    drift = tutorial.run("show", "--drift")
    assert drift.code == 1
    assert "pc1:eth0: is down" in drift.out.splitlines()
    as_json = json.loads(tutorial.run("show", "--drift", "-j").out)
    mend = "ip -n pc1 link set eth0 up"
    assert {"message": "pc1:eth0: is down", "command": mend} in as_json
    assert "pc1   eth0  down" in tutorial.run("show", "-o", "table").out
    assert "down" in tutorial.run("draw").out
    broken = tutorial.run("ping", "--timeout", "0.2", "--tries", "1")
    assert broken.code == 1
    assert "left -> pc1 (10.0.2.2): no answer" in broken.out.splitlines()
    assert "12 of 20 pairs reach each other in" in broken.out
    tutorial.run("up", str(TUTORIAL))
    assert "down" not in tutorial.run("draw").out


def test_ping(tutorial: Machine) -> None:
    header, *rows, last = tutorial.run("ping").out.splitlines()
    assert header.split() == ["from", "\\", "to,", "ms", "left", "gw", "pc1", "pc2", "pc3"]
    assert [row.split()[place + 1] for place, row in enumerate(rows)] == ["-"] * 5
    assert last.startswith("20 of 20 pairs reach each other in ")
    one = tutorial.run("ping", "left", "pc3")
    assert re.fullmatch(r"left -> pc3 \(10\.0\.2\.4\): \d+\.\d\d ms\n", one.out)
    assert len(tutorial.run("ping", "gw").out.splitlines()) == 5
    rows_ = json.loads(tutorial.run("ping", "-j").out)
    assert len(rows_) == 20
    assert rows_[0].keys() == {"from", "to", "address", "ms", "reason"}


def test_draw(tutorial: Machine) -> None:
    picture = tutorial.run("draw", "tutorial").out
    assert picture == tutorial.run("draw", str(TUTORIAL)).out
    written = tutorial.folder / "picture.txt"
    assert tutorial.run("draw", "-o", str(written)).out == ""
    assert written.read_text(encoding="utf-8") == picture
    plain = tutorial.run("draw", PYTHONIOENCODING="ascii").out
    assert plain.isascii()
    assert tutorial.run("draw", "--format", "dot").out.startswith("graph")


def test_draw_of_a_change(tutorial: Machine) -> None:
    text = TUTORIAL.read_text(encoding="utf-8").replace("pc3]", "pc3, pc4]")
    path = tutorial.write("tutorial.yaml", text)
    assert "pc4 (added)" in tutorial.run("draw", "--diff", str(path)).out


def test_the_lab_that_is_meant(tutorial: Machine) -> None:
    tutorial.write("lab.yaml", "name: other\nnodes: {x: {}}\n")
    tutorial.run("up")
    assert tutorial.run("exec", "x", "true").code == 0
    assert json.loads(tutorial.run("show", "-j").out)["name"] == "other"
    assert tutorial.run("exec", "-ltutorial", "left", "true").code == 0
    assert tutorial.run("exec", "left", "true", NSLAB_LAB="tutorial").code == 0
    assert tutorial.run("exec", "--lab=tutorial", "left", "true").code == 0
    tutorial.write("lab.yaml", "nonsense: [\n")
    several = "several labs are running: other, tutorial (hint: say which with -l LAB)"
    assert tutorial.run("show").failed(2, several)
    assert tutorial.run("exec", "left", "true").failed(255, several)
    assert tutorial.run("down", "other").out == "other is down\n"


@pytest.mark.parametrize("verb", [verb for verb in VERBS if VERBS[verb][0] != "…"])
def test_help(nslab: Nslab, verb: str) -> None:
    told = nslab("help", verb)
    assert told == nslab(verb, "--help")
    usage, empty, sentence, *rest = told.out.splitlines()
    assert usage == f"usage: nslab {verb} [OPTION…] {VERBS[verb][0]}".rstrip()
    assert (empty, sentence[0].isupper()) == ("", True)
    assert any(line.split()[:2] == ["-h,", "--help"] for line in rest)
    assert max(map(len, told.out.splitlines())) <= 100


def test_the_help_of_all(nslab: Nslab) -> None:
    told = nslab("help")
    assert told == nslab("--help")
    assert [line.split()[0] for line in told.out.splitlines() if line[:2] == "  "] == list(VERBS)
    assert nslab().code == 2
    assert nslab("--version").out.startswith("nslab ")


def test_down_takes_back_what_a_lab_leaves_that_ends_just_then(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It still ran as what ended labs have left was looked for, and no longer afterwards."""
    left = iter([[], ["gone"]])
    monkeypatch.setattr(down, "sweep", lambda: next(left))
    monkeypatch.setattr(down, "running", list)
    monkeypatch.setattr(choice, "running", list)
    assert down.run([]) == 0
    told = "gone had ended: what it had left on this machine is taken back\n"
    assert capsys.readouterr() == ("", told)
