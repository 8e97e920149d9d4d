"""The six bytes of a MAC address, as C's scanf reads them."""

from __future__ import annotations

from nslab.errors import IpError

_HEX = "0123456789abcdefABCDEF"
_BYTES = 6


def read_mac(word: str) -> bytes:
    """Read six hexadecimal numbers with colons between them; what follows does not matter.

    Raises:
        IpError: it is none.
    """
    fields = word.split(":")[:_BYTES]
    numbers = [_hex(field, whole=at < _BYTES - 1) for at, field in enumerate(fields)]
    if len(numbers) < _BYTES or None in numbers:
        raise IpError(f"Invalid mac address {word}")
    return bytes((number or 0) & 0xFF for number in numbers)


def _hex(field: str, *, whole: bool) -> int | None:
    digits = field.lstrip(" \t")
    digits = digits[2:] if digits[:2] in ("0x", "0X") else digits
    rest = digits.lstrip(_HEX)
    digits = digits[: len(digits) - len(rest)]
    return None if not digits or (whole and rest) else int(digits, 16)
