"""`nslab ping` as a test of what a lab expects: exit 0 as expected, 1 not, 2 could not be tested.

pc ──── gw ──── far
"""

from __future__ import annotations

import json
import re
from ipaddress import ip_address
from typing import TYPE_CHECKING

import pytest

from nslab.cli.findings import explain, report, told_by
from nslab.kernel.echo import Echo, Probe
from nslab.lab.model import Expectation
from nslab.plan.expect.finding import Finding, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cli.machine import Machine, Said

LAB = """
name: walled
cables:
  - {ends: [pc, gw], subnet: 10.0.1.0/30}
  - {ends: [gw, far], subnet: 10.0.2.0/30}
nodes:
  gw: {forward: true}
  pc: {routes: [{dst: default, via: 10.0.1.2}]}
"""
EXPECT = """
expect:
  - pc -> gw
  - pc -/> far
"""
QUICK = ("--timeout", "0.3", "--tries", "1")


@pytest.fixture
def walled(machine: Machine) -> Iterator[Machine]:
    machine.write("walled.yaml", LAB + EXPECT)
    assert machine.run("up", "walled.yaml").code == 0
    yield machine
    machine.run("down", "walled")


def ping(machine: Machine, *words: str) -> Said:
    return machine.run("ping", "-l", "walled", *QUICK, *words)


@pytest.mark.kernel
def test_as_expected(walled: Machine) -> None:
    done = ping(walled)
    assert (done.code, done.err) == (0, "")
    assert re.sub(r"\d+\.\d\d ms", "T", done.out).splitlines() == [
        "pc -> gw (10.0.1.2): T",
        "pc -/> far (10.0.2.2): not reached, as it must be",
        "2 of 2 expectations met",
    ]


@pytest.mark.kernel
def test_broken_and_untested(walled: Machine) -> None:
    walled.run("exec", "-l", "walled", "far", "ip", "link", "set", "eth0", "down")
    done = ping(walled)
    assert done.code == 2
    assert "1 of 2 expectations met, 1 could not be tested\n" in done.out
    walled.run("exec", "-l", "walled", "pc", "ip", "link", "set", "eth0", "down")
    done = ping(walled)
    assert done.code == 1
    assert "pc -> gw (10.0.1.2): link down: pc:eth0 is down\n" in done.out
    assert done.out.endswith("0 of 2 expectations met, 1 broken, 1 could not be tested\n")


@pytest.mark.kernel
def test_as_json(walled: Machine) -> None:
    reached, kept_out = json.loads(ping(walled, "-j").out)
    assert 0 < reached.pop("ms") < 300
    assert reached == {
        "expect": "pc -> gw",
        "from": "pc",
        "to": "gw",
        "address": "10.0.1.2",
        "protocol": "icmp",
        "port": None,
        "reach": True,
        "outcome": "ok",
        "reason": "",
    }
    assert (kept_out["reach"], kept_out["ms"], kept_out["outcome"]) == (False, None, "ok")


@pytest.mark.kernel
def test_pairs_and_all_are_as_they_were(walled: Machine) -> None:
    assert ping(walled, "pc", "gw").code == 0
    assert ping(walled, "pc").code == 1
    every = ping(walled, "--all")
    assert (every.code, "4 of 6 pairs reach each other" in every.out) == (1, True)
    refused = ping(walled, "pc", "--all")
    assert refused.failed(2, "FROM and TO do not go with --all and --expect")
    assert ping(walled, "--outside", "here").failed(2, '"here" is not an address')


@pytest.mark.kernel
def test_without_expect_only_segments_count(walled: Machine) -> None:
    walled.write("walled.yaml", LAB)
    walled.run("up", "walled.yaml")
    done = ping(walled)
    assert (done.code, done.err) == (0, "")
    assert "4 of 6 pairs reach each other" in done.out
    assert done.out.endswith("all reach each other; of the others nothing is expected\n")
    listed = ping(walled, "--expect")
    assert (listed.code, len(listed.out.splitlines())) == (0, 5)
    walled.run("exec", "-l", "walled", "far", "ip", "link", "set", "eth0", "down")
    done = ping(walled)
    assert done.code == 1
    assert "gw -> far (10.0.2.2): link down: far:eth0 is down" in done.out.splitlines()
    assert json.loads(ping(walled, "-j").out)[0].keys() >= {"from", "to", "ms"}


@pytest.mark.kernel
def test_a_changed_expectation_takes_no_step(walled: Machine) -> None:
    walled.write("walled.yaml", LAB + EXPECT.replace("-/>", "->"))
    assert "nothing to do" in walled.run("up", "walled.yaml").out
    assert ping(walled).code == 1
    assert "expect" in walled.run("show", "walled").out


def finding(outcome: Outcome, reason: str = "") -> Finding:
    return Finding(Expectation("a", "b"), "a", "b", None, outcome, None, reason)


def test_many_findings_show_those_that_are_not_as_expected() -> None:
    good, bad = [finding("ok")] * 41, finding("broken", "why")
    assert report([*good, bad]) == "a -> b: why\n41 of 42 expectations met, 1 broken"
    assert len(report(good[:5]).splitlines()) == 6
    assert explain([bad, finding("untested", "how")]) == "a -> b: why\na -> b: how"


ADDRESS = ip_address("10.0.0.1")


def test_of_a_broken_pair_one_reason_is_told() -> None:
    why = Finding(Expectation("a", "b"), "a", "b", ADDRESS, "broken", None, "link down")
    other = Finding(Expectation("b", "a"), "b", "a", ADDRESS, "broken", None, "an MTU")
    echoes = [
        Echo(Probe("a", "b", ADDRESS), None, "no answer"),
        Echo(Probe("b", "a", ADDRESS), 0.001),
        Echo(Probe("a", "far", ADDRESS), None, "no answer"),
    ]
    told, rest = told_by([why, other], echoes)
    assert [one.reason for one in told] == ["link down", "", "no answer"]
    assert rest == [other]
