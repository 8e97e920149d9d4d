"""Numbers as `bridge` reads them: C's atoi into a variable of few bits."""

from __future__ import annotations

from nslab.ip.words import whole


def lenient(text: str, bits: int) -> int:
    """Read the digits that a word begins with, 0 if it has none, as a signed number of `bits`."""
    text = text.lstrip(" \t\n\v\f\r")
    sign = -1 if text[:1] == "-" else 1
    digits = text[1:] if text[:1] in ("-", "+") else text
    end = next((at for at, c in enumerate(digits) if c not in "0123456789"), len(digits))
    value = sign * whole(digits[:end]) & ((1 << bits) - 1)
    return value - (1 << bits) if value >> (bits - 1) else value
