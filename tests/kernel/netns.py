"""Network namespaces for tests: a helper thread enters, acts and ends."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from socket import AF_NETLINK, SOCK_CLOEXEC, SOCK_RAW, socket

from nslab.kernel import libc
from nslab.kernel.netns import OWN
from nslab.kernel.sockets import NETLINK_ROUTE
from nslab.kernel.transport import Transport

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Self, TypeVar

    T = TypeVar("T")


class Netns:
    """One network namespace, kept by a descriptor."""

    def __init__(self) -> None:
        def made() -> int:
            libc.unshare(libc.CLONE_NEWNET)
            return os.open(OWN, os.O_RDONLY | os.O_CLOEXEC)

        self.fd = _in_thread(made)

    def transport(self) -> Transport:
        """Open a netlink socket that lives in it."""

        def opened() -> socket:
            libc.setns(self.fd, libc.CLONE_NEWNET)
            return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE)

        return Transport(_in_thread(opened))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self.fd)


def _in_thread(function: Callable[[], T]) -> T:
    with ThreadPoolExecutor(1) as threads:
        return threads.submit(function).result()
