"""Network namespaces as owned descriptors.

No function here moves the caller's thread: a helper thread enters, acts and ends.
"""

from __future__ import annotations

import os
from _socket import SOCK_CLOEXEC, SOCK_RAW, socket
from _warnings import warn  # `warnings` itself takes longer to load than all of this
from fcntl import ioctl

from nslab.errors import KernelError, NetnsNotFoundError
from nslab.kernel import libc
from nslab.kernel.sockets import AF_NETLINK, NETLINK_ROUTE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Self, TypeVar

    from nslab.kernel.transport import Transport

    T = TypeVar("T")

OWN = "/proc/thread-self/ns/net"
"""The calling thread's own netns."""

_NS_GET_NSTYPE = 0xB703  # linux/nsfs.h
_FLAGS = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK  # not to wait at a FIFO for its writer


class Netns:
    """One network namespace, kept alive by a descriptor of this object.

    Close it, or use it as a context manager; forgotten ones give a ResourceWarning.
    """

    __slots__ = ("fd",)

    def __init__(self, fd: int) -> None:
        """Take over `fd`, an open descriptor of a netns."""
        self.fd = fd

    @classmethod
    def create(cls) -> Self:
        """Make a new netns, with nothing in it but a `lo` that is down.

        Raises:
            KernelError: EPERM without CAP_SYS_ADMIN, ENOSPC at the limit user.max_net_namespaces.
        """
        return _in_thread(lambda: cls(_new()))

    @classmethod
    def open(cls, path: str) -> Self:
        """Open the netns that a file names: a mount in /run/netns, a link, /proc/PID/ns/net.

        Raises:
            NetnsNotFoundError: there is no such file, or it is something else.
            KernelError: it may not be opened.
        """
        try:
            netns = cls(os.open(path, _FLAGS))
        except FileNotFoundError:
            raise NetnsNotFoundError(f'no network namespace at "{path}"') from None
        except OSError as error:
            raise libc.failure(f"open {path}", error.errno or 0) from None
        if not is_netns(netns.fd):
            netns.close()
            raise NetnsNotFoundError(f'"{path}" is not a network namespace')
        return netns

    @classmethod
    def of_pid(cls, pid: int) -> Self:
        """Open the netns that a process is in.

        Raises:
            NetnsNotFoundError: there is no such process.
            KernelError: it is another user's.
        """
        try:
            return cls.open(f"/proc/{pid}/ns/net")
        except NetnsNotFoundError:
            raise NetnsNotFoundError(f"there is no process {pid}") from None

    @property
    def identity(self) -> tuple[int, int]:
        """Device and inode number: equal for two descriptors if and only if it is one netns."""
        status = os.fstat(self.fd)
        return status.st_dev, status.st_ino

    def call(self, function: Callable[[], T]) -> T:
        """Run a function in a helper thread that is inside this netns, and give its result.

        Raises:
            KernelError: the netns may not be entered; else whatever `function` raises.
        """

        def inside() -> T:
            libc.setns(self.fd, libc.CLONE_NEWNET)
            return function()

        return _in_thread(inside)

    def socket(self, family: int, kind: int, protocol: int = 0) -> socket:
        """Open a socket that lives in this netns."""
        return self.call(lambda: socket(family, kind | SOCK_CLOEXEC, protocol))

    def transport(self, protocol: int = NETLINK_ROUTE) -> Transport:
        """Open a netlink socket that lives in this netns."""
        from nslab.kernel.transport import Transport  # a holder, which makes none, starts faster

        return Transport(self.socket(AF_NETLINK, SOCK_RAW, protocol))

    def close(self) -> None:
        """Give up this hold on the netns; the last one's end is the netns's."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        if getattr(self, "fd", -1) >= 0:
            warn(f"unclosed netns, descriptor {self.fd}", ResourceWarning, stacklevel=2)
            self.close()

    def __repr__(self) -> str:
        return f"Netns(fd={self.fd})"


def _new() -> int:
    try:
        libc.unshare(libc.CLONE_NEWNET)
        return os.open(OWN, _FLAGS)
    except (KernelError, OSError) as error:
        raise libc.failure("create a network namespace", error.errno or 0) from None


def is_netns(fd: int) -> bool:
    """Tell whether a descriptor is that of a netns."""
    try:
        return ioctl(fd, _NS_GET_NSTYPE) == libc.CLONE_NEWNET
    except OSError:
        return False


def _in_thread(function: Callable[[], T]) -> T:
    import threading

    results: list[T] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(function())
        except BaseException as error:  # noqa: BLE001 - it is raised again by the caller's thread
            errors.append(error)

    thread = threading.Thread(target=run, name="nslab-netns")
    thread.start()
    thread.join()
    if errors:
        raise errors.pop()
    return results.pop()
