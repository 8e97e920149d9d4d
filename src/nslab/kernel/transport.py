"""Netlink sockets: batches of requests, dumps, subscriptions.

A socket belongs for ever to the netns that it was opened in. A `Transport` serves one thread at a
time. Requests of a batch go out in few datagrams of which only the last message asks for an
acknowledgement: every error answers by itself and is matched by its sequence number.
"""

from __future__ import annotations

import errno
import os
from struct import Struct

from nslab.errors import KernelError
from nslab.netlink.attrs import DecodeError
from nslab.netlink.message import (
    HEADER,
    NLM_F,
    NLMSG,
    Answer,
    Failure,
    Request,
    decode_failure,
    is_acknowledged,
    split,
    with_flags,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Protocol, Self, TypeVar

    from nslab.netlink.attrs import Message

    M = TypeVar("M", bound=Message)
    Bytes = TypeVar("Bytes", bytes, Answer)
    T = TypeVar("T")

    class NetlinkSocket(Protocol):
        """What a transport needs of a socket; `nslab.testing.FakeKernel` gives one, too."""

        def send(self, data: bytes, /) -> int: ...  # noqa: D102 - as in socket.socket
        def recv(self, size: int, /) -> bytes: ...  # noqa: D102
        def setsockopt(self, level: int, option: int, value: int, /) -> None: ...  # noqa: D102
        def bind(self, address: tuple[int, int], /) -> None: ...  # noqa: D102
        def getsockname(self) -> tuple[int, int]: ...  # noqa: D102
        def fileno(self) -> int: ...  # noqa: D102
        def close(self) -> None: ...  # noqa: D102


_SOL_NETLINK = 270
_ADD_MEMBERSHIP = 1
_CAP_ACK = 10
_EXT_ACK = 11
_GET_STRICT_CHK = 12

_SIOCGIFFLAGS = 0x8913
_IFF_RUNNING = 0x40
_FLAGS = Struct("16sH22x")  # what struct ifreq is for it (netdevice(7))

_RECEIVE = 65536  # the kernel makes no larger dump message than 32 KiB
_DATAGRAM_BYTES = 32768
_DATAGRAM_MESSAGES = 100  # so many errors fit the default receive buffer of 208 KiB
_DUMP_TRIES = 50
_LAST_SEQUENCE = 0xFFFFFFFF

_trace = "netlink" in os.environ.get("NSLAB_DEBUG", "").split(",")


class Transport:
    """One netlink socket and its sequence numbers. Close it, or use it as a context manager."""

    def __init__(self, sock: NetlinkSocket) -> None:
        self._socket = sock
        self._sequence = 0
        for option in (_EXT_ACK, _CAP_ACK, _GET_STRICT_CHK):
            sock.setsockopt(_SOL_NETLINK, option, 1)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def fileno(self) -> int:
        """Give the socket's descriptor, for select and poll."""
        return self._socket.fileno()

    def is_running(self, ifname: str) -> bool:
        """Tell whether a link of this netns is ready to send; unlike `get`, leave it as it is.

        Raises:
            KernelError: there is none of that name.
        """
        from fcntl import ioctl

        name = ifname.encode("utf-8", "surrogateescape")
        try:
            answer = ioctl(self._socket.fileno(), _SIOCGIFFLAGS, _FLAGS.pack(name, 0))
        except OSError as error:
            number = error.errno or 0
            raise KernelError(f"look at {ifname}", number, os.strerror(number)) from None
        return bool(_FLAGS.unpack(answer)[1] & _IFF_RUNNING)

    def batch(self, requests: Sequence[Request]) -> list[KernelError | None]:
        """Send all requests, in order, and give each one's error or None, in the same order.

        The kernel goes on after a failing request, so later ones may have taken effect.

        Raises:
            EncodeError: a value does not fit its message; nothing was sent.
            KernelError: answers were lost (ENOBUFS) or make no sense (EBADMSG).
        """
        if self._sequence + len(requests) > _LAST_SEQUENCE:
            self._sequence = 0  # a batch never spans the wrap-around: it compares numbers
        first = self._sequence + 1
        frames = [request.encode(first + place) for place, request in enumerate(requests)]
        self._sequence += len(frames)
        errors: list[KernelError | None] = []
        while len(errors) < len(requests):
            start, stop = len(errors), _chunk(frames, len(errors))
            errors += self._send_chunk(requests[start:stop], frames[start:stop], first + start)
        return errors

    def request(self, *requests: Request) -> None:
        """Send the requests and wait until all are done.

        Raises:
            KernelError: the first that failed.
        """
        for error in self.batch(requests):
            if error is not None:
                raise error

    def get(self, request: Request, message: type[M]) -> M:
        """Ask for one object.

        Raises:
            KernelError: there is none, or it may not be had.
        """
        found = _objects(self._ask(request, NLM_F.ACK, NLMSG.ERROR), message)
        if not found:
            raise _error(request, Failure(errno.ENODATA))
        return found[0]

    def dump(self, request: Request, message: type[M]) -> list[M]:
        """Ask for all objects of a kind. A dump that the kernel calls interrupted is begun anew.

        Raises:
            KernelError: the kernel refused, or was interrupted again and again (EINTR).
        """
        for _ in range(_DUMP_TRIES):
            found = self._ask(request, NLM_F.DUMP, NLMSG.DONE)
            if not any(answer.flags & NLM_F.DUMP_INTR for answer in found):
                return _objects(found, message)
        why = "the objects kept changing while they were listed"
        raise _error(request, Failure(errno.EINTR, why))

    def subscribe(self, *groups: int) -> None:
        """Join multicast groups (RTNLGRP); their messages come from `events`.

        Use another transport for requests: the kernel numbers the events of a request like the
        answers to it.
        """
        if not self._socket.getsockname()[0]:  # portless, it passes for the sender of the events
            self._socket.bind((0, 0))
        for group in groups:
            self._socket.setsockopt(_SOL_NETLINK, _ADD_MEMBERSHIP, group)

    def events(self) -> Iterator[Answer]:
        """Give the messages of one datagram, waiting for it.

        Raises:
            KernelError: ENOBUFS, so events were lost: list the objects anew.
        """
        yield from _understand(_split, self._receive())

    def _next(self) -> int:
        self._sequence = self._sequence % _LAST_SEQUENCE + 1
        return self._sequence

    def _send(self, datagram: bytes) -> None:
        try:
            self._socket.send(datagram)
        except OSError as error:
            raise _socket_error("send", error) from None

    def _receive(self) -> bytes:
        try:
            return self._socket.recv(_RECEIVE)
        except OSError as error:
            raise _socket_error("receive", error) from None

    def _answers(self, datagram: bytes, first: int, last: int) -> Iterator[Answer]:
        """Give the answers to these requests, from this datagram on."""
        while True:
            for answer in _understand(_split, datagram):
                if first <= answer.sequence <= last:
                    yield answer
            datagram = self._receive()

    def _send_chunk(
        self, requests: Sequence[Request], frames: list[bytes], first: int
    ) -> list[KernelError | None]:
        last = first + len(frames) - 1
        self._send(b"".join([*frames[:-1], with_flags(frames[-1], NLM_F.ACK)]))
        errors: list[KernelError | None] = [None] * len(requests)
        datagram = self._receive()
        answers = () if is_acknowledged(datagram, last) else self._answers(datagram, first, last)
        for answer in answers:
            if answer.type != NLMSG.ERROR:
                continue
            failure = _understand(decode_failure, answer)
            if failure.errno:
                position = answer.sequence - first
                errors[position] = _error(requests[position], failure)
            if answer.sequence == last:
                break
        if _trace:
            _show(requests, errors)
        return errors

    def _ask(self, request: Request, flags: int, end: int) -> list[Answer]:
        """Send one request and collect what comes until `end` or an error, end included."""
        sequence = self._next()
        self._send(request.encode(sequence, flags))
        found: list[Answer] = []
        error = None
        for answer in self._answers(self._receive(), sequence, sequence):
            if answer.type in (NLMSG.ERROR, end):
                error = _end_error(request, answer)
                break
            found.append(answer)
        found.append(answer)
        if _trace:
            _show([request], [error])
        if error is not None:
            raise error
        return found


def _objects(answers: Sequence[Answer], message: type[M]) -> list[M]:
    found = [_understand(message.decode, a.data) for a in answers if a.type >= NLMSG.MIN_TYPE]
    if _trace:
        from nslab.kernel.trace import show_answer

        for each in found:
            show_answer(each)
    return found


def _split(datagram: bytes) -> list[Answer]:
    return list(split(datagram))


def _chunk(frames: Sequence[bytes], start: int) -> int:
    """Say where the datagram that begins with frame `start` ends: one after its last frame."""
    if len(frames) <= _DATAGRAM_MESSAGES and sum(map(len, frames)) <= _DATAGRAM_BYTES:
        return len(frames)
    size = 0
    for stop in range(start, min(start + _DATAGRAM_MESSAGES, len(frames))):
        if size >= _DATAGRAM_BYTES:
            return stop
        size += len(frames[stop])
    return min(start + _DATAGRAM_MESSAGES, len(frames))


def _understand(decode: Callable[[Bytes], T], data: Bytes) -> T:
    try:
        return decode(data)
    except DecodeError as error:
        reason = f"the kernel's answer makes no sense: {error}"
        raise KernelError("netlink", errno.EBADMSG, reason) from None


def _socket_error(operation: str, error: OSError) -> KernelError:
    number = error.errno or 0
    return KernelError(f"netlink {operation}", number, os.strerror(number))


def _error(request: Request, failure: Failure) -> KernelError:
    return KernelError(
        type(request.body).__name__.lower(),
        failure.errno,
        os.strerror(failure.errno),
        extack=failure.message,
        attribute=_culprit(request.body, failure),
    )


def _culprit(body: Message, failure: Failure) -> str:
    """Name the attribute that the kernel pointed at; its offsets count from the header."""
    if failure.offset is not None:
        return body.path_at(failure.offset - HEADER.size)
    if failure.missing is None:
        return ""
    if failure.nest is not None:
        nest = body.path_at(failure.nest - HEADER.size)
        return f"attribute {failure.missing} missing in {nest}"
    return f"missing {type(body).attribute_name(failure.missing)}"


def _end_error(request: Request, answer: Answer) -> KernelError | None:
    if answer.type == NLMSG.DONE and len(answer.data) < 4:
        return None  # some families end a dump with nothing but the header
    failure = _understand(decode_failure, answer)
    return _error(request, failure) if failure.errno else None


def _show(requests: Sequence[Request], errors: Sequence[KernelError | None]) -> None:
    from nslab.kernel.trace import show_request

    for request, error in zip(requests, errors, strict=True):
        show_request(request, error)
