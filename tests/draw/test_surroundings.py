"""What is around a lab: its way out, links of the machine, published ports."""

from __future__ import annotations

import pytest

from nslab.draw import FORMATS, draw_as
from nslab.draw.change import change
from nslab.lab import loads
from nslab.lab.surroundings import with_surroundings

LAB = """
name: office
bridges:
  lan: {subnet: 10.0.1.0/24, uplink: true, ports: [pc1, web]}
  wan: {host: {link: eth1}, ports: [web]}
nodes:
  web: {publish: ["8080:80"]}
  many: {publish: ["1:1", "2:2", "3:3"]}
  box: {uplink: true}
"""


def test_the_way_out_and_the_machine_are_boxes() -> None:
    picture = draw_as(loads(LAB).resolve(), "text", width=200)
    assert "office: 4 nodes, 2 bridges" in picture
    for words in (
        "outside (the way out)",
        "this machine",
        "web (publishes 8080:80)",
        "many (publishes 3 ports)",
        "10.0.1.1",
        "100.64.",
        "eth1",
    ):
        assert words in picture


@pytest.mark.parametrize("kind", FORMATS)
def test_every_format_shows_them(kind: str) -> None:
    picture = draw_as(loads(LAB).resolve(), kind)  # type: ignore[arg-type]
    for words in ("outside", "the way out", "this machine", "publishes 8080:80"):
        assert words in picture, words


def test_a_lab_with_nothing_around_it_stays_the_same() -> None:
    lab = loads("nodes: {a: {}}", name="alone").resolve()
    assert with_surroundings(lab) is lab
    led = with_surroundings(loads(LAB).resolve())
    assert with_surroundings(led) == led


def test_a_way_out_that_comes_is_marked() -> None:
    after = loads(LAB).resolve()
    before = loads(LAB.replace("uplink: true, ", "").replace("8080:80", "8081:80")).resolve()
    found = change(before, after)
    words = {place: str(mark) for place, mark in found.marks.items()}
    assert words["outside", "lan", "lan"] == "added"
    assert "published ports" in words["web"]
    assert "outside" not in words  # `box` had its way out before
    gone = change(after, loads("nodes: {web: {}}", name="office").resolve())
    assert str(gone.marks["outside"]) == "deleted"
