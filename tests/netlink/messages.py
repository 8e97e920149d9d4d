"""Every message class there is, and strategies for their values made from their own tables."""

from __future__ import annotations

import pkgutil
from importlib import import_module

from hypothesis import strategies as st

import nslab.netlink
from nslab.netlink.attrs import EncodeError, Message
from nslab.netlink.rtnl.linkinfo import KINDS, PORT_KINDS
from nslab.netlink.table import NestRow

for _module in pkgutil.walk_packages(nslab.netlink.__path__, "nslab.netlink."):
    import_module(_module.name)

ALL = sorted(Message.__subclasses__(), key=lambda message: message.__name__)

_TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
_BYTES = st.binary(max_size=16)
_RANGES = ((0, 2**64 - 1), (0, 2**32 - 1), (-(2**31), 2**31 - 1), (0, 2**16 - 1), (0, 255))


@st.composite
def messages(draw: st.DrawFn, message: type[Message]) -> Message:
    """Draw a message: its fixed members, some of its attributes, some that it does not know."""
    values: dict[str, object] = {}
    for name, default in message._fixed:
        octets = isinstance(default, bytes)
        values[name] = draw(_octets(default) if octets else _integers(message, name))
    for name in message._rows:
        if draw(st.integers(0, 3)) == 0:
            values[name] = draw(_values(message, name, values))
    strange = st.integers(3000, 3010) | st.integers(0x8000 + 3000, 0x8000 + 3010)
    if message._rows:
        values["unknown"] = tuple(draw(st.lists(st.tuples(strange, _BYTES), max_size=2)))
    return message(**values)


def _octets(default: bytes) -> st.SearchStrategy[bytes]:
    return st.binary(min_size=len(default), max_size=len(default))


def _values(
    message: type[Message], name: str, before: dict[str, object]
) -> st.SearchStrategy[object]:
    kind = message.__annotations__[name].removesuffix(" | None")
    if (message.__name__, name) in (("LinkInfo", "kind"), ("LinkInfo", "port_kind")):
        return st.sampled_from(sorted(KINDS if name == "kind" else PORT_KINDS))
    if kind == "int":
        return _integers(message, name)
    if kind.startswith(("tuple[int", "tuple[tuple[int")):
        return _tuples(message, name, nested=kind.startswith("tuple[tuple"))
    if kind.startswith("tuple["):
        inner = kind.removeprefix("tuple[").removesuffix(", ...]")
        return st.lists(_plain(inner), max_size=3).map(tuple)
    row = message._rows[name]
    if isinstance(row, NestRow):
        chosen = row.pick(message(**before))
        return _BYTES if chosen is None else messages(chosen)
    return _plain(kind)


def _plain(kind: str) -> st.SearchStrategy[object]:
    simple = {"bytes": _BYTES, "str": _TEXTS, "bool": st.booleans()}
    if kind in simple:
        return simple[kind]
    return messages(next(message for message in ALL if message.__name__ == kind))


def _fits(message: type[Message], name: str, value: object) -> bool:
    try:
        message(**{name: value}).encode()
    except EncodeError:
        return False
    return True


def _integers(message: type[Message], name: str) -> st.SearchStrategy[int]:
    low, high = next(
        (low, high)
        for low, high in _RANGES
        if _fits(message, name, low) and _fits(message, name, high)
    )
    return st.integers(low, high)


def _tuples(message: type[Message], name: str, *, nested: bool) -> st.SearchStrategy[object]:
    """Draw tuples of bytes, of the length that the codec takes."""

    def wrapped(value: tuple[int, ...]) -> tuple[object, ...]:
        return (value,) if nested else value

    length = next(n for n in range(1, 9) if _fits(message, name, wrapped((1,) * n)))
    one = st.tuples(*[st.integers(0, 255)] * length)
    return st.lists(one, max_size=3).map(tuple) if nested else one
