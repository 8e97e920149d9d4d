"""Relays over TCP: what comes through, what is held back, and how connections end."""

from __future__ import annotations

import errno
import select
import socket
import struct
import threading
import time
from pathlib import Path

import pytest

from nslab.kernel import relay
from tests.kernel.labs import eventually
from tests.kernel.relaying import PATIENCE, all_of, echo, relaying, server, unused
from tests.kernel.sandboxed import sandboxed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.kernel.relaying import Relay

pytestmark = pytest.mark.kernel

MUCH = bytes(range(256)) * (1 << 15)  # 8 MiB
MORE_THAN_BUFFERS = 256 << 20


def reset(sock: socket.socket) -> None:
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def is_reset(sock: socket.socket) -> bool:
    try:
        all_of(sock)
    except ConnectionResetError:
        return True
    return False


def say_and_end(sock: socket.socket, text: bytes) -> None:
    sock.sendall(text)
    sock.shutdown(socket.SHUT_WR)


def says(text: bytes) -> Callable[[socket.socket], None]:
    return lambda sock: sock.sendall(text)


def rests(running: Relay) -> bool:
    """Tell whether it waits without using the processor."""
    before = running.ticks()
    time.sleep(0.5)
    return running.ticks() - before < 10


@pytest.mark.parametrize("inside", ["127.0.0.1", "::1"])
@pytest.mark.parametrize("outside", ["127.0.0.1", "::1"])
def test_much_comes_through_both_ways_unchanged(outside: str, inside: str) -> None:
    with (
        server(echo, inside) as target,
        relaying(target, address=outside) as running,
        running.connect() as sock,
    ):
        sender = threading.Thread(target=say_and_end, args=(sock, MUCH))
        sender.start()
        assert all_of(sock) == MUCH
        sender.join()


def test_who_has_ended_speaking_still_hears() -> None:
    heard = []

    def answer_at_the_end(sock: socket.socket) -> None:
        heard.append(all_of(sock))
        sock.sendall(MUCH)

    with (
        server(answer_at_the_end) as target,
        relaying(target) as running,
        running.connect() as sock,
    ):
        sock.sendall(b"question")
        sock.shutdown(socket.SHUT_WR)
        assert all_of(sock) == MUCH
    assert heard == [b"question"]


def test_who_hears_the_end_may_still_speak() -> None:
    heard = []
    done = threading.Event()

    def end_first(sock: socket.socket) -> None:
        sock.shutdown(socket.SHUT_WR)
        heard.append(all_of(sock))
        done.set()

    with server(end_first) as target, relaying(target) as running, running.connect() as sock:
        assert sock.recv(1) == b""
        sock.sendall(MUCH)
        sock.shutdown(socket.SHUT_WR)
        assert done.wait(PATIENCE)
    assert heard == [MUCH]


def test_a_slow_reader_gets_all_after_both_have_ended() -> None:
    """The server's side is closed both ways while its last words still wait for the client."""
    said = threading.Event()
    words = MUCH[: 3 << 20]  # more than the client's buffers hold, less than all together

    def say_much_and_close(sock: socket.socket) -> None:
        all_of(sock)
        sock.sendall(words)
        sock.close()
        said.set()

    with (
        server(say_much_and_close) as target,
        relaying(target) as running,
        socket.socket() as sock,
    ):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.settimeout(PATIENCE)
        sock.connect(running.place)
        sock.shutdown(socket.SHUT_WR)
        assert said.wait(PATIENCE)
        assert rests(running)
        assert all_of(sock) == words


def test_a_client_s_reset_is_passed_on_and_costs_nothing() -> None:
    ended = threading.Event()

    def await_reset(sock: socket.socket) -> None:
        sock.sendall(b"here")
        assert is_reset(sock)
        ended.set()

    with server(await_reset) as target, relaying(target) as running:
        before = running.descriptors()
        sock = running.connect()
        assert sock.recv(4) == b"here"
        reset(sock)
        assert ended.wait(PATIENCE)
        assert rests(running)
        assert running.descriptors() == before


