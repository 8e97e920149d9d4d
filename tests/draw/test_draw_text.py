"""Each file of pictures/ is a topology, a line of `=`, and the picture that it must give."""

from __future__ import annotations

import re
from ipaddress import ip_interface
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from nslab import loads
from nslab.draw import draw_text
from nslab.lab.model import Cable, Desired, Endpoint
from tests.draw.labs import build, labs

PICTURES = sorted((Path(__file__).parent / "pictures").glob("*.txt"))


def words_of(picture: str) -> list[str]:
    return re.findall(r"[\w.:/-]+", re.sub("[─-╿]", " ", picture))


def said(desired: Desired) -> list[set[str]]:
    """Give, for each thing that a picture must show, the words that show it."""
    endpoints = [each for found in desired.endpoints().values() for each in found]
    addresses = [address for each in endpoints for address in each.addresses]
    subnets = [net for bridge in desired.bridges for net in bridge.subnets]
    subnets += [net for cable in desired.cables for net in cable.subnets]
    shown = [{node.name} for node in desired.nodes] + [{each.name} for each in desired.bridges]
    shown += [{str(each.ip), each.with_prefixlen} for each in addresses]
    tellers = {net: {a.with_prefixlen for a in addresses if a.network == net} for net in subnets}
    return shown + [{str(net), *tellers[net]} for net in subnets]


@pytest.mark.parametrize("path", PICTURES, ids=lambda path: path.stem)
def test_picture(path: Path) -> None:
    topology, _, picture = path.read_text(encoding="utf-8").partition("=====\n")
    assert draw_text(build(topology)) == picture


@settings(max_examples=250, deadline=None)
@given(desired=labs(), width=st.sampled_from([20, 40, 60, 80, 80, 120, 200]))
def test_everything_is_shown_within_the_width(desired: Desired, width: int) -> None:
    picture = draw_text(desired, width=width)
    words = words_of(picture)
    assert [each for each in said(desired) if each.isdisjoint(words)] == []
    assert picture.count("(router)") >= sum(node.forward for node in desired.nodes)
    ifnames = [each.ifname for found in desired.endpoints().values() for each in found]
    assert sorted(word for word in words if word.startswith("eth")) == sorted(ifnames)
    assert [
        line for line in picture.splitlines() if len(line) > width and " " in line.strip()
    ] == []


@settings(max_examples=50, deadline=None)
@given(desired=labs())
def test_same_lab_same_picture(desired: Desired) -> None:
    assert draw_text(desired) == draw_text(desired, width=80)


@settings(max_examples=50, deadline=None)
@given(desired=labs())
def test_ascii_only_takes_the_same_places(desired: Desired) -> None:
    plain, drawn = draw_text(desired, ascii_only=True), draw_text(desired)
    assert plain.isascii()
    pairs = zip(plain, drawn, strict=True)
    assert all(one == other for one, other in pairs if other.isascii())


def test_runs_in_a_large_lab() -> None:
    names = [f"h{i}" for i in range(8, 41)] + ["pc007", "pc008", "pc009", "pc010", "r1*", "r2*"]
    picture = draw_text(build(f"lan: {' '.join(names)} 10.0.0.0/24"))
    for text in (
        "h8 ... h40 (33 nodes)",
        "pc007 ... pc010 (4 nodes)",
        "r1 (router)",
        "r2 (router)",
    ):
        assert text in picture
    assert draw_text(build("lan: h1 h2 h3 h4 h5 10.0.0.0/24")).count("...") == 0


@pytest.mark.parametrize(
    "odd",
    [
        Endpoint("h15", "lan0", "02:5e:00:00:00:02", addresses=(ip_interface("10.0.0.15/24"),)),
        Endpoint("h15", "eth0", "02:5e:00:00:00:02", addresses=(ip_interface("10.0.0.99/24"),)),
        Endpoint("h15", "eth0", "02:5e:00:00:00:02"),
    ],
    ids=["ifname", "address", "no address"],
)
def test_a_run_ends_where_a_node_is_different(odd: Endpoint) -> None:
    lab = build(f"lan: {' '.join(f'h{i}' for i in range(1, 31))} 10.0.0.0/24")
    ports = tuple(odd if port.node == odd.node else port for port in lab.bridges[0].ports)
    picture = draw_text(replace(lab, bridges=(replace(lab.bridges[0], ports=ports),)))
    for text in ("h1 ... h14 (14 nodes)", "h15", "h16 ... h30 (15 nodes)"):
        assert text in picture
    assert all(str(each.ip) in picture for each in odd.addresses)


@pytest.mark.parametrize("width", [24, 60, 80, 132])
def test_a_large_lab_is_listed_whole(width: int) -> None:
    names = [f"node-{i * 7919 % 10007}" for i in range(1000)]
    lines = [f"lan{i}: gw* {' '.join(names[i::50])} 10.{i}.0.0/24 fd00:{i}::/64" for i in range(50)]
    lines += [
        f"{one} -- {other} 192.168.{i}.0/24" for i, (one, other) in enumerate(pairwise(names[:99]))
    ]
    desired = build("\n".join(lines))
    picture = draw_text(desired, width=width)
    words = set(words_of(picture))
    assert [each for each in said(desired) if each.isdisjoint(words)] == []
    assert max(map(len, picture.splitlines())) <= width


def test_nothing_to_draw() -> None:
    assert draw_text(Desired("empty")) == "empty: no nodes\n"


def test_a_cable_of_one_node_joins_nothing_else() -> None:
    lab = loads("{name: x, bridges: {lan: {ports: [gw, pc]}}, cables: [{ends: [gw, far]}]}")
    desired = lab.resolve()
    loop = Cable((Endpoint("gw", "a0", ""), Endpoint("gw", "a1", "")), ())
    lines = draw_text(replace(desired, cables=(*desired.cables, loop))).splitlines()
    (start,) = (line for line in lines if "eth1 ─" in line)
    assert set(start.partition("eth1 ")[2]) <= set("─┐║ ")
