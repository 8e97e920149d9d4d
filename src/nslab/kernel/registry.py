"""The machine's directory of named network namespaces, as iproute2 keeps it.

A named netns is a file on which the netns is bind-mounted. The directory itself is made a shared
mount first (under a lock, since `ip netns` may be doing the same), so that the mount appears in
every mount namespace and both tools see each other's names. A link in the directory to another
program's namespace file adopts that namespace.
"""

# pathlib takes longer to load than the rest of the command

from __future__ import annotations

import errno
import fcntl
import os

from nslab.errors import KernelError, UsageError
from nslab.kernel import libc

DIRECTORY = "/run/netns"


def check_name(name: str) -> None:
    """Refuse what cannot be a file name.

    Raises:
        UsageError: the name is empty, too long, `.`, `..`, or holds a slash or a NUL.
    """
    wrong = name in ("", ".", "..") or "/" in name or "\0" in name
    if wrong or len(os.fsencode(name)) > 255:
        raise UsageError(f'"{name}" cannot name a network namespace')


def prepare(directory: str = DIRECTORY) -> None:
    """Make the directory a shared mount, so that names made later propagate.

    Raises:
        KernelError: it cannot be made (EACCES without privilege).
    """
    try:
        os.makedirs(directory, mode=0o755, exist_ok=True)
        fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise libc.failure(f"mkdir {directory}", error.errno or 0) from None
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        _share(directory)
    finally:
        os.close(fd)


def _share(directory: str) -> None:
    try:
        _make_shared(directory)
    except KernelError as error:
        if error.errno != errno.EINVAL:  # EINVAL: it is not a mount point yet
            raise
        _bind_on_itself(directory)
        _make_shared(directory)


def _make_shared(directory: str) -> None:
    try:
        libc.mount("", directory, "none", libc.MS_SHARED)  # MS_REC would walk over every name
    except KernelError as error:
        raise libc.failure(f"mount --make-shared {directory}", error.errno) from None


def _bind_on_itself(directory: str) -> None:
    try:
        libc.mount(directory, directory, "none", libc.MS_BIND | libc.MS_REC)
    except KernelError as error:
        raise libc.failure(f"mount --bind {directory} {directory}", error.errno) from None
