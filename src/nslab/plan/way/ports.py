"""Published ports: which relays a lab needs, and whether the machine's ports are free for them."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import TYPE_CHECKING

from nslab.errors import NslabError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from socket import socket

    from nslab.kernel.relay import Target
    from nslab.lab.model import Desired, Endpoint, Publish

MARK = "publish "
"""How the names begin under which the holder keeps the pidfds of such relays."""

_LOOPBACK = ("127.0.0.1", "::1")


def lodged(node: str, published: Publish, targets: tuple[Target, ...]) -> str:
    """Give the name under which the holder keeps a relay's pidfd: all that it depends on."""
    where = " ".join(f"{address}#{port}" for address, port in targets)
    return f"{MARK}{node} {published} {where}"


def targets(published: Publish, ends: list[Endpoint]) -> tuple[Target, ...]:
    """Give where a relay connects in its node: the node's first address of each family."""
    own = [item.ip for end in ends for item in end.addresses if not item.is_link_local]
    first = {address.version: str(address) for address in reversed(own)}
    return tuple((address, published.inside) for address in first.values() or _LOOPBACK)


def wanted(lab: Desired) -> Iterator[tuple[str, Publish, tuple[Target, ...]]]:
    """Give each node's published ports, with the targets of their relays."""
    ends = lab.endpoints()
    for node in lab.nodes:
        for published in node.publish:
            yield node.name, published, targets(published, ends[node.name])


def listen(node: str, published: Publish) -> list[socket]:
    """Take the machine's port: one socket for each family.

    Raises:
        NslabError: it is in use, or not this user's to take, or the address is not here.
    """
    from nslab.kernel.relay import listen as open_socket

    found: list[socket] = []
    try:
        for address in _addresses(published):
            found += [open_socket(published.protocol, address, published.outside)]
    except OSError as error:
        for sock in found:
            sock.close()
        raise _refusal(node, published, error) from None
    return found


def refuse_busy(node: str, published: Publish) -> None:
    """Raise the error of `listen` if the port cannot be had now.

    Raises:
        NslabError: as from `listen`.
    """
    for sock in listen(node, published):
        sock.close()


def _addresses(published: Publish) -> list[str]:
    if published.address is not None:
        return [str(published.address)]
    return ["0.0.0.0", "::"] if Path("/proc/net/if_inet6").exists() else ["0.0.0.0"]  # noqa: S104


def _refusal(node: str, published: Publish, error: OSError) -> NslabError:
    port = f"{published.protocol} port {published.outside}"
    said = f'{node} cannot publish "{published}"'
    if error.errno == errno.EADDRINUSE:
        hint = f"`ss -lnp sport = {published.outside}` says by what; or choose another port"
        return NslabError(f"{said}: the machine's {port} is in use", hint=hint)
    if error.errno in (errno.EACCES, errno.EPERM):
        hint = "take one from 1024, or `sudo sysctl net.ipv4.ip_unprivileged_port_start=0`"
        return NslabError(f"{said}: the machine's {port} is not this user's to take", hint=hint)
    if error.errno == errno.EADDRNOTAVAIL:
        hint = "`ip address` lists them; without one it is published on all"
        return NslabError(f"{said}: the machine has no address {published.address}", hint=hint)
    return NslabError(f"{said}: {os.strerror(error.errno or 0)}")
