from __future__ import annotations

import os
import subprocess
import sys

from hypothesis import HealthCheck, given, settings

from nslab.lab import Lab
from nslab.lab.document import parse
from nslab.lab.names import IFNAME_BYTES, ifname_fault
from nslab.lab.resolve import resolve
from tests.lab.reading import good
from tests.lab.strategies import labs

few = settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))


@few
@given(labs())
def test_every_lab_that_resolves_is_whole(lab: Lab) -> None:
    desired = lab.resolve()
    nodes = [node.name for node in desired.nodes]
    bridges = [bridge.name for bridge in desired.bridges]
    assert len({*nodes, *bridges}) == len(nodes) + len(bridges)
    for ends in desired.endpoints().values():
        names = [end.ifname for end in ends]
        assert len(set(names)) == len(names)
        assert not any(map(ifname_fault, names))
    for bridge in desired.bridges:
        ports = [bridge.ifname, *bridge.port_ifnames]
        assert len(ports) == len(set(ports)) == len(bridge.ports) + 1
        assert all(len(name.encode()) <= IFNAME_BYTES for name in ports)
        assert not any(map(ifname_fault, ports))
        assert len({bridge.mac, *(port.mac for port in bridge.ports)}) == len(bridge.ports) + 1
        given = [item.ip for port in bridge.ports for item in port.addresses]
        assert len(given) == len(set(given))


SCRIPT = """
from nslab.lab import Lab, dumps, end
lab = Lab("demo")
bridges = [lab.bridge(f"bridge-number-{n}", subnet=f"10.{n}.0.0/24") for n in range(9)]
for n in range(9):
    lab.node(f"a-node-with-a-long-name-{n}", on=bridges[n:] + bridges[:3])
    lab.cable(f"a-node-with-a-long-name-{n}", end("z", f"x{n}"), subnet=f"fd00:{n}::/64")
print(lab.resolve())
print(dumps(lab))
"""


def test_the_same_lab_on_every_run() -> None:
    found = {
        subprocess.run(
            [sys.executable, "-c", SCRIPT],
            env={**os.environ, "PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed in ("0", "1", "4711")
    }
    assert len(found) == 1


def test_names_in_the_fabric() -> None:
    found = good(
        "bridges:\n  a-bridge-of-a-long-name: {ports: [pc1, a-long-node-name]}\n"
        "  lo: {ports: [n]}\n  a.eth0: {ports: [a]}\n  b: {ports: [a.b, {node: a, ifname: b.eth0}]}"
    )
    long, lo, clash, two = found.bridges
    assert long.ifname.startswith("a-bridge-")
    assert len(long.ifname) == 15
    assert long.port_ifnames[0] == "pc1.eth0"
    assert long.port_ifnames[1].startswith("a-long-no-")
    assert lo.ifname.startswith("lo-")
    assert clash.ifname == "a.eth0"
    assert clash.port_ifnames[0].startswith("a.eth0-")
    assert two.port_ifnames[0] == "a.b.eth0"
    assert two.port_ifnames[1].startswith("a.b.eth0-")


def test_a_document_may_be_resolved_twice_and_stays_as_it_is() -> None:
    document = parse("name: x\ncables: [{ends: [a, b]}]\n", "yaml")
    before = repr(document)
    assert resolve(document) == resolve(document)
    assert repr(document) == before


def test_nodes_stand_in_the_order_of_their_first_mention() -> None:
    found = good("nodes: {c: }\ncables: [{ends: [b, c]}, {ends: [a, b]}]")
    assert [node.name for node in found.nodes] == ["c", "b", "a"]


def test_a_thousand_nodes() -> None:
    lab = Lab("star")
    lan = lab.bridge("lan", subnet="10.0.0.0/16")
    for number in range(1000):
        route = {"dst": "default", "via": "10.0.255.254"}
        lab.node(f"h{number}", on=lan, routes=[route])
    (bridge,) = lab.resolve().bridges
    assert str(bridge.ports[-1].addresses[0]) == "10.0.3.232/16"
    assert len({port.mac for port in bridge.ports}) == 1000
    assert bridge.port_ifnames[-1] == "h999.eth0"
