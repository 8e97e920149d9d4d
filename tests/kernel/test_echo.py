"""Pings: the loop against sockets that play a network, and against real ones."""

from __future__ import annotations

import errno
import os
import time
from collections import deque
from ipaddress import ip_address
from typing import TYPE_CHECKING, cast

import pytest
from msgspec.structs import replace

from nslab.kernel import echo
from nslab.kernel.echo import Echo, Probe, ping
from tests.kernel.labs import descriptors

if TYPE_CHECKING:
    from _socket import socket
    from collections.abc import Callable, Iterator

    Respond = Callable[[bytes], list[bytes]]
    """The ICMP messages that come back for one that went out."""

REPLY = {8: 0, 128: 129}
UNREACHABLE = {4: 3, 6: 1}
QUICK = 0.03


class FakeSocket:
    """A raw ICMP socket with a network behind it that consists of one function."""

    def __init__(self, version: int, respond: Respond, sender: str = "192.0.2.9") -> None:
        self.version = version
        self.respond = respond
        self.sender = sender
        self.sent: list[bytes] = []
        self.targets: list[str] = []
        self.queue: deque[bytes] = deque()
        self.event = os.eventfd(0)

    def setsockopt(self, *_: int) -> None:
        pass

    def setblocking(self, flag: bool) -> None:  # noqa: FBT001 - as in socket.socket
        assert not flag

    def fileno(self) -> int:
        return self.event

    def sendto(self, data: bytes, address: tuple[str, int]) -> int:
        self.sent.append(data)
        self.targets.append(address[0])
        self.deliver(self.respond(data))
        return len(data)

    def deliver(self, messages: list[bytes]) -> None:
        self.queue.extend(messages)
        if messages:
            os.eventfd_write(self.event, 1)

    def recvfrom(self, _: int) -> tuple[bytes, tuple[str, int]]:
        if not self.queue:
            os.eventfd_read(self.event)
            raise BlockingIOError
        header = b"\x46" + bytes(23) if self.version == 4 else b""  # one with options
        return header + self.queue.popleft(), (self.sender, 0)


@pytest.fixture
def network() -> Iterator[Network]:
    network = Network()
    yield network
    for sock in network.sockets.values():
        os.close(sock.event)


class Network:
    """Sockets of one node, `a`, or of several; probes go from there."""

    def __init__(self) -> None:
        self.sockets: dict[tuple[str, int], FakeSocket] = {}

    def add(self, respond: Respond, version: int = 4, source: str = "a") -> FakeSocket:
        sock = FakeSocket(version, respond)
        self.sockets[source, version] = sock
        return sock

    def ping(
        self,
        *probes: Probe,
        tries: int = 3,
        timeout: float = QUICK,
        progress: Callable[[int], None] | None = None,
    ) -> list[Echo]:
        sockets = cast("dict[tuple[str, int], socket]", self.sockets)
        return ping(probes, sockets, timeout=timeout, tries=tries, progress=progress)


def probe(address: str = "192.0.2.1", source: str = "a") -> Probe:
    return Probe(source, "b", ip_address(address))


def reply(request: bytes) -> bytes:
    return bytes([REPLY[request[0]]]) + request[1:]


def answered(request: bytes) -> list[bytes]:
    return [reply(request)]


def silence(_: bytes) -> list[bytes]:
    return []


def unreachable(version: int, code: int, request: bytes, *, cut: int | None = None) -> bytes:
    header = b"\x46" + bytes(23) if version == 4 else bytes(40)
    return bytes([UNREACHABLE[version], code, *bytes(6)]) + (header + request)[:cut]


def in_turn(*responses: Respond) -> Respond:
    """Respond once as each says, then always as the last one."""
    left = deque(responses)

    def respond(request: bytes) -> list[bytes]:
        now = left.popleft() if len(left) > 1 else left[0]
        return now(request)

    return respond


def fail(number: int) -> Respond:
    def respond(_: bytes) -> list[bytes]:
        raise OSError(number, os.strerror(number))

    return respond


def test_nothing_to_ask(network: Network) -> None:
    assert network.ping() == []


def test_answers_come_in_the_order_of_the_questions(network: Network) -> None:
    network.add(answered)
    network.add(answered, version=6)
    network.add(answered, source="b")
    probes = [probe("192.0.2.1"), probe("2001:db8::1"), probe("192.0.2.3", "b"), probe()]
    echoes = network.ping(*probes)
    assert [one.probe for one in echoes] == probes
    assert all(one.ok and one.reason == "" and 0 <= (one.seconds or 0) < 1 for one in echoes)
    assert network.sockets["a", 6].targets == ["2001:db8::1"]
    assert network.sockets["a", 4].targets == ["192.0.2.1", "192.0.2.1"]


