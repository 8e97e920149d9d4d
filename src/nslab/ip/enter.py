"""Entering a named netns for good, with a /sys and an /etc that belong to it.

This moves the calling process, which `ip -n NAME` and `ip netns exec NAME` are about: from then on
it is in the netns, in a mount namespace of its own in which /sys shows the netns's links and each
file of /etc/netns/NAME covers the file of that name in /etc (man 8 ip-netns).
"""

from __future__ import annotations

import os

from nslab.errors import IpError, KernelError
from nslab.ip.complain import complain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

DIRECTORY = "/run/netns"
ETC = "/etc/netns"
FAILED = 255


def enter(name: str) -> None:
    """Move this process into a named netns.

    Raises:
        IpError: there is no such name, or the kernel refuses a step; nothing is undone.
    """
    from nslab.kernel import libc

    fd = open_netns(name)
    _step(f'setting the network namespace "{name}" failed', lambda: libc.setns(fd, 0x40000000))
    os.close(fd)
    _step("unshare failed", lambda: libc.unshare(libc.CLONE_NEWNS))
    slave = libc.MS_SLAVE | libc.MS_REC
    _step('"mount --make-rslave /" failed', lambda: libc.mount("", "/", "none", slave))
    flags = _uncover_sys()
    _step("mount of /sys failed", lambda: libc.mount(name, "/sys", "sysfs", flags))
    _cover_etc(name)


def open_netns(name: str, code: int = FAILED) -> int:
    """Open the descriptor of a named netns.

    Raises:
        IpError: it cannot be opened; `code` is what the program ends with then.
    """
    try:
        return os.open(f"{DIRECTORY}/{name}", os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        message = f'Cannot open network namespace "{name}": {reason}'
        raise IpError(message, code) from None


def _step(refusal: str, act: Callable[[], None]) -> None:
    try:
        act()
    except KernelError as error:
        raise IpError(f"{refusal}: {error.reason}", FAILED) from None


def _uncover_sys() -> int:
    """Unmount /sys; where that is refused, the new one must be read-only if the old one is."""
    from nslab.kernel import libc

    try:
        libc.umount("/sys")
    except KernelError:
        try:
            return os.statvfs("/sys").f_flag & os.ST_RDONLY
        except OSError:
            return 0
    return 0


def _cover_etc(name: str) -> None:
    from nslab.kernel import libc

    try:
        entries = os.listdir(f"{ETC}/{name}")
    except OSError:
        return
    for entry in entries:
        source, target = f"{ETC}/{name}/{entry}", f"/etc/{entry}"
        try:
            libc.mount(source, target, "none", libc.MS_BIND)
        except KernelError as error:
            complain(f"Bind {source} -> {target} failed: {error.reason}")
