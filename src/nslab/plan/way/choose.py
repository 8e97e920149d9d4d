"""Which way out a lab takes: the kernel's or pasta's, and with which addresses."""

from __future__ import annotations

import os
from ipaddress import IPv4Network, IPv6Network
from typing import TYPE_CHECKING, Literal, TypeAlias

from msgspec import Struct

from nslab.errors import NslabError
from nslab.lab.address import interface, overlap
from nslab.lab.names import choose_ifname
from nslab.lab.uplink import UPLINK, free_network

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from nslab.lab.model import Address, Desired, Interface, Network, Publish

Choice: TypeAlias = Literal["auto", "kernel", "pasta", "none"]
"""What a caller may ask for."""

PREFIX = "nslab."
"""How the names of labs' nftables tables in the machine's netns begin; the lab's name follows."""

POOLS: tuple[Network, ...] = (IPv4Network("100.127.0.0/16"), IPv6Network("fd6e:736c:6163::/48"))
"""Where the two addresses of the way out are taken from (RFC 6598; a ULA, RFC 4193)."""

_PRIVATE: dict[int, tuple[Network, ...]] = {
    4: (
        IPv4Network("10.0.0.0/8"),
        IPv4Network("172.16.0.0/12"),
        IPv4Network("192.168.0.0/16"),
    ),
    6: (IPv6Network("fd00::/16"), IPv6Network("fd01::/16")),
}
"""Where a free subnet is looked for (RFC 1918, RFC 4193)."""


class Forward(Struct, frozen=True):
    """A published port, and an address of its node that the way out reaches directly."""

    published: Publish
    inside: Address


class Way(Struct, frozen=True):
    """One lab's way out.

    Attributes:
        lab: the lab's name.
        kind: "kernel" or "pasta".
        near: the addresses of the link `uplink` in the netns `outside`.
        far: those of its other end, the next hop: a veth in the machine's netns, or pasta.
        subnets: those of the lab that are led out.
        plain: those of them that leave with their own addresses.
        forwards: published ports that lead straight to nodes.
        mtu: of the link, in bytes; None for the usual.
        direct: whether the machine has routes to all the subnets, and alone does what is to be
            done to packets. Where it has such routes already, to another lab, `outside` translates
            the addresses, and the machine has routes to the plain subnets alone.
    """

    lab: str
    kind: str
    near: tuple[Interface, ...]
    far: tuple[Interface, ...]
    subnets: tuple[Network, ...] = ()
    plain: tuple[Network, ...] = ()
    forwards: tuple[Forward, ...] = ()
    mtu: int | None = None
    direct: bool = False

    @property
    def routed(self) -> tuple[Network, ...]:
        """The subnets that the machine has routes to."""
        return self.subnets if self.direct else self.plain

    @property
    def host_ifname(self) -> str:
        """The name of the veth's end in the machine's netns."""
        return host_ifname(self.lab)


def host_ifname(lab: str) -> str:
    """Name the end of a lab's veth in the machine's netns."""
    return choose_ifname(f"nslab.{lab}", set())


def forwards(lab: Desired) -> tuple[Forward, ...]:
    """Give the published ports of nodes whose answers take the way out by themselves."""
    gateways = {item.ip: item for uplink in lab.uplinks() for item in uplink.gateway.addresses}
    ends = lab.endpoints()
    found = []
    for node in lab.nodes:
        ways = [route.via for route in node.routes if route.dst.prefixlen == 0]
        networks = [gateways[via].network for via in ways if via in gateways]
        own = [item for end in ends[node.name] for item in end.addresses]
        inside = [item.ip for item in own if item.network in networks]
        for published in node.publish:
            found += [Forward(published, ip) for ip in _one_each(inside) if _suits(published, ip)]
    return tuple(found)


def _one_each(addresses: Sequence[Address]) -> Iterable[Address]:
    """Give the first address of each family."""
    return {address.version: address for address in reversed(addresses)}.values()


def _suits(published: Publish, inside: Address) -> bool:
    where = published.address
    return where is None or (where.version == inside.version and not where.is_loopback)


def plain_subnets(lab: Desired) -> tuple[Network, ...]:
    """Give the subnets of bridges and nodes whose uplink does not masquerade."""
    found = [b.subnets for b in lab.bridges if b.uplink and not b.uplink.masquerade]
    found += [n.uplink.subnets for n in lab.nodes if n.uplink and not n.uplink.masquerade]
    return tuple(network for subnets in found for network in subnets)


def led_out(lab: Desired) -> tuple[Network, ...]:
    """Give the subnets of everything that has an uplink."""
    return tuple(item.network for uplink in lab.uplinks() for item in uplink.gateway.addresses)


