"""A kernel that is not there: the far end of rtnetlink sockets, for tests without privilege.

    kernel = FakeKernel()
    kernel.answer(RTM.GETLINK, [Link(index=1, ifname="lo"), Link(index=2, ifname="eth0")])
    kernel.fail(errno.EEXIST, "link exists", when=lambda request: request.type == RTM.NEWLINK)
    with Transport(kernel.socket()) as transport:
        links = transport.dump(Request(RTM.GETLINK, Link()), Link)
    assert [request.type for request in kernel.requests] == [RTM.GETLINK]

It acknowledges what it is not told to refuse, and takes multi-part answers apart into as many
datagrams as it can, since real kernels do so when it is least expected.
"""

from __future__ import annotations

import errno
import os
from collections import deque

from nslab.netlink.attrs import S32, U32, DecodeError, attribute
from nslab.netlink.message import NLM_F, NLMSG, NLMSGERR_ATTR, Answer, Request, frame, split
from nslab.netlink.rtnl.address import Address
from nslab.netlink.rtnl.constants import RTM
from nslab.netlink.rtnl.link import Link
from nslab.netlink.rtnl.mdb import Mdb
from nslab.netlink.rtnl.neigh import Neigh
from nslab.netlink.rtnl.neightbl import NeighTable
from nslab.netlink.rtnl.netconf import Netconf
from nslab.netlink.rtnl.netns import Nsid
from nslab.netlink.rtnl.nexthop import NexthopObject
from nslab.netlink.rtnl.route import Route
from nslab.netlink.rtnl.rule import Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from nslab.netlink.attrs import Message

_BASES = {
    RTM.NEWLINK: Link,
    RTM.NEWADDR: Address,
    RTM.NEWROUTE: Route,
    RTM.NEWNEIGH: Neigh,
    RTM.NEWRULE: Rule,
    RTM.NEWNEIGHTBL: NeighTable,
    RTM.NEWNETCONF: Netconf,
    RTM.NEWMDB: Mdb,
    RTM.NEWNSID: Nsid,
    RTM.NEWNEXTHOP: NexthopObject,
    RTM.NEWLINKPROP: Link,
}
RTNETLINK: Mapping[int, type[Message]] = {
    base + verb: message for base, message in _BASES.items() for verb in range(4)
}
"""The body of each message type; types come in fours: new, delete, get, set."""

_SOL_NETLINK = 270
_ADD_MEMBERSHIP = 1
_DROP_MEMBERSHIP = 2


class FakeSocket:
    """One end of a netlink socket whose other end is a `FakeKernel`.

    Attributes:
        options: what `setsockopt` was called with: (level, option) to the last value.
        groups: the multicast groups it has joined.
        port: its own; 0 as long as it has none.
    """

    def __init__(self, kernel: FakeKernel) -> None:
        self.options: dict[tuple[int, int], int] = {}
        self.groups: set[int] = set()
        self.port = 0
        self._kernel = kernel
        self._pending: deque[bytes] = deque()
        self._disturbances: deque[int] = deque()
        self._cuts: deque[int] = deque()
        self._ready = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK | os.EFD_SEMAPHORE)

    def send(self, data: bytes, /) -> int:
        """Hand a datagram of requests to the kernel, which answers at once."""
        for message in split(data):
            for datagram in self._kernel.handle(message):
                self.deliver(datagram)
        return len(data)

    def recv(self, size: int, /) -> bytes:
        """Give the next datagram, cut to `size`.

        Raises:
            BlockingIOError: there is none: a real socket would wait for ever.
            OSError: one that `disturb` asked for.
        """
        if self._disturbances:
            number = self._disturbances.popleft()
            raise OSError(number, os.strerror(number))
        if not self._pending:
            raise BlockingIOError(errno.EAGAIN, "the fake kernel has nothing to say")
        os.eventfd_read(self._ready)
        limit = self._cuts.popleft() if self._cuts else size
        return self._pending.popleft()[: min(size, limit)]

    def deliver(self, datagram: bytes) -> None:
        """Put a datagram, however odd, where `recv` finds it."""
        self._pending.append(datagram)
        os.eventfd_write(self._ready, 1)

    def disturb(self, *numbers: int) -> None:
        """Let the next calls of `recv` fail with these errnos (ENOBUFS, EINTR)."""
        self._disturbances.extend(numbers)

    def cut(self, size: int) -> None:
        """Cut the next datagram to `size` bytes."""
        self._cuts.append(size)

    def getsockname(self) -> tuple[int, int]:
        """Give port and groups."""
        return self.port, 0

    def bind(self, _: tuple[int, int], /) -> None:
        """Take a port of one's own."""
        self.port = id(self)

    def setsockopt(self, level: int, option: int, value: int, /) -> None:
        """Record the option; join or leave a group."""
        self.options[level, option] = value
        if (level, option) == (_SOL_NETLINK, _ADD_MEMBERSHIP):
            self.groups.add(value)
        elif (level, option) == (_SOL_NETLINK, _DROP_MEMBERSHIP):
            self.groups.discard(value)

    def fileno(self) -> int:
        """Give a descriptor that is readable while a datagram waits."""
        return self._ready

    def close(self) -> None:
        """Close the descriptor."""
        if self._ready >= 0:
            os.close(self._ready)
            self._ready = -1


