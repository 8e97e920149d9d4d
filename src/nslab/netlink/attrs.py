"""Attributes: their codecs, and `Message`, whose class body is the table of a message.

A message is a fixed struct (padded to 4 bytes: say so in `header`) followed by attributes
(linux/netlink.h, struct nlattr: length, type, payload, padded to 4 bytes). Its class says both:

    class Address(Message, header="BBBBI"):
        family: int = fixed()
        ...
        local: bytes | None = attr(IFA.LOCAL, BYTES)

An instance holds only what was given or received; everything else reads as its default. Attributes
are encoded in the order in which they were given, so what was decoded encodes to the same bytes.
Unknown attributes are kept raw in `unknown`, never an error.
"""

from __future__ import annotations

from struct import Struct
from struct import error as StructError  # noqa: N812 - it is a class

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Any, ClassVar, Generic, Self, TypeVar, dataclass_transform

    T = TypeVar("T")
    M = TypeVar("M", bound="Message")
else:  # the same names without the 8 ms that `typing` takes to load
    T = None

    class Generic:  # noqa: D101
        __class_getitem__ = classmethod(lambda cls, _: cls)

    def dataclass_transform(**_):  # noqa: ANN003, ANN201, D103
        return lambda cls: cls


NLA_F_NESTED = 0x8000
NLA_F_NET_BYTEORDER = 0x4000
TYPE_MASK = 0x3FFF
DEPTH = 16  # no real message nests deeper than 6
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


def attributes(data: bytes, offset: int = 0) -> Iterator[tuple[int, bytes]]:
    """Split a run of attributes into (type with its NLA_F_* flags, payload).

    Raises:
        DecodeError: an attribute is longer than what is left, or shorter than its header.
    """
    end = len(data)
    while end - offset >= 4:
        length, kind = _HEADER.unpack_from(data, offset)
        if length < 4 or offset + length > end:
            raise DecodeError(f"attribute {kind & TYPE_MASK} has impossible length {length}")
        yield kind, data[offset + 4 : offset + length]
        offset += (length + 3) & ~3


class Codec(Generic[T]):
    """How one attribute's payload becomes a value and back."""

    __slots__ = ("decode", "encode")

    def __init__(self, encode: Callable[[T], bytes], decode: Callable[[bytes], T]) -> None:
        self.encode = encode
        self.decode = decode


def number(layout: str) -> Codec[int]:
    """Make the codec of one integer in struct's notation. What follows it is passed over."""
    packer = Struct(layout)
    return Codec(packer.pack, lambda data: int(packer.unpack_from(data)[0]))


def numbers(layout: str) -> Codec[tuple[int, ...]]:
    """Make the codec of a small struct of integers."""
    packer = Struct(layout)
    return Codec(lambda values: packer.pack(*values), packer.unpack_from)


def rows(layout: str) -> Codec[tuple[tuple[int, ...], ...]]:
    """Make the codec of small structs of integers, one after the other."""
    packer = Struct(layout)
    return Codec(
        lambda values: b"".join(packer.pack(*value) for value in values),
        lambda data: tuple(packer.iter_unpack(data)),
    )


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
BE16 = number(">H")
BE32 = number(">I")
BE64 = number(">Q")
UINT: Codec[int] = Codec(  # the kernel's nla_put_uint: 64 bits where 32 do not do
    lambda value: (U64 if value >> 32 else U32).encode(value),
    lambda data: (U64 if len(data) >= 8 else U32).decode(data),
)
BYTES: Codec[bytes] = Codec(bytes, bytes)
STRING: Codec[str] = Codec(_encode_string, _decode_string)
BOOL8: Codec[bool] = Codec(lambda value: b"\1" if value else b"\0", lambda data: data[0] != 0)
_FLAG: Codec[bool] = Codec(lambda _: b"", lambda _: True)


