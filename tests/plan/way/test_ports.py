"""Published ports: their relays' targets, and what is said where one cannot be had."""

from __future__ import annotations

import errno
import os
import socket
from ipaddress import ip_address

import pytest

from nslab.errors import NslabError
from nslab.kernel import relay
from nslab.lab.model import Publish
from nslab.plan.way import ports
from tests.lab.reading import good

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

LOOPBACK = ip_address("127.0.0.1")


def targets(text: str) -> dict[str, tuple[tuple[str, int], ...]]:
    return {node: found for node, _, found in ports.wanted(good(text))}


def test_a_relay_leads_to_the_node_s_first_address_of_each_family() -> None:
    text = """
bridges:
  a: {subnet: [10.0.1.0/24, "fd00:1::/64"], ports: [web]}
  b: {subnet: [10.0.2.0/24, "fd00:2::/64"], ports: [web]}
nodes: {web: {publish: "8080:80"}}
"""
    assert targets(text) == {"web": (("fd00:1::1", 80), ("10.0.1.1", 80))}


def test_a_node_without_addresses_is_asked_at_its_loopback() -> None:
    assert targets('nodes: {web: {publish: "8080:80"}}') == {
        "web": (("127.0.0.1", 80), ("::1", 80))
    }


def test_each_port_of_each_node_is_wanted() -> None:
    text = 'nodes: {a: {publish: ["1:2", "3:4/udp"]}, b: {publish: "5:6"}, c: {}}'
    found = [(node, str(published)) for node, published, _ in ports.wanted(good(text))]
    assert found == [("a", "1:2"), ("a", "3:4/udp"), ("b", "5:6")]


def test_a_relay_s_name_says_all_that_it_depends_on() -> None:
    where = (("10.0.0.2", 80),)
    names = {
        ports.lodged("a", Publish(1, 80), where),
        ports.lodged("b", Publish(1, 80), where),
        ports.lodged("a", Publish(2, 80), where),
        ports.lodged("a", Publish(1, 80, "udp"), where),
        ports.lodged("a", Publish(1, 80), (("10.0.0.3", 80),)),
    }
    assert len(names) == 5
    assert all(name.startswith(ports.MARK) for name in names)


def taken(protocol: str) -> socket.socket:
    return relay.listen(protocol, "127.0.0.1", 0)


@pytest.mark.parametrize("protocol", ["tcp", "udp"])
def test_a_port_in_use_is_refused(protocol: str) -> None:
    with taken(protocol) as sock:
        port = sock.getsockname()[1]
        with pytest.raises(NslabError) as error:
            ports.refuse_busy("web", Publish(port, 80, protocol, LOOPBACK))
    assert f"the machine's {protocol} port {port} is in use" in str(error.value)
    assert error.value.hint is not None
    assert f"`ss -lnp sport = {port}`" in error.value.hint


def test_the_other_protocol_s_port_is_free() -> None:
    with taken("tcp") as sock:
        port = sock.getsockname()[1]
        ports.refuse_busy("web", Publish(port, 80, "udp", LOOPBACK))


def test_a_free_port_is_left_free() -> None:
    with taken("tcp") as sock:
        port = sock.getsockname()[1]
    ports.refuse_busy("web", Publish(port, 80, "tcp", LOOPBACK))
    with socket.create_server(("127.0.0.1", port)):
        pass


def test_all_families_are_taken_or_none() -> None:
    with relay.listen("tcp", "::1", 0) as sock:
        published = Publish(sock.getsockname()[1], 80)
        with pytest.raises(NslabError, match="is in use"):
            ports.listen("web", published)
        with socket.create_server(("127.0.0.1", published.outside)):
            pass


def test_every_family_has_a_socket() -> None:
    with taken("tcp") as sock:
        port = sock.getsockname()[1]
    found = ports.listen("web", Publish(port, 80))
    assert [sock.family for sock in found] == [socket.AF_INET, socket.AF_INET6]
    for sock in found:
        sock.close()


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Play a kernel that refuses ports."""

    def play(number: int) -> None:
        def fail(protocol: str, address: str, port: int) -> socket.socket:
            raise OSError(number, os.strerror(number), f"{protocol} {address} {port}")

        monkeypatch.setattr(relay, "listen", fail)

    return play


@pytest.mark.parametrize(
    ("number", "published", "said", "hint"),
    [
        (
            errno.EACCES,
            Publish(80, 8080),
            "web cannot publish \"80:8080\": the machine's tcp port 80 is not this user's to take",
            "take one from 1024",
        ),
        (
            errno.EADDRNOTAVAIL,
            Publish(8080, 80, "tcp", ip_address("192.0.2.77")),
            'web cannot publish "192.0.2.77:8080:80": the machine has no address 192.0.2.77',
            "`ip address` lists them",
        ),
        (
            errno.ENOBUFS,
            Publish(8080, 80, "udp"),
            'web cannot publish "8080:80/udp": No buffer space available',
            "",
        ),
    ],
)
def test_every_refusal_says_why(
    failing: Callable[[int], None], number: int, published: Publish, said: str, hint: str
) -> None:
    failing(number)
    with pytest.raises(NslabError) as error:
        ports.refuse_busy("web", published)
    assert str(error.value).startswith(said)
    assert (error.value.hint or "").startswith(hint)
    assert bool(error.value.hint) == bool(hint)
