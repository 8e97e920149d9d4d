"""Whether labs are possible, for this user and for others."""

from __future__ import annotations

import os
import platform
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from nslab.cli.checks.check import Check
from nslab.errors import KernelError
from nslab.kernel import libc
from nslab.kernel.privilege import remedies

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nslab.errors import NslabError
    from nslab.kernel.sandbox import Sandbox

_KERNEL = (5, 10)
_PYTHON = (3, 11)
_NOBODY = 65534


def versions() -> Iterator[Check]:
    """Compare the kernel's and Python's versions with what is needed."""
    release = platform.release()
    found = tuple(int(part) for part in re.findall(r"\d+", release)[:2])
    wanted = ".".join(map(str, _KERNEL))
    yield Check(
        "kernel",
        found >= _KERNEL,
        f"Linux {release}",
        "" if found >= _KERNEL else f"nslab needs Linux {wanted} or later",
    )
    yield Check("Python", sys.version_info >= _PYTHON, platform.python_version())


def refused(error: NslabError) -> Check:
    """Say that this user can have no lab, and why."""
    return Check("sandbox", ok=False, detail=str(error), remedy=error.hint or "")


def sandbox(lab: Sandbox) -> Iterator[Check]:
    """Say how this user's labs are made, by one that is running."""
    apart = _same(lab.pid, "user")
    how = "without a user namespace, as root" if apart else "in a user namespace, without root"
    yield Check("sandbox", ok=True, detail=how)
    if os.geteuid() == 0:
        yield _others()
    yield _user_ids(lab.pid)


def _same(pid: int, kind: str) -> bool:
    ours, theirs = Path(f"/proc/self/ns/{kind}"), Path(f"/proc/{pid}/ns/{kind}")
    return ours.stat().st_ino == theirs.stat().st_ino


def _others() -> Check:
    """Try, as a user without privileges, what a lab begins with."""
    child = os.fork()
    if child == 0:
        _try_as_nobody()
    _, status = os.waitpid(child, 0)
    known = "; ".join(remedies()) or "a setting of this machine or its container forbids it"
    good = status == 0
    return Check("labs without root", good, "plain users can have labs, too", "" if good else known)


def _try_as_nobody() -> None:
    code = 1
    try:
        os.setgroups([])
        os.setgid(_NOBODY)
        os.setuid(_NOBODY)
        libc.unshare(libc.CLONE_NEWUSER)
        libc.unshare(libc.CLONE_NEWNET | libc.CLONE_NEWNS | libc.CLONE_NEWPID)
        code = 0
    except (KernelError, OSError):
        pass
    finally:
        os._exit(code)


def _user_ids(pid: int) -> Check:
    """Count the users that exist in a lab, by the kernel's own map."""
    lines = Path(f"/proc/{pid}/uid_map").read_text(encoding="ascii").splitlines()
    users = sum(int(line.split()[2]) for line in lines)
    good = users > 1
    remedy = (
        "Debian's package uidmap (newuidmap, newgidmap), and a range each in /etc/subuid and"
        " /etc/subgid: `sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 $USER`"
    )
    what = "daemons can drop privileges" if good else "daemons that drop privileges fail"
    count = "all" if users >= 2**32 - 1 else f"{users:,}"
    return Check("user ids", good, f"{count} in a lab, so {what}", "" if good else remedy)
