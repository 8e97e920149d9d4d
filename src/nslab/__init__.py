"""Virtual networks out of Linux network namespaces.

Everything public is here; each name is loaded when it is first used, so that importing the package
costs nothing.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nslab.draw import draw_text
    from nslab.errors import NslabError
    from nslab.lab import Lab, dump, dumps, end, load, loads
    from nslab.plan.drift import Drift
    from nslab.plan.expect.finding import Checks
    from nslab.plan.node import Node
    from nslab.plan.pings import Pings
    from nslab.plan.plan import Plan
    from nslab.plan.running import Running, connect
    from nslab.plan.session import diff, up

_HOMES = {
    "Checks": "nslab.plan.expect.finding",
    "Drift": "nslab.plan.drift",
    "Lab": "nslab.lab",
    "Node": "nslab.plan.node",
    "NslabError": "nslab.errors",
    "Pings": "nslab.plan.pings",
    "Plan": "nslab.plan.plan",
    "Running": "nslab.plan.running",
    "connect": "nslab.plan.running",
    "diff": "nslab.plan.session",
    "draw_text": "nslab.draw",
    "dump": "nslab.lab",
    "dumps": "nslab.lab",
    "end": "nslab.lab",
    "load": "nslab.lab",
    "loads": "nslab.lab",
    "up": "nslab.plan.session",
}

__all__ = [
    "Checks",
    "Drift",
    "Lab",
    "Node",
    "NslabError",
    "Pings",
    "Plan",
    "Running",
    "connect",
    "diff",
    "draw_text",
    "dump",
    "dumps",
    "end",
    "load",
    "loads",
    "up",
]


def __dir__() -> list[str]:
    return [*globals(), *__all__]


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(home), name)
