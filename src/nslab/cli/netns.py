"""`nslab netns`: short for `nslab ip netns`."""

from __future__ import annotations

from nslab.ip.program import run as run_program


def run(arguments: list[str]) -> int:
    """Run `ip netns` with these arguments, options first; give its exit code."""
    return run_program("ip", arguments, "netns")
