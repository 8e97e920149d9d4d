"""Pings: ICMP and ICMPv6 echo from many nodes at once, in one loop of one process.

Every node has one raw socket a family, opened in its netns by the holder. A request's payload
names the probe, and by random bytes the `ping` that sent it, since raw sockets hear what others
asked for, too: only answers to its own questions count.
"""

from __future__ import annotations

import errno
import os
import select
import struct
import time
from _socket import SO_RCVBUF, SOL_SOCKET
from collections import deque
from dataclasses import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _socket import socket as Socket  # noqa: N812 - it is a class
    from collections.abc import Callable, Sequence
    from ipaddress import IPv4Address, IPv6Address

AF_INET = 2
AF_INET6 = 10
SOCK_RAW = 3
IPPROTO_ICMP = 1
IPPROTO_ICMPV6 = 58

_ECHO = {4: (8, 0), 6: (128, 129)}
_HEADER = struct.Struct("!BBHHH")
_LENGTH = 24  # the header, the probe's number, the mark
_UNREACHABLE = {4: 3, 6: 1}
_LOST = (errno.EAGAIN, errno.ENOBUFS)  # a full queue: the packet counts as lost on its way
_IN_FLIGHT = 512
"""Probes under way at once: more would overflow the receive queues of the busiest nodes."""
_RECEIVE_BUFFER = 1 << 20
"""Asked for; the usual limit (net.core.rmem_max) gives 416 KiB, room for some 550 answers."""


@dataclass(frozen=True, slots=True)
class Probe:
    """One question: can `source` reach `target` at `address`?"""

    source: str
    target: str
    address: IPv4Address | IPv6Address


@dataclass(frozen=True, slots=True)
class Echo:
    """The answer to one probe.

    Attributes:
        seconds: the round-trip time, or None where no answer came.
        reason: why none came: "no answer", "host unreachable (says 10.0.1.2)", …; "" if one came.
    """

    probe: Probe
    seconds: float | None
    reason: str = ""

    @property
    def ok(self) -> bool:
        """Whether an answer came."""
        return self.seconds is not None


def protocol_of(version: int) -> tuple[int, int, int]:
    """Give family, type and protocol of the raw socket for an IP version."""
    if version == 4:
        return AF_INET, SOCK_RAW, IPPROTO_ICMP
    return AF_INET6, SOCK_RAW, IPPROTO_ICMPV6


def ping(
    probes: Sequence[Probe],
    sockets: dict[tuple[str, int], Socket],
    *,
    timeout: float = 1.0,
    tries: int = 3,
    progress: Callable[[int], None] | None = None,
) -> list[Echo]:
    """Send all probes and gather their answers, in the order of the probes.

    Args:
        probes: who pings whom.
        sockets: a raw socket for each (source, IP version); they are made non-blocking.
        timeout: seconds to wait for the answer to one try.
        tries: how often to ask before giving up (the first packets of a fresh lab may be lost).
        progress: called now and then with the number of probes that are done.
    """
    one = _Round(probes, sockets, timeout, tries)
    with one.epoll:
        return one.run(progress)


