"""Why a machine refuses namespaces to a user, and what would change its mind."""

from __future__ import annotations

import errno
import os

from nslab.errors import PrivilegeError

_KINDS = (
    ("user", "user"),
    ("net", "network"),
    ("pid", "PID"),
    ("mnt", "mount"),
    ("uts", "UTS"),
    ("ipc", "IPC"),
)
"""What a sandbox is made of, in the kernel's words and in everybody's."""

_SWITCHES = (
    (
        "/proc/sys/kernel/apparmor_restrict_unprivileged_userns",
        "1",
        (
            "AppArmor restricts unprivileged user namespaces (Ubuntu 23.10 and later): "
            "`sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0` allows them"
        ),
    ),
    (
        "/proc/sys/kernel/unprivileged_userns_clone",
        "0",
        "`sudo sysctl -w kernel.unprivileged_userns_clone=1` allows unprivileged user namespaces",
    ),
    *(
        (
            f"/proc/sys/user/max_{kind}_namespaces",
            "0",
            f"`sudo sysctl -w user.max_{kind}_namespaces=10000` allows {name} namespaces",
        )
        for kind, name in _KINDS
    ),
)


def read_switch(path: str) -> str | None:
    """Read a one-line file of /proc; None where it is not there."""
    try:
        with open(path, encoding="utf-8") as file:
            return file.read().strip()
    except OSError:
        return None


def remedies() -> list[str]:
    """Say what on this machine forbids namespaces, each with its remedy; most often nothing."""
    return [text for path, bad, text in _SWITCHES if read_switch(path) == bad]


def refusal(number: int, reason: str) -> PrivilegeError:
    """Make the error of a sandbox that could not be made."""
    known = remedies()
    if not known and number == errno.ENOSPC:
        known = ["a limit in /proc/sys/user/max_*_namespaces is reached, most often of user ones"]
    if not known:
        known = ["a container needs `--privileged`, or a seccomp profile that allows unshare(2)"]
        if os.geteuid() != 0:
            known.append("or run nslab as root")
    return PrivilegeError(
        f"this machine does not let {_user()} make a sandbox of namespaces: {reason}",
        hint="; ".join(known),
    )


def _user() -> str:
    return "root" if os.geteuid() == 0 else f"user {os.geteuid()}"
