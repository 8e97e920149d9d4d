"""Addresses and prefixes as iproute2 reads and writes them."""

from __future__ import annotations

from _socket import inet_ntop, inet_pton

from nslab.errors import IpError
from nslab.ip.words import integer, unsigned

AF_UNSPEC = 0
AF_INET = 2
AF_INET6 = 10

SIZES = {AF_INET: 4, AF_INET6: 16}
"""Bytes of an address, by its family."""

_NAMES = {AF_UNSPEC: "any valid", AF_INET: "inet", AF_INET6: "inet6", 7: "bridge", 28: "mpls"}
_SPECIAL = ("default", "any", "all")


class Prefix:
    """An address, perhaps with a prefix length.

    Attributes:
        family: AF_INET or AF_INET6; for `default`, `any` and `all` what was asked for.
        data: 4 or 16 bytes; none for `default`, `any` and `all`.
        bits: the prefix length.
        sized: whether the prefix length was given.
        special: `default`, `any` or `all`, else "".
    """

    __slots__ = ("bits", "data", "family", "sized", "special")

    def __init__(
        self, family: int, data: bytes, bits: int, *, sized: bool = False, special: str = ""
    ) -> None:
        self.family = family
        self.data = data
        self.bits = bits
        self.sized = sized
        self.special = special


def read_address(word: str, family: int = AF_UNSPEC) -> Prefix:
    """Read an address of that family, or of any.

    Raises:
        IpError: it is none.
    """
    return _expect("address", word, family, parse_address(word, family))


def read_prefix(word: str, family: int = AF_UNSPEC) -> Prefix:
    """Read an address with or without a prefix length.

    Raises:
        IpError: it is none.
    """
    return _expect("prefix", word, family, parse_prefix(word, family))


def parse_address(word: str, family: int = AF_UNSPEC) -> Prefix | None:
    """Read an address, None if it is none."""
    if word in _SPECIAL:
        return Prefix(family, b"", 0, special=word)
    if ":" in word:
        found, data = AF_INET6, _parse_inet6(word)
    else:
        found, data = AF_INET, _parse_inet(word)
    if data is None or family not in (AF_UNSPEC, found):
        return None
    return Prefix(found, data, len(data) * 8)


def parse_prefix(word: str, family: int = AF_UNSPEC) -> Prefix | None:
    """Read an address with or without a prefix length, None if it is none."""
    if word in _SPECIAL:
        return Prefix(family, b"", 0, sized=True, special=word)
    address, slash, length = word.partition("/")
    prefix = parse_address(address, family)
    if prefix is None or not slash:
        return prefix
    if prefix.special:
        return None
    bits = _parse_length(length)
    if bits is None or bits > prefix.bits:
        return None
    prefix.bits, prefix.sized = bits, True
    return prefix


def show_address(family: int, data: bytes) -> str:
    """Write an address."""
    if SIZES.get(family) != len(data):
        return "???"
    return inet_ntop(family, data)


def _expect(what: str, word: str, family: int, found: Prefix | None) -> Prefix:
    if found is None:
        name = _NAMES.get(family, "???")
        message = f'Error: {name} {what} is expected rather than "{word}".'
        raise IpError(message, 1, ends_batch=True)
    return found


def _parse_inet6(word: str) -> bytes | None:
    try:
        return inet_pton(AF_INET6, word)
    except (OSError, UnicodeError, ValueError):
        return None


def _parse_inet(word: str) -> bytes | None:
    """Read up to four numbers with dots; those that are missing are 0: `10` is 10.0.0.0."""
    fields = word.split(".")
    numbers = [unsigned(field, 8) for field in fields]
    if len(fields) > 4 or None in numbers:
        return None
    return bytes(number or 0 for number in numbers).ljust(4, b"\0")


def _parse_length(text: str) -> int | None:
    bits = integer(text, 0, 0xFFFFFFFF)
    if bits is not None or "." not in text:
        return bits
    mask = _parse_inet(text)
    if mask is None:
        return None
    ones = f"{int.from_bytes(mask, 'big'):032b}".rstrip("0")
    return None if "0" in ones else len(ones)
