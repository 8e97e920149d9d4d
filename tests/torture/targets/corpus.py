"""Inputs that stay: what was found once, and what is worth beginning with."""

from __future__ import annotations

from pathlib import Path

DIRECTORY = Path(__file__).parents[1] / "corpus"


def kept(target: str) -> list[bytes]:
    """Give a target's inputs in the repository."""
    return [path.read_bytes() for path in sorted((DIRECTORY / target).iterdir())]
