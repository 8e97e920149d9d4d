"""What a message's class body becomes: the rows of its table, and the layouts of its bytes."""

from __future__ import annotations

from struct import Struct

from nslab.netlink.codec import BYTES, TYPE_MASK, Codec, DecodeError, attribute, attributes, spans

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from nslab.netlink.attrs import Message


class Fixed:
    """One member of the fixed struct, until its class is made."""

    __slots__ = ("default",)

    def __init__(self, default: object) -> None:
        self.default = default


class Row:
    """One attribute of a message's table, and the descriptor that decodes it when it is read.

    Attributes:
        frame: gives the bytes of the attribute with a value, its header and padding included.
    """

    __slots__ = ("decode", "default", "frame", "kind", "least", "name")

    def __init__(self, kind: int, codec: Codec[Any], default: object = None) -> None:
        self.kind = kind
        self.frame: Callable[[Any], bytes] = codec.framer(kind)
        self.decode = codec.decode
        self.least = codec.least
        self.default = default

    def __set_name__(self, _: type, name: str) -> None:
        self.name = name

    def __get__(self, message: Message | None, _: type) -> object:
        """Give the value. This happens once: from then on it is found in `__dict__`."""
        source = None if message is None else message.__dict__.get("_source")
        if source is None or self.name not in source[1]:
            return self.default
        value = self.decode(source[0][source[1][self.name]])
        message.__dict__[self.name] = value
        return value

    def read(self, data: bytes, _around: Message, _depth: int) -> object:
        """Give the value of a payload that is inside this message, which nests so much more."""
        return self.decode(data)


class NestRow(Row):
    """An attribute that holds a message: `pick` names it, or None for bytes."""

    __slots__ = ("pick",)

    def __init__(self, kind: int, pick: Callable[[Message], type[Message] | None]) -> None:
        super().__init__(kind, BYTES)
        self.frame = lambda value: attribute(
            kind, value if isinstance(value, bytes) else value.encode()
        )
        self.least = None
        self.pick = pick

    def read(self, data: bytes, around: Message, depth: int) -> Message | bytes:
        """Give the message, or the bytes."""
        message = self.pick(around)
        return data if message is None else message.decode(data, depth)


class RunRow(Row):
    """An attribute that comes once for each of its values, in a row; its place holds them all."""

    __slots__ = ()

    def __init__(self, kind: int, codec: Codec[Any], default: object = None) -> None:
        super().__init__(kind, codec, default)
        one = self.frame
        self.frame = lambda values: b"".join([one(value) for value in values])

    def read(self, data: bytes, _around: Message, _depth: int) -> tuple[object, ...]:
        """Give the values of a whole run."""
        return tuple([self.decode(payload) for _, payload in attributes(data)])


PAD = Row(0, BYTES)
PAD.name = "pad"
"""What a table says of the attribute that aligns others."""


class Layout:
    """Where the attributes of a message are: known ones by name, others with their type.

    A dump repeats few layouts, so one is worked out once, and the next message of the same length
    has the same if its attribute headers (`heads`, at the places that `probe` reads) are the same.
    """

    __slots__ = ("at_once", "heads", "places", "probe", "unknown")

    def __init__(self, data: bytes, start: int, table: Mapping[int, Row]) -> None:
        self.places: dict[str, slice] = {}
        self.at_once: dict[str, Row] = {}
        self.unknown: list[tuple[int, slice]] = []
        probe, end = ["="], 0
        for kind, first, last in spans(data, start):
            probe.append(f"{first - 4 - end}xI")
            end = first
            row = table.get(kind) or table.get(kind & TYPE_MASK)
            if row is PAD and first == last:
                continue
            if row is None or row is PAD or not self._place(row, first, last):
                self.unknown.append((kind, slice(first, last)))
        self.probe = Struct("".join(probe))
        self.heads = self.probe.unpack_from(data)

    def _place(self, row: Row, first: int, last: int) -> bool:
        """Note a known attribute. Only a run goes on: what else comes again counts as unknown."""
        before = self.places.get(row.name)
        if isinstance(row, RunRow):
            first -= 4
            if before is not None and before.stop + 3 & ~3 == first:
                first, before = before.start, None
        if before is not None:
            return False
        if row.least is None or isinstance(row, RunRow):
            self.at_once[row.name] = row
        elif last - first < row.least:
            raise DecodeError(f"{row.name} is {last - first} bytes long, not {row.least}")
        self.places[row.name] = slice(first, last)
        return True
