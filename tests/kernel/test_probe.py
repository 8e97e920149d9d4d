"""Probes of ports between real namespaces, beside pings.

a 10.0.1.1, fd00:1::1 ──── 10.0.1.2, fd00:1::2 gw        alone
"""

from __future__ import annotations

import threading
import time
from contextlib import ExitStack, suppress
from ipaddress import ip_address
from socket import AF_INET6, SHUT_RDWR, SOCK_DGRAM, SOCK_STREAM, socket
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from nslab.errors import NodeNotFoundError
from nslab.kernel import dial, probe
from nslab.kernel.echo import Echo, Probe
from tests.kernel import test_echo_real
from tests.kernel.labs import descriptors

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nslab.kernel.sandbox import Sandbox

pytestmark = pytest.mark.kernel
lab = test_echo_real.lab


@pytest.fixture(scope="module")
def served(lab: Sandbox) -> Iterator[Sandbox]:
    """Serve TCP on port 80, and UDP on 7 (an echo) and 9 (which says nothing), in gw."""
    with ExitStack() as stack:
        for kind, port in ((SOCK_STREAM, 80), (SOCK_DGRAM, 7), (SOCK_DGRAM, 9), (SOCK_DGRAM, 53)):
            (raw,) = lab.sockets(AF_INET6, kind, 0, ["gw"])
            server = stack.enter_context(socket(AF_INET6, kind, 0, raw.detach()))
            server.bind(("::", port))
            if kind == SOCK_STREAM:
                server.listen(500)
            elif port != 9:
                thread = threading.Thread(target=serve, args=(server,))
                thread.start()
                stack.callback(end, server, thread)
        yield lab


def end(server: socket, thread: threading.Thread) -> None:
    """Wake the thread before its socket closes: it would read from what gets the number next."""
    with suppress(OSError):  # it is not connected, but it wakes
        server.shutdown(SHUT_RDWR)
    thread.join(5)


def serve(server: socket) -> None:
    while True:
        try:
            asked, who = server.recvfrom(99)
            if who is None:  # it was shut down
                return
            server.sendto(asked, who)
        except OSError:
            return


def ask(sandbox: Sandbox, *probes: Probe, timeout: float = 0.5, tries: int = 2) -> list[Echo]:
    return probe.ask(probes, sandbox.sockets, timeout=timeout, tries=tries)


def to(address: str, how: str, source: str = "a") -> Probe:
    protocol, _, port = how.partition("/")
    return Probe(source, "gw", ip_address(address), protocol, int(port or 0))


def test_all_kinds_are_asked_at_once_and_answered_in_their_order(served: Sandbox) -> None:
    ways = ["icmp", "tcp/80", "udp/7", "tcp/81", "udp/8", "icmp", "tcp/80"]
    probes = [to(address, how) for how in ways for address in ("10.0.1.2", "fd00:1::2")]
    echoes = ask(served, *probes)
    assert [one.probe for one in echoes] == probes
    refused = [one for one in echoes if one.probe.port in (81, 8)]
    assert {one.reason for one in refused} == {dial.NOTHING_LISTENS}
    assert all(one.refused and one.seconds is None for one in refused)
    good = [one for one in echoes if one not in refused]
    assert all(one.ok and 0 < (one.seconds or 0) < 1 and one.reason == "" for one in good)


def test_silence_takes_as_long_as_asked_for_and_no_longer(served: Sandbox) -> None:
    began = time.monotonic()
    silent = ask(
        served, to("10.0.1.2", "udp/9"), to("10.7.0.1", "tcp/80"), to("10.7.0.1", "icmp"),
        timeout=0.2, tries=3,
    )  # fmt: skip
    assert 0.6 <= time.monotonic() - began < 1.5
    assert [one.reason for one in silent] == [dial.SILENT_UDP, "no answer", "no answer"]
    assert not any(one.refused for one in silent)


