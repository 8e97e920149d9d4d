"""TCP connections and UDP datagrams to many ports at once, each from a socket born in its netns.

A connection that is made has reached its port. One that is refused has reached the host, and
nothing listens; a router in between that refuses says so by ICMP, which the socket's error queue
tells. UDP has no such answer: only what a service sends back shows that it was reached.
"""

from __future__ import annotations

import errno
import os
import select
import time
from _socket import SO_ERROR, SOL_SOCKET
from collections import deque
from ipaddress import ip_address

from msgspec import Struct

from nslab.kernel.echo import AF_INET, AF_INET6, Echo, Probe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _socket import socket as Socket  # noqa: N812 - it is a class
    from collections.abc import Callable, Sequence

    Opener = Callable[[int, int, int, Sequence[str]], list[Socket]]
    """Opens a socket of a family, a type and a protocol in each of some netns."""

SOCK_STREAM, SOCK_DGRAM = 1, 2
_KINDS = {"tcp": SOCK_STREAM, "udp": SOCK_DGRAM}
_FAMILIES = {4: AF_INET, 6: AF_INET6}
_RECVERR = {4: (0, 11), 6: (41, 25)}  # level and option: IP_RECVERR, IPV6_RECVERR
_MSG_ERRQUEUE = 0x2000
_OFFENDER = {4: slice(20, 24), 6: slice(24, 40)}  # in struct sock_extended_err (linux/errqueue.h)
_FROM_ICMP = (2, 3)  # SO_EE_ORIGIN_ICMP, SO_EE_ORIGIN_ICMP6
_IN_FLIGHT = 150  # sockets of one round at once
_UNDER_WAY = (0, errno.EINPROGRESS)

NOTHING_LISTENS = "refused: nothing listens there"
SILENT_UDP = "no answer: over UDP a service must give one"

_QUESTIONS = {
    # RFC 1035: id, flags (recursion desired), one question: the root's name servers
    53: bytes.fromhex("6e73 0100 0001 0000 0000 0000 00 0002 0001"),
    123: b"\x1b" + bytes(47),  # RFC 5905: version 3, a client
}
_ANY_QUESTION = b"nslab\n"


class _Call(Struct):
    """One probe under way."""

    number: int
    probe: Probe
    sock: Socket
    began: float
    due: float
    tries: int


