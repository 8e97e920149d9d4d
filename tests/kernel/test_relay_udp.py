"""Relays over UDP: a socket for each client, answers from where was asked, and forgetting."""

from __future__ import annotations

import contextlib
import socket

import pytest

from nslab.kernel import relay
from tests.kernel.labs import eventually
from tests.kernel.relaying import PATIENCE, relaying

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.kernel


@contextlib.contextmanager
def bound(address: str = "127.0.0.1") -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        sock.settimeout(PATIENCE)
        sock.bind((address, 0))
        yield sock


def place_of(sock: socket.socket) -> tuple[str, int]:
    address, port = sock.getsockname()[:2]
    return str(address), int(port)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_datagrams_come_whole_and_are_answered(address: str) -> None:
    with (
        bound(address) as server,
        bound(address) as client,
        relaying(place_of(server), address=address, protocol="udp") as running,
    ):
        for size in (0, 1, 1472, 9000, 60000):
            client.sendto(bytes(size), running.place)
            data, sender = server.recvfrom(65536)
            assert len(data) == size
            server.sendto(data + b"!", sender)
            data, sender = client.recvfrom(65536)
            assert (len(data), sender[:2]) == (size + 1, running.place)


def test_answers_come_from_the_address_that_was_asked() -> None:
    wildcard = "0.0.0.0"  # noqa: S104
    with (
        bound() as server,
        bound() as client,
        relaying(place_of(server), address=wildcard, protocol="udp") as running,
    ):
        asked = [(address, running.place[1]) for address in ("127.0.0.2", "127.0.0.3")]
        for place in asked:
            client.sendto(b"who?", place)
        for _, sender in [server.recvfrom(99) for _ in asked]:
            server.sendto(b"I", sender)
        assert {client.recvfrom(99)[1] for _ in asked} == set(asked)


def test_so_they_do_where_the_question_was_there_before_the_relay() -> None:
    with (
        relay.listen("udp", "0.0.0.0", 0) as listener,  # noqa: S104
        bound() as client,
    ):
        asked = "127.0.0.2", place_of(listener)[1]
        client.sendto(b"who?", asked)
        mailbox = relay._Mailbox(relay._Loop(), listener, [asked])
        mailbox.receive(0)
        (talk,) = mailbox.talks.values()
        listener.sendmsg([b"I"], talk.own, 0, client.getsockname())
        assert client.recvfrom(9)[1] == asked
        mailbox.loop.epoll.close()
        talk.sock.close()


def test_each_client_has_its_own_answers() -> None:
    with (
        bound() as server,
        contextlib.ExitStack() as stack,
        relaying(place_of(server), protocol="udp") as running,
    ):
        clients = [stack.enter_context(bound()) for _ in range(50)]
        for number, client in enumerate(clients):
            client.sendto(b"%d" % number, running.place)
        for _ in clients:
            data, sender = server.recvfrom(99)
            server.sendto(b"to " + data, sender)
        assert [client.recv(99) for client in clients] == [b"to %d" % n for n in range(50)]


def test_a_target_that_refuses_for_now_is_reached_later() -> None:
    with bound() as server:
        place = place_of(server)
    with bound() as client, relaying(place, protocol="udp") as running:
        client.sendto(b"nobody", running.place)
        assert eventually(lambda: running.descriptors() > 5, PATIENCE)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
            server.bind(place)
            server.settimeout(PATIENCE)
            client.sendto(b"first", running.place)
            assert server.recv(99) == b"first"


class Clock:
    """A mailbox's clock, which the test sets."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(relay, "time", made)
    return made


@pytest.fixture
def mailbox() -> Iterator[relay._Mailbox]:
    """Give a mailbox whose target hears all and says nothing."""
    with bound() as target, relay.listen("udp", "127.0.0.1", 0) as listener:
        loop = relay._Loop()
        made = relay._Mailbox(loop, listener, [place_of(target)])
        yield made
        for talk in made.talks.values():
            talk.sock.close()
        loop.epoll.close()


def hear(mailbox: relay._Mailbox, *clients: socket.socket) -> None:
    for client in clients:
        client.sendto(b"x", place_of(mailbox.sock))
        mailbox.receive(0)


def ports(mailbox: relay._Mailbox) -> list[int]:
    return [int(str(talk.client[1])) for talk in mailbox.talks.values()]


def port_of(client: socket.socket) -> int:
    return place_of(client)[1]


def test_a_silent_client_is_forgotten_and_its_socket_closed(
    mailbox: relay._Mailbox, clock: Clock
) -> None:
    with bound() as silent, bound() as other:
        hear(mailbox, silent)
        (talk,) = mailbox.talks.values()
        clock.now += 179
        hear(mailbox, other)
        mailbox.clear()
        assert ports(mailbox) == [port_of(silent), port_of(other)]
        clock.now += 2
        mailbox.clear()
        assert ports(mailbox) == [port_of(other)]
        assert talk.sock.fileno() == -1


def test_who_is_only_answered_is_not_silent(mailbox: relay._Mailbox, clock: Clock) -> None:
    with bound() as listens, bound() as silent:
        hear(mailbox, listens, silent)
        talk = next(iter(mailbox.talks.values()))
        clock.now += 179
        talk.answer(0)
        clock.now += 2
        mailbox.clear()
        assert ports(mailbox) == [port_of(listens)]


def test_of_too_many_the_longest_silent_is_forgotten(
    mailbox: relay._Mailbox, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "_MOST_TALKS", 3)
    with bound() as first, bound() as second, bound() as third:
        hear(mailbox, first, second)
        clock.now += 1
        hear(mailbox, first, third)
        mailbox.clear()
        assert ports(mailbox) == [port_of(first), port_of(third)]


def test_a_target_out_of_reach_is_no_talk(mailbox: relay._Mailbox) -> None:
    mailbox.target = "255.255.255.255", 9  # connect(2) refuses a broadcast address
    with bound() as client:
        hear(mailbox, client)
        assert mailbox.talks == {}
