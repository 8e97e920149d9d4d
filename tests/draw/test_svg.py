"""SVG pictures: nothing over anything else, the same every time, told to those who cannot see."""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, get_args
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nslab.draw import Mark, draw_as, draw_svg
from nslab.draw.marks import SIGNS, Word
from nslab.draw.svg.style import style_sheet
from nslab.errors import FeatureError
from nslab.lab import Lab
from nslab.lab.model import Cable, Desired, Endpoint, Node
from tests.draw.corpus import LABS, MARKS, SMALL
from tests.draw.geometry import SVG, Area, Picture, crosses
from tests.draw.labs import build, labs

if TYPE_CHECKING:
    from nslab.draw import Marks, Place

GOLDEN = Path(__file__).parent / "golden"
WORDS = get_args(Word)


@st.composite
def graphs(draw: st.DrawFn) -> Desired:
    """Labs of up to 30 nodes with cables and bridges at random, most of them in one part."""
    seed = random.Random(draw(st.integers(0, 10**6)))  # noqa: S311 -- no secret
    size = seed.randint(2, 30)
    names = [f"{seed.choice('abwM')}{i}{'*' * seed.randint(0, 1)}" for i in range(size)]
    lines = [f"{names[seed.randrange(i)]} -- {names[i]} 10.0.{i}.0/30" for i in range(1, size)]
    for i in range(seed.randint(0, size // 2)):
        one, other = seed.sample(names, 2)
        lines.append(f"{one} -- {other} {seed.choice(['', f'10.1.{i}.0/30', f'fd00:{i}::/64'])}")
    for i in range(seed.randint(0, 4)):
        ports = seed.sample(names, seed.randint(1, min(size, 8)))
        lines.append(f"lan{i}: {' '.join(ports)} 10.2.{i}.0/24")
    return build("\n".join(lines))


@st.composite
def marked(draw: st.DrawFn) -> tuple[Desired, Marks]:
    lab = draw(st.one_of(labs(), graphs()))
    places = [node.name for node in lab.nodes] + [bridge.name for bridge in lab.bridges]
    ends = [(end.node, end.ifname) for found in lab.endpoints().values() for end in found]
    words = st.builds(Mark, st.sampled_from(WORDS), st.sampled_from(["", "a note, another one"]))
    every: list[Place] = [*places, *ends]
    marks = draw(st.dictionaries(st.sampled_from(every), words, max_size=6))
    return lab, marks


def texts_of(svg: str) -> list[str]:
    return [each.text or "" for each in ET.fromstring(svg).iter(f"{SVG}text")]  # noqa: S314


@pytest.mark.parametrize("name", LABS)
def test_nothing_is_over_anything_else(name: str) -> None:
    assert Picture(draw_svg(LABS[name])).faults() == []


def test_marks_are_over_nothing_either() -> None:
    assert Picture(draw_svg(LABS["tutorial"], marks=MARKS)).faults() == []


@settings(max_examples=40, deadline=None)
@given(case=marked())
def test_nothing_is_over_anything_else_whatever_the_lab(case: tuple[Desired, Marks]) -> None:
    lab, marks = case
    assert Picture(draw_svg(lab, marks=marks)).faults() == []


@settings(max_examples=30, deadline=None)
@given(lab=st.one_of(labs(), graphs()))
def test_everything_is_shown(lab: Desired) -> None:
    shown = texts_of(draw_svg(lab))
    ends = [end for found in lab.endpoints().values() for end in found]
    names = [node.name for node in lab.nodes] + [bridge.name for bridge in lab.bridges]
    assert [name for name in names if name not in shown] == []
    assert sorted(text for text in shown if text.startswith("eth")) == sorted(
        end.ifname for end in ends
    )
    alone = {text.split("/")[0] for text in shown}
    assert [end for end in ends for each in end.addresses if str(each.ip) not in alone] == []
    subnets = [net for bridge in lab.bridges for net in bridge.subnets]
    subnets += [net for cable in lab.cables for net in cable.subnets]
    networks = {each.network for end in ends for each in end.addresses}
    told = " ".join(shown)
    assert [net for net in subnets if net not in networks and str(net) not in told] == []


ONE, TWO = (f'<text class="small" x="{x}" y="20">{x} words</text>' for x in (10, 30))
BOX, BEYOND, AT_TEXT = (
    f'<rect class="node" x="{x}" y="10" width="20" height="20"/>' for x in (40, 90, 20)
)
SLANT, FLAT, PART = (
    f'<path class="wire" d="{path}"/>' for path in ("M0 0L90 40", "M0 15H90", "M50 15H99")
)


@pytest.mark.parametrize(
    ("drawn", "fault"),
    [
        (ONE + TWO, '"10 words" at 10, 20 is over "30 words" at 30, 20'),
        (ONE + AT_TEXT, '"10 words" at 10, 20 is over the border of a node'),
        (BOX + BOX, "the node at 40, 10 is over the node at 40, 10"),
        (FLAT + ONE, 'a line is over "10 words" at 10, 20'),
        (SLANT + BOX, "a line is over the node at 40, 10"),
        (FLAT + PART, "two lines run together"),
        (BEYOND, "the node at 90, 10 is outside"),
    ],
)
def test_the_measure_finds_what_is_over_something(drawn: str, fault: str) -> None:
    picture = Picture(f'<svg xmlns="{SVG[1:-1]}" width="100" height="50">{drawn}</svg>')
    assert any(each.startswith(fault) for each in picture.faults())


def test_the_measure_lets_a_line_pass() -> None:
    assert not crosses(Area(10, 10, 20, 20, "box"), (0, 0, 30, 5))
    assert crosses(Area(10, 10, 20, 20, "box"), (0, 0, 30, 30))


def test_what_stands_in_one_column_neither_overlaps_nor_drifts_apart() -> None:
    """Two nodes have a bridge below them, two beside them, and cables with addresses between."""
    lab = Lab("demo")
    ports = {"left": ["n0"], "below": ["n0", "n0", "n1"], "one": ["n0", "n1"], "two": ["n0", "n1"]}
    for name, nodes in ports.items():
        bridge = lab.bridge(name)
        for node in nodes:
            lab.port(bridge, node)
    lab.cable("n0", "n1")
    lab.cable("n0", "n1", subnet="10.8.0.0/24")
    picture = Picture(draw_svg(lab.resolve()))
    assert picture.faults() == []
    assert picture.ground.bottom < 600


@pytest.mark.parametrize("name", SMALL)
def test_picture(name: str) -> None:
    assert draw_svg(LABS[name]) == (GOLDEN / f"{name}.svg").read_text(encoding="utf-8")


def test_picture_with_marks() -> None:
    kept = (GOLDEN / "tutorial_with_marks.svg").read_text(encoding="utf-8")
    assert draw_svg(LABS["tutorial"], marks=MARKS) == kept


DIGEST = """
from hashlib import sha256
from nslab.draw import draw_svg
from tests.draw.corpus import LABS
names = ["mesh_of_6", "fat_tree", "grid", "ring_with_lans", "large_lan_and_dmz"]
print(sha256("".join(draw_svg(LABS[name]) for name in names).encode()).hexdigest())
"""


def test_same_lab_same_picture_in_another_process() -> None:
    root = Path(__file__).parents[2]
    found = set()
    for seed in ("7", "8"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": f"{root}/src:{root}"}
        command = [sys.executable, "-c", DIGEST]
        drawn = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        found.add(drawn.stdout)
    assert len(found) == 1


@pytest.mark.parametrize("name", LABS)
def test_files_are_small(name: str) -> None:
    lab = LABS[name]
    ends = sum(map(len, lab.endpoints().values()))
    assert len(draw_svg(lab)) < 4000 + 200 * len(lab.nodes) + 450 * ends


@pytest.mark.parametrize("name", sorted(LABS.keys() - {"mesh_of_12", "hub_of_99"}))
def test_pictures_are_of_a_size_to_be_read(name: str) -> None:
    ground = Picture(draw_svg(LABS[name])).ground
    assert ground.right < 2200
    assert ground.bottom < 2100


def test_large_labs_are_drawn_at_once() -> None:
    lines = [f"r{i}* -- r{i + 1}* 10.{i // 250}.{i % 250}.0/30" for i in range(600)]
    lines += [f"r{i} -- x{i * 7919 % 10007} 10.9.{i % 250}.0/30" for i in range(300)]
    assert "r600" in texts_of(draw_svg(build("\n".join(lines))))


def test_odd_names_are_escaped() -> None:
    odd = ["<&>\"'", "]]>", "a\\b`{}|", "&amp;", "--"]
    ends = [(Endpoint("a", name, "02:5e:00:00:00:01"), Endpoint("b", f"b{i}", "02:5e:00:00:00:02"))
            for i, name in enumerate(odd)]  # fmt: skip
    lab = Desired("odd", cables=tuple(map(Cable, ends)), nodes=(Node("a"), Node("b")))
    marks: Marks = {"a": Mark("down", "<b>\x00\x1f\ud800\uffff</b>")}
    shown = texts_of(draw_svg(lab, marks=marks))
    assert set(odd) <= set(shown)
    assert any(text.startswith("<b>") for text in shown)


def test_it_is_told_to_those_who_cannot_see() -> None:
    root = Picture(draw_svg(LABS["tutorial"], marks=MARKS)).root
    assert root.attrib["role"] == "img"
    told = {each.attrib["id"]: each.text or "" for each in root if "id" in each.attrib}
    assert set(root.attrib["aria-labelledby"].split()) == set(told)
    assert told["title"] == "demo: 5 nodes, 1 bridge, 1 cable"
    assert "left eth0 (impaired) delay 10ms loss 1% 10.0.1.1/24" in told["desc"]
    assert "bridge lan, 10.0.2.0/24, fd00:2::/64 joins gw eth1 (down) no carrier" in told["desc"]


def test_nothing_is_fetched_from_elsewhere() -> None:
    drawn = draw_svg(LABS["tutorial"])
    assert re.findall(r"https?:[^\"]*", drawn) == ["http://www.w3.org/2000/svg"]
    assert not re.search(r"href|@import|url\(|<script|<image", drawn)


@pytest.mark.parametrize("word", WORDS)
def test_no_mark_is_told_by_its_colour_alone(word: Word) -> None:
    marks: Marks = {"pc1": Mark(word), ("pc2", "eth0"): Mark(word, "why")}
    shown = texts_of(draw_svg(LABS["tutorial"], marks=marks))
    assert f"{SIGNS[word]} {word}" in shown
    assert f"eth0 {SIGNS[word]} {word}" in shown
    assert "why" in shown
    rules = [rule for rule in style_sheet("light").split("}") if f".{word}" in rule]
    assert any("stroke-dasharray" in rule or "stroke-width" in rule for rule in rules)


def test_themes() -> None:
    auto, light, dark = (draw_svg(LABS["two"], theme=each) for each in ("auto", "light", "dark"))
    assert "@media (prefers-color-scheme:dark)" in auto
    assert "@media" not in light + dark
    assert light != dark
    assert Picture(auto).texts == Picture(light).texts == Picture(dark).texts


def test_a_run_of_nodes_is_a_stack() -> None:
    picture = Picture(draw_svg(LABS["star_of_5000"]))
    shown = [each.what.split('"')[1] for each in picture.texts]
    assert {"h1 ... h5000", "5000 nodes"} <= set(shown)
    assert len(picture.rects) == 3


def test_nothing_to_draw() -> None:
    assert texts_of(draw_svg(Desired("empty"))) == ["empty: no nodes"]


def test_without_networkx(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("nslab.draw.svg")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "networkx", None)
    with pytest.raises(FeatureError, match="networkx") as caught:
        draw_as(LABS["two"], "svg")
    assert caught.value.hint == "pip install 'nslab[draw]'"
