"""Netlink sockets as such: opened here, or taken over. A holder needs no more of netlink."""

from __future__ import annotations

from _socket import SOCK_CLOEXEC, SOCK_RAW, socket

AF_NETLINK = 16
NETLINK_ROUTE = 0


def open_socket(protocol: int = NETLINK_ROUTE) -> socket:
    """Open a netlink socket in the calling thread's netns."""
    return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol)


def adopt_socket(fd: int, protocol: int = NETLINK_ROUTE) -> socket:
    """Wrap the descriptor of a netlink socket that another process opened."""
    return socket(AF_NETLINK, SOCK_RAW, protocol, fd)
