"""The field: who takes part, in the order of the tables."""

from __future__ import annotations

import sys
from functools import partial

from field.contestant import FLOOR, Contestant
from field.environments import (
    DEBIAN_PYTHON,
    compiled,
    install,
    iproute2_version,
    mininet_version,
    needs_root,
    no_command,
    no_iproute2,
    no_library,
    no_mininet,
    python_of,
    version_of,
)

LIBRARY, COMMAND, BATCH, STEPS = "nslab-library", "nslab-command", "ip-batch", "ip-steps"
MININET, PYROUTE2 = "mininet-bridge", "pyroute2-netns"


def contestants(python: str) -> list[Contestant]:
    """Give all contestants in their order; `python` is the interpreter that has nslab."""
    version = partial(version_of, python, "nslab")
    return [
        Contestant(
            FLOOR,
            "raw netlink in C (floor)",
            None,
            partial(compiled, FLOOR),
            str,
            sandboxed=False,
            ms=1,
            dual=True,
        ),
        Contestant(
            LIBRARY,
            "nslab, library",
            python,
            partial(no_library, python),
            version,
            sandboxed=False,
            ms=1,
            dual=True,
        ),
        Contestant(
            COMMAND,
            "`nslab up`",
            python,
            partial(no_command, python),
            version,
            sandboxed=False,
            ms=1,
            dual=True,
        ),
        _ip(BATCH, "`ip -batch`, one a netns", 4),
        _ip(STEPS, "one `ip` a step", 14),
        _from_pypi(PYROUTE2, "pyroute2", 20),
        Contestant(MININET, "Mininet, LinuxBridge", DEBIAN_PYTHON, no_mininet, mininet_version),
        _from_pypi("nest-topology", "NeST", 40),
        _from_pypi("nemu-nodes", "nemu3", 65),
        _from_pypi("munet-topology", "munet", 300),
        _from_pypi("dummynet-shell", "DummyNet", 1000),
    ]


def _ip(key: str, title: str, ms: float) -> Contestant:
    """Make one of those that call `ip`."""
    return Contestant(key, title, sys.executable, no_iproute2, iproute2_version, ms=ms, dual=True)


def _from_pypi(key: str, title: str, ms: float) -> Contestant:
    """Make one that is a package of PyPI, with an environment of its own."""
    package = title.lower()
    python = python_of(package)

    def obstacle() -> str | None:
        return needs_root() or install(package)

    return Contestant(key, title, python, obstacle, partial(version_of, python, package), ms=ms)


__all__ = [
    "BATCH",
    "COMMAND",
    "FLOOR",
    "LIBRARY",
    "MININET",
    "PYROUTE2",
    "Contestant",
    "contestants",
]