class _Round:
    """The state of one `ping`."""

    def __init__(
        self,
        probes: Sequence[Probe],
        sockets: dict[tuple[str, int], Socket],
        timeout: float,
        tries: int,
    ) -> None:
        self.probes = probes
        self.sockets = sockets
        self.timeout = timeout
        self.tries = tries
        self.identifier = os.getpid() & 0xFFFF
        self.mark = os.urandom(12)
        self.todo = deque((number, 1) for number in range(len(probes)))
        self.pending: dict[int, tuple[int, int, float]] = {}
        self.deadlines: deque[tuple[float, int]] = deque()
        self.answers: dict[int, Echo] = {}
        self.reasons: dict[int, str] = {}
        self.tag = 0
        self.epoll = select.epoll()
        self.by_fd: dict[int, tuple[Socket, int]] = {}
        for (_, version), sock in sockets.items():
            sock.setblocking(False)  # noqa: FBT003 - the only way to say it
            sock.setsockopt(SOL_SOCKET, SO_RCVBUF, _RECEIVE_BUFFER)
            self.by_fd[sock.fileno()] = (sock, version)
            self.epoll.register(sock.fileno(), select.EPOLLIN)

    def run(self, progress: Callable[[int], None] | None) -> list[Echo]:
        while len(self.answers) < len(self.probes):
            while self.todo and len(self.pending) < _IN_FLIGHT:
                self.send(*self.todo.popleft())
            wait = 0.0
            if self.deadlines and self.pending:
                wait = max(0.0, self.deadlines[0][0] - time.monotonic())
            for fd, _ in self.epoll.poll(wait):
                self.drain(*self.by_fd[fd])
            self.expire()
            if progress is not None:
                progress(len(self.answers))
        return [self.answers[number] for number in range(len(self.probes))]

    def send(self, number: int, attempt: int) -> None:
        probe = self.probes[number]
        self.tag = (self.tag + 1) & 0xFFFFFFFF
        sock = self.sockets[probe.source, probe.address.version]
        now = time.monotonic()
        request = _request(probe.address.version, self.identifier, self.tag, self.mark)
        try:
            sock.sendto(request, (str(probe.address), 0))
        except OSError as error:
            reason = os.strerror(error.errno or 0).lower()
            if error.errno not in _LOST:
                self.answers[number] = Echo(probe, None, reason)
                return
            self.reasons[number] = reason
        self.pending[self.tag] = (number, attempt, now)
        self.deadlines.append((now + self.timeout, self.tag))

    def drain(self, sock: Socket, version: int) -> None:
        while True:
            try:
                packet, sender = sock.recvfrom(2048)
            except OSError:
                return
            body = packet[(packet[0] & 15) * 4 :] if version == 4 else packet
            if len(body) >= _LENGTH:
                self.take(body, version, str(sender[0]), time.monotonic())

    def take(self, body: bytes, version: int, sender: str, now: float) -> None:
        kind, code = body[0], body[1]
        if kind == _ECHO[version][1] and body[12:_LENGTH] == self.mark:
            found = self.pending.pop(int.from_bytes(body[8:12], "big"), None)
            if found is not None:
                number, _, sent = found
                self.answers[number] = Echo(self.probes[number], now - sent)
        elif kind == _UNREACHABLE[version]:
            self.note(body[8:], version, f"{_why(version, code)} (says {sender})")

    def note(self, quoted: bytes, version: int, reason: str) -> None:
        """Remember what a router said of a probe whose packet it quotes."""
        inner = quoted[(quoted[0] & 15) * 4 :] if version == 4 else quoted[40:]
        if inner[12:_LENGTH] != self.mark:
            return
        tag = int.from_bytes(inner[8:12], "big")
        if tag in self.pending:
            self.reasons[self.pending[tag][0]] = reason

    def expire(self) -> None:
        now = time.monotonic()
        while self.deadlines and self.deadlines[0][0] <= now:
            _, tag = self.deadlines.popleft()
            found = self.pending.pop(tag, None)
            if found is None:
                continue
            number, attempt, _ = found
            if attempt < self.tries:
                self.todo.append((number, attempt + 1))
            else:
                reason = self.reasons.get(number, "no answer")
                self.answers[number] = Echo(self.probes[number], None, reason)


def _request(version: int, identifier: int, tag: int, mark: bytes) -> bytes:
    payload = tag.to_bytes(4, "big") + mark
    head = _HEADER.pack(_ECHO[version][0], 0, 0, identifier, tag & 0xFFFF)
    if version == 6:
        return head + payload  # the kernel fills in ICMPv6 checksums
    return _HEADER.pack(8, 0, _checksum(head + payload), identifier, tag & 0xFFFF) + payload


def _checksum(data: bytes) -> int:
    """Sum up as RFC 1071 says; the length is even."""
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def _why(version: int, code: int) -> str:
    words = {
        4: {0: "network unreachable", 1: "host unreachable", 13: "prohibited"},
        6: {0: "no route", 1: "prohibited", 3: "address unreachable"},
    }
    return words[version].get(code, f"unreachable, code {code}")
