"""Sysctls of many namespaces, at a cost that does not grow with their number.

A mount of proc keeps what was looked up in it. Each netns has its own /proc/sys/net, but in one
mount all their files of one name stand in one row, which the kernel walks at every look
(fs/proc/proc_sysctl.c: proc_sys_compare): behind 4,000 namespaces, setting two sysctls takes nearly
3 ms. So they are looked at through mounts of the holder's own, each for a few.
"""

from __future__ import annotations

import errno
import os

from nslab.errors import KernelError, SysctlError
from nslab.kernel import libc, procfs

_FEW = 50  # namespaces; a mount costs about as much as ten sysctls


def refused(netns: str, word: str, number: int) -> SysctlError:
    """Make the error of a sysctl (`key=value`) that could not be set."""
    key, _, value = word.partition("=")
    hint = libc.REMEDIES.get(number)
    if number == errno.EINVAL:
        hint = "the kernel does not take this value"
    elif number in (errno.ENOENT, errno.EACCES):
        hint = _why_absent(procfs.sysctl_path(key))
    return SysctlError(netns, key, value, number, os.strerror(number), hint=hint)


def _why_absent(path: str) -> str:
    if "/conf/" in path or "/neigh/" in path:
        return "this kernel has no such setting, or the node no such link"
    if os.path.exists(path):
        return "only the whole machine has it"
    return "this kernel has no such setting"


class Sysctls:
    """Reads and sets sysctls of whatever netns the calling thread is in."""

    def __init__(self) -> None:
        self._proc: int | None = None
        self._left = 0

    def exchange(self, words: list[str]) -> list[str]:
        """In the netns that the caller has just entered, read (`key`) or set (`key=value`).

        Gives each key's value from before, or `!` and the error number.
        """
        if not self._left:
            self._renew()
        self._left -= 1
        return [procfs.exchange(word, self._proc) for word in words]

    def rest(self) -> None:
        """Close the mount: the next look needs a new one.

        The kernel waits for all CPUs as it takes a mount down, be it that of one who ends.
        """
        self._left = 0
        if self._proc is not None:
            os.close(self._proc)
            self._proc = None

    def _renew(self) -> None:
        """Look through a new mount; through /proc itself where there can be none."""
        self.rest()
        self._left = _FEW
        try:
            self._proc = libc.mount_apart("proc")
        except (KernelError, OSError):
            self._proc = None
