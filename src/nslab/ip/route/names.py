"""Names and numbers of what a route says: its type, its TOS, its realms, its table."""

from __future__ import annotations

from nslab.ip import rtnames
from nslab.ip.words import find, integer, unsigned

TYPES = {
    0: "none",
    1: "unicast",
    2: "local",
    3: "broadcast",
    4: "anycast",
    5: "multicast",
    6: "blackhole",
    7: "unreachable",
    8: "prohibit",
    9: "throw",
    10: "nat",
    11: "xresolve",
}
"""Types of routes (linux/rtnetlink.h, RTN_*)."""

FAMILIES = {"inet": 2, "inet6": 10, "bridge": 7, "mpls": 28, "link": 17}
"""Families by the names that stand before a gateway (linux/socket.h)."""

_TYPE_WORDS = {
    "local": 2,
    "nat": 10,
    "[broadcast]": 3,
    "brd": 3,
    "[anycast]": 4,
    "[multicast]": 5,
    "[prohibit]": 8,
    "[unreachable]": 7,
    "[blackhole]": 6,
    "[xresolve]": 11,
    "[unicast]": 1,
    "throw": 9,
}
_FAMILY_NAMES = {number: name for name, number in FAMILIES.items()}
_TOS_DIGITS = "0123456789abcdefABCDEF"


def type_name(number: int, *, numeric: bool = False) -> str:
    """Name a type of routes."""
    return str(number) if numeric else TYPES.get(number, str(number))


def read_type(word: str) -> int | None:
    """Read a type of routes, None if it is none."""
    named = find(word, _TYPE_WORDS)
    return unsigned(word, 8) if named is None else named


def family_name(number: int) -> str:
    """Name the family of a gateway."""
    return _FAMILY_NAMES.get(number, "???")


def tos_name(number: int, *, numeric: bool = False) -> str:
    """Name a TOS (/etc/iproute2/rt_dsfield); where it has no name, its two hexadecimal digits."""
    name = rtnames.name_of("rt_dsfield", number, numeric=numeric)
    return f"0x{number:02x}" if name == str(number) else name


def read_tos(word: str) -> int | None:
    """Read a TOS: a name, or a hexadecimal number with or without `0x`; None if it is neither."""
    if word and not word[0].isdigit():
        named = rtnames.number_of("rt_dsfield", word)
        if named is not None:
            return named
    digits = word[2:] if word[:2] in ("0x", "0X") else word
    if not digits or any(digit not in _TOS_DIGITS for digit in digits):
        return None
    number = int(digits, 16)
    return number if number < 256 else None


def table_name(number: int, *, numeric: bool = False) -> str:
    """Name a routing table."""
    return rtnames.name_of("rt_tables", number, numeric=numeric)


def read_realms(word: str) -> int | None:
    """Read `FROM/TO` or `TO` into FROM << 16 | TO, None if a part is no realm."""
    source, slash, target = word.partition("/")
    if not slash:
        source, target = "0", source
    numbers = [_read_realm(part) if part or part is source else 0 for part in (source, target)]
    if numbers[0] is None or numbers[1] is None:
        return None
    return (numbers[0] << 16 | numbers[1]) & 0xFFFFFFFF


def _read_realm(word: str) -> int | None:
    named = rtnames.number_of("rt_realms", word)
    return integer(word, 0, 0xFFFFFFFF) if named is None else named


def realm_name(number: int, *, numeric: bool = False) -> str:
    """Name a realm (/etc/iproute2/rt_realms)."""
    return rtnames.name_of("rt_realms", number, numeric=numeric)
