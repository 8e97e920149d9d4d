"""For tests of programs that use nslab, and of programs that use the network.

`FakeKernel` plays the kernel's end of rtnetlink(7). The pytest plugin, whose fixtures pytest finds
by itself, is `nslab.testing.fixtures`. Each name is loaded when it is first used, since pytest
imports this package at every start.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nslab.testing.fake import FakeKernel, FakeSocket
    from nslab.testing.fixtures import LabFactory

_HOMES = {
    "FakeKernel": "nslab.testing.fake",
    "FakeSocket": "nslab.testing.fake",
    "LabFactory": "nslab.testing.fixtures",
}

__all__ = ["FakeKernel", "FakeSocket", "LabFactory"]


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(home), name)
