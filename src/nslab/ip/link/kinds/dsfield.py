"""The type of service of tunnels' packets."""

from __future__ import annotations

from nslab.ip.words import integer


def read_dsfield(word: str) -> int | None:
    """Read a type of service: its name, or its number in hexadecimal; None if it is none."""
    from nslab.ip.rtnames import _load

    for number, name in _load("rt_dsfield").items():
        if name == word:
            return number
    return integer(word if word[:2] in ("0x", "0X") else f"0x{word}", 0, 255)
