"""What differs between the file and the kernel, said; and mended by `up`, where it is the lab's."""

from __future__ import annotations

import pytest

from nslab import Lab, diff, dumps, end, loads, up
from nslab.plan.steps.route import AddRoute

pytestmark = [pytest.mark.kernel, pytest.mark.usefixtures("able")]


def routed(name: str) -> Lab:
    lab = Lab(name)
    routes = [{"dst": "192.0.2.0/24", "via": "10.0.0.2"}, {"dst": "fd01::/64", "via": "fd00::2"}]
    lab.node("a", routes=routes)
    lab.cable("a", "b", subnet=["10.0.0.0/30", "fd00::/64"])
    return lab


@pytest.mark.parametrize(
    "words",
    [
        "198.51.100.0/24 via 10.0.0.2 dev eth0",
        "fd02::/64 via fd00::2 dev eth0",
        "blackhole 198.51.100.0/24",
        "unreachable fd02::/64",
        "prohibit 198.51.100.0/24 metric 7",
    ],
)
def test_a_route_added_by_hand_is_named_and_left(name: str, words: str) -> None:
    lab = routed(name)
    with up(lab) as running:
        family = "-6" if "::" in words else "-4"
        running["a"].run(["ip", family, "route", "add", *words.split()], check=True)
        up(lab)
        assert [str(one) for one in running.drift()] == [f"a: the route {words} is not this lab's"]
        assert not diff(lab)


def test_a_route_over_an_address_added_by_hand_is_left(name: str) -> None:
    lab = routed(name)
    with up(lab) as running:
        command = "ip address add 10.9.0.1/24 dev eth0; ip route add 198.51.100.0/24 via 10.9.0.2"
        running["a"].run(["sh", "-ec", command], check=True)
        up(lab)
        assert [str(one) for one in running.drift()] == [
            "a:eth0: the address 10.9.0.1/24 is not this lab's",
            "a: the route 198.51.100.0/24 via 10.9.0.2 dev eth0 is not this lab's",
        ]
        assert not diff(lab)


@pytest.mark.parametrize(
    ("words", "file_s"),
    [
        ("blackhole 192.0.2.0/24", "192.0.2.0/24 via 10.0.0.2"),
        ("throw fd01::/64", "fd01::/64 via fd00::2"),
    ],
)
def test_a_route_replaced_by_hand_is_put_back(name: str, words: str, file_s: str) -> None:
    lab = routed(name)
    with up(lab) as running:
        family = "-6" if "::" in words else "-4"
        command = "ip -6 route delete fd01::/64;" if "::" in words else ""
        command += f"ip {family} route replace {words}"
        running["a"].run(["sh", "-c", command], check=True)
        assert [str(one) for one in running.drift()] == [f"a: a route is {words}, not {file_s}"]
        (step,) = diff(lab)
        assert isinstance(step, AddRoute)
        up(lab)
        assert running.drift() == []
        assert "blackhole" not in str(running.observed())


def test_a_link_that_is_down_is_named_once(name: str) -> None:
    lab = routed(name)
    with up(lab) as running:
        running["b"].run(["ip", "link", "set", "eth0", "down"], check=True)
        assert [str(one) for one in running.drift()] == ["b:eth0: is down"]
        up(lab)
        assert running.drift() == []
        assert running.ping().ok


def test_an_mtu_changed_by_hand_goes_back(name: str) -> None:
    lab = routed(name)
    with up(lab) as running:
        running["a"].run(["ip", "link", "set", "eth0", "mtu", "1400"], check=True)
        assert [str(one) for one in running.drift()] == ["a:eth0: has the MTU 1400, not 1500"]
        up(lab)
        assert running.drift() == []


@pytest.mark.parametrize("setting", ["stp_state", "mcast_snooping"])
def test_a_bridge_is_made_a_plain_switch_again(name: str, setting: str) -> None:
    lab = Lab(name)
    lab.bridge("lan", subnet="10.0.0.0/24")
    lab.node("a", on="lan")
    lab.node("b", on="lan")
    with up(lab) as running:
        running["lan"].run(["ip", "link", "set", "lan", "type", "bridge", setting, "1"], check=True)
        assert [str(one) for one in running.drift()] == [f"lan:lan: has {setting} 1, not 0"]
        (step,) = diff(lab)
        assert step.command() == f"ip -n lan link set lan type bridge {setting} 0"
        up(lab)
        assert running.drift() == []
        assert running.ping().ok


def test_show_keeps_the_order_of_the_file(name: str) -> None:
    lab = Lab(name)
    mixed = ["fd00::1/64", "10.0.0.1/24", "fd00::9/64", "10.0.0.9/24"]
    routes = [{"dst": "fd01::/64", "via": "fd00::2"}, {"dst": "192.0.2.0/24", "via": "10.0.0.2"}]
    lab.node("a", routes=routes)
    lab.cable(end("a", addresses=mixed), end("b", addresses=["fd00::2/64", "10.0.0.2/24"]))
    with up(lab) as running:
        assert running.observed() == lab.resolve()


def test_a_link_that_was_renamed_is_missing_under_its_own_name(name: str) -> None:
    lab = Lab(name)
    lab.node("a", on=lab.bridge("lan", subnet="10.0.0.0/24"))
    with up(lab) as running:
        rename = "ip link set eth0 down && ip link set eth0 name x && ip link set x up"
        running["a"].run(["sh", "-c", rename], check=True)
        assert [str(one) for one in running.drift()] == [
            "a:eth0: nothing joins lan:a.eth0 and a:eth0",
            "a:x: the link is not this lab's",
        ]
        up(lab)
        assert running.drift() == []


def test_a_bridge_that_is_missing_is_named_once(name: str) -> None:
    lab = Lab(name)
    lab.node("a", on=lab.bridge("lan", subnet="10.0.0.0/24"))
    with up(lab) as running:
        running["lan"].run(["ip", "link", "delete", "lan"], check=True)
        found = [str(one) for one in running.drift()]
        assert [said for said in found if "lan:lan" in said or "bridge" in said] == [
            "lan: the bridge is missing"
        ]
        up(lab)
        assert running.drift() == []


def test_numbers_of_a_sysctl_stand_apart_by_a_blank_as_in_a_file(name: str) -> None:
    lab = Lab(name)
    key = "net.ipv4.ip_local_port_range"
    lab.node("a", sysctl={key: "20000 30000"})
    with up(lab) as running:
        assert running.observed() == lab.resolve()
        change = ["sh", "-c", "echo 20000 30001 >/proc/sys/net/ipv4/ip_local_port_range"]
        running["a"].run(change, check=True)
        assert [str(one) for one in running.drift()] == [
            f"a: {key} is 20000 30001, not 20000 30000"
        ]


def test_links_that_are_no_cable_are_not_shown_as_one(name: str) -> None:
    lab = Lab(name)
    lan = lab.bridge("lan", subnet="10.0.0.0/24")
    lab.node("a", on=lan)
    lab.node("b", on=lan)
    with up(lab) as running:
        for node in ("a", "lan"):
            pair = "ip link add zz type veth peer name zy; ip link set zz up; ip link set zy up"
            running[node].run(["sh", "-c", pair], check=True)
        running["lan"].run(["ip", "link", "set", "zz", "master", "lan"], check=True)
        assert loads(dumps(running.observed())).resolve() == lab.resolve()
        assert [str(one) for one in running.drift()] == [
            f"{place}: the link is not this lab's" for place in ("lan:zy", "lan:zz", "a:zy", "a:zz")
        ]
