"""Run a test in a forked child with namespaces of its own, so that it cannot touch the machine.

The child is root there, whoever runs the tests: without root it has a user namespace, too. Its /run
is empty, and no mount that it makes is seen outside.
"""

from __future__ import annotations

import functools
import os
import pwd
import shutil
import signal
import traceback
from pathlib import Path

import pytest

from nslab.errors import KernelError
from nslab.kernel import libc
from tests.state import MARK

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import ParamSpec

    P = ParamSpec("P")

NOBODY = 65534


def sandboxed(test: Callable[P, None]) -> Callable[P, None]:
    """Run the test in a child with mount and network namespaces."""
    return _forked(_enter, test)


def unprivileged(test: Callable[P, None]) -> Callable[P, None]:
    """Run the test in a child that is a plain user."""
    return _forked(_become_nobody, test)


def rootless(test: Callable[P, None]) -> Callable[P, None]:
    """Run the test in a plain user's child with user, mount and network namespaces."""

    def enter() -> None:
        _become_nobody()
        _enter()

    return _forked(enter, test)


def nested(test: Callable[P, None]) -> Callable[P, None]:
    """Run the test in a child that is root in a user namespace of its own, whoever it is outside.

    What it writes to /proc/sys/user limits itself alone.
    """
    return _forked(lambda: _enter(nested=True), test)


def as_user(user: int) -> Callable[[Callable[P, None]], Callable[P, None]]:
    """Run the test as `nested` does, but under another user id than root's.

    The child itself has all rights in its namespaces, the programs that it starts have none.
    """
    return lambda test: _forked(lambda: _enter(nested=True, inside=user), test)


def with_subordinate_ids(test: Callable[P, None]) -> Callable[P, None]:
    """Run the test in a child that is a plain user to whom /etc/subuid grants ids."""
    return _forked(_become_owner_of_ids, test)


def _forked(prepare: Callable[[], None], test: Callable[P, None]) -> Callable[P, None]:
    @pytest.mark.kernel
    @functools.wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        readable, writable = os.pipe()
        child = os.fork()
        if child == 0:
            os.environ[MARK] = str(os.getpid())
            os.write(writable, _verdict(prepare, lambda: test(*args, **kwargs)).encode()[:65536])
            os._exit(0)
        os.close(writable)
        with os.fdopen(readable, encoding="utf-8", errors="replace") as pipe:
            kind, _, words = pipe.read().partition(":")
        os.waitpid(child, 0)
        if kind == "skip":
            pytest.skip(words)
        if kind != "ok":
            pytest.fail(words or "the child died", pytrace=False)

    return run


def _verdict(prepare: Callable[[], None], test: Callable[[], None]) -> str:
    signal.alarm(120)  # a child that hangs dies
    try:
        prepare()
    except pytest.skip.Exception as skipped:
        return f"skip:{skipped}"
    except (KernelError, OSError) as error:
        return f"skip:this machine gives no namespaces to this user: {error}"
    try:
        test()
    except pytest.skip.Exception as skipped:
        return f"skip:{skipped}"
    except BaseException:  # noqa: BLE001 - the parent shall see whatever it is
        return f"fail:{traceback.format_exc()}"
    return "ok:"


def _become_nobody() -> None:
    if os.getuid() == 0:
        _become(NOBODY, NOBODY)


def _become_owner_of_ids() -> None:
    if shutil.which("newuidmap") is None:
        pytest.skip("newuidmap is not installed")
    granted = {line.split(":")[0] for line in Path("/etc/subuid").read_text().splitlines()}
    users = [user for user in pwd.getpwall() if user.pw_name in granted and user.pw_uid != 0]
    if os.getuid() == 0 and users:
        _become(users[0].pw_uid, users[0].pw_gid)
    elif os.getuid() not in [user.pw_uid for user in users]:
        pytest.skip("/etc/subuid grants no ids to the user of these tests")


def _become(user: int, group: int) -> None:
    os.setgroups([])
    os.setresgid(group, group, group)
    os.setresuid(user, user, user)
    libc.prctl(4, 1)  # PR_SET_DUMPABLE: else /proc/self stays root's


def _enter(*, nested: bool = False, inside: int = 0) -> None:
    namespaces = libc.CLONE_NEWNS | libc.CLONE_NEWNET
    if nested or os.getuid() != 0:
        user, group = os.getuid(), os.getgid()
        libc.unshare(namespaces | libc.CLONE_NEWUSER)
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{inside} {user} 1")
        Path("/proc/self/gid_map").write_text(f"{inside} {group} 1")
    else:
        libc.unshare(namespaces)
    libc.mount("", "/", "none", libc.MS_REC | libc.MS_PRIVATE)
    libc.mount("tmpfs", "/run", "tmpfs", libc.MS_NOSUID | libc.MS_NODEV)