class Round:
    """The state of one round of TCP and UDP probes.

    Args:
        probes: who calls whom.
        opener: opens sockets in the sources' netns; called now and then.
        timeout: seconds to wait for the answer to one try.
        tries: how often to ask; the kernel itself repeats TCP's question, so there it counts only
            for how long to wait.
    """

    def __init__(self, probes: Sequence[Probe], opener: Opener, timeout: float, tries: int) -> None:
        self.probes = probes
        self.opener = opener
        self.timeout = timeout
        self.tries = tries
        self.todo = deque(range(len(probes)))
        self.calls: dict[int, _Call] = {}
        self.answers: dict[int, Echo] = {}
        self.epoll = select.epoll()

    @property
    def left(self) -> int:
        """How many probes have no answer yet."""
        return len(self.probes) - len(self.answers)

    def found(self) -> list[Echo]:
        """Give all answers, in the order of the probes."""
        return [self.answers[number] for number in range(len(self.probes))]

    def close(self) -> None:
        """Close what is still open."""
        while self.calls:
            self.calls.popitem()[1].sock.close()
        self.epoll.close()

    def ask(self) -> None:
        """Begin as many calls as may be under way at once."""
        while self.todo and len(self.calls) < _IN_FLIGHT:
            room = min(len(self.todo), _IN_FLIGHT - len(self.calls))
            numbers = [self.todo.popleft() for _ in range(room)]
            for number, sock in zip(numbers, self.open(numbers), strict=True):
                self.begin(number, sock)

    def open(self, numbers: list[int]) -> list[Socket]:
        """Open a socket for each probe; those of one kind at once."""
        kinds: dict[tuple[int, int], list[int]] = {}
        for number in numbers:
            probe = self.probes[number]
            key = _FAMILIES[probe.address.version], _KINDS[probe.protocol]
            kinds.setdefault(key, []).append(number)
        opened: dict[int, Socket] = {}
        for (family, kind), group in kinds.items():
            sources = [self.probes[number].source for number in group]
            opened.update(zip(group, self.opener(family, kind, 0, sources), strict=True))
        return [opened[number] for number in numbers]

    def begin(self, number: int, sock: Socket) -> None:
        """Start one call."""
        probe = self.probes[number]
        now = time.monotonic()
        patience, tries = self.timeout * self.tries, 1
        if probe.protocol == "udp":
            patience, tries = self.timeout, self.tries
        call = _Call(number, probe, sock, now, now + patience, tries)
        self.calls[sock.fileno()] = call
        sock.setblocking(False)  # noqa: FBT003 - the only way to say it
        sock.setsockopt(*_RECVERR[probe.address.version], 1)
        failed = sock.connect_ex((str(probe.address), probe.port))
        if failed not in _UNDER_WAY:
            self.end(call, failed)
            return
        wanted = select.EPOLLIN if probe.protocol == "udp" else select.EPOLLOUT
        self.epoll.register(sock.fileno(), wanted)
        if probe.protocol == "udp":
            self.send(call)

    def send(self, call: _Call) -> None:
        """Send one datagram."""
        try:
            call.sock.send(_QUESTIONS.get(call.probe.port, _ANY_QUESTION))
        except OSError as error:
            self.end(call, error.errno or 0)

    def wait(self) -> float:
        """Give the seconds until one is late."""
        due = min((call.due for call in self.calls.values()), default=0.0)
        return max(0.0, due - time.monotonic())

    def gather(self) -> None:
        """Take what came, and ask again or give up what is late."""
        for fd, _ in self.epoll.poll(0):
            self.take(self.calls[fd])
        now = time.monotonic()
        for call in [call for call in self.calls.values() if call.due <= now]:
            call.tries -= 1
            if call.tries > 0:
                call.due = now + self.timeout
                self.send(call)
            else:
                silent = SILENT_UDP if call.probe.protocol == "udp" else "no answer"
                self.settle(call, Echo(call.probe, None, silent))

    def take(self, call: _Call) -> None:
        """Take one socket's news."""
        failed = call.sock.getsockopt(SOL_SOCKET, SO_ERROR)
        if not failed and call.probe.protocol == "udp":
            try:
                call.sock.recv(2048)
            except OSError as error:
                failed = error.errno or 0
        self.end(call, failed)

    def end(self, call: _Call, failed: int) -> None:
        """Settle a call: with 0 it was answered, else with an error number."""
        if not failed:
            self.settle(call, Echo(call.probe, time.monotonic() - call.began))
            return
        teller = _teller(call.sock, call.probe.address.version)
        by_target = teller in ("", str(call.probe.address))
        if failed == errno.ECONNREFUSED and by_target:
            self.settle(call, Echo(call.probe, None, NOTHING_LISTENS, refused=True))
            return
        told = f" (says {teller})" if teller else ""
        reason = f"{os.strerror(failed).lower()}{told}"
        self.settle(call, Echo(call.probe, None, reason))

    def settle(self, call: _Call, echo: Echo) -> None:
        """Note an answer and close the call."""
        del self.calls[call.sock.fileno()]
        call.sock.close()
        self.answers[call.number] = echo


def _teller(sock: Socket, version: int) -> str:
    """Give the address of whoever sent the ICMP message that ended a call, "" if none did."""
    try:
        _, controls, _, _ = sock.recvmsg(0, 512, _MSG_ERRQUEUE)
    except OSError:
        return ""
    for level, kind, data in controls:
        if (level, kind) == _RECVERR[version] and data[4] in _FROM_ICMP:
            return str(ip_address(data[_OFFENDER[version]]))
    return ""