def repeated(kind: int, codec: Codec[T]) -> Codec[tuple[T, ...]]:
    """Make the codec of a nest that repeats one attribute, as IFLA_PROP_LIST does."""
    return Codec(
        lambda values: b"".join(attribute(kind, codec.encode(value)) for value in values),
        lambda data: tuple(
            codec.decode(body) for found, body in attributes(data) if found & TYPE_MASK == kind
        ),
    )


def numbered(codec: Codec[T]) -> Codec[tuple[T, ...]]:
    """Make the codec of a nest whose attribute types are just positions, from 0."""
    return Codec(
        lambda values: b"".join(
            attribute(n, codec.encode(value)) for n, value in enumerate(values)
        ),
        lambda data: tuple(codec.decode(body) for _, body in attributes(data)),
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


class _Nested:
    """The codec of attributes inside an attribute; `pick` names their message, or None."""

    __slots__ = ("pick",)

    def __init__(self, pick: Callable[[Mapping[str, Any]], type[Message] | None]) -> None:
        self.pick = pick

    def encode(self, value: Message | bytes) -> bytes:
        return value if isinstance(value, bytes) else value.encode()

    def decode(self, data: bytes, values: Mapping[str, Any], depth: int) -> Message | bytes:
        message = self.pick(values)
        return data if message is None else message.decode(data, depth)


class _Fixed:
    __slots__ = ("default",)

    def __init__(self, default: int) -> None:
        self.default = default


class _Attr:
    __slots__ = ("codec", "default", "kind")

    def __init__(self, kind: int, codec: Codec[Any] | _Nested, default: object = None) -> None:
        self.kind = kind
        self.codec = codec
        self.default = default


def fixed(default: int = 0) -> int:
    """Declare the next member of the fixed struct, with its default."""
    return _Fixed(default)  # type: ignore[return-value]  # replaced by the default in Message


def attr(kind: int, codec: Codec[T]) -> T | None:
    """Declare an attribute: its type number (with NLA_F_* flags, if any) and its codec."""
    return _Attr(kind, codec)  # type: ignore[return-value]  # replaced by None in Message


def flag(kind: int) -> bool:
    """Declare an attribute without payload: its presence is True."""
    return _Attr(kind, _FLAG, default=False)  # type: ignore[return-value]  # likewise False


def nested(kind: int, message: type[M]) -> M | None:
    """Declare an attribute that holds attributes, those of `message`."""
    return _Attr(kind, _Nested(lambda _: message))  # type: ignore[return-value]  # likewise None


def chosen(kind: int, by: str, of: Callable[[Any], type[Message] | None]) -> Message | bytes | None:
    """Declare a nest whose message `of` tells from the member `by`; None keeps it as bytes.

    `by` stands before it in the message, or is None to `of`.
    """
    codec = _Nested(lambda values: of(values.get(by)))
    return _Attr(kind, codec)  # type: ignore[return-value]  # likewise None


@dataclass_transform(kw_only_default=True, frozen_default=True)
class Message:
    """The base of all messages: immutable, compared by value."""

    header: ClassVar[Struct]
    _fixed: ClassVar[tuple[tuple[str, int], ...]]
    _encoders: ClassVar[dict[str, tuple[int, Codec[Any] | _Nested]]]
    _decoders: ClassVar[dict[int, tuple[str, Codec[Any] | _Nested]]]
    _defaults: ClassVar[dict[str, object]]
    unknown: tuple[tuple[int, bytes], ...] = ()

    def __init_subclass__(cls, header: str = "") -> None:
        cls.header = Struct("=" + header)
        members, table = [], {}
        specs = [item for item in vars(cls).items() if isinstance(item[1], _Fixed | _Attr)]
        for name, spec in specs:
            if isinstance(spec, _Fixed):
                members.append((name, spec.default))
            else:
                table[name] = spec
            setattr(cls, name, spec.default)
        cls._fixed = tuple(members)
        cls._encoders = {name: (spec.kind, spec.codec) for name, spec in table.items()}
        cls._decoders = {s.kind & TYPE_MASK: (name, s.codec) for name, s in table.items()}
        cls._defaults = {"unknown": (), **{name: spec.default for name, spec in specs}}

    if not TYPE_CHECKING:  # dataclass_transform tells the type checker the real parameters

        def __init__(self, **values):  # noqa: ANN003, ANN204
            defaults = self._defaults
            for name, value in values.items():
                if name not in defaults:
                    raise TypeError(f"{type(self).__name__} has no member {name!r}")
                if value != defaults[name]:
                    self.__dict__[name] = value

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} is immutable")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"{type(self).__name__} is immutable")

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.__dict__ == other.__dict__

    def __hash__(self) -> int:
        return hash((type(self), frozenset(self.__dict__.items())))

    def __repr__(self) -> str:
        given = ", ".join(f"{name}={value!r}" for name, value in self.__dict__.items())
        return f"{type(self).__name__}({given})"

    def encode(self) -> bytes:
        """Give the message's bytes: the fixed struct, then the attributes in the given order.

        Raises:
            EncodeError: a number is out of its range, or a payload longer than 65,531 bytes.
        """
        values, encoders, name = self.__dict__, self._encoders, "header"
        try:
            parts = [self.header.pack(*[values.get(key, default) for key, default in self._fixed])]
            for name, value in values.items():
                if name in encoders:
                    kind, codec = encoders[name]
                    parts.append(attribute(kind, codec.encode(value)))
            parts.extend(attribute(kind, payload) for kind, payload in self.unknown)
        except (StructError, UnicodeEncodeError) as error:
            raise EncodeError(f"{type(self).__name__}.{name}: {error}") from None
        return b"".join(parts)

    @classmethod
    def decode(cls, data: bytes, depth: int = DEPTH) -> Self:
        """Read a message of this kind that nests at most `depth` more.

        Raises:
            DecodeError: the bytes are too short, an attribute's payload is not of its type, or
                the nesting is too deep.
        """
        if not depth:
            raise DecodeError(f"{cls.__name__} is nested too deep")
        message = cls.__new__(cls)
        values = message.__dict__
        try:
            given = cls.header.unpack_from(data)
            for (name, default), value in zip(cls._fixed, given, strict=True):
                if value != default:
                    values[name] = value
            cls._decode_attributes(data, values, depth - 1)
        except (StructError, IndexError) as error:
            raise DecodeError(f"{cls.__name__}: {error}") from None
        return message

    @classmethod
    def _decode_attributes(cls, data: bytes, values: dict[str, Any], depth: int) -> None:
        decoders, unknown = cls._decoders, []
        for kind, payload in attributes(data, cls.header.size):
            entry = decoders.get(kind & TYPE_MASK)
            if entry is None or entry[0] in values:
                unknown.append((kind, payload))
                continue
            name, codec = entry
            if isinstance(codec, _Nested):
                values[name] = codec.decode(payload, values, depth)
            else:
                values[name] = codec.decode(payload)
        if unknown:
            values["unknown"] = tuple(unknown)

    def path_at(self, offset: int) -> str:
        """Name the attribute at that offset of the encoded message, as `linkinfo.data.id`."""
        position = self.header.size
        for name, value in self.__dict__.items():
            if name not in self._encoders:
                continue
            end = position + (len(self._encoders[name][1].encode(value)) + 7 & ~3)
            if position <= offset < end:
                inner = isinstance(value, Message) and value.path_at(offset - position - 4)
                return f"{name}.{inner}" if inner else name
            position = end
        return ""

    @classmethod
    def attribute_name(cls, kind: int) -> str:
        """Name the attribute of that type number, as the kernel's extack names a missing one."""
        entry = cls._decoders.get(kind & TYPE_MASK)
        return entry[0] if entry else f"attribute {kind & TYPE_MASK}"
