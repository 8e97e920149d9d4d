"""The framing of attributes and the codecs of their payloads.

An attribute is its length, its type, its payload, and padding to 4 bytes (linux/netlink.h, struct
nlattr).
"""

from __future__ import annotations

from struct import Struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from functools import partial
    from typing import Generic, TypeVar

    from nslab.netlink.attrs import Message

    T = TypeVar("T")
    M = TypeVar("M", bound=Message)
else:  # the same names without the 8 ms that `typing` takes to load, and 3 ms of `functools`
    from _functools import partial

    T = None

    class Generic:  # noqa: D101
        __class_getitem__ = classmethod(lambda cls, _: cls)


NLA_F_NESTED = 0x8000
NLA_F_NET_BYTEORDER = 0x4000
TYPE_MASK = 0x3FFF
_HEADER = Struct("=HH")
_PADDING = (b"", b"\0\0\0", b"\0\0", b"\0")


class DecodeError(ValueError):
    """Bytes that are not a message of the expected kind."""


class EncodeError(ValueError):
    """A value that does not fit its place in a message."""


def attribute(kind: int, payload: bytes) -> bytes:
    """Frame one attribute: header, payload, padding to 4 bytes."""
    length = len(payload)
    return _HEADER.pack(length + 4, kind) + payload + _PADDING[length & 3]


def spans(data: bytes, offset: int = 0) -> Iterator[tuple[int, int, int]]:
    """Split a run of attributes into (type with its NLA_F_* flags, payload's start and stop).

    Raises:
        DecodeError: an attribute is longer than what is left, or shorter than its header.
    """
    end = len(data)
    while end - offset >= 4:
        length, kind = _HEADER.unpack_from(data, offset)
        if length < 4 or offset + length > end:
            raise DecodeError(f"attribute {kind & TYPE_MASK} has impossible length {length}")
        yield kind, offset + 4, offset + length
        offset += (length + 3) & ~3


def attributes(data: bytes, offset: int = 0) -> Iterator[tuple[int, bytes]]:
    """Split a run of attributes into (type with its NLA_F_* flags, payload).

    Raises:
        DecodeError: as in `spans`.
    """
    for kind, start, stop in spans(data, offset):
        yield kind, data[start:stop]


class Codec(Generic[T]):
    """How one attribute's payload becomes a value and back.

    `least` is the length in bytes from which on `decode` cannot fail, so that it may wait until
    somebody asks for the value; None: there is no such length, and decoding does not wait. `layout`
    is struct's notation of a payload of one number in the machine's own order, else empty.
    """

    __slots__ = ("decode", "encode", "layout", "least")

    def __init__(
        self,
        encode: Callable[[T], bytes],
        decode: Callable[[bytes], T],
        least: int | None = None,
        layout: str = "",
    ) -> None:
        self.encode = encode
        self.decode = decode
        self.least = least
        self.layout = layout

    def framer(self, kind: int) -> Callable[[T], bytes]:
        """Give what makes a whole attribute of that type of a value; of a number by one call."""
        encode = self.encode
        if not self.layout:
            return lambda value: attribute(kind, encode(value))
        size = Struct(f"={self.layout}").size
        whole = Struct(f"=HH{self.layout}{-size & 3}x")
        return partial(whole.pack, size + 4, kind)


def number(layout: str) -> Codec[int]:
    """Make the codec of one integer in struct's notation. What follows it is passed over."""
    packer = Struct(layout)
    native = layout.removeprefix("=") if layout.startswith("=") else ""
    return Codec(packer.pack, lambda data: int(packer.unpack_from(data)[0]), packer.size, native)


def numbers(layout: str) -> Codec[tuple[int, ...]]:
    """Make the codec of a small struct of integers."""
    packer = Struct(layout)
    return Codec(lambda values: packer.pack(*values), packer.unpack_from, packer.size)


