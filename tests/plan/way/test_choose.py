"""Which way out, with which addresses, and which ports lead straight to nodes."""

from __future__ import annotations

import os
import shutil
from ipaddress import ip_address, ip_network

import pytest

from nslab.errors import NslabError
from nslab.lab.uplink import free_network
from nslab.plan.way.choose import (
    POOLS,
    Way,
    forwards,
    kind_of,
    led_out,
    meets,
    pasta_arguments,
    plain_subnets,
    refuse_clashes,
    transfer,
)
from tests.lab.reading import good

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from nslab.lab.model import Network

    On = Callable[..., None]

SHOP = """
bridges:
  lan: {subnet: [10.0.1.0/24, "fd00:1::/64"], uplink: true, ports: [pc1, web]}
  other: {subnet: 10.0.3.0/24, ports: [pc1, inner]}
cables: [{ends: [pc1, far], subnet: 10.0.2.0/30}]
nodes:
  web: {publish: %s}
  far: {publish: "9090:80", routes: [{dst: default, via: 10.0.2.1}]}
  inner: {publish: "7070:80"}
  alone: {uplink: true, publish: "6060:80"}
"""


def straight(publish: str) -> dict[int, list[str]]:
    """Give by the port outside the addresses that it leads straight to."""
    found: dict[int, list[str]] = {}
    for one in forwards(good(SHOP % publish)):
        found.setdefault(one.published.outside, []).append(str(one.inside))
    return found


def test_ports_of_nodes_on_a_bridge_with_an_uplink_go_straight() -> None:
    assert sorted(straight('"8080:80"')[8080]) == ["10.0.1.3", "fd00:1::3"]


def test_a_node_with_an_uplink_of_its_own_is_reached_straight() -> None:
    versions = [ip_address(text).version for text in straight('"8080:80"')[6060]]
    assert sorted(versions) == [4, 6]


def test_nodes_behind_a_router_or_without_a_way_are_not_reached_straight() -> None:
    assert not {9090, 7070} & straight('"8080:80"').keys()


@pytest.mark.parametrize(
    ("publish", "inside"),
    [
        ('"192.0.2.2:8080:80"', ["10.0.1.3"]),
        ('"[2001:db8::2]:8080:80"', ["fd00:1::3"]),
        ('"0.0.0.0:8080:80"', ["10.0.1.3"]),
        ('"[::]:8080:80/udp"', ["fd00:1::3"]),
        ('"127.0.0.1:8080:80"', []),
        ('"[::1]:8080:80"', []),
    ],
)
def test_a_port_of_one_address_goes_straight_by_its_family_alone(
    publish: str, inside: list[str]
) -> None:
    assert straight(publish).get(8080, []) == inside


def test_a_node_whose_default_route_leads_elsewhere_is_not_reached_straight() -> None:
    text = """
bridges: {lan: {subnet: 10.0.1.0/24, uplink: true, ports: [pc1, web]}}
nodes: {web: {publish: "8080:80", routes: [{dst: default, via: 10.0.1.2}]}, pc1: {forward: true}}
"""
    assert forwards(good(text)) == ()


def test_subnets_without_masquerade() -> None:
    text = """
bridges:
  a: {subnet: 10.0.1.0/24, uplink: {masquerade: false}, ports: [x]}
  b: {subnet: 10.0.2.0/24, uplink: true, ports: [y]}
  c: {subnet: 10.0.3.0/24, ports: [z]}
"""
    lab = good(text)
    assert plain_subnets(lab) == (ip_network("10.0.1.0/24"),)
    assert led_out(lab) == (ip_network("10.0.1.0/24"), ip_network("10.0.2.0/24"))


def test_the_two_ends_share_a_network_of_each_pool() -> None:
    near, far = transfer("demo", [])
    for pool, here, there in zip(POOLS, near, far, strict=True):
        assert here.network == there.network
        assert here.ip != there.ip
        assert int(pool[0]) <= int(here.network[0]) <= int(here.network[-1]) <= int(pool[-1])


def test_a_lab_keeps_its_ends_and_another_has_others() -> None:
    assert transfer("demo", []) == transfer("demo", [ip_network("10.0.0.0/8")])
    assert transfer("demo", []) != transfer("other", [])


