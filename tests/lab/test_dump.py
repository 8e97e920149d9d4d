from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import yaml
from hypothesis import HealthCheck, given, settings

from nslab.lab import Lab, dump, dumps, end, loads
from tests.lab.strategies import labs, trees

if TYPE_CHECKING:
    from nslab.lab import Tree

few = settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))


@few
@given(labs())
def test_what_is_dumped_is_loaded_as_an_equal_lab(lab: Lab) -> None:
    assert loads(json.dumps(dump(lab)), format="json") == lab
    assert loads(dumps(lab)) == lab
    assert loads(dumps(lab, format="json"), format="json") == lab


@few
@given(trees())
def test_a_dump_says_everything_so_its_own_dump_is_the_same(tree: dict[str, Tree]) -> None:
    once = dump(loads(json.dumps(tree), format="json"))
    assert dump(loads(json.dumps(once), format="json")) == once


@few
@given(labs())
def test_yaml_is_ascii_and_other_readers_agree(lab: Lab) -> None:
    text = dumps(lab)
    assert text.isascii()
    assert yaml.safe_load(text) == dump(lab)


def test_it_reads_well() -> None:
    lab = Lab("office")
    lan = lab.bridge("lan", subnet=["10.0.1.0/24", "fd00:1::/64"])
    lab.node("pc1", on=lan)
    gw = lab.node("gw", on=lan, addresses="10.0.1.254", forward=True)
    lab.cable(gw, end("far", "wan0", mac="02:00:00:00:00:01", mtu=1400), subnet="10.0.2.0/30")
    lab.node(
        "far",
        routes=[{"dst": "10.0.1.0/24", "via": "10.0.2.1"}],
        sysctl={"net.ipv4.tcp_ecn": 1, "net.ipv4.ip_local_port_range": "4000 5000"},
    )
    assert dumps(lab) == (
        """name: office
nodes:
  pc1: {}
  gw: {forward: true}
  far:
    routes:
      - {dst: 10.0.1.0/24, via: 10.0.2.1}
    sysctl: {net.ipv4.ip_local_port_range: "4000 5000", net.ipv4.tcp_ecn: 1}
bridges:
  lan:
    subnet: [10.0.1.0/24, fd00:1::/64]
    mac: "02:0c:dd:78:3c:f3"
    ports:
      - {node: pc1, ifname: eth0, mac: "02:26:59:eb:58:25", addresses: [10.0.1.1/24, fd00:1::1/64]}
      - {node: gw, ifname: eth0, mac: "02:62:fc:6c:31:6f", addresses: [10.0.1.254/24]}
cables:
  - ends:
      - {node: gw, ifname: eth1, mac: "02:07:7f:ce:0f:93", addresses: [10.0.2.1/30]}
      - {node: far, ifname: wan0, mac: "02:00:00:00:00:01", addresses: [10.0.2.2/30], mtu: 1400}
    subnet: 10.0.2.0/30
"""
    )


@pytest.mark.parametrize(
    "name", ["1", "1e3", "0x10", "null", "yes", "No", "22", "1.5", "2024-01-01"]
)
def test_names_that_look_like_something_else_are_quoted(name: str) -> None:
    lab = Lab("x")
    lab.cable(name, "b")
    assert f'"{name}": {{}}' in dumps(lab)
    assert loads(dumps(lab)).resolve().nodes[0].name == name


def test_an_empty_lab() -> None:
    assert dumps(Lab("x")) == "name: x\n"
    assert loads("name: x\n") == Lab("x")
    assert dumps(Lab("x"), format="json") == '{\n  "name": "x"\n}\n'


def test_values_that_were_resolved_are_dumped_too() -> None:
    lab = Lab("x")
    lab.cable("a", "b")
    assert dump(lab.resolve()) == dump(lab)


def test_the_default_route_of_ipv6_by_link_alone_keeps_its_family() -> None:
    text = "name: x\ncables: [{ends: [a, b]}]\nnodes: {a: {routes: [{dst: '::/0', dev: eth0}]}}\n"
    lab = loads(text)
    assert loads(dumps(lab)) == lab
