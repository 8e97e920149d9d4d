"""What is a network namespace, and which one a thread is in."""

from __future__ import annotations

from fcntl import ioctl

from nslab.kernel import libc

OWN = "/proc/thread-self/ns/net"
"""The calling thread's own netns."""

_NS_GET_NSTYPE = 0xB703  # linux/nsfs.h


def is_netns(fd: int) -> bool:
    """Tell whether a descriptor is that of a netns."""
    try:
        return ioctl(fd, _NS_GET_NSTYPE) == libc.CLONE_NEWNET
    except OSError:
        return False
