"""The words for a port's settings."""

from __future__ import annotations

STATES = ("disabled", "listening", "learning", "forwarding", "blocking")
"""The states of the spanning tree, each at its number."""

MODES = ("VEB", "VEPA")
"""What a port's hardware does with frames between its virtual functions, each at its number."""
