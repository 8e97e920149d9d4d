"""Two segments of one subnet: nobody takes its neighbour's answer for that of another."""

from __future__ import annotations

from ipaddress import ip_address

from nslab.lab import loads
from nslab.plan.pings import probes_of
from nslab.plan.session import up
from nslab.plan.shadows import Shadows

LAB = """
name: x
bridges:
  a: {subnet: 10.0.0.0/24, ports: [a1, a2]}
  b: {subnet: 10.0.0.0/24, ports: [b1, b2, b3]}
cables:
  - {ends: [a2, b2], subnet: 10.0.9.0/30}
"""


def test_who_hides_whom() -> None:
    shadows = Shadows(loads(LAB).resolve())
    first, second, third = (ip_address(f"10.0.0.{number}") for number in (1, 2, 3))
    assert shadows.why_not("a1", "b1", first) == "a1 has 10.0.0.1 itself"
    assert shadows.why_not("a1", "b2", second) == "a2, which is nearer, has 10.0.0.2 too"
    assert shadows.why_not("a1", "a2", second) == ""
    assert shadows.why_not("a1", "a1", first) == ""
    assert shadows.why_not("a1", "b3", third) == ""
    assert shadows.why_not("a1", "10.0.0.2", second) == ""  # whoever answers is meant


def test_a_clear_address_is_asked_for_first_and_no_link_local_one() -> None:
    lab = loads(LAB).resolve()
    assert [str(one.address) for one in probes_of(lab, "a1", "b2")] == ["10.0.9.2"]
    assert [str(one.address) for one in probes_of(lab, "a2", "b2")] == ["10.0.9.2"]
    local = loads('cables: [{ends: [{node: c, addresses: "fe80::7/64"}, d]}]', name="y").resolve()
    assert probes_of(local, None, None) == []


def test_the_hidden_are_broken_or_as_they_should_be(name: str) -> None:
    expect = 'expect: ["a1 -> b1", "a1 -/> b2", "a1 -> a2", "a1 -> 10.0.0.2"]'
    text = LAB.replace("name: x", f"name: {name}").partition("cables:")[0] + expect
    with up(loads(text)) as running:
        (echo,) = running.ping("a1", "b1").echoes
        assert (echo.ok, echo.reason) == (False, "a1 has 10.0.0.1 itself")
        assert [str(one) for one in running.check().findings][:2] == [
            "a1 -> b1 (10.0.0.1): a1 has 10.0.0.1 itself",
            "a1 -/> b2 (10.0.0.2): not reached, as it must be",
        ]
        assert [one.ok for one in running.check().findings] == [False, True, True, True]
        pings = running.ping()
        assert [one.ok for one in pings.echoes].count(True) == 2 + 6
        assert [(one.probe.source, one.probe.target) for one in pings.echoes][:2] == [
            ("a1", "a2"),
            ("a1", "b1"),
        ]
