"""The framing of netlink(7): requests in, answers out.

A datagram holds one or more messages, each a header (length, type, flags, sequence number, port)
and a body padded to 4 bytes. An answer is a message of the object's own type, NLMSG_ERROR (errno 0
is the acknowledgement) or NLMSG_DONE at the end of a dump.
"""

from __future__ import annotations

from struct import Struct

from nslab.netlink.attrs import S32, U32, DecodeError, attributes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from nslab.netlink.attrs import Message

HEADER = Struct("=IHHII")
_ACKNOWLEDGEMENT = Struct("=IHxxIxxxxi16x")  # length, type, sequence, number; the request's header
_ERRNO_END = 4
_ECHOED_END = _ERRNO_END + HEADER.size  # the request's own header follows the number


class NLMSG:
    """Message types that every netlink family shares (linux/netlink.h)."""

    NOOP = 1
    ERROR = 2
    DONE = 3
    OVERRUN = 4
    MIN_TYPE = 16  # below it are the control messages above


class NLM_F:  # noqa: N801 - the kernel's own name
    """Message flags (linux/netlink.h)."""

    REQUEST = 0x1
    MULTI = 0x2
    ACK = 0x4
    ECHO = 0x8
    DUMP_INTR = 0x10
    DUMP_FILTERED = 0x20
    DUMP = 0x300
    REPLACE = 0x100
    EXCL = 0x200
    CREATE = 0x400
    APPEND = 0x800
    CAPPED = 0x100  # in an answer: the request was cut off
    ACK_TLVS = 0x200  # in an answer: attributes follow


class NLMSGERR_ATTR:  # noqa: N801 - the kernel's own name
    """Attributes of an answer's extended part (linux/netlink.h)."""

    MSG = 1
    OFFS = 2
    MISS_TYPE = 5
    MISS_NEST = 6


class Request:
    """One message for the kernel: its type, flags beside NLM_F_REQUEST, and its body."""

    __slots__ = ("_body", "_encoded", "flags", "type")

    def __init__(self, type: int, body: Message, flags: int = 0) -> None:  # noqa: A002 - nlmsg_type
        self.type = type
        self.flags = flags
        self._body = body
        self._encoded: bytes | None = None

    @property
    def body(self) -> Message:
        """What the message says."""
        return self._body

    def __repr__(self) -> str:
        return f"Request({self.type}, {self.body!r}, {self.flags:#x})"

    def encode(self, sequence: int, flags: int = 0) -> bytes:
        """Give the framed message; `flags` are added to the request's own."""
        if self._encoded is None:  # the same request may go to many namespaces
            self._encoded = self.body.encode()
        return frame(self.type, self._encoded, sequence, self.flags | flags | NLM_F.REQUEST)


class Answer:
    """One message from the kernel, its body still bytes."""

    __slots__ = ("data", "flags", "sequence", "type")

    def __init__(self, type: int, flags: int, sequence: int, data: bytes) -> None:  # noqa: A002
        self.type = type
        self.flags = flags
        self.sequence = sequence
        self.data = data


class Failure:
    """What an NLMSG_ERROR says.

    Attributes:
        errno: positive; 0 is an acknowledgement.
        message: the kernel's extended message, or "".
        offset: where in the request the offending attribute begins, in bytes, or None.
        missing: the type of a required attribute that was not given, or None.
        nest: where in the request the nest begins that lacks it, or None for the message itself.
    """

    __slots__ = ("errno", "message", "missing", "nest", "offset")

    def __init__(self, errno: int, message: str = "") -> None:
        self.errno = errno
        self.message = message
        self.offset: int | None = None
        self.missing: int | None = None
        self.nest: int | None = None


def frame(kind: int, body: bytes, sequence: int, flags: int) -> bytes:
    """Put the header before a body and pad it to 4 bytes."""
    length = HEADER.size + len(body)
    return HEADER.pack(length, kind, flags, sequence, 0) + body + bytes(-length & 3)


def with_flags(framed: bytes, flags: int) -> bytes:
    """Give a framed message with flags added to its own."""
    length, kind, own, sequence, port = HEADER.unpack_from(framed)
    return HEADER.pack(length, kind, own | flags, sequence, port) + framed[HEADER.size :]


def split(datagram: bytes) -> Iterator[Answer]:
    """Take a datagram apart.

    Raises:
        DecodeError: a header is cut short, or its length is impossible.
    """
    offset, end = 0, len(datagram)
    while offset < end:
        if end - offset < HEADER.size:
            raise DecodeError(f"{end - offset} bytes where a message should begin")
        length, kind, flags, sequence, _ = HEADER.unpack_from(datagram, offset)
        if length < HEADER.size or offset + length > end:
            raise DecodeError(f"message of type {kind} has impossible length {length}")
        yield Answer(kind, flags, sequence, datagram[offset + HEADER.size : offset + length])
        offset += (length + 3) & ~3


def is_acknowledged(datagram: bytes, sequence: int) -> bool:
    """Tell whether a datagram says that this request went well, and nothing else."""
    size = _ACKNOWLEDGEMENT.size
    return len(datagram) == size and _ACKNOWLEDGEMENT.unpack(datagram) == (
        size,
        NLMSG.ERROR,
        sequence,
        0,
    )


def decode_failure(answer: Answer) -> Failure:
    """Read an NLMSG_ERROR or NLMSG_DONE with its extended acknowledgement.

    Raises:
        DecodeError: the answer is cut short.
    """
    if len(answer.data) < _ERRNO_END:
        raise DecodeError("error message without a number")
    failure = Failure(-S32.decode(answer.data))
    if answer.flags & NLM_F.ACK_TLVS:
        for kind, payload in attributes(answer.data, _tlv_offset(answer)):
            _read_extack(failure, kind, payload)
    return failure


def _tlv_offset(answer: Answer) -> int:
    if answer.type == NLMSG.DONE:
        return _ERRNO_END
    if answer.flags & NLM_F.CAPPED or len(answer.data) < _ECHOED_END:
        return _ECHOED_END
    echoed, *_ = HEADER.unpack_from(answer.data, _ERRNO_END)
    return _ERRNO_END + (int(echoed) + 3 & ~3)


def _read_extack(failure: Failure, kind: int, payload: bytes) -> None:
    if kind == NLMSGERR_ATTR.MSG:
        failure.message = payload.split(b"\0", 1)[0].decode("utf-8", "replace")
    elif len(payload) < 4:
        return
    elif kind == NLMSGERR_ATTR.OFFS:
        failure.offset = U32.decode(payload)
    elif kind == NLMSGERR_ATTR.MISS_TYPE:
        failure.missing = U32.decode(payload)
    elif kind == NLMSGERR_ATTR.MISS_NEST:
        failure.nest = U32.decode(payload)
