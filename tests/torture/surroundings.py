"""The namespaces in which labs are tried, and what can be seen there."""

from __future__ import annotations

import contextlib
import gc
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from nslab.ip import program
from nslab.kernel import libc
from nslab.kernel.sandbox import running
from tests.kernel.sandboxed import _become_nobody
from tests.plan.way.world import World, _build

if TYPE_CHECKING:
    from collections.abc import Iterator

MARK = "NSLAB_TORTURE"


def enter(*, user: bool, internet: bool) -> None:
    """Leave the machine for namespaces of this process's own; become a plain user there.

    Args:
        user: whether root gives up being root.
        internet: whether to play an internet beyond `eth0` (root alone can).
    """
    os.environ[MARK] = str(os.getpid())
    if os.getuid() == 0:
        libc.unshare(libc.CLONE_NEWNS | libc.CLONE_NEWNET)
        libc.mount("", "/", "none", libc.MS_REC | libc.MS_PRIVATE)
        libc.mount("tmpfs", "/run", "tmpfs", libc.MS_NOSUID | libc.MS_NODEV, "mode=755")
        libc.mount("sysfs", "/sys", "sysfs", 0)
        if internet:
            _build(World(Path(tempfile.gettempdir()), user=user))
        else:
            assert program.run("ip", ["link", "set", "lo", "up"]) == 0
        gc.enable()
    if user:
        _become_nobody()


def world() -> dict[str, object]:
    """Give what this process sees of the machine that a lab could leave behind."""
    return {
        "links": sorted(os.listdir("/sys/class/net")),  # noqa: PTH208 - bare names
        "run": sorted(map(str, Path("/run").rglob("*"))),
        "labs": running(),
        "mounts": Path("/proc/self/mounts").read_text(),
        "namespaces": [str(Path(f"/proc/self/ns/{key}").readlink()) for key in ("net", "mnt")],
        "descriptors": len(os.listdir("/proc/self/fd")),  # noqa: PTH208 - bare names
        "processes": sorted(_marked()),
    }


def _marked() -> Iterator[str]:
    """Give the commands of the processes that came of this one."""
    mark = f"{MARK}={os.environ[MARK]}\0"
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if path.name != str(os.getpid()) and mark in (path / "environ").read_text():
                yield (path / "cmdline").read_text().replace("\0", " ")