def test_requests_are_well_formed(network: Network) -> None:
    sock = network.add(answered)
    six = network.add(answered, version=6)
    network.ping(probe(), probe(), probe("2001:db8::1"))
    for request in sock.sent:
        assert request[:2] == b"\x08\x00"
        assert echo._checksum(request) == 0  # as RFC 1071 says of a message with its checksum
    assert six.sent[0][:4] == b"\x80\x00\x00\x00"  # the kernel fills in the checksum
    assert len({request[4:] for request in sock.sent + six.sent}) == 3


def test_a_lost_packet_is_sent_again(network: Network) -> None:
    sock = network.add(in_turn(silence, silence, answered))
    (one,) = network.ping(probe())
    assert one.ok
    assert one.seconds is not None
    assert one.seconds < QUICK  # of the try that was answered
    assert len(set(sock.sent)) == 3


def test_no_answer_at_all(network: Network) -> None:
    sock = network.add(silence)
    begun = time.monotonic()
    assert network.ping(probe(), tries=2) == [Echo(probe(), None, "no answer")]
    assert QUICK * 2 <= time.monotonic() - begun < QUICK * 2 + 1
    assert len(sock.sent) == 2


def test_an_answer_that_comes_too_late_is_none(network: Network) -> None:
    requests: list[bytes] = []

    def late(request: bytes) -> list[bytes]:
        requests.append(request)
        return [reply(earlier) for earlier in requests[:-1]]

    network.add(late)
    assert network.ping(probe()) == [Echo(probe(), None, "no answer")]


def test_answers_to_somebody_else_are_passed_over(network: Network) -> None:
    def others(request: bytes) -> list[bytes]:
        stranger = bytearray(reply(request))
        stranger[-1] ^= 1
        unknown = bytearray(reply(request))
        unknown[8:12] = b"\xff\xff\xff\xff"
        return [request, bytes(stranger), bytes(unknown), reply(request)[:23], b"", b"\0" * 7]

    network.add(others)
    network.add(others, version=6)
    echoes = network.ping(probe(), probe("2001:db8::1"), tries=1)
    assert [one.reason for one in echoes] == ["no answer", "no answer"]


def test_two_rounds_do_not_take_each_other_s_answers(network: Network) -> None:
    sock = network.add(answered)
    network.ping(probe())
    heard = reply(sock.sent[0])
    sock.respond = lambda _: [heard]
    assert not network.ping(probe(), tries=1)[0].ok


def test_duplicates_count_once(network: Network) -> None:
    network.add(lambda request: [reply(request)] * 3)
    counts: list[int] = []
    echoes = network.ping(*[probe()] * 20, progress=counts.append)
    assert [one.ok for one in echoes] == [True] * 20
    assert counts == sorted(counts)
    assert counts[-1] == 20


@pytest.mark.parametrize(
    ("version", "code", "words"),
    [
        (4, 0, "network unreachable"),
        (4, 1, "host unreachable"),
        (4, 13, "prohibited"),
        (4, 7, "unreachable, code 7"),
        (6, 0, "no route"),
        (6, 1, "prohibited"),
        (6, 3, "address unreachable"),
        (6, 9, "unreachable, code 9"),
    ],
)
def test_what_a_router_says_is_told(network: Network, version: int, code: int, words: str) -> None:
    target = probe("192.0.2.1" if version == 4 else "2001:db8::1")
    says = network.add(lambda request: [unreachable(version, code, request)], version)
    (one,) = network.ping(target, tries=2)
    assert one == Echo(target, None, f"{words} (says 192.0.2.9)")
    assert len(says.sent) == 2  # it may be only the beginning of a lab


def test_an_answer_after_all_counts(network: Network) -> None:
    network.add(in_turn(lambda request: [unreachable(4, 1, request)], answered))
    assert network.ping(probe())[0].ok


def test_a_router_that_speaks_of_something_else(network: Network) -> None:
    def respond(request: bytes) -> list[bytes]:
        other = request[:12] + bytes(12)
        old = request[:8] + b"\xff\xff\xff\xff" + request[12:]
        cuts = [unreachable(4, 1, request, cut=cut) for cut in (16, 24, 32, 40)]
        return [unreachable(4, 1, other), unreachable(4, 1, old), *cuts]

    network.add(respond)
    assert network.ping(probe(), tries=1)[0].reason == "no answer"


