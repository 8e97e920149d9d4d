"""`nslab bridge`: the program `bridge` in iproute2's words."""

from __future__ import annotations

from nslab.ip.program import run as run_program


def run(arguments: list[str]) -> int:
    """Run `bridge` with these arguments; give its exit code."""
    return run_program("bridge", arguments)
