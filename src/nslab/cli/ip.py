"""`nslab ip`: the program `ip` in iproute2's words; installed as `ip`, that program itself."""

from __future__ import annotations

from nslab.ip.program import run as run_program


def run(arguments: list[str]) -> int:
    """Run `ip` with these arguments; give its exit code."""
    return run_program("ip", arguments)
