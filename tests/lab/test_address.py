from __future__ import annotations

from ipaddress import IPv6Address, ip_address, ip_interface, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nslab.lab.address import (
    AddressError,
    Subnet,
    interface,
    is_link_local,
    read_address,
    read_network,
    split,
)


@given(st.ip_addresses(), st.integers(0, 128))
def test_an_address_and_its_prefix_length_are_read_and_put_together(
    address: object, prefix: int
) -> None:
    text = f"{address}/{prefix}"
    try:
        known = ip_interface(text)
    except ValueError:
        with pytest.raises(AddressError):
            split(text)
        return
    if "%" in text:
        return
    found, length = split(text)
    assert length == prefix
    assert interface(found, prefix) == known
    assert split(str(address)) == (known.ip, None)


@pytest.mark.parametrize(
    "text", ["", "1", "10.0.0.01", "10.0.0", "fe80::1%a", "10.0.0.1/8", "::g", " ::1"]
)
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(AddressError, match="is not an address"):
        read_address(text)


@pytest.mark.parametrize("text", ["10.0.0.0/8", "fd00::/64", "0.0.0.0/0", "::/0"])
def test_networks(text: str) -> None:
    assert read_network(text) == ip_network(text)


def test_a_network_of_one_address() -> None:
    assert read_network("10.0.0.1") == ip_network("10.0.0.1/32")


@pytest.mark.parametrize(
    ("text", "hint"), [("10.0.0.1/24", '"10.0.0.1"'), ("\x1b[2J/24", None), ("pc1", None)]
)
def test_the_remedy_for_an_address_is_an_address(text: str, hint: str | None) -> None:
    with pytest.raises(AddressError, match="is not an address") as caught:
        read_address(text)
    assert caught.value.hint == hint


def test_host_bits_have_a_remedy() -> None:
    with pytest.raises(AddressError, match="host bits") as caught:
        read_network("10.0.0.1/8")
    assert caught.value.hint == '"10.0.0.0/8"'


@pytest.mark.parametrize(
    "text", ["10.0.0.0/", "10.0.0.0/33", "10.0.0.0/٣", "10.0.0.0/255.0.0.0", "10.0.0.0/8/8"]
)
def test_prefix_lengths_that_cannot_be(text: str) -> None:
    with pytest.raises(AddressError, match="prefix length"):
        split(text)


@given(st.ip_addresses(v=6))
def test_link_local_is_what_ipaddress_says(address: IPv6Address) -> None:
    assert is_link_local(address) == address.is_link_local
    assert not is_link_local(ip_address("169.254.0.1"))
    assert is_link_local(ip_address("fe80::1"))
    assert is_link_local(ip_address("febf::1"))
    assert not is_link_local(ip_address("fec0::1"))


@given(st.integers(20, 32), st.sets(st.integers(0, 4095)))
def test_a_subnet_gives_all_its_hosts_but_those_claimed(prefix: int, numbers: set[int]) -> None:
    network = ip_network(f"10.0.0.0/{prefix}")
    subnet = Subnet(network)
    first = int(network.network_address)
    subnet.claimed.update(first + number for number in numbers)
    given = []
    while (item := subnet.give()) is not None:
        given.append(item)
    hosts = [host for host in network.hosts() if int(host) - first not in numbers]
    assert [item.ip for item in given] == hosts
    assert {item.network for item in given} <= {network}
    assert subnet.size == len(list(network.hosts()))
    assert subnet.give() is None


@given(st.integers(118, 128))
def test_a_subnet_of_ipv6_keeps_the_routers_anycast_address(prefix: int) -> None:
    network = ip_network(f"fd00::/{prefix}")
    subnet = Subnet(network)
    assert subnet.size == len(list(network.hosts()))
    assert subnet.give() == ip_interface(f"fd00::{1 if prefix < 127 else 0:x}/{prefix}")
