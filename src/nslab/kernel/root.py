"""What a lab's processes see of the machine: its namespaces, user ids and mounts.

The sandbox keeps the machine's files as they are, but has its own /run (with `netns` in it), its
own /proc, and its own /etc/hosts and /etc/resolv.conf.
"""

from __future__ import annotations

import os

from nslab.errors import KernelError
from nslab.kernel import libc, registry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn


def isolate() -> None:
    """Leave the starter's namespaces; the next child is PID 1 of the lab's own.

    Root needs no user namespace; where it may not do without (in a container), it gets one.
    """
    kinds = libc.CLONE_NEWNS | libc.CLONE_NEWPID | libc.CLONE_NEWNET | libc.CLONE_NEWIPC
    if os.geteuid() == 0:
        try:
            libc.unshare(kinds)
        except KernelError:
            map_ids()
            libc.unshare(kinds)
    else:
        map_ids()
        libc.unshare(kinds)


def map_ids() -> None:
    """Enter a new user namespace in which this user is root.

    Where `newuidmap` and a range in /etc/subuid are there, ids 1 and up are mapped to that range,
    so that daemons which drop privileges run; else only this user's own id exists inside.
    """
    pid, uid, gid = os.getpid(), os.geteuid(), os.getegid()
    ready, begin = os.pipe()
    helper = os.fork()
    if helper == 0:
        os.close(begin)
        _map_when_ready(ready, pid, uid, gid)
    try:
        libc.unshare(libc.CLONE_NEWUSER)
        os.write(begin, b"!")
    finally:
        os.close(begin)
        os.close(ready)
        _, status = os.waitpid(helper, 0)
    if status != 0:
        _map_single(uid, gid)


def _map_when_ready(ready: int, pid: int, uid: int, gid: int) -> NoReturn:
    """Map ranges of ids once told that the namespace is there; from outside of it."""
    code = 1
    try:
        if os.read(ready, 1) and _map_ranges(pid, uid, gid):
            code = 0
    finally:
        os._exit(code)


def _map_single(uid: int, gid: int) -> None:
    with open("/proc/self/gid_map", encoding="utf-8") as file:
        mapped = bool(file.read().strip())
    if not mapped:
        _write("/proc/self/setgroups", "deny")
        _write("/proc/self/gid_map", f"0 {gid} 1")
    _write("/proc/self/uid_map", f"0 {uid} 1")


def _map_ranges(pid: int, uid: int, gid: int) -> bool:
    import pwd

    try:
        user = pwd.getpwuid(uid).pw_name
    except KeyError:
        user = str(uid)
    users, groups = subordinate("/etc/subuid", user, uid), subordinate("/etc/subgid", user, uid)
    if users is None or groups is None:
        return False
    return _run("newgidmap", pid, gid, groups) and _run("newuidmap", pid, uid, users)


def _run(program: str, pid: int, own: int, extra: tuple[int, int]) -> bool:
    numbers = (pid, 0, own, 1, 1, *extra)
    silent = [(os.POSIX_SPAWN_OPEN, fd, os.devnull, os.O_RDWR, 0) for fd in (1, 2)]
    try:
        child = os.posix_spawnp(
            program, [program, *map(str, numbers)], os.environ, file_actions=silent
        )
    except OSError:
        return False
    return os.waitpid(child, 0)[1] == 0


def subordinate(path: str, user: str, uid: int) -> tuple[int, int] | None:
    """Give the first range of subordinate ids that a file grants a user: (first id, count)."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            lines = [line.strip().split(":") for line in file]
    except OSError:
        return None
    for line in lines:
        numbers = [int(word) for word in line[1:] if word.isdecimal() and word.isascii()]
        if len(line) == 3 and line[0] in (user, str(uid)) and len(numbers) == 2:
            return numbers[0], numbers[1]
    return None


def build_root(hosts: str, resolver: str) -> None:
    """Make the lab's mounts, in a fresh mount namespace.

    Args:
        hosts: the file to be /etc/hosts, at first empty.
        resolver: the file to be /etc/resolv.conf, at first what that is outside.

    Raises:
        KernelError: the kernel forbids a mount that a lab cannot do without.
        OSError: a file of /run cannot be made.
    """
    libc.mount("", "/", "none", libc.MS_SLAVE | libc.MS_REC)
    kept = [path for path in (_resolver(), os.environ.get("XDG_RUNTIME_DIR", "")) if path]
    _replace_run(kept)
    registry.prepare()
    try:
        libc.mount("proc", "/proc", "proc", libc.MS_NOSUID | libc.MS_NODEV | libc.MS_NOEXEC)
    except KernelError:  # refused where /proc is partly masked; the old one serves
        pass
    os.makedirs(os.path.dirname(hosts), exist_ok=True)
    _lay_over("/etc/hosts", hosts, "")
    _lay_over(_resolver(), resolver, _read(_resolver()))


def _lay_over(path: str, file: str, text: str) -> None:
    """Put a file of the lab's own in the place of one of the machine's, if that is there."""
    _write(file, text)
    if os.path.exists(path):
        libc.mount(file, path, "none", libc.MS_BIND)


def _resolver() -> str:
    """Give the file behind /etc/resolv.conf (systemd's lies in /run)."""
    return os.path.realpath("/etc/resolv.conf")


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            return file.read()
    except OSError:
        return ""


def _replace_run(kept: list[str]) -> None:
    """Mount an empty /run and bind back what is still needed of the old one."""
    wanted = [path for path in kept if path.startswith("/run/") and os.path.exists(path)]
    old = [(path, os.open(path, os.O_PATH | os.O_CLOEXEC)) for path in wanted]
    libc.mount("tmpfs", "/run", "tmpfs", libc.MS_NOSUID | libc.MS_NODEV, "mode=755")
    for path, fd in old:
        try:
            _bind_back(path, fd)
        except KernelError:  # what is behind it is missed
            pass
        os.close(fd)


def _bind_back(path: str, fd: int) -> None:
    if os.path.isdir(f"/proc/self/fd/{fd}"):
        os.makedirs(path, exist_ok=True)
    else:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        _write(path, "")
    libc.mount(f"/proc/self/fd/{fd}", path, "none", libc.MS_BIND | libc.MS_REC)


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="utf-8", errors="surrogateescape") as file:
        file.write(text)