def test_the_ends_are_clear_of_what_is_in_use() -> None:
    used: list[Network] = []
    for _ in range(20):
        near, _ = transfer("demo", used)
        assert not any(end.network.overlaps(one) for end in near for one in used)
        used += [end.network for end in near]


def test_a_used_network_of_one_family_does_not_move_the_other() -> None:
    near, _ = transfer("demo", [])
    moved, _ = transfer("demo", [near[0].network])
    assert (moved[0] != near[0], moved[1]) == (True, near[1])


def test_a_pool_that_is_used_up_is_an_error() -> None:
    with pytest.raises(NslabError, match=r"no network of 100\.127\.0\.0/16 is free"):
        transfer("demo", [ip_network("100.64.0.0/10")])


def test_a_full_search_ends() -> None:
    pool = ip_network("100.127.0.0/28")
    used = [ip_network(f"100.127.0.{start}/30") for start in (0, 4, 12)]
    assert free_network(pool, "demo", used) == ip_network("100.127.0.8/30")
    assert free_network(pool, "demo", [pool]) is None


def led(subnet: str) -> str:
    return f'bridges: {{lan: {{subnet: "{subnet}", uplink: true, ports: [a]}}}}'


@pytest.mark.parametrize(
    ("subnet", "known", "free"),
    [
        ("192.168.1.0/24", "192.168.0.0/16", "10.0.1.0/24"),
        ("10.0.1.0/24", "10.0.0.0/15", "10.2.0.0/24"),
        ("10.0.0.0/16", "10.0.5.0/24", "10.1.0.0/16"),
        ("10.1.0.0/30", "10.0.0.0/8", "172.16.0.4/30"),
        ("10.1.0.0/16", "10.0.0.0/8", "172.17.0.0/16"),
        ("fd00:0:0:5::/64", "fd00::/48", "fd00:0:1::/64"),
        ("fd00:0:0:5::/64", "fd00::/16", "fd01:0:0:1::/64"),
    ],
)
def test_a_clash_is_refused_and_a_free_subnet_given(subnet: str, known: str, free: str) -> None:
    lab = good(led(subnet))
    with pytest.raises(NslabError) as error:
        refuse_clashes(lab, [(ip_network("198.18.0.0/15"), "eth1"), (ip_network(known), "eth0")])
    assert f"{subnet} has an uplink" in str(error.value)
    assert f"a route to {known} by eth0" in str(error.value)
    assert error.value.hint == f"take another subnet, as {free}"
    refuse_clashes(good(led(free)), [(ip_network(known), "eth0")])


def test_another_lab_s_route_is_in_the_way_of_plain_subnets_alone() -> None:
    text = """
bridges:
  a: {subnet: 10.0.1.0/24, uplink: true, ports: [x]}
  b: {subnet: 10.0.2.0/24, uplink: {masquerade: false}, ports: [y]}
"""
    lab = good(text)
    refuse_clashes(lab, [], [(ip_network("10.0.1.0/24"), "nslab.other")])
    with pytest.raises(NslabError, match=r"a route to 10\.0\.2\.0/30 by nslab\.other") as error:
        refuse_clashes(lab, [], [(ip_network("10.0.2.0/30"), "nslab.other")])
    assert error.value.hint == "take another subnet, as 10.0.3.0/24"


def test_a_way_is_direct_where_its_subnets_meet_no_route() -> None:
    own = [ip_network("10.0.1.0/24"), ip_network("fd00:1::/64")]
    for route in ("10.0.1.0/24", "10.0.0.0/8", "10.0.1.8/30", "fd00::/16"):
        assert meets(own, [(ip_network("192.0.2.0/24"), "a"), (ip_network(route), "b")])
    assert not meets(own, [(ip_network("10.0.2.0/24"), "a"), (ip_network("fd00:2::/64"), "a")])
    assert not meets(own, [])


def test_the_machine_has_routes_to_all_subnets_of_a_direct_way_else_to_the_plain_ones() -> None:
    subnets = ip_network("10.0.1.0/24"), ip_network("10.0.2.0/24")
    assert Way("demo", "kernel", (), (), subnets, subnets[:1], direct=True).routed == subnets
    assert Way("demo", "kernel", (), (), subnets, subnets[:1]).routed == subnets[:1]


