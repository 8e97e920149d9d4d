"""Connections that nft leads elsewhere, listed and ended in a netns of the test's own."""

from __future__ import annotations

import shutil
import socket
import subprocess
from ipaddress import ip_address

import pytest

from nslab.errors import KernelError
from nslab.ip import program
from nslab.kernel.conntrack import NETLINK_NETFILTER, connections, flush_forwarded
from nslab.kernel.sockets import open_socket
from nslab.kernel.transport import Transport
from tests.kernel.sandboxed import sandboxed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nslab.netlink.netfilter.conntrack import Connection

NFT = shutil.which("nft", path="/usr/sbin:/sbin:/usr/bin") or ""
RULES = """
table inet led {
    chain zones {
        type filter hook output priority raw;
        tcp dport 7070 ct zone set 5
    }
    chain output {
        type nat hook output priority -100;
        ip daddr 127.0.0.1 tcp dport { 8080, 7070, 9090 } dnat ip to 127.0.0.2:80
        ip6 daddr ::1 tcp dport 8080 dnat ip6 to [fd00::2]:80
        udp dport 8080 dnat ip to 127.0.0.2:80
    }
}
"""
INSIDE = ip_address("127.0.0.2")


def lead() -> None:
    for words in ("link set lo up", "address add fd00::2/128 dev lo nodad"):
        assert program.run("ip", words.split()) == 0
    done = subprocess.run([NFT, "-f", "-"], input=RULES, text=True, check=False)
    if not NFT or done.returncode:
        pytest.skip("no nft here, or a kernel without NAT")


def tracked(transport: Transport) -> list[Connection]:
    try:
        return connections(transport)
    except KernelError as error:
        pytest.skip(f"no connection tracking here: {error}")


def asked(transport: Transport) -> list[tuple[int, int, bytes]]:
    """Give protocol, port and server of what is tracked, in order."""
    found = []
    for one in tracked(transport):
        assert one.orig is not None
        assert one.reply is not None
        assert one.orig.protocol is not None
        protocol = one.orig.protocol
        found.append((protocol.number or 0, protocol.dst_port or 0, one.reply.src))
    return sorted(found)


def open_all() -> list[socket.socket]:
    """Connect over IPv4 to two ports, over IPv6 to one, and by UDP."""
    servers = [
        socket.create_server(("127.0.0.2", 80)),
        socket.create_server(("fd00::2", 80), family=socket.AF_INET6),
    ]
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.connect(("127.0.0.1", 8080))
    udp.send(b"x")
    places = [("127.0.0.1", 8080), ("127.0.0.1", 9090), ("::1", 8080)]
    return [*servers, udp, *(socket.create_connection(place, 5) for place in places)]


@sandboxed
def test_what_came_by_one_port_is_ended_and_nothing_else() -> None:
    lead()
    socks = open_all()
    with Transport(open_socket(NETLINK_NETFILTER)) as transport:
        six = ip_address("fd00::2")
        everything = [
            (6, 8080, INSIDE.packed),
            (6, 8080, six.packed),
            (6, 9090, INSIDE.packed),
            (17, 8080, INSIDE.packed),
        ]
        assert asked(transport) == everything
        assert flush_forwarded(transport, "tcp", 8081, INSIDE) == 0
        assert flush_forwarded(transport, "tcp", 8080, ip_address("127.0.0.3")) == 0
        assert asked(transport) == everything
        assert flush_forwarded(transport, "tcp", 8080, INSIDE) == 1
        assert asked(transport) == everything[1:]
        assert flush_forwarded(transport, "tcp", 8080, six) == 1
        assert flush_forwarded(transport, "udp", 8080, INSIDE) == 1
        assert asked(transport) == [(6, 9090, INSIDE.packed)]
    for sock in socks:
        sock.close()


@sandboxed
def test_one_in_a_zone_is_ended_too() -> None:
    lead()
    with (
        socket.create_server(("127.0.0.2", 80)),
        Transport(open_socket(NETLINK_NETFILTER)) as transport,
        socket.socket() as sock,
    ):
        sock.setblocking(False)  # noqa: FBT003 - the only way to say it
        sock.connect_ex(("127.0.0.1", 7070))  # answers are in no zone, so it never gets one
        assert (6, 7070, INSIDE.packed) in asked(transport)
        flush_forwarded(transport, "tcp", 7070, INSIDE)
        assert (6, 7070, INSIDE.packed) not in asked(transport)


@sandboxed
def test_without_connections_there_is_nothing_to_end() -> None:
    with Transport(open_socket(NETLINK_NETFILTER)) as transport:
        assert tracked(transport) == []
        assert flush_forwarded(transport, "tcp", 80, INSIDE) == 0