class FakeKernel:
    """The kernel's end of any number of rtnetlink sockets, and a record of what they asked.

    Attributes:
        requests: every request so far, decoded, in order.
        per_datagram: so many messages of a dump go into one datagram.
    """

    def __init__(self, messages: Mapping[int, type[Message]] = RTNETLINK) -> None:
        """Make one that knows these message types; others are refused (EOPNOTSUPP)."""
        self.requests: list[Request] = []
        self.per_datagram = 1
        self._messages = messages
        self._sockets: list[FakeSocket] = []
        self._answers: dict[int, Callable[[Request], Iterable[Message]]] = {}
        self._refusals: list[Callable[[Request], _Refusal | None]] = []
        self._interrupted_dumps = 0

    def socket(self) -> FakeSocket:
        """Open a socket to this kernel, as `Transport` wants one."""
        self._sockets.append(FakeSocket(self))
        return self._sockets[-1]

    def answer(
        self, kind: int, give: Iterable[Message] | Callable[[Request], Iterable[Message]]
    ) -> None:
        """Say what requests of type `kind` get: these messages, or what a function gives.

        A request without NLM_F_DUMP gets the first message only. Whatever was said of `kind`
        before is forgotten.
        """
        if callable(give):
            self._answers[kind] = give
        else:
            messages = list(give)
            self._answers[kind] = lambda _: messages

    def fail(
        self,
        number: int,
        message: str = "",
        *,
        offset: int | None = None,
        at: int | None = None,
        when: Callable[[Request], bool] | None = None,
        late: bool = False,
    ) -> None:
        """Refuse requests with errno `number` and an extended message.

        Args:
            number: the errno, positive.
            message: the words of the extended message.
            offset: where the culprit begins in the request, its 16 bytes of header included.
            at: refuse this request, counted from 0; without `at` and `when`, the next one.
            when: refuse every request for which it is true.
            late: in a dump, answer first and fail in the NLMSG_DONE.
        """
        refusal = _Refusal(number, _extack(message, offset), late=late)
        position = len(self.requests) if at is None else at

        def decide(request: Request) -> _Refusal | None:
            hit = len(self.requests) - 1 == position if when is None else when(request)
            return refusal if hit else None

        self._refusals.append(decide)

    def interrupt(self, dumps: int = 1) -> None:
        """Mark that many next dumps as inconsistent, NLM_F_DUMP_INTR."""
        self._interrupted_dumps = dumps

    def notify(self, group: int, kind: int, message: Message) -> None:
        """Send an event to every socket that joined the multicast group."""
        for sock in self._sockets:
            if group in sock.groups:
                sock.deliver(frame(kind, message.encode(), 0, 0))

    def handle(self, message: Answer) -> list[bytes]:
        """Record one request and give the datagrams that answer it; a socket calls it."""
        body = self._messages.get(message.type)
        if body is None:
            return [_end(NLMSG.ERROR, message, _Refusal(errno.EOPNOTSUPP))]
        try:
            request = Request(message.type, body.decode(message.data), message.flags)
        except DecodeError as error:
            return [_end(NLMSG.ERROR, message, _Refusal(errno.EINVAL, _extack(str(error))))]
        self.requests.append(request)
        refusal = next(filter(None, (decide(request) for decide in self._refusals)), None)
        if refusal and not refusal.late:
            return [_end(NLMSG.ERROR, message, refusal)]
        found = list(self._answers.get(message.type, _nothing)(request))
        if _is_dump(request):
            return self._dump(message, found, refusal or _DONE)
        answers = [_object(message, body, 0) for body in found[:1]]
        if message.flags & NLM_F.ACK:
            answers.append(_end(NLMSG.ERROR, message, _DONE))
        return answers

    def _dump(self, message: Answer, found: list[Message], end: _Refusal) -> list[bytes]:
        flags = NLM_F.MULTI
        if self._interrupted_dumps:
            self._interrupted_dumps -= 1
            flags |= NLM_F.DUMP_INTR
        parts = [_object(message, body, flags) for body in found]
        starts = range(0, len(parts), self.per_datagram)
        datagrams = [b"".join(parts[n : n + self.per_datagram]) for n in starts]
        return [*datagrams, _end(NLMSG.DONE, message, end, flags)]


class _Refusal:
    __slots__ = ("errno", "extack", "late")

    def __init__(self, number: int, extack: bytes = b"", *, late: bool = False) -> None:
        self.errno = number
        self.extack = extack
        self.late = late


_DONE = _Refusal(0)


def _nothing(_: Request) -> Iterable[Message]:
    return ()


def _extack(message: str, offset: int | None = None) -> bytes:
    words = attribute(NLMSGERR_ATTR.MSG, message.encode() + b"\0") if message else b""
    place = b"" if offset is None else attribute(NLMSGERR_ATTR.OFFS, U32.encode(offset))
    return words + place


def _is_dump(request: Request) -> bool:
    """Tell a dump: in requests of the other verbs the same bits mean create and replace."""
    return request.type % 4 == RTM.GETLINK % 4 and request.flags & NLM_F.DUMP == NLM_F.DUMP


def _object(request: Answer, body: Message, flags: int) -> bytes:
    return frame(request.type // 4 * 4, body.encode(), request.sequence, flags)


def _end(kind: int, request: Answer, end: _Refusal, flags: int = 0) -> bytes:
    body = S32.encode(-end.errno)
    if kind == NLMSG.ERROR:  # the request's header comes back, its body does not
        body += frame(request.type, b"", request.sequence, request.flags)
        flags |= NLM_F.CAPPED
    if end.extack:
        flags |= NLM_F.ACK_TLVS
    return frame(kind, body + end.extack, request.sequence, flags)