def timers(ends: tuple[str, str]) -> list[str]:
    """Give the timers of open connections with a local or a remote end (2: keepalive)."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    found = [row for row in rows if row[3] == "01" and (row[1] == ends[0] or row[2] == ends[1])]
    return [row[5].partition(":")[0] for row in found]


def test_the_kernel_asks_now_and_then_whether_both_sides_are_there() -> None:
    with server(echo) as target, relaying(target) as running, running.connect() as sock:
        sock.sendall(b"x")
        assert sock.recv(1) == b"x"
        own, far = (f"0100007F:{port:04X}" for port in (running.place[1], target[1]))
        assert eventually(lambda: timers((own, far)) == ["02", "02"], PATIENCE)


def test_a_server_s_reset_is_passed_on_and_costs_nothing() -> None:
    def give_up(sock: socket.socket) -> None:
        sock.recv(1)
        reset(sock)

    with server(give_up) as target, relaying(target) as running, running.connect() as sock:
        sock.sendall(b"x")
        assert is_reset(sock)
        assert rests(running)


def test_a_reset_while_the_other_side_hears_nothing_costs_nothing() -> None:
    go = threading.Event()

    def flood_and_give_up(sock: socket.socket) -> None:
        while select.select([], [sock], [], 0.2)[1]:
            sock.send(bytes(1 << 16), socket.MSG_DONTWAIT)
        reset(sock)
        go.set()

    with server(flood_and_give_up) as target, relaying(target) as running, running.connect():
        assert go.wait(PATIENCE)
        assert rests(running)


def test_a_refused_client_is_reset() -> None:
    with relaying(unused()) as running, running.connect() as sock:
        assert is_reset(sock)


def test_the_next_target_is_tried_where_one_refuses() -> None:
    with (
        server(says(b"second")) as second,
        relaying(unused(), second) as running,
        running.connect() as sock,
    ):
        assert all_of(sock) == b"second"


@sandboxed
def test_the_next_target_is_tried_where_one_is_out_of_reach() -> None:
    from nslab.ip import program

    assert program.run("ip", ["link", "set", "lo", "up"]) == 0
    with (
        server(says(b"second")) as second,
        relaying(("192.0.2.1", 80), second) as running,
        running.connect() as sock,
    ):
        assert all_of(sock) == b"second"


@sandboxed
def test_a_target_may_be_an_address_of_one_link() -> None:
    from nslab.ip import program

    for words in ("link set lo up", "address add fe80::5/64 dev lo nodad"):
        assert program.run("ip", words.split()) == 0
    number = socket.if_nametoindex("lo")
    with socket.socket(socket.AF_INET6) as listener:
        listener.bind(("fe80::5", 53, 0, number))
        listener.listen()
        for scope in ("lo", str(number)):
            with relaying((f"fe80::5%{scope}", 53)) as running, running.connect() as sock:
                listener.settimeout(PATIENCE)
                accepted, _ = listener.accept()
                accepted.close()
                assert all_of(sock) == b""


@pytest.mark.parametrize("own", ["127.0.0.1", "::1"])
def test_a_target_of_the_client_s_family_is_tried_first(own: str) -> None:
    with (
        server(says(b"4"), "127.0.0.1") as four,
        server(says(b"6"), "::1") as six,
        relaying(four, six, address=own) as running,
        running.connect() as sock,
    ):
        assert all_of(sock) == (b"6" if ":" in own else b"4")


def test_many_are_served_at_once() -> None:
    with server(echo) as target, relaying(target) as running:
        before = running.descriptors()
        socks = [running.connect() for _ in range(300)]
        for number, sock in enumerate(socks):
            sock.sendall(b"%d" % number)
        assert [sock.recv(9) for sock in socks] == [b"%d" % number for number in range(300)]
        for sock in socks:
            sock.close()
        assert eventually(lambda: running.descriptors() == before, PATIENCE)


def test_who_hears_nothing_holds_the_other_back() -> None:
    go, counts = threading.Event(), []

    def read_later(sock: socket.socket) -> None:
        go.wait(PATIENCE)
        counts.append(len(all_of(sock)))
        sock.sendall(b"thanks")

    with server(read_later) as target, relaying(target) as running, running.connect() as sock:
        before = running.resident()
        sent = 0
        while sent < MORE_THAN_BUFFERS and select.select([], [sock], [], 0.5)[1]:
            sent += sock.send(bytes(1 << 16), socket.MSG_DONTWAIT)
        assert sent < MORE_THAN_BUFFERS
        assert running.resident() - before < 16 << 10
        assert rests(running)
        go.set()
        sock.shutdown(socket.SHUT_WR)
        assert all_of(sock) == b"thanks"
    assert counts == [sent]


@pytest.mark.parametrize("protocol", ["tcp", "udp"])
def test_a_port_in_use_is_an_error_that_says_so(protocol: str) -> None:
    with relay.listen(protocol, "127.0.0.1", 0) as sock:
        with pytest.raises(OSError, match="in use") as error:
            relay.listen(protocol, "127.0.0.1", sock.getsockname()[1])
        assert error.value.errno == errno.EADDRINUSE


def test_a_wildcard_of_ipv6_leaves_ipv4_alone() -> None:
    with relay.listen("tcp", "::", 0) as six:
        port = six.getsockname()[1]
        relay.listen("tcp", "0.0.0.0", port).close()  # noqa: S104
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port))


def test_a_port_whose_connections_have_just_ended_can_be_had_again() -> None:
    with relay.listen("tcp", "127.0.0.1", 0) as sock:
        place = sock.getsockname()
        with socket.create_connection(place):
            accepted, _ = sock.accept()
            accepted.close()  # so the server's side is in TIME_WAIT
    relay.listen("tcp", *place).close()


def test_a_target_that_opens_late_is_reached_by_those_who_come_then() -> None:
    place = unused()
    with relaying(place) as running:
        with running.connect() as sock:
            assert is_reset(sock)
        with socket.create_server(place) as late, running.connect() as sock:
            accepted, _ = late.accept()
            with accepted:
                accepted.sendall(b"hello")
                assert sock.recv(5) == b"hello"
