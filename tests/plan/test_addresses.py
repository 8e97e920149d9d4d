"""Addresses of running labs: those of the file, and those that links have of their own."""

from __future__ import annotations

import json
from ipaddress import IPv4Interface
from typing import TYPE_CHECKING

import pytest

from nslab import Lab, diff, end, up
from nslab.plan.addresses import coming, leaving
from nslab.plan.state import LinkState

if TYPE_CHECKING:
    from nslab import Running

MAC = "06:00:00:00:00:0"


def cable(name: str, *first: str, mtu: int | None = None, mac: str | None = None) -> Lab:
    lab = Lab(name)
    addresses = list(first) or ["10.0.0.1/24"]
    lab.cable(end("a", addresses=addresses, mac=mac), end("b", addresses="10.0.0.9/24"), mtu=mtu)
    return lab


def addresses(running: Running, node: str = "a", ifname: str = "eth0") -> list[str]:
    out = running[node].run(["ip", "-j", "address", "show", ifname], capture_output=True).stdout
    return [f"{one['local']}/{one['prefixlen']}" for one in json.loads(out)[0]["addr_info"]]


def said(running: Running) -> list[str]:
    return [str(one) for one in running.drift()]


def is_settled(running: Running, lab: Lab) -> bool:
    """Bring it up again; tell whether nothing is left to be done."""
    up(lab)
    return not said(running) and not diff(lab)


@pytest.mark.kernel
@pytest.mark.usefixtures("able")
def test_a_link_local_address_given_by_hand_is_seen(name: str) -> None:
    lab = cable(name, "fe80::1/64", "10.0.0.1/24", mac=f"{MAC}1")
    with up(lab) as running:
        assert is_settled(running, lab)
        (shown, _) = running.observed().cables[0].ends
        assert set(map(str, shown.addresses)) == {"fe80::1/64", "10.0.0.1/24"}
        assert "fe80::400:ff:fe00:1/64" in addresses(running)


@pytest.mark.kernel
@pytest.mark.usefixtures("able")
def test_one_s_own_link_local_address_is_shown_where_the_file_names_it(name: str) -> None:
    lab = cable(name, "fe80::400:ff:fe00:1/64", mac=f"{MAC}1")
    with up(lab) as running:
        assert is_settled(running, lab)
        (shown, _) = running.observed().cables[0].ends
        assert [str(one) for one in shown.addresses] == ["fe80::400:ff:fe00:1/64"]


@pytest.mark.kernel
@pytest.mark.usefixtures("able")
def test_an_mtu_too_small_for_ipv6_and_back(name: str) -> None:
    small, usual = cable(name, mtu=1000, mac=f"{MAC}1"), cable(name, mac=f"{MAC}1")
    with up(small) as running:
        assert addresses(running) == ["10.0.0.1/24"]
        assert is_settled(running, small)
        for lab in (usual, small, usual):
            assert is_settled(running, lab)
            assert running.ping().ok
            speaks = "fe80::400:ff:fe00:1/64" in addresses(running)
            assert speaks == (lab is usual)


@pytest.mark.kernel
@pytest.mark.usefixtures("able")
def test_an_mtu_large_enough_for_ipv6_addresses_comes_before_them(name: str) -> None:
    small, large = cable(name, mtu=1000), cable(name, "fd00::1/64")
    with up(small) as running:
        for lab in (large, small, large):
            assert is_settled(running, lab)


@pytest.mark.kernel
@pytest.mark.usefixtures("able")
def test_the_link_local_address_follows_the_mac(name: str) -> None:
    with up(cable(name, mac=f"{MAC}1")) as running:
        lab = cable(name, mac=f"{MAC}2")
        assert is_settled(running, lab)
        assert addresses(running) == ["10.0.0.1/24", "fe80::400:ff:fe00:2/64"]
        running["a"].run(["ip", "link", "set", "eth0", "address", f"{MAC}3"], check=True)
        assert said(running) == [f"a:eth0: has the MAC {MAC}3, not {MAC}2"]
        assert is_settled(running, lab)


