"""Attributes: `Message`, whose class body is the table of a message.

A message is a fixed struct (padded to 4 bytes: say so in `header`) followed by attributes. Its
class says both:

    class Address(Message, header="BBBBI"):
        family: int = fixed()
        ...
        local: bytes | None = attr(IFA.LOCAL, BYTES)

An instance holds only what was given or received; everything else reads as its default. Attributes
are encoded in the order in which they were given, so what was decoded encodes to the same bytes.
Unknown attributes are kept raw in `unknown`, never an error. The attribute that some kernels align
others with carries nothing and is passed over: its type is said as `pad`.

What declares a message needs this file alone: the codecs of `codec` are here, too.
"""

from __future__ import annotations

from struct import Struct
from struct import error as StructError  # noqa: N812 - it is a class

from nslab.netlink.codec import (
    BE16,
    BE32,
    BE64,
    BOOL8,
    BYTES,
    FLAG,
    NLA_F_NESTED,
    NLA_F_NET_BYTEORDER,
    S8,
    S32,
    S64,
    STRING,
    TYPE_MASK,
    U8,
    U16,
    U32,
    U64,
    UINT,
    Codec,
    DecodeError,
    EncodeError,
    array,
    attribute,
    attributes,
    body,
    number,
    numbered,
    numbers,
    repeated,
    rows,
    sequence,
    structure,
)
from nslab.netlink.table import PAD, Fixed, Layout, NestRow, Row, RunRow

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, ClassVar, Self, TypeVar, dataclass_transform

    T = TypeVar("T")
    M = TypeVar("M", bound="Message")
else:  # the same name without the 8 ms that `typing` takes to load

    def dataclass_transform(**_):  # noqa: ANN003, ANN202
        return lambda cls: cls


DEPTH = 16  # no real message nests deeper than 6
_LAYOUTS = 64  # that a class of messages remembers


__all__ = [
    "BE16",
    "BE32",
    "BE64",
    "BOOL8",
    "BYTES",
    "DEPTH",
    "NLA_F_NESTED",
    "NLA_F_NET_BYTEORDER",
    "S8",
    "S32",
    "S64",
    "STRING",
    "TYPE_MASK",
    "U8",
    "U16",
    "U32",
    "U64",
    "UINT",
    "Codec",
    "DecodeError",
    "EncodeError",
    "Message",
    "array",
    "attr",
    "attribute",
    "attributes",
    "body",
    "chosen",
    "each",
    "fixed",
    "flag",
    "nested",
    "number",
    "numbered",
    "numbers",
    "octets",
    "repeated",
    "rows",
    "sequence",
    "structure",
]


def fixed(default: int = 0) -> int:
    """Declare the next member of the fixed struct, with its default."""
    return Fixed(default)  # type: ignore[return-value]  # replaced by the default in Message


def octets(size: int) -> bytes:
    """Declare the next member of the fixed struct: so many bytes, zero by default."""
    return Fixed(bytes(size))  # type: ignore[return-value]  # likewise


def attr(kind: int, codec: Codec[T]) -> T | None:
    """Declare an attribute: its type number (with NLA_F_* flags, if any) and its codec."""
    return Row(kind, codec)  # type: ignore[return-value]  # it reads as the value, or None


def flag(kind: int) -> bool:
    """Declare an attribute without payload: its presence is True."""
    return Row(kind, FLAG, default=False)  # type: ignore[return-value]  # likewise, or False


def nested(kind: int, message: type[M]) -> M | None:
    """Declare an attribute that holds attributes, those of `message`."""
    return NestRow(kind, lambda _: message)  # type: ignore[return-value]  # likewise, or None


def chosen(kind: int, by: str, of: Callable[[Any], type[Message] | None]) -> Message | bytes | None:
    """Declare a nest whose message `of` tells from the member `by`; None keeps it as bytes."""
    return NestRow(kind, lambda around: of(getattr(around, by)))  # type: ignore[return-value]


def each(kind: int, codec: Codec[T]) -> tuple[T, ...]:
    """Declare an attribute that comes once for each value, in a row."""
    return RunRow(kind, codec, default=())  # type: ignore[return-value]  # likewise, or ()


