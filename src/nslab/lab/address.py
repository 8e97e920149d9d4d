"""Addresses: read from text, and given out from a subnet.

Whole numbers do the counting; objects of `ipaddress` are made once for each value that stays.
"""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import (
    IPv4Address,
    IPv4Interface,
    IPv4Network,
    IPv6Address,
    IPv6Interface,
    IPv6Network,
)
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nslab.lab.model import Address, Interface, Network

_PREFIX = re.compile(r"[0-9]{1,3}")
_LINK_LOCAL = 0xFE80 << 112
_LINK_LOCAL_BITS = 10


class AddressError(ValueError):
    """A text is no address or network; `hint` is the remedy, or None."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


@lru_cache(maxsize=8192)
def read_address(text: str) -> Address:
    """Read `10.0.1.1` or `fd00::1`.

    Raises:
        AddressError: it is neither, or has a prefix length or a scope.
    """
    try:
        if ":" not in text:
            return IPv4Address(text)
        if "%" not in text:
            return IPv6Address(text)
    except ValueError:
        pass
    raise AddressError("is not an address", _without_prefix(text))


def _without_prefix(text: str) -> str | None:
    """Give the hint for an address with a prefix length where none belongs."""
    word, slash, _ = text.partition("/")
    if not slash:
        return None
    try:
        return f'"{read_address(word)}"'
    except AddressError:
        return None


def split(text: str) -> tuple[Address, int | None]:
    """Read an address with or without its prefix length: `10.0.1.1/24`, `fd00::1`.

    Raises:
        AddressError: no address, or a prefix length that it cannot have.
    """
    word, slash, prefix = text.partition("/")
    address = read_address(word)
    if not slash:
        return address, None
    if not _PREFIX.fullmatch(prefix) or int(prefix) > address.max_prefixlen:
        raise AddressError(f"has no prefix length from 0 to {address.max_prefixlen} after its /")
    return address, int(prefix)


@lru_cache(maxsize=8192)
def read_network(text: str) -> Network:
    """Read `10.0.1.0/24`; without a prefix length, the network of one address.

    Raises:
        AddressError: no network, or one with host bits set.
    """
    address, prefix = split(text)
    network = interface(address, address.max_prefixlen if prefix is None else prefix).network
    if network.network_address != address:
        raise AddressError("has host bits set", f'"{network}"')
    return network


def interface(address: Address, prefix: int) -> Interface:
    """Put an address and a prefix length together."""
    if isinstance(address, IPv4Address):
        return IPv4Interface((address, prefix))
    return IPv6Interface((address, prefix))


def network_of(address: Address) -> Network:
    """Give the network that has this address alone."""
    return IPv4Network(address) if isinstance(address, IPv4Address) else IPv6Network(address)


def is_link_local(address: Address) -> bool:
    """Say whether this is an IPv6 address that holds on one link only (fe80::/10)."""
    return address.version == 6 and (int(address) ^ _LINK_LOCAL) >> (128 - _LINK_LOCAL_BITS) == 0


@lru_cache(1 << 12)
def fault(address: Address, network: Network) -> str:
    """Say why no link of this network can have this address, or ""."""
    if address.is_unspecified or address.is_multicast or address.is_loopback:
        return "is no address that a link of a node can have"
    if address.max_prefixlen - network.prefixlen < 2:
        return ""
    if address == network.network_address:
        return f"is the network's own address in {network}"
    if address.version == 4 and address == network.broadcast_address:
        return f"is the broadcast address of {network}"
    return ""


def overlap(one: Network, other: Network) -> bool:
    """Say whether two networks share an address."""
    if one.version != other.version:
        return False
    rest = one.max_prefixlen - min(one.prefixlen, other.prefixlen)
    return int(one.network_address) >> rest == int(other.network_address) >> rest


def subnet_fault(network: Network) -> str:
    """Say why no segment can have this subnet, or ""."""
    for kept in _KEPT:
        if overlap(network, kept):
            return f"overlaps {kept}, which no link of a node can have"
    return ""


_KEPT: tuple[Network, ...] = (
    *map(IPv4Network, ("0.0.0.0/8", "127.0.0.0/8", "224.0.0.0/4")),
    *map(IPv6Network, ("::/127", "ff00::/8")),
)


class Subnet:
    """A subnet of one segment, from which addresses are given out in their order.

    Attributes:
        network: as the file has it.
        claimed: the addresses given by hand, as numbers; to be filled before the first `give`.
    """

    __slots__ = ("_last", "_make", "_next", "_prefix", "claimed", "network", "size")

    def __init__(self, network: Network) -> None:
        first = int(network.network_address)
        last = int(network.broadcast_address)
        if network.max_prefixlen - network.prefixlen >= 2:
            # The network's own address (IPv6: the routers' anycast), and IPv4's broadcast.
            first += 1
            last -= network.version == 4
        self.network = network
        self.claimed: set[int] = set()
        self.size = last - first + 1
        self._next = first
        self._last = last
        self._prefix = network.prefixlen
        self._make: type[IPv4Interface | IPv6Interface]
        self._make = IPv4Interface if network.version == 4 else IPv6Interface

    def give_gateway(self) -> Interface | None:
        """Give the first address, or the last free one where somebody has claimed the first."""
        number = self._next
        if number in self.claimed:
            number = self._last
            while number in self.claimed and number > self._next:
                number -= 1
        if number in self.claimed:
            return None
        self.claimed.add(number)
        return self._make((number, self._prefix))

    def give(self) -> Interface | None:
        """Give the next address that nobody has claimed, or None when the subnet is full."""
        number = self._next
        while number in self.claimed:
            number += 1
        if number > self._last:
            return None
        self._next = number + 1
        return self._make((number, self._prefix))
