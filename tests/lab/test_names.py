from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nslab.lab.names import (
    choose_ifname,
    choose_mac,
    ifname_fault,
    mac_fault,
    mac_of,
    name_fault,
    nearest,
    suggest_name,
    sysctl_fault,
    sysctl_path,
)


@pytest.mark.parametrize("name", ["a", "1", "A.b-c_d", "h" * 63, "a.", "default", "lo"])
def test_names(name: str) -> None:
    assert not name_fault(name)


@pytest.mark.parametrize("name", ["", ".a", "-a", "_a", "a b", "a/b", "a\n", "é", "h" * 64, "٣"])
def test_what_is_no_name(name: str) -> None:
    assert name_fault(name)
    assert not name_fault(suggest_name(name))


@pytest.mark.parametrize("name", ["a", "eth0.1", "exactly15bytes.", "a'\"$(b)", "0", "..."])
def test_ifnames(name: str) -> None:
    assert not ifname_fault(name)


@pytest.mark.parametrize(
    "name",
    ["", "lo", "all", "default", ".", "..", "a/b", "a:b", "a b", "a\t", "%d", "é", "h" * 16, "-"]
)  # fmt: skip
def test_what_is_no_ifname(name: str) -> None:
    assert ifname_fault(name)


@pytest.mark.parametrize(
    ("mac", "good"),
    [
        ("02:00:00:00:00:01", True),
        ("FE:ff:ff:ff:ff:ff", True),
        ("03:00:00:00:00:01", False),
        ("00:00:00:00:00:00", False),
        ("02:00:00:00:00", False),
        ("02-00-00-00-00-01", False),
        ("02:00:00:00:00:0g", False),
        ("02:00:00:00:00:01\n", False),
    ],
)
def test_macs(mac: str, good: bool) -> None:  # noqa: FBT001
    assert bool(mac_fault(mac)) is not good


@pytest.mark.parametrize(
    ("key", "path"),
    [
        ("net.ipv4.tcp_ecn", "net/ipv4/tcp_ecn"),
        ("net/ipv4/conf/eth0.1/rp_filter", "net/ipv4/conf/eth0.1/rp_filter"),
        ("net.ipv4.conf.eth0/1.rp_filter", "net/ipv4/conf/eth0.1/rp_filter"),
        ("net.ipv4.conf.all.forwarding", "net/ipv4/ip_forward"),
        ("net", "net"),
    ],
)
def test_the_file_of_a_sysctl_key(key: str, path: str) -> None:
    assert sysctl_path(key) == path


@pytest.mark.parametrize(
    "key", ["", "net", "net.x", "kernel.x.y", "net..x.y", "net/../x", "net/ipv4/..", "net.a b.c",
            "net.a.b\n", "netx.a.b", "net/ipv4/", "net/./x"]
)  # fmt: skip
def test_what_is_no_sysctl_key(key: str) -> None:
    assert sysctl_fault(key)


def test_an_ifname_is_the_name_itself_where_it_can_be() -> None:
    taken: set[str] = set()
    assert choose_ifname("pc1.eth0", taken) == "pc1.eth0"
    assert choose_ifname("pc1.eth0", taken).startswith("pc1.eth0-")
    assert len(taken) == 2


def test_a_name_that_is_kept_or_too_long_gets_a_digest() -> None:
    assert choose_ifname("lo", set()).startswith("lo-")
    first = choose_ifname("a-long-node-name.eth0", set())
    second = choose_ifname("a-long-node-name.eth1", set())
    assert first != second
    assert first.startswith("a-long-no-")
    assert len(first) == 15


@given(
    st.lists(
        st.text("ab.", min_size=1, max_size=30).filter(lambda text: text[0] != "."), max_size=20
    )
)
def test_chosen_ifnames_are_good_and_all_different(names: list[str]) -> None:
    taken: set[str] = set()
    chosen = [choose_ifname(name, taken) for name in names]
    assert len(set(chosen)) == len(names)
    assert not any(map(ifname_fault, chosen))


def test_macs_are_fixed_for_all_time() -> None:
    assert mac_of("office", "pc1", "eth0") == "02:26:59:eb:58:25"
    taken = {mac_of("office", "pc1", "eth0")}
    assert choose_mac("office", "pc1", "eth0", taken) == mac_of("office", "pc1", "eth0", turn=1)
    assert len(taken) == 2
    assert not mac_fault(max(taken))


def test_words_do_not_run_together() -> None:
    assert mac_of("a", "bc", "d") != mac_of("ab", "c", "d")


def test_the_nearest_word() -> None:
    assert nearest("forwrad", ["forward", "routes"]) == 'did you mean "forward"?'
    assert nearest("zzz", ["forward"]) is None
    assert nearest("x" * 10_000_000, ["forward"]) is None
