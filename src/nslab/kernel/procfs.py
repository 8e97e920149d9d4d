"""What /proc tells and sets: names and namespaces of processes, sysctls."""

from __future__ import annotations

import errno
import os

_GONE = (FileNotFoundError, ProcessLookupError)
_DEAD = "ZX"  # a zombie, one that is just going

SYSCTLS = "/proc/sys/"
"""Where sysctls are."""

SWAP = str.maketrans("./", "/.")
"""What makes the one form of a sysctl's key of the other."""


def process_name(pid: int) -> str:
    """Give the name that `ps` shows of a process; "" where there is none that lives.

    Raises:
        OSError: it cannot be told.
    """
    try:
        return "" if _is_dead(pid) else _status(pid, "Name:")
    except _GONE:
        return ""


def is_stopped(pid: int) -> bool:
    """Tell whether somebody has stopped a process, by a signal or a debugger."""
    try:
        return _status(pid, "State:")[0] in "Tt"
    except OSError:
        return False


def start_time(pid: int) -> int:
    """Give when a process started, in clock ticks since the boot; 0 if none lives there.

    Raises:
        OSError: it cannot be told: nobody is to be thought dead who is not.
    """
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            words = file.read().rpartition(")")[2].split()  # its name may hold anything
    except _GONE:
        return 0
    return 0 if words[0] in _DEAD else int(words[19])


def is_ending(pid: int) -> bool:
    """Tell whether a process has let go of all its descriptors, as the kernel's first act on it.

    The first process of a PID namespace stays so until all others in there have ended.
    """
    try:
        return not os.listdir(f"/proc/{pid}/fd")
    except OSError:
        return True


def sysctl_path(key: str) -> str:
    """Give the file of a sysctl, whose parts are joined by dots or by slashes.

    As sysctl(8) does it: the first separator tells the form. `net.ipv4.conf.eth0/1.mtu` and
    `net/ipv4/conf/eth0.1/mtu` are both `/proc/sys/net/ipv4/conf/eth0.1/mtu`.
    """
    dot, slash = key.find("."), key.find("/")
    return SYSCTLS + (key if dot < 0 or 0 <= slash < dot else key.translate(SWAP))


def exchange(word: str, proc: int | None = None) -> str:
    """Read a sysctl and, for `key=value`, set it; give the value from before, or `!errno`.

    Args:
        word: key, or key and value.
        proc: a descriptor of the mount of proc to look into; /proc if there is none.
    """
    key, given, value = word.partition("=")
    path = sysctl_path(key)
    if ".." in path.split("/"):
        return f"!{errno.EINVAL}"
    if proc is not None:
        path = path.removeprefix("/proc/")

    def opener(path: str, flags: int) -> int:
        return os.open(path, flags, dir_fd=proc)

    try:
        with open(path, encoding="utf-8", opener=opener) as file:
            before = file.read().strip()
        if given:
            with open(path, "w", encoding="utf-8", opener=opener) as file:
                file.write(f"{value}\n")
    except OSError as error:
        return f"!{error.errno}"
    return before


def members(inodes: set[int] | None = None) -> list[int]:
    """List the lab's own processes that live, by their PID in the lab.

    Args:
        inodes: the inode numbers of the netns that they are in; None for all.
    """
    own, found = os.stat("/proc/self/ns/pid").st_ino, []
    for entry in os.listdir("/proc"):
        try:
            if not entry.isdigit() or os.stat(f"/proc/{entry}/ns/pid").st_ino != own:
                continue
            netns = os.stat(f"/proc/{entry}/ns/net").st_ino  # who waits to be reaped has none
            if inodes is None or netns in inodes:
                found.append(_inner_pid(entry))
        except OSError:
            continue
    return [pid for pid in found if pid != 1]


def pid_space(pid: int) -> int:
    """Give the number of the PID namespace that a process is in; 0 if that is not to be seen."""
    try:
        return os.stat(f"/proc/{pid}/ns/pid").st_ino
    except OSError:
        return 0


def is_emptied(holder: int, own: int) -> bool:
    """Tell whether an ending holder has let go of all it had, and no process of its lab lives.

    Args:
        holder: its PID.
        own: its PID namespace, as `pid_space` gave it while it lived.
    """
    try:
        if os.listdir(f"/proc/{holder}/fd"):
            return False
    except PermissionError:  # it has no memory any more: what is left of it is root's to see
        pass
    except OSError:
        return True
    others = (int(entry) for entry in os.listdir("/proc") if entry.isdigit())
    return not any(_lives_in(pid, own) for pid in others if pid != holder)


def _lives_in(pid: int, pid_namespace: int) -> bool:
    try:
        return os.stat(f"/proc/{pid}/ns/pid").st_ino == pid_namespace and not _is_dead(pid)
    except OSError:
        return False


def _is_dead(pid: int) -> bool:
    """Tell whether all threads of a process have ended: the first one may have done so alone."""
    return _status(pid, "State:")[0] in _DEAD and int(_status(pid, "Threads:")) <= 1


def _inner_pid(entry: str) -> int:
    return int(_status(entry, "NSpid:").split()[-1])


def _status(entry: str | int, field: str) -> str:
    with open(f"/proc/{entry}/status", encoding="utf-8", errors="replace") as file:
        return next(line.removeprefix(field).strip() for line in file if line.startswith(field))