def test_routers_say_why_not(served: Sandbox) -> None:
    told = {
        ("10.9.0.1", "tcp/80"): "no route to host (says 10.0.1.2)",
        ("10.9.0.1", "udp/80"): "no route to host (says 10.0.1.2)",
        ("fd00:9::1", "tcp/80"): "network is unreachable (says fd00:1::2)",
        ("fd00:8::1", "udp/80"): "permission denied (says fd00:1::2)",
    }
    echoes = ask(served, *(to(*pair) for pair in told), timeout=1)
    assert {(str(e.probe.address), f"{e.probe.protocol}/80"): e.reason for e in echoes} == told


def test_who_has_no_route_says_so_at_once(served: Sandbox) -> None:
    began = time.monotonic()
    echoes = ask(served, *(to("10.0.1.2", how, "alone") for how in ("tcp/80", "udp/7", "icmp")))
    assert [one.reason for one in echoes] == ["network is unreachable"] * 3
    assert time.monotonic() - began < 0.4


def test_a_name_server_is_asked_what_it_understands(served: Sandbox) -> None:
    (echo,) = ask(served, to("10.0.1.2", "udp/53"))
    assert echo.ok
    header, question = dial._QUESTIONS[53][:12], dial._QUESTIONS[53][12:]
    assert (header[4:6], question) == (b"\0\1", b"\0\0\2\0\1")  # one question: . NS IN
    assert len(dial._QUESTIONS[123]) == 48


def test_a_datagram_is_sent_again(served: Sandbox) -> None:
    (raw,) = served.sockets(AF_INET6, SOCK_DGRAM, 0, ["gw"])
    with socket(AF_INET6, SOCK_DGRAM, 0, raw.detach()) as server:
        server.bind(("::", 77))
        server.settimeout(5)

        def answer_the_second() -> None:
            first = server.recvfrom(99)
            second = server.recvfrom(99)
            assert first == second
            server.sendto(*second)

        helper = threading.Thread(target=answer_the_second)
        helper.start()
        (echo,) = ask(served, to("10.0.1.2", "udp/77"), timeout=0.2, tries=3)
        helper.join()
    assert echo.seconds is not None
    assert 0.2 <= echo.seconds < 0.5


def test_more_than_may_be_under_way_at_once(served: Sandbox) -> None:
    before = descriptors()
    done: list[int] = []
    probes = [to("10.0.1.2", ("tcp/80", "udp/7", "tcp/81")[n % 3]) for n in range(700)]
    echoes = probe.ask(probes, served.sockets, timeout=1, tries=3, progress=done.append)
    assert [one.ok for one in echoes] == [n % 3 != 2 for n in range(700)]
    assert done[-1] == 700
    assert done == sorted(done)
    assert descriptors() == before


def test_a_name_that_is_not_there_leaves_nothing_open(served: Sandbox) -> None:
    before = descriptors()
    with pytest.raises(NodeNotFoundError):
        ask(served, to("10.0.1.2", "icmp"), to("10.0.1.2", "tcp/80", "nobody"))
    assert descriptors() == before


def test_large_packets_and_the_mtu_that_a_router_tells(served: Sandbox) -> None:
    small = [to("10.0.1.2", "icmp"), to("fd00:1::2", "icmp")]
    for size in (1500, 1499, 1280, 64):
        echoes = ask(served, *(replace(one, size=size) for one in small))
        assert [one.reason for one in echoes] == ["", ""], size
    (echo,) = ask(served, replace(small[0], size=1501))
    assert echo.reason == "message too long"  # DF: the kernel does not cut it


def test_own_sockets_are_of_the_caller(served: Sandbox) -> None:
    del served
    with ExitStack() as stack:
        for sock in probe.own_sockets(AF_INET6, SOCK_STREAM, 0, 3):
            stack.callback(sock.close)
    (one,) = probe.own_sockets(AF_INET6, SOCK_STREAM, 0, 1)
    one.bind(("::1", 0))
    one.listen()
    port = one.getsockname()[1]
    (mine,) = probe.own_sockets(AF_INET6, SOCK_STREAM, 0, 1)
    mine.connect(("::1", port))
    mine.close()
    one.close()
