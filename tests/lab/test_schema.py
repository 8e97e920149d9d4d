from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings

from nslab.lab import Lab, dump
from nslab.lab.document import parse
from nslab.lab.schema import schema, text
from nslab.lab.words import BRIDGE, CABLE, ENDPOINT, LAB, NODE, ROUTE, Kind
from tests.lab.strategies import labs

if TYPE_CHECKING:
    from nslab.lab import Tree

FILE = Path(__file__).parents[2] / "docs" / "lab.schema.json"
few = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def judge() -> jsonschema.Draft202012Validator:
    known: dict[str, object] = json.loads(text())
    jsonschema.Draft202012Validator.check_schema(known)
    return jsonschema.Draft202012Validator(known)


def test_the_file_is_what_the_words_make() -> None:
    assert FILE.read_text() == text(), f"run: python -m nslab.lab.schema > {FILE.name}"


def test_it_prints_itself() -> None:
    command = [sys.executable, "-m", "nslab.lab.schema"]
    assert subprocess.run(command, check=True, capture_output=True, text=True).stdout == text()


@few
@given(lab=labs())
def test_good_labs_are_good(judge: jsonschema.Draft202012Validator, lab: Lab) -> None:
    judge.validate(lab.document)
    judge.validate(dump(lab))


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "{version: 1, bridges: , cables: , nodes: }",
        "{bridges: {lan: }, nodes: {a: , b: {forward: false}}}",
        "{bridges: {lan: {subnet: 10.0.0.0/8, mac: '02:00:00:00:00:01', ports: }}}",
        "{cables: [{ends: [a, 'b:x'], subnet: ['fd00::/64'], mtu: 9000}]}",
        "{nodes: {a: {routes: [{dst: default, via: '::1'}]}}}",
        "{nodes: {a: {routes: [{dst: 10.0.0.0/8, dev: x, metric: 1}]}}}",
        "{nodes: {a: {sysctl: {net.ipv4.tcp_ecn: 1, net/ipv4/conf/eth0.1/x: on}}}}",
        "{bridges: {lan: {subnet: 10.0.0.0/8, uplink: {masquerade: false, gateway: 10.0.0.9}}}}",
        "{bridges: {lan: {host: br0}, wan: {host: {link: enp3s0.7}}}}",
        "{nodes: {a: {uplink: {subnet: 10.0.0.0/30, ifname: wan0, mtu: 1400}}, b: {uplink: true}}}",
    ],
)
def test_examples(judge: jsonschema.Draft202012Validator, text: str) -> None:
    judge.validate(parse(text, "yaml").tree)


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "{version: 2}",
        "{nmae: x}",
        "{name: a b}",
        "{name: 1}",
        "{bridges: []}",
        "{bridges: {outside: }}",
        "{bridges: {lan: {uplink: 1}}}",
        "{nodes: {a: {uplink: {nat: 1}}}}",
        "{bridges: {lan: {host: lo}}}",
        "{bridges: {lan: {host: {}}}}",
        "{bridges: {lan: {host: {bridge: br0}}}}",
        "{bridges: {lan: {subnet: 3}}}",
        "{bridges: {lan: {subnet: lan}}}",
        "{bridges: {lan: {ports: [outside]}}}",
        "{bridges: {lan: {ports: ['a:lo']}}}",
        "{bridges: {lan: {ports: ['a:0123456789abcdef']}}}",
        "{bridges: {lan: {ports: [{ifname: x}]}}}",
        "{bridges: {lan: {ports: [{node: a, mtu: 67}]}}}",
        "{bridges: {lan: {ports: [{node: a, delay: 1ms}]}}}",
        "{bridges: {lan: {ports: [{node: a, mac: x}]}}}",
        "{cables: [{ends: [a]}]}",
        "{cables: [{ends: [a, b, c]}]}",
        "{cables: [{}]}",
        "{nodes: {a: {forward: 1}}}",
        "{nodes: {a: {routes: [{dst: default}]}}}",
        "{nodes: {a: {routes: [{via: 10.0.0.1}]}}}",
        "{nodes: {a: {routes: [{dst: x, via: 10.0.0.1}]}}}",
        "{nodes: {a: {sysctl: {kernel.x: 1}}}}",
        "{nodes: {a: {sysctl: {net.x.y: [1]}}}}",
    ],
)
def test_bad_examples(judge: jsonschema.Draft202012Validator, text: str) -> None:
    assert not judge.is_valid(parse(text, "yaml").tree)


def test_every_key_is_described() -> None:
    tree = schema()
    objects: list[Tree] = [tree]
    definitions = tree["$defs"]
    assert isinstance(definitions, dict)
    objects += [definitions[name] for name in ("bridge", "cable", "node", "route")]
    for words, found in zip([LAB, BRIDGE, CABLE, NODE, ROUTE], objects, strict=True):
        assert isinstance(found, dict)
        properties = found["properties"]
        assert isinstance(properties, dict)
        assert [*properties] == [key for key in words if words[key].kind is not Kind.LATER]
    for words in (LAB, BRIDGE, CABLE, ENDPOINT, NODE, ROUTE):
        assert all(word.doc.endswith(".") and word.doc.isascii() for word in words.values())