def kind_of(choice: Choice, plain: Sequence[Network], *, barred: bool = False) -> str:
    """Decide which way, and see that this machine and user can go it.

    Args:
        choice: what the caller asked for.
        plain: the subnets that leave without source NAT.
        barred: whether the machine's firewall lets nobody else open a door in it.

    Raises:
        NslabError: it cannot be gone; says what is missing.
    """
    kind = _first_choice(plain, barred=barred) if choice == "auto" else choice
    if kind == "kernel" and os.geteuid() != 0:
        raise NslabError(
            "the kernel's own way out changes the machine's network, which takes root",
            hint="`--uplink pasta` needs no root",
        )
    if kind == "pasta" and plain:
        raise NslabError(
            f"{plain[0]} is to leave without masquerade, which pasta cannot do",
            hint="run as root, or leave out `masquerade: false`",
        )
    for program, package in (("nft", "nftables"), *([("pasta", "passt")] * (kind == "pasta"))):
        if not _has(program):
            hint = f"install it (Debian's package {package}), or `--uplink none`"
            raise NslabError(f"an uplink needs the program {program}, which is not here", hint=hint)
    return kind


def _first_choice(plain: Sequence[Network], *, barred: bool) -> str:
    if os.geteuid() != 0 or not _has("nft"):
        return "pasta"
    return "pasta" if barred and not plain and _has("pasta") else "kernel"


def _has(program: str) -> bool:
    from shutil import which

    return which(program) is not None


def transfer(
    lab: str, used: Iterable[Network]
) -> tuple[tuple[Interface, ...], tuple[Interface, ...]]:
    """Choose the addresses of the way out's two ends (near, far), clear of what is in use."""
    taken = list(used)
    near, far = [], []
    for pool in POOLS:
        network = free_network(pool, lab, taken)
        if network is None:
            raise NslabError(f"no network of {pool} is free for the way out")
        near.append(interface(network[2], network.prefixlen))
        far.append(interface(network[1], network.prefixlen))
    return tuple(near), tuple(far)


def refuse_clashes(
    lab: Desired, known: Sequence[tuple[Network, str]], labs: Sequence[tuple[Network, str]] = ()
) -> None:
    """Refuse subnets that the machine itself has routes to: the lab would hide what is there.

    Args:
        lab: the lab.
        known: the machine's routes, each with its link.
        labs: those by links of labs: they are in the way of subnets without masquerade alone.

    Raises:
        NslabError: a subnet clashes; a free one is the hint.
    """
    plain = plain_subnets(lab)
    for network in led_out(lab):
        for other, ifname in (*known, *labs) if network in plain else known:
            if overlap(network, other):
                taken = [route for route, _ in (*known, *labs)]
                free = _suggest(network, [*taken, *led_out(lab)])
                raise NslabError(
                    f"{network} has an uplink, and the machine has a route to {other}"
                    f" by {ifname}: the lab would hide what is there",
                    hint=f"take another subnet, as {free}" if free else None,
                )


def meets(subnets: Iterable[Network], routes: Sequence[tuple[Network, str]]) -> bool:
    """Tell whether a subnet has addresses that there are routes to."""
    return any(overlap(network, other) for network in subnets for other, _ in routes)


def _suggest(network: Network, taken: Sequence[Network]) -> Network | None:
    """Find a free subnet of that size, past what is in the way and past each pool's first one."""
    for pool in _PRIVATE[network.version]:
        prefix = max(network.prefixlen, pool.prefixlen)
        size, place = 1 << (pool.max_prefixlen - prefix), 1
        while place * size < pool.num_addresses:
            found = interface(pool[place * size], prefix).network
            other = next((one for one in taken if overlap(found, one)), None)
            if other is None:
                return found
            past = max(int(other[-1]), int(found[-1])) - int(pool[0])
            place = past // size + 1
    return None


def pasta_arguments(way: Way) -> list[str]:
    """Give pasta's arguments: its link's name and addresses; nothing of the host's loopback."""
    words = ["--config-net", "--ns-ifname", UPLINK, "--no-map-gw", "--mtu", "65520"]
    if os.geteuid() == 0:  # it would become nobody, who may not enter the lab
        words += ["--runas", "0"]
    for option in ("-t", "-u", "-T", "-U"):
        words += [option, "none"]
    for near, far in zip(way.near, way.far, strict=True):
        words += ["--address", str(near.ip), "--gateway", str(far.ip)]
        if near.version == 4:
            words += ["--netmask", str(near.network.prefixlen)]
    return words
