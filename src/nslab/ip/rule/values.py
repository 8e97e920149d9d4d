"""The values of a rule's words: ranges, marks, protocols, realms, kinds of route."""

from __future__ import annotations

from nslab.ip.rtnames import name_of, number_of
from nslab.ip.words import find, integer, unsigned, whole, wrong

GOTO, NOP = 2, 3
"""What a rule does beside what a route can do (linux/fib_rules.h)."""

_KINDS = {
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
_KIND_NAMES = {
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
_DIGITS = "0123456789"


def read_kind(word: str) -> int | None:
    """Read a kind of route by name or number, None if it is neither."""
    known = find(word, _KINDS)
    return unsigned(word, 8) if known is None else known


def kind_name(kind: int, *, numeric: bool) -> str:
    """Write a kind of route."""
    return str(kind) if numeric else _KIND_NAMES.get(kind, str(kind))


def read_tos(word: str) -> int:
    """Read a type of service: a name, or a number that is hexadecimal without saying so."""
    found = integer(word if word[:2] in ("0x", "0X") else f"0x{word}", 0, 0xFF)
    named = None if word.isdigit() else number_of("rt_dsfield", word)
    if found is None and named is None:
        raise wrong(word, "TOS value is invalid\n")
    return named if found is None else found  # type: ignore[return-value]  # one of them is


def tos_name(tos: int, *, numeric: bool) -> str:
    """Write a type of service: its name, or two hexadecimal digits."""
    name = name_of("rt_dsfield", tos)
    return f"{tos:#04x}" if numeric or name == str(tos) else name


def read_mark(word: str) -> tuple[int, int | None]:
    """Read `MARK[/MASK]`.

    Raises:
        IpError: one of them is no number of 32 bits.
    """
    mark_word, slash, mask_word = word.partition("/")
    mark = unsigned(mark_word, 32)
    if mark is None:
        raise wrong(mark_word if slash else word, "fwmark value is invalid\n")
    mask = unsigned(mask_word, 32) if slash else None
    if slash and mask is None:
        raise wrong(mask_word, "fwmask value is invalid\n")
    return mark, mask


def read_realms(word: str) -> int:
    """Read `[FROM/]TO`, by name or number, or both in one number.

    Raises:
        IpError: it is none of them.
    """
    source, slash, target = word.rpartition("/")
    first = _realm(source) if slash else 0
    second = _realm(target) if target else 0
    if first is not None and second is not None:
        return first << 16 | second
    raw = unsigned(word, 32)
    if raw is None:
        raise wrong(word, "invalid realms\n")
    return raw


def _realm(word: str) -> int | None:
    return number_of("rt_realms", word)


def read_protocol(word: str) -> int:
    """Read the protocol inside IP: a decimal number, or a name of /etc/protocols.

    Raises:
        IpError: it is neither.
    """
    if word.isascii() and word.isdigit() and whole(word) <= 0xFF:
        return whole(word)
    found = [number for number, names in _protocols() if word in names]
    if not found:
        raise wrong(word, 'Invalid "ipproto" value\n')
    return found[0]


def protocol_name(protocol: int, *, numeric: bool) -> str:
    """Write the protocol inside IP."""
    found = [] if numeric else [names[0] for number, names in _protocols() if number == protocol]
    return found[0] if found else f"ipproto-{protocol}"


def _protocols() -> list[tuple[int, list[str]]]:
    """Read /etc/protocols: each protocol's number, its name and its aliases."""
    try:
        with open("/etc/protocols", encoding="utf-8", errors="surrogateescape") as file:
            lines = [line.partition("#")[0].split() for line in file]
    except OSError:
        return []
    known = [fields for fields in lines if len(fields) > 1 and fields[1].isdigit()]
    return [(int(fields[1]), [fields[0], *fields[2:]]) for fields in known]


def read_range(word: str, bits: int) -> tuple[int, int | None] | None:
    """Read `FIRST[-LAST]` as C's scanf does, which takes the lowest bits; None if it is none."""
    first, rest = _number(word, bits)
    if first is None:
        return None
    return first, (_number(rest[1:], bits)[0] if rest.startswith("-") else None)


def _number(text: str, bits: int) -> tuple[int | None, str]:
    text = text.lstrip(" \t\n\v\f\r")
    sign = -1 if text.startswith("-") else 1
    text = text[1:] if text[:1] in ("-", "+") else text
    rest = text.lstrip(_DIGITS)
    digits = text[: len(text) - len(rest)]
    return (sign * whole(digits) % (1 << bits) if digits else None), rest
