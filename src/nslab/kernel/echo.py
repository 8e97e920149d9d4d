"""Pings: ICMP and ICMPv6 echo from many nodes at once, in one loop of one process.

Every node has one raw socket a family, opened in its netns by the holder. A request's payload
names the probe, and by random bytes the `ping` that sent it, since raw sockets hear what others
asked for, too: only answers to its own questions count. An ICMP socket of the datagram kind, which
a plain user may have outside of a lab, serves as well.
"""

from __future__ import annotations

import errno
import os
import select
import struct
import time
from _socket import SO_RCVBUF, SOL_SOCKET
from collections import deque

from msgspec import Struct

from nslab.kernel import rounds

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _socket import socket as Socket  # noqa: N812 - it is a class
    from collections.abc import Callable, Sequence
    from ipaddress import IPv4Address, IPv6Address
    from typing import Protocol

    class Pace(Protocol):
        """Who says how many probes may be under way, and is told of each, before and after."""

        @property
        def in_flight(self) -> int: ...  # noqa: D102 - as said above
        def pause(self, probe: Probe, /) -> float: ...  # noqa: D102 - seconds until it may be sent
        def begun(self, probe: Probe, attempt: int, /) -> None: ...  # noqa: D102
        def finished(self, echo: Echo, /) -> None: ...  # noqa: D102


AF_INET = 2
AF_INET6 = 10
SOCK_RAW = 3
IPPROTO_ICMP = 1
IPPROTO_ICMPV6 = 58

_ECHO = {4: (8, 0), 6: (128, 129)}
_HEADER = struct.Struct("!BBHHH")
_LENGTH = 24  # the header, the probe's number, the mark
_UNREACHABLE = {4: 3, 6: 1}
_TOO_BIG = {4: (3, 4), 6: (2, 0)}
_HEADERS = {4: 20, 6: 40}  # bytes of IP before the ICMP message
_SOL_IP, _IP_MTU_DISCOVER, _IP_PMTUDISC_DO = 0, 10, 2
_LOST = (errno.EAGAIN, errno.ENOBUFS)  # a full queue: the packet counts as lost on its way
_IN_FLIGHT = 512
"""Probes under way at once: more would overflow the receive queues of the busiest nodes."""
_RECEIVE_BUFFER = 1 << 20
"""Asked for; the usual limit (net.core.rmem_max) gives 416 KiB, room for some 550 answers."""


class Probe(Struct, frozen=True):
    """One question: can `source` reach `target` at `address`?

    Attributes:
        protocol: "icmp", "tcp" or "udp".
        port: the port of TCP or UDP.
        size: of the IP packet that asks by ICMP, in bytes, which no router may cut; 0: the least.
    """

    source: str
    target: str
    address: IPv4Address | IPv6Address
    protocol: str = "icmp"
    port: int = 0
    size: int = 0

    def __str__(self) -> str:
        return f"{self.source} -> {self.target} ({self.address})"


class Echo(Struct, frozen=True):
    """The answer to one probe.

    Attributes:
        seconds: the round-trip time, or None where no answer came.
        reason: why none came: "no answer", "host unreachable (says 10.0.1.2)", …; "" if one came.
        refused: whether the target itself said that nothing listens there.
    """

    probe: Probe
    seconds: float | None
    reason: str = ""
    refused: bool = False

    def __str__(self) -> str:
        answer = self.reason if self.seconds is None else f"{1000 * self.seconds:.2f} ms"
        return f"{self.probe}: {answer}"

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
    one = Round(probes, sockets, timeout, tries)

    def tell(left: int) -> None:
        if progress is not None:
            progress(len(probes) - left)

    with one.epoll:
        rounds.run([one], tell)
    return one.found()


