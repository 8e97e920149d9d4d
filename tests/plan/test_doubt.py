"""An `up` reads only those namespaces that may not be as they are wanted, and misses none."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from nslab import Lab, diff, up
from nslab.kernel.sandbox import Sandbox
from nslab.plan import planning, segment
from nslab.plan.doubt import look_at_few
from nslab.plan.observe import observe_some, read_ports
from nslab.plan.plan import Plan

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nslab import Running
    from nslab.lab import Desired
    from nslab.plan.doubt import Few
    from nslab.plan.state import State
    from nslab.plan.wanted import Wanted

LOOK = "nslab.plan.planning.look_at_few"

pytestmark = [pytest.mark.kernel, pytest.mark.usefixtures("able")]


def office(name: str, *, pcs: int = 8, more: str = "", router: bool = True) -> Lab:
    """Give a segment of nodes, a router, and two nodes that are joined by two cables."""
    lab = Lab(name)
    lan = lab.bridge("lan", subnet=["10.0.0.0/24", "fd00::/64"])
    for number in range(1, pcs + 1):
        lab.node(f"pc{number}", on=lan)
    sysctl = {"net.ipv4.tcp_ecn": "1"}
    lab.node(
        "gw",
        on=lan,
        forward=router,
        sysctl=sysctl,
        routes=[{"dst": more, "via": "10.0.0.1"}] if more else [],
    )
    lab.cable("a", "b", subnet="10.1.0.0/30")
    lab.cable("a", "b", subnet="10.2.0.0/30")
    return lab


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[set[str]]:
    """Collect which namespaces are read, by each plan that does not read all."""
    rows: list[set[str]] = []

    def seen(sandbox: Sandbox, names: Sequence[str], states: Sequence[State]) -> State:
        rows.append(set(names))
        return observe_some(sandbox, names, states)

    monkeypatch.setattr("nslab.plan.doubt.observe_some", seen)
    return rows


def come_to_rest(name: str) -> None:
    """Wait until the kernel has told all of links that came up, which may take it a second."""
    with Sandbox.connect(name) as sandbox:
        time.sleep(1.2)
        sandbox.conclude(sandbox.changed()[1])


def by_hand(lab: Running, node: str, words: str) -> None:
    """Let somebody change something behind our back."""
    lab[node].run(["sh", "-ec", words], check=True)


def test_nothing_is_read_where_nothing_has_changed(name: str, read: list[set[str]]) -> None:
    with up(office(name)):
        come_to_rest(name)
        assert diff(office(name)) == Plan()
        up(office(name))
        assert read == [set(), set()]


def test_a_change_of_the_file_reads_what_it_concerns(name: str, read: list[set[str]]) -> None:
    with up(office(name)) as lab:
        come_to_rest(name)
        up(office(name, more="10.9.0.0/16"))
        up(office(name, more="10.9.0.0/16", pcs=9))
        up(office(name, more="10.8.0.0/16", router=False))
        assert [names & {"gw", "pc9", "pc1", "a"} for names in read] == [
            {"gw"},
            {"gw"},  # which has heard the `up` before, and pc9 is not there yet
            {"gw", "pc9"},
        ]
        assert lab.drift() == []


ACTS = {
    "an address is lost": ("pc3", "ip address delete 10.0.0.3/24 dev eth0"),
    "an IPv6 address is lost": ("pc3", "ip address delete fd00::3/64 dev eth0"),
    "a link is down": ("pc3", "ip link set eth0 down"),
    "an MTU": ("pc3", "ip link set eth0 mtu 1400"),
    "a MAC": ("pc3", "ip link set eth0 address 02:00:00:00:00:99"),
    "a link is gone": ("pc3", "ip link delete eth0"),
    "a link has another name": ("pc3", "ip link set eth0 down; ip link set eth0 name eth7"),
    "a link-local address is lost": ("pc3", "ip -6 address flush dev eth0 scope link"),
    "a router forwards no more": ("gw", "echo 0 > /proc/sys/net/ipv4/ip_forward"),
    "a node forwards": ("pc3", "echo 1 > /proc/sys/net/ipv6/conf/all/forwarding"),
    "a sysctl of the file": ("gw", "echo 0 > /proc/sys/net/ipv4/tcp_ecn"),
    "a route is lost": ("gw", "ip route delete 10.9.0.0/16"),
    "two cables have changed places": (
        "a",
        """
        for each in eth0 eth1; do ip link set $each down name $each.old; done
        ip link set eth0.old name eth1
        ip link set eth1.old name eth0
        """,
    ),
}


@pytest.mark.parametrize("act", ACTS)
def test_what_somebody_did_by_hand_is_put_right(act: str, name: str, read: list[set[str]]) -> None:
    lab = office(name, more="10.9.0.0/16")
    node, words = ACTS[act]
    with up(lab) as running:
        by_hand(running, node, words)
        assert diff(lab)  # this one has heard of it, and puts nothing right
        assert up(lab).drift() == []
        assert all("pc5" not in names for names in read)
        assert diff(lab) == Plan()


def test_ports_are_sought_only_where_a_fabric_has_changed(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else it was noted which of a segment's fabrics has which ports."""
    monkeypatch.setattr(segment, "ROOM", 2)
    sought: list[list[str]] = []

    def seen(sandbox: Sandbox, names: Sequence[str]) -> State:
        sought.append(list(names))
        return read_ports(sandbox, names)

    monkeypatch.setattr("nslab.plan.doubt.read_ports", seen)
    with up(office(name, pcs=6)) as lab:
        come_to_rest(name)
        assert diff(office(name, pcs=6)) == Plan()
        by_hand(lab, "pc2", "ip link delete eth0")  # which takes the port along
        up(office(name, pcs=6))
        assert lab.drift() == []
    assert sought == [[], ["lan"]]


def test_a_segment_over_several_fabrics(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is planned from a look at few is what is planned from a look at all."""
    monkeypatch.setattr(segment, "ROOM", 2)
    plans: list[tuple[Plan, Plan]] = []

    def both(sandbox: Sandbox, wanted: Wanted, past: Sequence[Desired]) -> Few | None:
        found = look_at_few(sandbox, wanted, past)
        if found is not None:
            with monkeypatch.context() as patched:
                patched.setattr(LOOK, lambda *_: None)
                whole = planning.plan_change(sandbox, wanted)[0]
            plans.append((planning._plan_few(sandbox, found), whole))
        return found

    monkeypatch.setattr(LOOK, both)
    with up(office(name)) as lab:
        by_hand(lab, "pc2", "ip address flush dev eth0")
        for count in (8, 5, 7, 7, 9):
            up(office(name, pcs=count))
            by_hand(lab, "gw", "echo 0 > /proc/sys/net/ipv4/tcp_ecn")  # of which nobody hears
            up(office(name, pcs=count))
            assert lab.drift() == []
    assert len(plans) >= 5
    for few, whole in plans:
        assert few.commands() == whole.commands()