@pytest.mark.kernel
@pytest.mark.usefixtures("able")
def test_lost_addresses_come_back(name: str) -> None:
    lab = cable(name, mac=f"{MAC}1")
    with up(lab) as running:
        before = addresses(running), addresses(running, ifname="lo")
        for ifname in ("eth0", "lo"):
            running["a"].run(["ip", "address", "flush", "dev", ifname], check=True)
        assert said(running) == [
            f"a:{place} is missing"
            for place in (
                "lo: the address 127.0.0.1/8",
                "lo: the address ::1/128",
                "eth0: the address fe80::400:ff:fe00:1/64",
                "eth0: the address 10.0.0.1/24",
            )
        ]
        assert is_settled(running, lab)
        assert (addresses(running), addresses(running, ifname="lo")) == before


@pytest.mark.kernel
@pytest.mark.usefixtures("able")
def test_a_link_that_was_down_and_up_is_no_drift(name: str) -> None:
    lab = cable(name)
    with up(lab) as running:
        for state in ("down", "up"):
            running["a"].run(["ip", "link", "set", "eth0", state], check=True)
        assert is_settled(running, lab)


@pytest.mark.kernel
@pytest.mark.usefixtures("able")
@pytest.mark.parametrize("where", ["all", "eth0"])
def test_ipv6_switched_off_by_hand_is_left_alone(name: str, where: str) -> None:
    lab = cable(name)
    with up(lab) as running:
        key = f"net.ipv6.conf.{where}.disable_ipv6=1"
        running["a"].run(["sysctl", "-qw", key], check=True)
        assert is_settled(running, lab)
        assert running.ping().ok


@pytest.mark.kernel
@pytest.mark.usefixtures("able")
@pytest.mark.parametrize("where", ["all", "eth0"])
def test_ipv6_switched_off_by_the_file_and_on_again(name: str, where: str) -> None:
    quiet, usual = cable(name), cable(name)
    quiet.node("a", sysctl={f"net.ipv6.conf.{where}.disable_ipv6": 1})
    usual.node("a", sysctl={f"net.ipv6.conf.{where}.disable_ipv6": 0})
    with up(quiet) as running:
        for lab in (quiet, usual, quiet):
            assert is_settled(running, lab)
            assert (len(addresses(running)) == 2) == (lab is usual)


@pytest.mark.kernel
@pytest.mark.usefixtures("able")
def test_the_first_address_of_a_subnet_is_the_file_s_first(name: str) -> None:
    one, other = "10.0.0.1/24", "10.0.0.5/24"
    with up(cable(name, one, other)) as running:
        for order in ((other, one), (one, other), (one,), (one, other), (other,)):
            lab = cable(name, *order)
            assert is_settled(running, lab)
            assert tuple(addresses(running)[:-1]) == order


def link(*found: str) -> LinkState:
    return LinkState("eth0", "veth", addresses=tuple(map(IPv4Interface, found)))


@pytest.mark.parametrize(
    ("there", "mine", "wanted", "lost", "gained"),
    [
        ("AB", "AB", "BA", "AB", "BA"),
        ("AB", "AB", "A", "B", ""),
        ("AB", "AB", "B", "AB", "B"),
        ("AB", "A", "A", "", ""),  # B is somebody else's
        ("AB", "A", "C", "AB", "CB"),
        ("ABC", "ABC", "ACB", "", ""),  # the order of the others means nothing to the kernel
        ("B", "AB", "AB", "B", "AB"),
        ("", "AB", "AB", "", "AB"),
    ],
)
def test_what_leaves_and_what_comes(
    there: str, mine: str, wanted: str, lost: str, gained: str
) -> None:
    named = {letter: f"10.0.0.{number}/24" for number, letter in enumerate("ABC", 1)}
    before, last, after = (link(*(named[x] for x in row)) for row in (there, mine, wanted))
    gone = leaving(before, last.addresses, after)
    assert gone == list(link(*(named[x] for x in lost)).addresses)
    back = coming(before, gone, last.addresses, after)
    assert back == list(link(*(named[x] for x in gained)).addresses)
