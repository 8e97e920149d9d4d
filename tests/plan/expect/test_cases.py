"""Which probes an expectation asks for: pure."""

from __future__ import annotations

from ipaddress import ip_address

from hypothesis import given

from nslab.kernel.echo import Echo, Probe
from nslab.kernel.sandbox import HOST
from nslab.lab import Lab, loads
from nslab.plan.expect import beyond
from nslab.plan.expect.beyond import Outside
from nslab.plan.expect.cases import Case, expand
from nslab.plan.expect.places import Places
from tests.lab.strategies import labs

LAB = """
name: x
bridges:
  lan: {subnet: [10.0.1.0/24, "fd00:1::/64"], uplink: true, ports: [gw, pc]}
  old: {subnet: 10.0.1.0/24, ports: [pc2, pc3]}
cables:
  - {ends: [gw, far], subnet: 10.0.2.0/30}
nodes:
  far: {routes: [{dst: default, via: 10.0.2.1}, {dst: 10.0.1.0/25, via: 10.0.2.1}]}
"""
FAR4, FAR6 = ip_address("198.51.100.1"), ip_address("2001:db8::1")
BEYOND = {("tcp", 443): Outside((FAR4, FAR6)), ("icmp", 0): Outside(lack="why")}


def cases(*expect: str) -> list[Case]:
    lab = loads(f"{LAB}expect: {[*expect]}\n").resolve()
    return expand(Places(lab), BEYOND, [ip_address("127.0.0.1")])


def asked(*expect: str) -> list[str]:
    probes = [case.probe for case in cases(*expect)]
    return [f"{p.source} {p.address}" if p else "-" for p in probes]


def test_one_address_of_each_family_that_both_have() -> None:
    assert asked("pc -> gw") == ["pc 10.0.1.2", "pc fd00:1::2"]
    assert asked("far -> gw") == ["far 10.0.2.1"]  # the shared one
    assert asked("far -> pc") == ["far 10.0.1.3"]


def test_every_address_that_must_not_be_reached() -> None:
    assert asked("pc -/> gw") == ["pc 10.0.1.2", "pc fd00:1::2", "pc 10.0.2.1"]
    assert asked("far -/> gw") == ["far 10.0.1.2", "far 10.0.2.1"]


def test_a_bridge_is_asked_at_its_own_addresses() -> None:
    assert asked("far -> lan") == ["far 10.0.1.2", "far 10.0.1.3"]
    assert asked("far -/> lan") == ["far 10.0.1.2", "far 10.0.1.3"]


def test_what_is_beyond() -> None:
    assert asked("pc -> outside tcp/443") == [f"pc {FAR4}", f"pc {FAR6}"]
    assert asked("far -> outside tcp/443") == [f"far {FAR4}"]
    (case,) = cases("pc -> outside")
    assert (case.probe, case.lack, case.blameless) == (None, "why", True)
    assert asked("pc -> 192.0.2.9") == ["pc 192.0.2.9"]
    assert asked("outside -> gw") == ["outside 10.0.1.2", "outside fd00:1::2"]


def test_the_first_that_answers_the_machine_stands_for_the_outside() -> None:
    lab = loads(f'{LAB}expect: ["pc -> outside", "pc -> outside udp/53", "gw -> outside"]\n')
    given_ = [ip_address(text) for text in ("192.0.2.1", "192.0.2.2", "2001:db8::2")]
    questions = beyond.questions(lab.resolve(), given_)
    assert {probe.source for probe in questions} == {HOST}
    assert len(questions) == 6  # each way once
    echoes = [Echo(p, None if str(p.address) == "192.0.2.1" else 0.1, "no") for p in questions]
    chosen = beyond.choose(echoes)
    assert chosen["icmp", 0].addresses == (given_[1], given_[2])
    silent = beyond.choose([Echo(probe, None, "no answer") for probe in questions])
    assert silent["udp", 53].lack.startswith(
        "the machine itself gets no answer by udp/53 from 192.0.2.1, 192.0.2.2, 2001:db8::2 (hint:"
    )
    assert beyond.questions(loads(LAB).resolve(), given_) == []


def test_two_bridges_with_the_same_subnet_are_not_mixed_up() -> None:
    places = Places(loads(LAB).resolve())
    assert set(places.neighbours("pc2")) == {("pc3", ip_address("10.0.1.2"))}
    assert ("outside", ip_address("10.0.1.1")) in set(places.neighbours("pc"))
    assert "pc3" not in {name for name, _ in places.neighbours("pc")}
    owners = {places.owner(ip_address("10.0.1.2"), node) for node in ("gw", "pc3")}
    assert {end.node for end in owners if end} == {"gw", "pc3"}


def test_the_link_by_which_the_file_sends() -> None:
    places = Places(loads(LAB).resolve())
    assert places.should_leave_by("far", FAR4) == "eth0"
    assert places.should_leave_by("gw", ip_address("10.0.2.2")) == "eth1"
    assert places.should_leave_by("gw", ip_address("10.0.1.3")) == "eth0"
    assert places.should_leave_by("pc3", ip_address("10.0.2.2")) is None


@given(labs())
def test_every_lab_has_cases_that_name_its_own(lab: Lab) -> None:
    desired = lab.resolve()
    places = Places(desired)
    names = {node.name for node in desired.nodes} | {"outside"}
    for case in expand(places, {}, [ip_address("127.0.0.1"), ip_address("::1")]):
        assert (case.probe is None) == bool(case.lack)
        assert case.source in names
        if isinstance(case.probe, Probe) and case.probe.source != HOST:
            own = {address.version for address in places.addresses(case.source)}
            literal = not isinstance(case.expectation.target, str)
            assert literal or case.probe.address.version in own
            assert literal or case.probe.address in places.addresses(case.target)
