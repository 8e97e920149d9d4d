from __future__ import annotations

import errno

import pytest

from nslab.netlink.attrs import S32, U32, DecodeError, attribute
from nslab.netlink.message import (
    HEADER,
    NLM_F,
    NLMSG,
    NLMSGERR_ATTR,
    Answer,
    Request,
    decode_failure,
    frame,
    split,
)
from nslab.netlink.rtnl.constants import RTM
from nslab.netlink.rtnl.link import Link


def test_a_request_is_framed() -> None:
    request = Request(RTM.GETLINK, Link(index=7), NLM_F.ECHO)
    framed = request.encode(5, NLM_F.DUMP)
    assert HEADER.unpack_from(framed) == (32, 18, 0x309, 5, 0)
    assert repr(request) == "Request(18, Link(index=7), 0x8)"


def test_bodies_are_padded_but_counted_without() -> None:
    assert frame(1, b"abcde", 2, 0)[:4] == U32.encode(21)
    assert len(frame(1, b"abcde", 2, 0)) == 24


def test_a_last_message_needs_no_padding() -> None:
    assert [m.data for m in split(frame(1, b"abcde", 2, 0)[:21])] == [b"abcde"]


@pytest.mark.parametrize("size", [1, 15, 17, 35])
def test_a_cut_datagram_is_an_error(size: int) -> None:
    datagram = frame(NLMSG.DONE, S32.encode(0), 1, 0) + frame(16, bytes(16), 1, 0)
    with pytest.raises(DecodeError):
        list(split(datagram[:size]))


def _error(*extack: bytes, echoed: bytes = b"", flags: int = 0) -> Answer:
    body = S32.encode(-errno.EINVAL) + (echoed or frame(16, b"", 1, 0)) + b"".join(extack)
    return Answer(NLMSG.ERROR, flags | NLM_F.ACK_TLVS, 1, body)


_WORDS = attribute(NLMSGERR_ATTR.MSG, b"bad \xff luck\0")
_PLACE = attribute(NLMSGERR_ATTR.OFFS, U32.encode(36))


def test_the_extended_part_follows_the_echoed_request() -> None:
    failure = decode_failure(_error(_WORDS, _PLACE, echoed=frame(16, bytes(24), 1, 0)))
    assert (failure.errno, failure.message, failure.offset) == (errno.EINVAL, "bad � luck", 36)


def test_the_extended_part_follows_the_echoed_header() -> None:
    echoed = HEADER.pack(40, 16, 0, 1, 0)  # says 40, but was capped
    failure = decode_failure(_error(_WORDS, echoed=echoed, flags=NLM_F.CAPPED))
    assert failure.message == "bad � luck"


def test_a_missing_attribute_and_the_nest_it_is_missing_from() -> None:
    kind = attribute(NLMSGERR_ATTR.MISS_TYPE, U32.encode(3))
    nest = attribute(NLMSGERR_ATTR.MISS_NEST, U32.encode(20))
    failure = decode_failure(_error(kind, nest))
    assert (failure.missing, failure.nest) == (3, 20)


def test_the_end_of_a_dump_has_an_extended_part_too() -> None:
    answer = Answer(NLMSG.DONE, NLM_F.ACK_TLVS, 1, S32.encode(-errno.ENODEV) + _WORDS)
    assert decode_failure(answer).message == "bad � luck"


def test_no_extended_part_without_the_flag() -> None:
    answer = _error(_WORDS)
    answer.flags = 0
    assert decode_failure(answer).message == ""


@pytest.mark.parametrize("size", [0, 3])
def test_an_error_without_its_number(size: int) -> None:
    with pytest.raises(DecodeError):
        decode_failure(Answer(NLMSG.ERROR, 0, 1, bytes(size)))


def test_short_extended_attributes_are_passed_over() -> None:
    failure = decode_failure(_error(attribute(NLMSGERR_ATTR.OFFS, b"\1\2")))
    assert failure.offset is None