@dataclass_transform(kw_only_default=True, frozen_default=True)
class Message:
    """The base of all messages: immutable, compared by value.

    What was received stays as it came in `_source` (bytes, places of the attributes) until it is
    read; the values that were given or read are in `__dict__`.
    """

    header: ClassVar[Struct]
    _fixed: ClassVar[tuple[tuple[str, Any], ...]]
    _rows: ClassVar[dict[str, Row]]
    _kinds: ClassVar[dict[int, Row]]
    _layouts: ClassVar[dict[int, Layout]]
    _defaults: ClassVar[dict[str, object]]
    unknown: tuple[tuple[int, bytes], ...] = ()

    def __init_subclass__(cls, header: str = "", pad: int | None = None) -> None:
        cls.header = Struct("=" + header)
        specs = [item for item in vars(cls).items() if isinstance(item[1], Fixed | Row)]
        cls._fixed = tuple((name, spec.default) for name, spec in specs if isinstance(spec, Fixed))
        cls._rows = {name: spec for name, spec in specs if isinstance(spec, Row)}
        cls._kinds = {row.kind & TYPE_MASK: row for row in cls._rows.values()}
        cls._kinds.update({row.kind: row for row in cls._rows.values()})
        if pad is not None:
            cls._kinds[pad] = PAD
        cls._layouts = {}
        cls._defaults = {"unknown": (), **{name: spec.default for name, spec in specs}}
        for name, default in cls._fixed:
            setattr(cls, name, default)

    if not TYPE_CHECKING:  # dataclass_transform tells the type checker the real parameters

        def __init__(self, **values):  # noqa: ANN003, ANN204
            given, defaults = self.__dict__, self._defaults
            try:
                for name, value in values.items():
                    if value != defaults[name]:
                        given[name] = value
            except KeyError:
                raise TypeError(f"{type(self).__name__} has no member {name!r}") from None

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} is immutable")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"{type(self).__name__} is immutable")

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other) or not isinstance(other, Message):
            return False
        return self._values() == other._values()

    def __hash__(self) -> int:
        return hash((type(self), frozenset(self._values().items())))

    def __repr__(self) -> str:
        given = ", ".join(f"{name}={value!r}" for name, value in self._values().items())
        return f"{type(self).__name__}({given})"

    def __getstate__(self) -> dict[str, object]:
        return self._values()

    def _values(self) -> dict[str, object]:
        """Decode what was not read yet and give all there is, attributes in their order."""
        if "_source" in self.__dict__:
            _, places = self.__dict__["_source"]
            read = {name: getattr(self, name) for name in places}
            rest = {n: v for n, v in self.__dict__.items() if n not in places and n != "_source"}
            object.__setattr__(self, "__dict__", {**rest, **read})
        return self.__dict__

    def encode(self) -> bytes:
        """Give the message's bytes: the fixed struct, then the attributes in the given order.

        Raises:
            EncodeError: a number is out of its range, or a payload longer than 65,531 bytes.
        """
        values, rows, name = self._values(), self._rows, "header"
        try:
            parts = [self.header.pack(*[values.get(key, default) for key, default in self._fixed])]
            for name, value in values.items():
                if (row := rows.get(name)) is not None:
                    parts.append(row.frame(value))
            if "unknown" in values:
                parts += [attribute(kind, payload) for kind, payload in self.unknown]
        except (StructError, UnicodeEncodeError) as error:
            raise EncodeError(f"{type(self).__name__}.{name}: {error}") from None
        return b"".join(parts)

    @classmethod
    def decode(cls, data: bytes, depth: int = DEPTH) -> Self:
        """Read a message of this kind that nests at most `depth` more.

        What is wrong with the bytes shows here; plain values are decoded when they are first read.

        Raises:
            DecodeError: the bytes are too short, an attribute's payload is not of its type, or
                the nesting is too deep.
        """
        if not depth:
            raise DecodeError(f"{cls.__name__} is nested too deep")
        message = cls.__new__(cls)
        try:
            if cls._fixed:
                message._take_fixed(data)  # noqa: SLF001 - its own class
            message._take(data, depth - 1)  # noqa: SLF001
        except (StructError, IndexError) as error:
            raise DecodeError(f"{cls.__name__}: {error}") from None
        return message

    def _take_fixed(self, data: bytes) -> None:
        given = self.header.unpack_from(data)
        for (name, default), value in zip(self._fixed, given, strict=True):
            if value != default:
                self.__dict__[name] = value

    def _take(self, data: bytes, depth: int) -> None:
        key = len(data) << 8 | data[0] if data else 0  # the first byte is often the family
        layout = self._layouts.get(key)
        if layout is None or layout.probe.unpack_from(data) != layout.heads:
            layout = self._lay_out(key, data)
        values, places = self.__dict__, layout.places
        values["_source"] = data, places
        for name, row in layout.at_once.items():
            values[name] = row.read(data[places[name]], self, depth)
        if layout.unknown:
            values["unknown"] = tuple([(kind, data[place]) for kind, place in layout.unknown])

    @classmethod
    def _lay_out(cls, key: int, data: bytes) -> Layout:
        layout = Layout(data, cls.header.size, cls._kinds)
        if len(cls._layouts) >= _LAYOUTS:
            cls._layouts.clear()
        cls._layouts[key] = layout
        return layout

    def path_at(self, offset: int) -> str:
        """Name the attribute at that offset of the encoded message, as `linkinfo.data.id`."""
        position = self.header.size
        for name, value in self._values().items():
            if name not in self._rows:
                continue
            end = position + len(self._rows[name].frame(value))
            if position <= offset < end:
                inner = isinstance(value, Message) and value.path_at(offset - position - 4)
                return f"{name}.{inner}" if inner else name
            position = end
        return ""

    @classmethod
    def attribute_name(cls, kind: int) -> str:
        """Name the attribute of that type number, as the kernel's extack names a missing one."""
        row = cls._kinds.get(kind & TYPE_MASK)
        return row.name if row else f"attribute {kind & TYPE_MASK}"
