"""Marks, and two states of a lab in one picture."""

from __future__ import annotations

import subprocess
import sys
from ipaddress import ip_address, ip_interface, ip_network

import pytest
from msgspec.structs import replace

from nslab.draw import Mark, change, draw_text, format_of
from nslab.lab.model import Bridge, Cable, Desired, Endpoint, Route
from tests.draw.corpus import LABS, MARKS
from tests.draw.labs import build

LAB = build("a -- gw* 10.0.1.0/24\nlan: gw pc1 pc2 10.0.2.0/24")


def with_node(lab: Desired, name: str, **changes: object) -> Desired:
    nodes = [replace(n, **changes) if n.name == name else n for n in lab.nodes]
    return replace(lab, nodes=tuple(nodes))


def with_port(lab: Desired, node: str, **changes: object) -> Desired:
    bridge = lab.bridges[0]
    ports = [replace(p, **changes) if p.node == node else p for p in bridge.ports]
    return replace(lab, bridges=(replace(bridge, ports=tuple(ports)),))


def test_nothing_changes() -> None:
    assert change(LAB, LAB) == change(LAB, LAB)
    assert change(LAB, LAB).marks == {}
    assert change(LAB, LAB).lab == LAB


def test_what_the_kernel_says_in_other_words_is_no_change() -> None:
    wanted = with_node(
        LAB,
        "a",
        routes=(Route(ip_network("0.0.0.0/0"), ip_address("10.0.1.2")),),
        sysctl=(("net.ipv4.ip_local_port_range", "20000 30000"),),
    )
    there = with_node(
        LAB,
        "a",
        routes=(Route(ip_network("0.0.0.0/0"), ip_address("10.0.1.2"), "eth0"),),
        sysctl=(("net.ipv4.ip_local_port_range", "20000\t30000"),),
    )
    port = with_port(wanted, "pc1", mtu=1500, mac="02:5E:00:00:00:02")
    assert change(there, port).marks == {}


def test_from_nothing_everything_comes() -> None:
    found = change(Desired("demo"), LAB)
    assert found.lab == LAB
    assert set(found.marks.values()) == {Mark("added")}
    assert {"a", "gw", "pc1", "pc2", "lan"} <= set(found.marks)
    assert draw_text(found.lab, marks=found.marks).count("added") == 5


def test_a_node_goes_with_its_ports() -> None:
    after = build("a -- gw* 10.0.1.0/24\nlan: gw pc1 10.0.2.0/24")
    found = change(LAB, after)
    assert found.marks == {"pc2": Mark("deleted"), ("pc2", "eth0", "lan"): Mark("deleted")}
    assert [port.node for port in found.lab.bridges[0].ports] == ["gw", "pc1", "pc2"]
    assert "pc2 (deleted)" in draw_text(found.lab, marks=found.marks)


def test_a_link_moves() -> None:
    before = build("lan: a b 10.0.1.0/24\ndmz: c 10.0.2.0/24")
    dmz, lan = before.bridges[1], before.bridges[0]
    moved = (replace(lan, ports=lan.ports[:1]), replace(dmz, ports=(*dmz.ports, lan.ports[1])))
    found = change(before, replace(before, bridges=moved))
    assert found.marks == {
        ("b", "eth0", "lan"): Mark("deleted"),
        ("b", "eth0", "dmz"): Mark("added"),
    }
    picture = draw_text(found.lab, marks=found.marks)
    assert "eth0 (deleted)" in picture
    assert "eth0 (added)" in picture


@pytest.mark.parametrize(
    ("changes", "note"),
    [
        ({"mtu": 1400}, "mtu 1400"),
        ({"mac": "02:00:00:00:00:09"}, "mac 02:00:00:00:00:09"),
        ({"addresses": ()}, "10.0.2.2/24 goes"),
        (
            {"addresses": (ip_interface("10.0.2.9/24"),)},
            "10.0.2.9/24 comes, 10.0.2.2/24 goes",
        ),
    ],
)
def test_an_endpoint_changes(changes: dict[str, object], note: str) -> None:
    after = with_port(LAB, "pc1", **changes)
    assert change(LAB, after).marks == {("pc1", "eth0", "lan"): Mark("changed", note)}


@pytest.mark.parametrize(
    ("changes", "note"),
    [
        ({"forward": True}, "a router now"),
        ({"routes": (Route(ip_network("10.9.0.0/16"), None, "eth0"),)}, "routes"),
        ({"sysctl": (("net.ipv4.tcp_ecn", "1"),)}, "sysctl"),
    ],
)
def test_a_node_changes(changes: dict[str, object], note: str) -> None:
    after = with_node(LAB, "pc1", **changes)
    assert change(LAB, after).marks == {"pc1": Mark("changed", note)}
    gone = change(after, LAB).marks["pc1"]
    assert gone == Mark("changed", "no router now" if note == "a router now" else note)


def test_bridges_and_cables_come_and_go() -> None:
    end = Endpoint("a", "eth9", "02:5e:00:00:00:09")
    other = Endpoint("pc1", "eth9", "02:5e:00:00:00:0a")
    more = replace(LAB, bridges=(*LAB.bridges, Bridge("dmz", "dmz", "02:5e:00:00:00:0b")))
    more = replace(more, cables=(*more.cables, Cable((end, other))))
    marks = {
        "dmz": "added",
        ("a", "eth9", "pc1:eth9"): "added",
        ("pc1", "eth9", "a:eth9"): "added",
    }
    assert {place: mark.word for place, mark in change(LAB, more).marks.items()} == marks
    assert {mark.word for mark in change(more, LAB).marks.values()} == {"deleted"}
    assert change(more, LAB).lab == more


def test_marks_in_a_text() -> None:
    picture = draw_text(LABS["tutorial"], marks=MARKS)
    for words in (
        "gw (router, changed: a router now)",
        "eth0 (impaired)",
        "delay 10ms",
        "eth1 (down)  no carrier",
        "pc2 (deleted)",
        "pc3 (added)",
    ):
        assert words in picture
    assert picture.count("deleted") == 1


def test_what_is_marked_is_in_no_run() -> None:
    lab = build(f"lan: {' '.join(f'h{i}' for i in range(1, 41))} 10.0.0.0/24")
    picture = draw_text(lab, marks={("h20", "eth0"): Mark("down")})
    for words in ("h1 ... h19 (19 nodes)", "h20", "eth0 (down)", "h21 ... h40 (20 nodes)"):
        assert words in picture


def test_formats_by_suffix() -> None:
    names = ["a.svg", "b/c.DOT", "d.gv", "e.mmd", "f.mermaid", "g.txt", "h", "i.png"]
    found = [format_of(name) for name in names]
    assert found == ["svg", "dot", "dot", "mermaid", "mermaid", "text", None, None]


def test_only_svg_loads_networkx() -> None:
    code = "import sys, nslab.draw; print('networkx' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "False"
