"""Names of network namespaces: the entries of /run/netns, in iproute2's own manner.

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

from nslab.errors import KernelError, NetnsExistsError, NetnsNotFoundError, UsageError
from nslab.kernel import libc
from nslab.kernel.netns import Netns

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

DIRECTORY = "/run/netns"
_UMOUNT_NOFOLLOW = 8  # linux/fs.h


def check_name(name: str) -> None:
    """Refuse what cannot be a file name.

    Raises:
        UsageError: the name is empty, too long, `.`, `..`, or holds a slash or a NUL.
    """
    wrong = name in ("", ".", "..") or "/" in name or "\0" in name
    if wrong or len(os.fsencode(name)) > 255:
        raise UsageError(f'"{name}" cannot name a network namespace')


def path_of(name: str, directory: str = DIRECTORY) -> str:
    """Give the file of that name."""
    check_name(name)
    return f"{directory}/{name}"


def names(directory: str = DIRECTORY) -> list[str]:
    """List all names, sorted; none where the directory is missing.

    Raises:
        KernelError: the directory may not be read.
    """
    try:
        return sorted(os.listdir(directory))
    except FileNotFoundError:
        return []
    except OSError as error:
        raise libc.failure(f"list {directory}", error.errno or 0) from None


def open_named(name: str, directory: str = DIRECTORY) -> Netns:
    """Open a named netns.

    Raises:
        NetnsNotFoundError: no such name.
    """
    path = path_of(name, directory)
    try:
        return Netns.open(path)
    except NetnsNotFoundError:
        raise _no_such(name) from None


def add(name: str, directory: str = DIRECTORY) -> None:
    """Make a netns and name it, as `ip netns add`.

    Raises:
        NetnsExistsError: the name is taken.
        KernelError: no privilege, or a limit is reached; nothing is left behind.
    """
    check_name(name)
    with Netns.create() as netns:
        attach(name, netns, directory)


def attach(name: str, netns: Netns, directory: str = DIRECTORY) -> None:
    """Give a name to a netns that is there already, as `ip netns attach`.

    Raises:
        NetnsExistsError: the name is taken.
        KernelError: no privilege; nothing is left behind.
    """
    path = path_of(name, directory)
    prepare(directory)
    try:
        os.close(os.open(path, os.O_RDONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0))
    except FileExistsError:
        raise NetnsExistsError(
            f'a network namespace is named "{name}" already',
            hint="choose another name, or delete that one",
        ) from None
    except OSError as error:
        raise libc.failure(f"create {path}", error.errno or 0) from None
    try:
        libc.mount(f"/proc/self/fd/{netns.fd}", path, "none", libc.MS_BIND)
    except BaseException:  # Ctrl-C leaves nothing behind, either
        os.unlink(path)
        raise


def adopt(name: str, pid: int, directory: str = DIRECTORY) -> None:
    """Name the netns that a process is in.

    Raises:
        NetnsNotFoundError: no such process.
        NetnsExistsError: the name is taken.
    """
    with Netns.of_pid(pid) as netns:
        attach(name, netns, directory)


def delete(name: str, directory: str = DIRECTORY) -> None:
    """Take a name away; the netns ends with the last process or descriptor in it.

    Raises:
        NetnsNotFoundError: no such name.
        KernelError: the file cannot be removed.
    """
    path = path_of(name, directory)
    refusal = _unmount(path)
    try:
        os.unlink(path)
    except FileNotFoundError:
        raise _no_such(name) from None
    except OSError as error:
        raise refusal or libc.failure(f"remove {path}", error.errno or 0) from None


def identify(netns: Netns, directory: str = DIRECTORY) -> list[str]:
    """List the names of a netns, most often one or none."""
    return [name for name in names(directory) if _identity(f"{directory}/{name}") == netns.identity]


def pids(netns: Netns) -> list[int]:
    """List the processes in a netns, as far as this user may see, in ascending order."""
    wanted = netns.identity
    return [pid for pid in _processes() if _identity(f"/proc/{pid}/ns/net") == wanted]


def _no_such(name: str) -> NetnsNotFoundError:
    return NetnsNotFoundError(f'no network namespace is named "{name}"')


def _unmount(path: str) -> KernelError | None:
    """Unmount all that is mounted on a name itself, never what a link there leads to."""
    while True:
        try:
            libc.umount(path, libc.MNT_DETACH | _UMOUNT_NOFOLLOW)
        except KernelError as error:  # EINVAL: nothing is mounted on it, any more
            return error if error.errno not in (errno.EINVAL, errno.ENOENT) else None


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


def _processes() -> Iterator[int]:
    yield from sorted(int(entry) for entry in os.listdir("/proc") if entry.isdigit())


def _identity(path: str) -> tuple[int, int] | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino
