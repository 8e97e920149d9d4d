"""The namespaces in which labs are tried, and what can be seen there."""

from __future__ import annotations

import contextlib
import os
import socket
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from nslab.ip import program
from nslab.kernel.sandbox import running
from tests.kernel.sandboxed import _become_nobody, _enter
from tests.plan.way.world import World, build, python_for_all, serve_beside

if TYPE_CHECKING:
    from collections.abc import Iterator

MARK = "NSLAB_TORTURE"


def enter(*, user: bool, internet: bool = False) -> None:
    """Leave the machine for namespaces of this process's own; become a plain user there.

    Args:
        user: whether root gives up being root.
        internet: whether to play an internet beyond `eth0` (root alone can).
    """
    os.environ[MARK] = str(os.getpid())
    is_root = os.getuid() == 0
    _enter()
    if internet:
        build(World(Path(tempfile.gettempdir()), user=user), serve_beside)
    else:
        assert program.run("ip", ["link", "set", "lo", "up"]) == 0
    if user and is_root:
        sys.executable = python_for_all()  # the holder's; root's own may be hidden from others
        if not sys.executable:
            pytest.skip("no Python here is for all users")
        _become_nobody()


def world() -> dict[str, object]:
    """Give what this process sees of the machine that a lab could leave behind."""
    return {
        "links": sorted(name for _, name in socket.if_nameindex()),
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
