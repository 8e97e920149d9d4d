"""The parts of the benchmark, in their order: each answers one question."""

from __future__ import annotations

from parts import commands, data_path, labs, uplink
from parts.part import Part

PARTS = {part.key: part for part in [*labs.PARTS, commands.PART, data_path.PART, uplink.PART]}

__all__ = ["PARTS", "Part"]