class Round:
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
        self.pace: Pace | None = None
        self.pause = 0.0
        self.identifier = os.getpid() & 0xFFFF
        self.mark = os.urandom(12)
        self.todo = deque((number, 1) for number in range(len(probes)))
        self.pending: dict[int, tuple[int, int, float]] = {}
        self.deadlines: deque[tuple[float, int]] = deque()
        self.answers: dict[int, Echo] = {}
        self.reasons: dict[int, str] = {}
        self.sizes: dict[int, int] = {}
        self.tag = 0
        self.epoll = select.epoll()
        self.by_fd: dict[int, tuple[Socket, int]] = {}
        for (_, version), sock in sockets.items():
            sock.setblocking(False)  # noqa: FBT003 - the only way to say it
            sock.setsockopt(SOL_SOCKET, SO_RCVBUF, _RECEIVE_BUFFER)
            if version == 4:
                sock.setsockopt(_SOL_IP, _IP_MTU_DISCOVER, _IP_PMTUDISC_DO)
            self.by_fd[sock.fileno()] = (sock, version)
            self.epoll.register(sock.fileno(), select.EPOLLIN)

    @property
    def left(self) -> int:
        """How many probes have no answer yet."""
        return len(self.probes) - len(self.answers)

    def found(self) -> list[Echo]:
        """Give all answers, in the order of the probes."""
        return [self.answers[number] for number in range(len(self.probes))]

    def ask(self) -> None:
        """Send as many as may be under way at once."""
        most = _IN_FLIGHT if self.pace is None else self.pace.in_flight
        self.pause = 0.0
        while self.todo and len(self.pending) < most and not self.pause:
            number, attempt = self.todo[0]
            if self.pace is not None:
                self.pause = self.pace.pause(self.probes[number])
            if not self.pause:
                self.todo.popleft()
                self.send(number, attempt)

    def wait(self) -> float:
        """Give the seconds until one is late, or the next may be sent."""
        if not (self.deadlines and self.pending):
            return self.pause
        late = max(0.0, self.deadlines[0][0] - time.monotonic())
        return min(late, self.pause) if self.pause else late

    def gather(self) -> None:
        """Take what came, and ask again or give up what is late."""
        for fd, _ in self.epoll.poll(0):
            self.drain(*self.by_fd[fd])
        self.expire()

    def send(self, number: int, attempt: int) -> None:
        """Send one request."""
        probe = self.probes[number]
        if self.pace is not None:
            self.pace.begun(probe, attempt)
        self.tag = (self.tag + 1) & 0xFFFFFFFF
        sock = self.sockets[probe.source, probe.address.version]
        now = time.monotonic()
        size = self.sizes.get(number, probe.size)
        request = _request(probe.address.version, self.identifier, self.tag, self.mark, size)
        try:
            sock.sendto(request, (str(probe.address), 0))
        except OSError as error:
            reason = os.strerror(error.errno or 0).lower()
            if error.errno not in _LOST:
                self.close(number, Echo(probe, None, reason))
                return
            self.reasons[number] = reason
        self.pending[self.tag] = (number, attempt, now)
        self.deadlines.append((now + self.timeout, self.tag))

    def close(self, number: int, echo: Echo) -> None:
        """Note what came of a probe."""
        self.answers[number] = echo
        if self.pace is not None:
            self.pace.finished(echo)

    def drain(self, sock: Socket, version: int) -> None:
        """Take all that a socket has received."""
        while True:
            try:
                packet, sender = sock.recvfrom(2048)
            except OSError:
                return
            headed = version == 4 and packet[0] >> 4 == 4  # sockets of the datagram kind have none
            body = packet[(packet[0] & 15) * 4 :] if headed else packet
            if len(body) >= _LENGTH:
                self.take(body, version, str(sender[0]), time.monotonic())

    def take(self, body: bytes, version: int, sender: str, now: float) -> None:
        """Take one ICMP message."""
        kind, code = body[0], body[1]
        if kind == _ECHO[version][1] and body[12:_LENGTH] == self.mark:
            found = self.pending.pop(int.from_bytes(body[8:12], "big"), None)
            if found is not None:
                number, _, sent = found
                self.close(number, Echo(self.probes[number], now - sent))
        elif (kind, code) == _TOO_BIG[version]:
            self.shrink(body[8:], version, int.from_bytes(body[4:8], "big") & 0xFFFF)
        elif kind == _UNREACHABLE[version]:
            self.note(body[8:], version, f"{_why(version, code)} (says {sender})")

    def note(self, quoted: bytes, version: int, reason: str) -> None:
        """Remember what a router said of a probe whose packet it quotes."""
        tag = self.quoted(quoted, version)
        if tag in self.pending:
            self.reasons[self.pending[tag][0]] = reason

    def shrink(self, quoted: bytes, version: int, mtu: int) -> None:
        """Ask again in the size that a router lets pass: the path tells its MTU, as it should."""
        tag = self.quoted(quoted, version)
        if tag not in self.pending:
            return
        number, attempt, _ = self.pending[tag]
        if mtu < self.sizes.get(number, self.probes[number].size):
            del self.pending[tag]
            self.sizes[number] = mtu
            self.todo.append((number, attempt))

    def quoted(self, packet: bytes, version: int) -> int:
        """Give the tag of the probe that a packet holds, -1 for another's."""
        inner = packet[(packet[0] & 15) * 4 :] if version == 4 else packet[40:]
        return int.from_bytes(inner[8:12], "big") if inner[12:_LENGTH] == self.mark else -1

    def expire(self) -> None:
        """Ask again what is late, or give it up."""
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
                self.close(number, Echo(self.probes[number], None, reason))


def _request(version: int, identifier: int, tag: int, mark: bytes, size: int = 0) -> bytes:
    padding = bytes(max(0, size - _HEADERS[version] - _LENGTH))
    payload = tag.to_bytes(4, "big") + mark + padding
    head = _HEADER.pack(_ECHO[version][0], 0, 0, identifier, tag & 0xFFFF)
    if version == 6:
        return head + payload  # the kernel fills in ICMPv6 checksums
    return _HEADER.pack(8, 0, _checksum(head + payload), identifier, tag & 0xFFFF) + payload


def _checksum(data: bytes) -> int:
    """Sum up as RFC 1071 says."""
    data += bytes(len(data) % 2)
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