@pytest.mark.parametrize("number", [errno.EAGAIN, errno.ENOBUFS])
def test_a_full_queue_is_waited_for(network: Network, number: int) -> None:
    sock = network.add(in_turn(fail(number), answered))
    begun = time.monotonic()
    assert network.ping(probe())[0].ok
    assert time.monotonic() - begun >= QUICK
    assert len(sock.sent) == 2


@pytest.mark.parametrize("number", [errno.EAGAIN, errno.ENOBUFS])
def test_a_queue_that_stays_full(network: Network, number: int) -> None:
    sock = network.add(fail(number))
    assert network.ping(probe()) == [Echo(probe(), None, os.strerror(number).lower())]
    assert len(sock.sent) == 3


def test_a_full_queue_holds_up_nobody_else(network: Network) -> None:
    network.add(fail(errno.ENOBUFS))
    network.add(answered, source="b")
    echoes = network.ping(probe(), *[probe(source="b")] * 600)
    assert [one.ok for one in echoes] == [False] + [True] * 600


@pytest.mark.parametrize("number", [errno.ENETUNREACH, errno.EACCES, errno.EPERM])
def test_what_the_kernel_refuses_is_not_tried_again(network: Network, number: int) -> None:
    sock = network.add(fail(number))
    begun = time.monotonic()
    assert network.ping(probe(), timeout=60) == [Echo(probe(), None, os.strerror(number).lower())]
    assert time.monotonic() - begun < 1
    assert len(sock.sent) == 1


def test_no_more_than_512_are_under_way(network: Network) -> None:
    most = 0

    def count(request: bytes) -> list[bytes]:
        nonlocal most
        most = max(most, 1 + sum(len(sock.queue) for sock in network.sockets.values()))
        return answered(request)

    socks = [network.add(count, source=source) for source in "abc"]
    probes = [probe(f"10.0.{n // 256}.{n % 256}", "abc"[n % 3]) for n in range(3000)]
    echoes = network.ping(*probes, timeout=5)
    assert [one.probe for one in echoes] == probes
    assert all(one.ok for one in echoes)
    assert sum(len(sock.sent) for sock in socks) == 3000
    assert most == 512


def test_most_are_lost_and_many_are_under_way(network: Network) -> None:
    seen: dict[str, int] = {}

    def every_third_try(_: bytes) -> list[bytes]:
        target = sock.targets[-1]
        seen[target] = seen.get(target, 0) + 1
        return [reply(sock.sent[-1])] if seen[target] == 3 else []

    sock = network.add(every_third_try)
    probes = [probe(f"10.0.{n // 256}.{n % 256}") for n in range(1100)]
    assert all(one.ok for one in network.ping(*probes, timeout=0.05))
    assert set(seen.values()) == {3}


def test_nothing_stays_open_whatever_happens(network: Network) -> None:
    def stop(_: int) -> None:
        raise KeyboardInterrupt

    network.add(answered)
    before = descriptors()
    network.ping(probe())
    with pytest.raises(KeyboardInterrupt):
        network.ping(probe(), progress=stop)
    assert descriptors() == before


@pytest.mark.parametrize(("version", "code"), [(4, 4), (6, 0)])
def test_a_packet_that_is_too_big_is_asked_again_as_a_router_says(
    network: Network, version: int, code: int
) -> None:
    sizes: list[int] = []

    def narrow(request: bytes) -> list[bytes]:
        size = len(request) + (20 if version == 4 else 40)
        sizes.append(size)
        if size <= 1400:
            return [reply(request)]
        told = bytearray(unreachable(version, code, request, cut=80))
        told[0] = 3 if version == 4 else 2
        told[4:8] = (1400).to_bytes(4, "big")
        return [bytes(told)]

    network.add(narrow, version)
    address = "192.0.2.1" if version == 4 else "2001:db8::1"
    (echo,) = network.ping(replace(probe(address), size=1500), tries=1, timeout=5)
    assert echo.ok
    assert sizes == [1500, 1400]


def test_a_router_that_tells_no_smaller_mtu_is_not_believed(network: Network) -> None:
    def liar(request: bytes) -> list[bytes]:
        told = bytearray(unreachable(4, 4, request))
        told[4:8] = (1500).to_bytes(4, "big")
        return [bytes(told)]

    sock = network.add(liar)
    (echo,) = network.ping(replace(probe(), size=1500), tries=2)
    assert (echo.ok, len(sock.sent)) == (False, 2)


def test_an_odd_size_has_a_good_checksum(network: Network) -> None:
    sock = network.add(answered)
    assert network.ping(replace(probe(), size=101))[0].ok
    assert echo._checksum(sock.sent[0]) == 0
    assert len(sock.sent[0]) == 81
