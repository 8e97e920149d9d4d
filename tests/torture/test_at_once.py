"""Two commands that change one lab at the same time, and commands that look on meanwhile."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from nslab import loads
from tests.kernel.labs import eventually
from tests.state import difference
from tests.torture.playing import Work, played
from tests.torture.trials import LABS

if TYPE_CHECKING:
    from tests.torture.machine import Facts, Json, Machine, Said

SMALL: Facts = {"name": "torn", **LABS["plain"]}
LARGE: Facts = {"name": "torn", **LABS["plain, changed"]}
LED: Facts = {"name": "torn", **LABS["led out"]}
WAYS = ["root", "a plain user"]


class Pair:
    """Commands of one user on a machine that must be in the end as it was at first."""

    def __init__(self, machine: Machine, *, user: bool) -> None:
        self.machine = machine
        self.user = user
        self.before = machine.state()

    def at_once(self, *commands: list[str]) -> list[Said]:
        """Run commands at the same time; each ends, and says nothing that only a bug would."""
        begun = [self.machine.start(words, user=self.user) for words in commands]
        said = [command.wait() for command in begun]
        assert all(one.code in (0, 1) and one.is_clean for one in said), said
        return said

    def well(self, *words: str) -> str:
        """Run a command that must do well; give what it says."""
        said = self.machine.run(*words, user=self.user)
        assert said.code == 0, said
        return said.text

    def file(self, lab: Facts, folder: str = "") -> str:
        """Write a lab into a folder of its own."""
        place = self.machine.folder / folder
        place.mkdir(exist_ok=True)
        path = place / "torn.json"
        path.write_text(json.dumps(lab))
        return str(path)

    def is_one_lab(self) -> None:
        """See that one lab runs, whole."""
        assert [lab["lab"] for lab in json.loads(self.well("ls", "-j"))] == ["torn"]
        self.well("show", "--drift")
        self.well("ping")

    def end(self) -> None:
        """End all, and see that nothing is left."""
        self.machine.run("down", "--all", user=self.user)
        same = eventually(lambda: self.machine.state() == self.before, 5.0)
        assert same, difference(self.before, self.machine.state())


def one_file(machine: Machine, *, user: bool) -> Json:
    pair = Pair(machine, user=user)
    for lab in (SMALL, LED) * 3:
        path = pair.file(lab)
        said = pair.at_once(["up", path], ["up", path])
        assert [one.code for one in said] == [0, 0], said
        pair.is_one_lab()
        pair.end()
    return {}


def two_files(machine: Machine, *, user: bool) -> Json:
    pair = Pair(machine, user=user)
    paths = [pair.file(lab, str(place)) for place, lab in enumerate((SMALL, LARGE))]
    for _ in range(5):
        said = pair.at_once(*(["up", path] for path in paths))
        assert sorted(one.code or 0 for one in said) == [0, 1], said
        (refused,) = [one for one in said if one.code == 1]
        assert "is up from another file" in refused.text
        pair.is_one_lab()
        pair.end()
    return {}


def two_changes(machine: Machine, *, user: bool) -> Json:
    """Two programs in Python, as it were: no file says whose the lab is."""
    pair = Pair(machine, user=user)
    for _ in range(3):
        pair.well("up", pair.file(SMALL))
        changed = pair.file(LARGE)
        said = pair.at_once(*(["up", changed] for _ in range(3)))
        assert [one.code for one in said] == [0, 0, 0], said
        pair.is_one_lab()
        pair.end()
    return {}


def up_against_down(machine: Machine, *, user: bool) -> Json:
    pair = Pair(machine, user=user)
    for lab in (SMALL, LED) * 4:
        path = pair.file(lab)
        pair.well("up", path)
        pair.at_once(["up", pair.file({**lab, "version": 1})], ["down", "torn"])
        if json.loads(pair.well("ls", "-j")):
            pair.is_one_lab()
        pair.end()
        pair.at_once(["up", path], ["down", "torn"], ["ls"])
        pair.well("up", path)
        pair.is_one_lab()
        pair.end()
    return {}


@pytest.mark.parametrize("work", [one_file, two_files, two_changes, up_against_down])
@pytest.mark.parametrize("way", WAYS)
def test_two_at_once_give_one_lab(work: Work, way: str) -> None:
    played(work, user=way != "root")


CHANGER = [["up", "small"], ["up", "large"], ["up", "small"], ["down", "torn"]]


def nodes_of(text: str) -> set[str]:
    """Name the nodes of a lab file."""
    return {node.name for node in loads(text, format="json", name="torn").resolve().nodes}


def look_on(machine: Machine, *, user: bool) -> Json:
    """Ask again and again while another process brings a lab up, changes it and ends it.

    In the middle of a change `show` tells what the kernel has by then: of both states a part.
    """
    pair = Pair(machine, user=user)
    members = [nodes_of(json.dumps(lab)) for lab in (SMALL, LARGE)]
    answers = {"none": 0, "a lab": 0}
    for verb, goal in CHANGER * 3:
        words = [verb, pair.file({"small": SMALL, "large": LARGE}[goal]) if verb == "up" else goal]
        command = machine.start(words, user=user)
        for _ in range(6):
            labs = json.loads(pair.well("ls", "-j"))
            assert all(one["state"] in ("up", "starting") for one in labs)
            assert all(one["nodes"] in map(len, members) for one in labs if one["state"] == "up")
            assert len(labs) <= 1
            shown = machine.run("show", "-j", user=user)
            assert shown.is_clean, shown
            if shown.code == 0:
                found = nodes_of(shown.text)
                assert members[0] & members[1] <= found <= members[0] | members[1]
                answers["a lab"] += 1
            else:
                assert shown.code == 1, shown
                assert shown.text.startswith("nslab: "), shown
                assert len(shown.text.splitlines()) == 1, shown
                answers["none"] += 1
        assert command.wait().code == 0
    pair.end()
    assert all(answers.values()), answers
    return {}


@pytest.mark.parametrize("way", WAYS)
def test_who_looks_on_sees_a_lab_or_none(way: str) -> None:
    played(look_on, user=way != "root")


BY_HAND = (
    ("ip address add 10.9.9.9/32 dev eth0", "pc1:eth0: the address 10.9.9.9/32 is not this lab's"),
    ("ip address delete 10.0.1.1/24 dev eth0", "pc1:eth0: the address 10.0.1.1/24 is missing"),
    ("ip link set eth0 down", "pc1:eth0"),
    ("ip link set eth0 mtu 1400", "pc1:eth0"),
    ("ip link delete eth0", "pc1:eth0"),
    ("ip route delete 10.0.2.0/30", "10.0.2.0/30"),
    ("ip route add 10.7.0.0/16 via 10.0.1.2", "pc1: the route 10.7.0.0/16"),
    ("ip link add mine type bridge", "pc1:mine: the link is not this lab's"),
)


def change_by_hand(machine: Machine, *, user: bool) -> Json:
    pair = Pair(machine, user=user)
    path = pair.file(SMALL)
    for command, words in BY_HAND:
        pair.well("up", path)
        pair.well("show", "--drift")
        pair.well("exec", "pc1", *command.split())
        said = machine.run("show", "--drift", user=user)
        assert said.code == 1, (command, said)
        assert words in said.text, (command, said)
        pair.well("up", path)
        mended = machine.run("show", "--drift", user=user)
        assert mended.code == (1 if "is not this lab's" in said.text else 0), (command, mended)
        pair.end()
    return {}


@pytest.mark.parametrize("way", WAYS)
def test_what_was_changed_by_hand_in_a_node_is_drift(way: str) -> None:
    played(change_by_hand, user=way != "root")