def test_where_no_subnet_is_free_none_is_given() -> None:
    private = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
    with pytest.raises(NslabError, match="would hide what is there") as error:
        refuse_clashes(good(led("10.0.1.0/24")), [(ip_network(one), "eth0") for one in private])
    assert error.value.hint is None


def test_what_is_not_led_out_may_clash() -> None:
    text = (
        "bridges: {lan: {subnet: 10.0.1.0/24, ports: [a]}, b: {subnet: 10.0.2.0/24, uplink: true}}"
    )
    refuse_clashes(good(text), [(ip_network("10.0.1.0/24"), "eth0")])


@pytest.fixture
def on(monkeypatch: pytest.MonkeyPatch) -> On:
    """Play a user on a machine with some programs."""

    def play(user: int, *programs: str) -> None:
        monkeypatch.setattr(os, "geteuid", lambda: user)
        monkeypatch.setattr(shutil, "which", lambda name: name if name in programs else None)

    return play


PLAIN = [ip_network("10.0.1.0/24")]


def test_root_takes_the_kernel_s_way_and_others_pasta_s(on: On) -> None:
    on(0, "nft", "pasta")
    assert kind_of("auto", []) == kind_of("kernel", []) == "kernel"
    assert kind_of("pasta", []) == kind_of("auto", [], barred=True) == "pasta"
    on(1000, "nft", "pasta")
    assert kind_of("auto", []) == kind_of("pasta", []) == "pasta"


def test_behind_a_barred_firewall_root_has_the_kernel_s_way_where_pasta_is_none(on: On) -> None:
    on(0, "nft", "pasta")
    assert kind_of("auto", PLAIN, barred=True) == "kernel"
    on(0, "nft")
    assert kind_of("auto", [], barred=True) == "kernel"


def test_a_plain_user_has_no_kernel_s_way(on: On) -> None:
    on(1000, "nft", "pasta")
    with pytest.raises(NslabError, match="takes root") as error:
        kind_of("kernel", [])
    assert error.value.hint == "`--uplink pasta` needs no root"


@pytest.mark.parametrize(("user", "choice"), [(0, "pasta"), (1000, "auto")])
def test_pasta_masquerades_always(on: On, user: int, choice: str) -> None:
    on(user, "nft", "pasta")
    with pytest.raises(NslabError, match=r"10\.0\.1\.0/24 is to leave without masquerade"):
        kind_of("pasta" if choice == "pasta" else "auto", PLAIN)


@pytest.mark.parametrize(
    ("user", "programs", "missing", "package"),
    [
        (0, (), "nft", "nftables"),
        (1000, (), "nft", "nftables"),
        (1000, ("nft",), "pasta", "passt"),
        (1000, ("pasta",), "nft", "nftables"),
    ],
)
def test_the_package_of_a_missing_program_is_named(
    on: On, user: int, programs: tuple[str, ...], missing: str, package: str
) -> None:
    on(user, *programs)
    with pytest.raises(NslabError, match=f"needs the program {missing}, which") as error:
        kind_of("auto", [])
    assert error.value.hint == f"install it (Debian's package {package}), or `--uplink none`"


def test_pasta_is_given_both_families_and_nothing_of_the_host_s_loopback(on: On) -> None:
    on(1000)
    words = pasta_arguments(Way("demo", "pasta", *transfer("demo", [])))
    (near4, near6), (far4, far6) = transfer("demo", [])
    joined = f" {' '.join(words)} "
    assert f" --address {near4.ip} --gateway {far4.ip} --netmask 30 " in joined
    assert f" --address {near6.ip} --gateway {far6.ip} " in joined
    assert " --no-map-gw " in joined
    assert " -t none -u none -T none -U none " in joined
    assert "--runas" not in words
    on(0)
    assert "--runas 0" in " ".join(pasta_arguments(Way("demo", "pasta", (), ())))


def test_the_machine_s_end_is_named_for_the_lab_and_fits() -> None:
    assert Way("demo", "kernel", (), ()).host_ifname == "nslab.demo"
    long = [Way("x" * 40 + end, "kernel", (), ()).host_ifname for end in "ab"]
    assert all(len(name) <= 15 for name in long)
    assert long[0] != long[1]
