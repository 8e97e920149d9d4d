"""System calls that Python 3.11 lacks, as functions that raise KernelError.

`os.setns` and `os.unshare` came with Python 3.12 and are used where they are; `os.mount` never
came. The calls release the GIL. `_ctypes` is what the package `ctypes` is built on: that would take
longer to load than all the rest of a holder, which begins with it.
"""

from __future__ import annotations

import errno
import os
from _ctypes import (
    FUNCFLAG_CDECL,
    FUNCFLAG_USE_ERRNO,
    RTLD_LOCAL,
    CFuncPtr,
    _SimpleCData,
    dlopen,
    get_errno,
)

from nslab.errors import KernelError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

CLONE_FILES = 0x00000400
CLONE_NEWNS = 0x00020000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

MS_RDONLY = 0x1
MS_NOSUID = 0x2
MS_NODEV = 0x4
MS_NOEXEC = 0x8
MS_BIND = 0x1000
MS_REC = 0x4000
MS_PRIVATE = 0x40000
MS_SLAVE = 0x80000
MS_SHARED = 0x100000
MNT_DETACH = 2

_FSOPEN, _FSCONFIG, _FSMOUNT = 430, 431, 432
"""Numbers of system calls that glibc knows since 2.36 only; the same on all machines but Alpha."""

_CLOEXEC = 1
_FSCONFIG_CMD_CREATE = 6

PR_SET_PDEATHSIG = 1
PR_SET_NAME = 15

REMEDIES = {
    errno.EMFILE: "`ulimit -n` sets how many files a process may open",
    errno.EAGAIN: "`ulimit -u` and the cgroup's pids limit set how many processes there may be",
    errno.ENOMEM: "`ulimit -v` and the cgroup's memory limit set how much there may be",
    errno.ENOSPC: "`df /run /tmp` says which of them is full",
    errno.EROFS: "`findmnt /run` says how it is mounted; it must be writable",
}
"""What helps where something is used up."""


class _Int(_SimpleCData):  # type: ignore[type-arg]
    _type_ = "i"


class _UnsignedLong(_SimpleCData):  # type: ignore[type-arg]
    _type_ = "L"


class _Function(CFuncPtr):
    _flags_ = FUNCFLAG_CDECL | FUNCFLAG_USE_ERRNO
    _restype_ = _Int


class _Library:
    _handle = dlopen(None, RTLD_LOCAL)  # type: ignore[arg-type]


def function(name: str) -> Callable[..., int]:
    """Give a function of the C library that returns an int, to be called with ints and bytes."""
    return _Function((name, _Library()))  # type: ignore[arg-type]


_mount, _umount, _prctl = function("mount"), function("umount2"), function("prctl")
_sethostname, _syscall = function("sethostname"), function("syscall")


def failure(operation: str, errno: int, *, hint: str | None = None) -> KernelError:
    """Make the error of a system call that ended with `errno`."""
    return KernelError(operation, errno, os.strerror(errno), hint=hint)


def of_oserror(operation: str, error: OSError) -> KernelError:
    """Make one of our errors of one of Python's."""
    place = os.fsdecode(error.filename) if isinstance(error.filename, str | bytes) else ""
    what = f"{operation}: {place}" if place not in ("", os.devnull) else operation
    return failure(what, error.errno or 0, hint=REMEDIES.get(error.errno or 0))


def _check(result: int, operation: str) -> None:
    if result != 0:
        raise failure(operation, get_errno())


def number(result: int, operation: str) -> int:
    """Give what a call returned, which failed where that is below 0."""
    if result < 0:
        raise failure(operation, get_errno())
    return result


_unshare: Callable[..., int | None] = getattr(os, "unshare", None) or function("unshare")
_setns: Callable[..., int | None] = getattr(os, "setns", None) or function("setns")


def unshare(flags: int) -> None:
    """Move the calling thread into new namespaces (man 2 unshare)."""
    _enter("unshare", _unshare, flags)


def setns(fd: int, flags: int) -> None:
    """Move the calling thread into the namespace(s) that a descriptor names (man 2 setns)."""
    _enter("setns", _setns, fd, flags)


def _enter(name: str, call: Callable[..., int | None], *arguments: int) -> None:
    try:
        failed = get_errno() if call(*arguments) else 0
    except OSError as error:  # so Python's own calls tell it
        failed = error.errno or errno.EINVAL
    except ValueError:  # a descriptor below 0
        failed = errno.EBADF
    if failed:
        raise failure(f"{name}({arguments[-1]:#x})", failed)


def mount(source: str, target: str, kind: str, flags: int = 0, options: str = "") -> None:
    """Attach a file system or change a mount (man 2 mount)."""
    arguments = (source.encode(), os.fsencode(target), kind.encode())
    result = _mount(*arguments, _UnsignedLong(flags), options.encode() or None)
    _check(result, f"mount {source or kind} on {target}")


def mount_apart(kind: str) -> int:
    """Make a file system that is seen nowhere; give a descriptor of its root (man 2 fsmount).

    It lives as long as something of it is open. Linux has this since 5.2.
    """
    context = number(_syscall(_FSOPEN, kind.encode(), _CLOEXEC), f"fsopen({kind})")
    try:
        made = _syscall(_FSCONFIG, context, _FSCONFIG_CMD_CREATE, None, None, 0)
        _check(made, f"fsconfig({kind})")
        return number(_syscall(_FSMOUNT, context, _CLOEXEC, 0), f"fsmount({kind})")
    finally:
        os.close(context)


def umount(target: str, flags: int = MNT_DETACH) -> None:
    """Detach a mount, umount2(2); lazily unless told otherwise."""
    _check(_umount(os.fsencode(target), flags), f"umount {target}")


def prctl(option: int, argument: int) -> None:
    """Change one property of the calling process (man 2 prctl)."""
    _check(_prctl(option, _UnsignedLong(argument), 0, 0, 0), f"prctl({option})")


def name_process(name: str) -> None:
    """Set the name that `ps` shows, at most 15 bytes of it."""
    _prctl(PR_SET_NAME, name.encode()[:15], 0, 0, 0)


def set_hostname(name: str) -> None:
    """Set the host name of the calling process's UTS namespace, sethostname(2): 64 bytes."""
    raw = name.encode()
    _check(_sethostname(raw, len(raw)), f"sethostname({name})")
