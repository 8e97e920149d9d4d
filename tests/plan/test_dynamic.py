"""Addresses that links have for a time: they are seen, and asked for, and never touched."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from nslab import Lab, diff, dumps, loads, up
from nslab.kernel.sandbox import Sandbox
from nslab.plan.planning import see

if TYPE_CHECKING:
    from nslab import Running
    from nslab.plan.state import LinkState

LEASED = "192.168.50.53/24"
EITHER = pytest.mark.parametrize("leased", [LEASED, "fd00::53/64"])

pytestmark = [pytest.mark.kernel, pytest.mark.usefixtures("able")]


def served(name: str) -> Lab:
    """Give a server, and two nodes on its segment to which the file gives no address."""
    lab = Lab(name)
    lan = lab.bridge("lan")
    lab.node("c1", on=lan, addresses="192.168.50.1/24")
    lab.node("c2", on=lan)
    lab.node("c3", on=lan)
    return lab


def lease(running: Running, node: str, address: str) -> None:
    words = f"ip address add {address} dev eth0 valid_lft 600 preferred_lft 600"
    running[node].run([*words.split(), *["nodad"] * (":" in address)], check=True)


def eth0(running: Running, node: str) -> LinkState:
    with Sandbox.connect(running.name) as sandbox:
        return see(sandbox, running.desired())[node].links["eth0"]


@EITHER
def test_it_is_no_drift_and_stays(name: str, leased: str) -> None:
    lab = served(name)
    with up(lab) as running:
        lease(running, "c2", leased)
        assert running.drift() == []
        assert not diff(lab)
        up(lab)
        assert [str(one) for one in eth0(running, "c2").dynamic] == [leased]


@EITHER
def test_a_file_leaves_it_out(name: str, leased: str) -> None:
    lab = served(name)
    with up(lab) as running:
        lease(running, "c2", leased)
        assert loads(dumps(running.observed())).resolve() == lab.resolve()


@EITHER
def test_it_is_pinged(name: str, leased: str) -> None:
    with up(served(name)) as running:
        lease(running, "c2", leased)
        lease(running, "c3", leased.replace("53", "54"))
        assert running.ping("c3", "c2").ok
        asked = {(one.probe.source, str(one.probe.address)) for one in running.ping().echoes}
    assert ("c3", leased.partition("/")[0]) in asked
    assert not any(address.startswith("fe80") for _, address in asked)


@pytest.mark.parametrize("expect", ["c1 -> c2", "c2 -> c1", "c1 -/> c2", ""])
def test_expectations_are_about_it(name: str, expect: str) -> None:
    lab = served(name)
    if expect:
        lab.expect(expect)
    with up(lab) as running:
        lease(running, "c2", LEASED)
        checks = running.check(timeout=0.3)
    assert checks.ok is ("-/>" not in expect), [str(one) for one in checks.findings]
    assert not checks.untested


def test_a_lasting_address_of_a_daemon_s_is_asked_for_too(name: str) -> None:
    with up(served(name)) as running:
        running["c3"].run(["ip", "address", "add", LEASED, "dev", "eth0"], check=True)
        (echo,) = running.ping("c1", "c3").echoes
    assert (str(echo.probe.address), echo.ok) == ("192.168.50.53", True)


def test_a_file_s_address_is_asked_for_first(name: str) -> None:
    with up(served(name)) as running:
        lease(running, "c1", "192.168.50.99/24")
        lease(running, "c2", LEASED)
        (echo,) = running.ping("c2", "c1").echoes
    assert str(echo.probe.address) == "192.168.50.1"


def test_the_way_out_begins_at_it(name: str) -> None:
    with up(served(name)) as running:
        lease(running, "c2", LEASED)
        first = running.trace("c2")[0]
    assert (first.ok, first.detail) == (True, f"{LEASED} on eth0")
