"""Messages that are sent thousands of times with other values: worked out once, then filled in.

A large lab is mostly cables and addresses. To encode the message of a cable from its table takes
ten times as long as to put its values where they belong in a copy of another one's bytes.
"""

from __future__ import annotations

from struct import Struct
from struct import error as StructError  # noqa: N812 - it is a class

from nslab.netlink.attrs import EncodeError
from nslab.netlink.message import Request

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nslab.netlink.attrs import Message

_ONE, _OTHER = b"\1", b"\2"


class Filled(Request):
    """A request that a template made: its body is made a value only if somebody looks at it."""

    __slots__ = ("_kind",)

    def __init__(self, type: int, kind: type[Message], data: bytes, flags: int) -> None:  # noqa: A002
        self.type = type
        self.flags = flags
        self._kind = kind
        self._encoded = data

    @property
    def body(self) -> Message:
        """What the message says."""
        return self._kind.decode(self._encoded or b"")


class Template:
    """The bytes of a message, with gaps for the values that differ from one to the next.

    Args:
        build: makes the message from the values; it is called with made-up ones, to see where they
            come to lie.
        formats: what struct calls each of them, as `I` or `6s`, so that their sizes are known.
    """

    def __init__(self, build: Callable[..., Message], *formats: str) -> None:
        samples = [_sample(one, _ONE) for one in formats]
        message = build(*samples)
        self._kind, data = type(message), message.encode()
        gaps: list[tuple[int, int]] = []  # where, and which of the values
        for number, one in enumerate(formats):
            others = [*samples[:number], _sample(one, _OTHER), *samples[number + 1 :]]
            changed = build(*others).encode()
            size = Struct(f"={one}").size or 1
            differing = [place for place in range(len(data)) if data[place] != changed[place]]
            gaps += [(place, number) for place in differing[::size]]
        gaps.sort()
        self._order = [number for _, number in gaps]
        self._parts, layout = _between(data, gaps, formats)
        self._pack = Struct(layout).pack

    def request(self, type: int, flags: int, *values: int | bytes) -> Request:  # noqa: A002
        """Give the request with the message that `build` would make from these values.

        Raises:
            EncodeError: a number is out of its range.
        """
        parts = self._parts.copy()
        parts[1::2] = [values[number] for number in self._order]
        try:
            return Filled(type, self._kind, self._pack(*parts), flags)
        except StructError as error:
            raise EncodeError(f"{self._kind.__name__}: {error}") from None


def _sample(layout: str, byte: bytes) -> int | bytes:
    """Make up a value of which every byte is the same."""
    packer = Struct(f"={layout}")
    value: int | bytes = packer.unpack(byte * packer.size)[0]
    return value


def _between(
    data: bytes, gaps: Sequence[tuple[int, int]], formats: Sequence[str]
) -> tuple[list[int | bytes], str]:
    """Cut the bytes at the gaps: give what lies between them, and struct's word for it all."""
    parts: list[int | bytes] = []
    layout, end = "=", 0
    for place, number in gaps:
        parts += [data[end:place], 0]
        layout += f"{place - end}s{formats[number]}"
        end = place + Struct(f"={formats[number]}").size
    return [*parts, data[end:]], f"{layout}{len(data) - end}s"
