from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nslab.netlink.attrs import DecodeError, Message
from nslab.netlink.message import NLMSG, Answer, decode_failure, frame, split
from tests.netlink.messages import ALL, messages

_frames = st.tuples(
    st.integers(0, 2**16 - 1), st.binary(max_size=40), st.integers(0, 2**32 - 1), st.just(0)
)


@pytest.mark.parametrize("message", ALL)
def test_headers_are_padded(message: type[Message]) -> None:
    assert message.header.size % 4 == 0


@pytest.mark.parametrize("message", ALL)
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_what_is_encoded_decodes_to_the_same(message: type[Message], data: st.DataObject) -> None:
    value = data.draw(messages(message))
    encoded = value.encode()
    assert message.decode(encoded) == value
    assert message.decode(encoded).encode() == encoded


@pytest.mark.parametrize("message", ALL)
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_damaged_bytes_decode_or_raise_decode_error(
    message: type[Message], data: st.DataObject
) -> None:
    damaged = bytearray(data.draw(messages(message).map(Message.encode) | st.binary(max_size=99)))
    for position in data.draw(st.lists(st.integers(0, max(0, len(damaged) - 1)), max_size=6)):
        damaged[position : position + 1] = data.draw(st.binary(max_size=2))
    try:
        value = message.decode(bytes(damaged))
    except DecodeError:
        return
    assert message.decode(value.encode()) == value
    assert hash(value) == hash(message.decode(value.encode()))
    assert repr(value)


@given(st.lists(_frames, max_size=5))
def test_frames_split_again(given_frames: list[tuple[int, bytes, int, int]]) -> None:
    datagram = b"".join(frame(*one) for one in given_frames)
    found = [(m.type, m.data, m.sequence, m.flags) for m in split(datagram)]
    assert found == given_frames


@given(st.binary(max_size=99), st.sampled_from([NLMSG.ERROR, NLMSG.DONE]), st.integers(0, 0xFFFF))
def test_any_bytes_split_or_raise_decode_error(data: bytes, kind: int, flags: int) -> None:
    for read in (lambda: list(split(data)), lambda: decode_failure(Answer(kind, flags, 1, data))):
        with contextlib.suppress(DecodeError):
            read()
