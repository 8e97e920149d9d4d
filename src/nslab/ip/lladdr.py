"""Link-layer addresses as iproute2 reads and writes them."""

from __future__ import annotations

from nslab.errors import IpError

AF_INET = 2
AF_INET6 = 10

_MOST = 20
_TUNNELS = {(4, 768): AF_INET, (4, 776): AF_INET, (4, 778): AF_INET}
_TUNNELS |= {(16, 769): AF_INET6, (16, 823): AF_INET6}
"""The family of an address by its length and the type of its link (linux/if_arp.h)."""

_HEX = "0123456789abcdefABCDEF"


def read_lladdr(word: str) -> bytes:
    """Read an address: bytes in hexadecimal with colons, or four decimal ones with dots.

    Raises:
        IpError: it is none.
    """
    if "." in word:
        from nslab.ip.inet import parse_address

        address = parse_address(word, AF_INET)
        if address is None or address.special:
            raise _invalid(word)
        return address.data
    return bytes(_read_octet(octet) for octet in word.split(":")[:_MOST])


def show_lladdr(data: bytes, link_type: int = 0) -> str:
    """Write an address; on some tunnels (`link_type`, an ARPHRD) it is one of the internet."""
    family = _TUNNELS.get((len(data), link_type))
    if family is None:
        return data.hex(":")
    from nslab.ip.inet import show_address

    return show_address(family, data)


def _read_octet(text: str) -> int:
    """Read a byte as C's scanf does with %x: what follows the digits does not matter."""
    digits = text.lstrip(" \t\n\v\f\r")
    sign = -1 if digits[:1] == "-" else 1
    digits = digits[1:] if digits[:1] in ("-", "+") else digits
    digits = digits[2:] if digits[:2] in ("0x", "0X") else digits
    digits = digits[: len(digits) - len(digits.lstrip(_HEX))]
    value = sign * int(digits, 16) if digits else -1
    if not 0 <= value <= 0xFF:
        raise _invalid(text)
    return value


def _invalid(text: str) -> IpError:
    return IpError(f'"{text}" is invalid lladdr.')
