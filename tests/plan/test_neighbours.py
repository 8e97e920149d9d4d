"""Pings between more nodes than the kernel's table of neighbours has room for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest

from nslab import Lab, up
from nslab.kernel.echo import Echo
from nslab.kernel.sandbox import Sandbox
from nslab.netlink.message import Request
from nslab.netlink.rtnl.constants import AF, RTM
from nslab.netlink.rtnl.link import Link
from nslab.netlink.rtnl.neigh import NUD, Neigh
from nslab.plan.neighbours import FEW, Neighbours, paced
from nslab.plan.pings import probes_of
from nslab.plan.segment import ROOM
from tests.plan.labs import star

if TYPE_CHECKING:
    from nslab.lab.model import Desired

NODES = 30


def large(name: str) -> Lab:
    """Give a lab in which a router joins a segment of many to another one."""
    lab = Lab(name)
    many, few = lab.bridge("many", subnet="10.1.0.0/24"), lab.bridge("few", subnet="10.2.0.0/24")
    lab.node("r", on=[many, few], forward=True)
    for number in range(NODES):
        lab.node(f"n{number}", on=many, routes=[{"dst": "default", "via": "10.1.0.1"}])
    lab.node("far", on=few, routes=[{"dst": "default", "via": "10.2.0.1"}])
    return lab


def entries(sandbox: Sandbox, lab: Desired) -> int:
    """Count the neighbours that nodes have looked up."""
    question = Request(RTM.GETNEIGH, Neigh(family=AF.INET))
    return sum(
        entry.state not in (NUD.NOARP, NUD.PERMANENT)
        for node in lab.nodes
        for entry in sandbox.handle(node.name).transport.dump(question, Neigh)
    )


@pytest.mark.kernel
def test_all_pairs_are_pinged_in_order_and_few_neighbours_are_kept(name: str) -> None:
    lab = large(name)
    desired = lab.resolve()
    with up(lab) as running, Sandbox.connect(name) as sandbox:
        found = running.ping()
        assert [echo.probe for echo in found.echoes] == probes_of(desired, None, None)
        assert found.ok
        assert len(found.echoes) > 2 * FEW
        assert entries(sandbox, desired) <= 2 * NODES + 2  # the router and its neighbours
        few = running.ping("n0")
        assert few.ok
        assert entries(sandbox, desired) > NODES  # a few are left to the kernel


def received(sandbox: Sandbox, node: str) -> int:
    """Count what a node has received, in packets."""
    links = sandbox.handle(node).transport.dump(Request(RTM.GETLINK, Link()), Link)
    found = next(link.stats64 for link in links if link.ifname == "eth0")
    return found.rx_packets if found is not None else 0


@pytest.mark.kernel
def test_nodes_do_not_ask_all_of_their_segment_for_each_neighbour(name: str) -> None:
    lab = large(name)
    with up(lab) as running, Sandbox.connect(name) as sandbox:
        before = received(sandbox, "n3")
        assert running.ping().ok
        pairs = NODES * (NODES + 1) // 2
        own = 2 * (NODES + 1) + 2 * (NODES + 1)  # its pings, and what it and others confirm
        assert received(sandbox, "n3") - before < own + pairs / 2


@pytest.mark.kernel
def test_a_mac_that_is_another_by_now_is_found(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Neighbours._link

    def stale(self: Neighbours, end: Any) -> Link:
        link = real(self, end)
        if end.node != "n7":
            return link
        return Link(index=link.index, ifname=link.ifname, address=b"\2\0\0\0\0\1")

    monkeypatch.setattr(Neighbours, "_link", stale)
    with up(large(name)) as running:
        assert running.ping(timeout=0.2).ok


def test_both_directions_of_a_pair_follow_each_other() -> None:
    desired = large("x").resolve()
    probes = probes_of(desired, None, None)
    neighbours = Neighbours(None, desired, probes)  # type: ignore[arg-type]
    assert neighbours.many
    ordered = neighbours.together(probes)
    assert sorted(map(str, ordered)) == sorted(map(str, probes))
    ends = [{probe.source, probe.target} for probe in ordered]
    assert all(one == other for one, other in zip(ends[::2], ends[1::2], strict=True))


def test_in_a_wide_segment_a_flood_waits_for_the_one_before() -> None:
    desired = star("x", ROOM + 1).resolve()
    probes = probes_of(desired, "n0", None)[:10]
    pace = paced(cast("Sandbox", None), desired, probes)
    assert pace is not None
    assert pace.pause(probes[0]) == 0
    pace.begun(probes[0], 1)
    assert pace.pause(probes[1]) > 0
    pace.finished(Echo(probes[0], 0.001))  # who answers has heard the flood to its end
    assert pace.pause(probes[1]) == 0
    pace.begun(probes[1], 1)
    assert pace.pause(probes[2]) > 0
    assert pace.pause(probes[0]) == 0  # these two know each other
    pace.finished(Echo(probes[1], None, "no answer"))
    assert pace.pause(probes[2]) > 0


def test_few_pings_in_a_segment_of_one_fabric_are_not_held_back() -> None:
    desired = star("x", ROOM).resolve()
    probes = probes_of(desired, "n0", None)[:10]
    assert paced(cast("Sandbox", None), desired, probes) is None


@pytest.mark.kernel
@pytest.mark.usefixtures("able")
def test_one_node_finds_all_of_several_fabrics(name: str) -> None:
    with up(star(name, 600)) as running:
        pings = running.ping("n0", tries=5)
        assert pings.ok, pings.broken[:3]
        assert len(pings.echoes) == 599