def _encode_string(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape") + b"\0"


def _decode_string(data: bytes) -> str:
    return data.split(b"\0", 1)[0].decode("utf-8", "surrogateescape")


U8 = number("=B")
U16 = number("=H")
U32 = number("=I")
U64 = number("=Q")
S8 = number("=b")
S32 = number("=i")
S64 = number("=q")
BE16 = number(">H")
BE32 = number(">I")
BE64 = number(">Q")
UINT: Codec[int] = Codec(  # the kernel's nla_put_uint: 64 bits where 32 do not do
    lambda value: (U64 if value >> 32 else U32).encode(value),
    lambda data: (U64 if len(data) >= 8 else U32).decode(data),
    4,
)
BYTES: Codec[bytes] = Codec(bytes, bytes, 0)
STRING: Codec[str] = Codec(_encode_string, _decode_string, 0)
BOOL8: Codec[bool] = Codec(lambda value: b"\1" if value else b"\0", lambda data: data[0] != 0, 1)
FLAG: Codec[bool] = Codec(lambda _: b"", lambda _: True, 0)


def array(layout: str) -> Codec[tuple[int, ...]]:
    """Make the codec of as many integers as there are. Less than a whole one is passed over."""
    size = Struct(f"={layout}").size
    return Codec(
        lambda values: Struct(f"={len(values)}{layout}").pack(*values),
        lambda data: Struct(f"={len(data) // size}{layout}").unpack_from(data),
        0,
    )


def rows(layout: str) -> Codec[tuple[tuple[int, ...], ...]]:
    """Make the codec of small structs of integers, one after the other, likewise."""
    packer = Struct(layout)
    return Codec(
        lambda values: b"".join(packer.pack(*value) for value in values),
        lambda data: tuple(packer.iter_unpack(data[: len(data) // packer.size * packer.size])),
        0,
    )


def repeated(kind: int, codec: Codec[T]) -> Codec[tuple[T, ...]]:
    """Make the codec of a nest that repeats one attribute, as IFLA_PROP_LIST does."""
    return Codec(
        lambda values: b"".join(attribute(kind, codec.encode(value)) for value in values),
        lambda data: tuple(
            codec.decode(payload)
            for found, payload in attributes(data)
            if (found ^ kind) & TYPE_MASK == 0
        ),
    )


def numbered(codec: Codec[T], first: int = 0) -> Codec[tuple[T, ...]]:
    """Make the codec of a nest whose attribute types are just positions, from `first`."""
    return Codec(
        lambda values: b"".join(
            attribute(n, codec.encode(value)) for n, value in enumerate(values, first)
        ),
        lambda data: tuple(codec.decode(body) for _, body in attributes(data)),
    )


def body(message: type[M]) -> Codec[M]:
    """Make the codec of a whole message, for use inside `repeated` and `each`."""
    return Codec(lambda value: value.encode(), message.decode)


def structure(message: type[M]) -> Codec[M]:
    """Make the codec of a message without attributes.

    Newer kernels append to their structs: what is missing is 0, what is too much is passed over.
    """
    size = message.header.size
    return Codec(
        lambda value: value.encode(), lambda data: message.decode(data[:size].ljust(size, b"\0")), 0
    )


def sequence(message: type[M]) -> Codec[tuple[M, ...]]:
    """Make the codec of structs in a row, each beginning with its length (struct rtnexthop)."""

    def decode(data: bytes) -> tuple[M, ...]:
        found, offset = [], 0
        while len(data) - offset >= message.header.size:
            length = U16.decode(data[offset : offset + 2])
            if length < message.header.size or offset + length > len(data):
                raise DecodeError(f"{message.__name__} has impossible length {length}")
            found.append(message.decode(data[offset : offset + length]))
            offset += (length + 3) & ~3
        return tuple(found)

    def encode(items: tuple[M, ...]) -> bytes:
        bodies = [item.encode() for item in items]
        return b"".join(U16.encode(len(body)) + body[2:] for body in bodies)

    return Codec(encode, decode)
