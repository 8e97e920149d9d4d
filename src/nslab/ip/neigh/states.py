"""The names of a neighbour's states (linux/neighbour.h)."""

from __future__ import annotations

from nslab.ip.words import find, unsigned

NONE, INCOMPLETE, REACHABLE, STALE = 0x00, 0x01, 0x02, 0x04
DELAY, PROBE, FAILED, NOARP, PERMANENT = 0x08, 0x10, 0x20, 0x40, 0x80
ANY = 0xFFFF
NO_STATE = 0x100
"""What a filter has for entries without a state, which have no bit of their own."""

NAMES = {
    INCOMPLETE: "INCOMPLETE",
    REACHABLE: "REACHABLE",
    STALE: "STALE",
    DELAY: "DELAY",
    PROBE: "PROBE",
    FAILED: "FAILED",
    NOARP: "NOARP",
    PERMANENT: "PERMANENT",
}

_WORDS = {
    "[permanent]": PERMANENT,
    "[reachable]": REACHABLE,
    "noarp": NOARP,
    "none": NONE,
    "stale": STALE,
    "incomplete": INCOMPLETE,
    "delay": DELAY,
    "probe": PROBE,
    "[failed]": FAILED,
}


def read_state(word: str) -> int | None:
    """Read a state's name or number, None if it is neither."""
    known = find(word, _WORDS)
    if known is not None:
        return known
    number = unsigned(word, 8)
    return None if number is None or number & (number - 1) else number
