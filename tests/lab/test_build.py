from __future__ import annotations

import sys
from ipaddress import ip_interface, ip_network
from pathlib import Path

import pytest

from nslab.errors import LabFileError
from nslab.lab import BridgeRef, Lab, NodeRef, end, load, loads

HERE = Path(__file__).name


def line() -> int:
    """Give the number of the caller's line."""
    return sys._getframe(1).f_lineno


def wrong(lab: Lab) -> list[str]:
    with pytest.raises(LabFileError) as caught:
        lab.resolve()
    return str(caught.value).splitlines()


def test_calls_make_the_same_lab_as_a_file() -> None:
    lab = Lab("office")
    lan = lab.bridge("lan", subnet=["10.0.1.0/24", "fd00:1::/64"], mtu=1400)
    lab.port(lan, "pc1")
    lab.port(lan, "pc2", "eth5")
    lab.port("lan", "gw", addresses=["10.0.1.254/24"], mac="02:00:00:00:00:01", mtu=1300)
    lab.cable("gw", end("far", "wan0", addresses="10.0.2.2"), subnet="10.0.2.0/30", mtu=9000)
    lab.cable("gw", "far:wan1")
    lab.node("gw", forward=True)
    lab.node(
        "far",
        routes=[{"dst": "10.0.1.0/24", "via": "10.0.2.1", "metric": 3}],
        sysctl={"net.ipv4.tcp_ecn": 1},
    )
    text = """
name: office
bridges:
  lan:
    subnet: [10.0.1.0/24, fd00:1::/64]
    mtu: 1400
    ports:
      - pc1
      - pc2:eth5
      - {node: gw, addresses: [10.0.1.254/24], mac: "02:00:00:00:00:01", mtu: 1300}
cables:
  - ends: [gw, {node: far, ifname: wan0, addresses: 10.0.2.2}]
    subnet: 10.0.2.0/30
    mtu: 9000
  - ends: [gw, far:wan1]
nodes:
  gw: {forward: true}
  far:
    routes: [{dst: 10.0.1.0/24, via: 10.0.2.1, metric: 3}]
    sysctl: {net.ipv4.tcp_ecn: 1}
"""
    assert lab.document == loads(text).document
    assert lab == loads(text)


def test_references_are_plain_values() -> None:
    lab = Lab("x")
    lan, wan = lab.bridge("lan"), lab.bridge("wan")
    node = lab.node("a", on=[lan, "wan"])
    assert (lan, wan, node) == (BridgeRef("lan"), BridgeRef("wan"), NodeRef("a"))
    assert [bridge.ports[0].ifname for bridge in lab.resolve().bridges] == ["eth0", "eth1"]
    lab.cable(node, "b")
    lab.cable(end(node), end("b", addresses=()))
    assert [str(cable.ends[0]) for cable in lab.resolve().cables] == ["a:eth2", "a:eth3"]


def test_values_of_ipaddress_are_taken_for_texts() -> None:
    lab = Lab("x")
    lan = lab.bridge("lan", subnet=ip_network("10.0.0.0/24"))
    lab.node("a", on=lan, addresses=[ip_interface("10.0.0.9/24")])
    lab.node("b", on=lan, routes=[{"dst": ip_network("10.1.0.0/16"), "via": "10.0.0.9"}])
    assert [str(port.addresses[0]) for port in lab.resolve().bridges[0].ports] == [
        "10.0.0.9/24",
        "10.0.0.1/24",
    ]


