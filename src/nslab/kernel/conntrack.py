"""Tracked connections of a netns: look at them, end some."""

from __future__ import annotations

import errno

from nslab.errors import KernelError
from nslab.netlink.message import Request
from nslab.netlink.netfilter.conntrack import IPCTNL_MSG_CT, NETLINK_NETFILTER, Connection

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from ipaddress import IPv4Address, IPv6Address

    from nslab.kernel.transport import Transport

__all__ = ["NETLINK_NETFILTER", "connections", "flush_forwarded"]

_PROTOCOLS = {"tcp": 6, "udp": 17}


def connections(transport: Transport) -> list[Connection]:
    """List the tracked connections of the netns of a netfilter socket, of both families.

    Raises:
        KernelError: this kernel does not track connections.
    """
    return transport.dump(Request(IPCTNL_MSG_CT.GET, Connection()), Connection)


def flush_forwarded(
    transport: Transport, protocol: str, port: int, to: IPv4Address | IPv6Address
) -> int:
    """Forget the connections that came to a port and were led to an address; give their number.

    Raises:
        KernelError: this kernel does not track connections.
    """
    return _flush(transport, lambda one: _was_led(one, _PROTOCOLS[protocol], port, to.packed))


def _was_led(one: Connection, protocol: int, port: int, to: bytes) -> bool:
    if one.orig is None or one.reply is None or one.orig.protocol is None:
        return False
    asked = one.orig.protocol
    return (asked.number, asked.dst_port, one.reply.src) == (protocol, port, to)


def _deletion(one: Connection) -> Request:
    doomed = Connection(family=one.family, orig=one.orig, zone=one.zone, id=one.id)
    return Request(IPCTNL_MSG_CT.DELETE, doomed)


def _flush(transport: Transport, doomed: Callable[[Connection], bool]) -> int:
    found = [one for one in connections(transport) if doomed(one)]
    for error in transport.batch([_deletion(one) for one in found]):
        if isinstance(error, KernelError) and error.errno != errno.ENOENT:  # it ended by itself
            raise error
    return len(found)