def test_errors_name_the_line_of_the_call() -> None:
    lab = Lab("x")
    lab.cable("a", "b", subnet="10.0.0.1/30")
    first = line() - 1
    lan = lab.bridge("lan", uplink=True)
    lab.cable("a", "c", delay="10ms")
    lab.node("d", on=lan, addresses=["x"])
    lab.node("a:b")
    assert wrong(lab) == [
        f'{HERE}:{first}: cables[0].subnet: "10.0.0.1/30" has host bits set (hint: "10.0.0.0/30")',
        (
            f"{HERE}:{first + 2}: bridges.lan.uplink: the bridge has no subnet to lead out"
            ' (hint: give it a "subnet")'
        ),
        f"{HERE}:{first + 3}: cables[1].delay: not supported yet",
        f'{HERE}:{first + 4}: bridges.lan.ports[0].addresses[0]: "x" is not an address',
        (
            f'{HERE}:{first + 5}: nodes["a:b"]: "a:b" may have only letters, digits,'
            " '-', '_' and '.'"
        ),
    ]


def test_what_the_calls_alone_can_get_wrong() -> None:
    lab = Lab("x")
    lab.bridge("lan")
    first = line()
    lab.bridge("lan")
    lab.port("lna", "a")
    lab.node("b")
    lab.node("b")
    lab.node("c", addresses="10.0.0.1/24")
    assert wrong(lab) == [
        f'{HERE}:{first + 1}: bridges.lan: "lan" is given twice, first in line {first - 1}',
        f'{HERE}:{first + 2}: bridges.lna: no bridge "lna" (hint: did you mean "lan"?)',
        f'{HERE}:{first + 4}: nodes.b: "b" is given twice, first in line {first + 3}',
        (
            f'{HERE}:{first + 5}: nodes.c: addresses are for one port, and "c" has 0'
            " (hint: give them with port())"
        ),
    ]
    assert wrong(lab) == wrong(lab)


def test_a_wrong_name_of_the_lab() -> None:
    lab = Lab("my lab")
    here = line() - 1
    assert wrong(lab) == [
        (
            f"{HERE}:{here}: name: \"my lab\" may have only letters, digits, '-', '_' and '.'"
            " (hint: say name: my-lab)"
        )
    ]


def test_what_was_resolved_is_kept_until_the_next_call() -> None:
    lab = Lab("x")
    lab.cable("a", "b")
    first = lab.resolve()
    assert lab.resolve() is first
    lab.node("c")
    assert [node.name for node in lab.resolve().nodes] == ["a", "b", "c"]


def test_a_lab_from_a_file_can_grow(tmp_path: Path) -> None:
    path = tmp_path / "office.yaml"
    path.write_text("bridges:\n  lan:\nnodes:\ncables:\n")
    lab = load(path)
    assert (lab.name, lab.source) == ("office", str(path))
    lab.node("a", on="lan")
    lab.cable("a", "b")
    lab.node("c", on="lan", addresses="10.0.0.1")
    here = line() - 1
    assert wrong(lab) == [
        (
            f'{HERE}:{here}: bridges.lan.ports[1].addresses: "10.0.0.1" has no prefix length,'
            ' and bridge lan has no subnet (hint: "10.0.0.1/24")'
        )
    ]


def test_the_tree_is_a_copy() -> None:
    lab = Lab("x")
    lab.document["name"] = "y"
    assert lab.name == "x"
    assert lab.source is None
    assert repr(lab) == "Lab('x')"


def test_labs_are_equal_by_what_they_mean() -> None:
    one, other = Lab("x"), Lab("x")
    one.cable("a", "b", subnet="10.0.0.0/30")
    other.cable("a:eth0", end("b", addresses="10.0.0.2/30"), subnet=["10.0.0.0/30"])
    assert one == other
    other.node("a", forward=True)
    assert one != other
    assert one != "x"
    with pytest.raises(TypeError):
        hash(one)


def test_wrong_types_are_refused_like_a_file_s() -> None:
    lab = Lab("x")
    lab.cable("a", "b", subnet=5, mtu="big")  # type: ignore[arg-type]
    here = line() - 1
    assert wrong(lab) == [
        f'{HERE}:{here}: cables[0].mtu: "big" is not a whole number from 68 to 65535',
        (
            f"{HERE}:{here}: cables[0].subnet: 5 is not a text or a list of texts"
            " (hint: [] for none)"
        ),
    ]
