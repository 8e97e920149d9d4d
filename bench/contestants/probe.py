"""Prove from inside one node that the network is right; exits 1 and says what is wrong if not.

It looks for the names of all nodes in /run/netns (not with `--unnamed`), for `lo` and the node's
links up with their IPv4 addresses, for its IPv4 routes, and pings other hosts, spread evenly over
those that it must reach and the last one among them. It needs nothing but Python.

Usage: probe.py [--unnamed] SHAPE NODES NODE
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
import struct
import sys
import time
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent))
from shapes import SHAPES, Network

MOST_TARGETS = 100
"""The kernel's neighbour table is one for the whole machine: do not fill it."""

PATIENCE = 20.0
"""Seconds: a new port's carrier is noticed late when a thousand come up at once."""

RETRY = 0.2
"""Seconds until the next is asked, where no answer comes."""

SIOCGIFFLAGS, SIOCGIFADDR = 0x8913, 0x8915
IFF_UP, IFF_RUNNING = 0x1, 0x40
ECHO_REPLY, ECHO_REQUEST = 0, 8


def names_are_there(network: Network) -> bool:
    """Tell whether /run/netns lists every node."""
    entries = {path.name for path in Path("/run/netns").iterdir()}
    return {node.name for node in network.nodes} <= entries


def ask(sock: socket.socket, request: int, ifname: str) -> bytes:
    """Ask the kernel about one link; the answer is a whole `struct ifreq`'s union."""
    answer: bytes = fcntl.ioctl(sock, request, struct.pack("16s24x", ifname.encode()))
    return answer[16:]


def links_up() -> dict[str, str | None]:
    """Give the links that are up and have a carrier, with the IPv4 address of each."""
    found: dict[str, str | None] = {}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for _, ifname in socket.if_nameindex():
            flags = struct.unpack_from("H", ask(sock, SIOCGIFFLAGS, ifname))[0]
            if flags & IFF_UP and flags & IFF_RUNNING:
                found[ifname] = None
                with contextlib.suppress(OSError):
                    found[ifname] = socket.inet_ntoa(ask(sock, SIOCGIFADDR, ifname)[4:8])
    return found


def not_up(addresses: set[str]) -> set[str]:
    """Give those that no link has that is up, after the kernel has had time to notice carriers."""
    deadline = time.monotonic() + PATIENCE
    while True:
        lost = addresses - set(links_up().values())
        if not lost or time.monotonic() > deadline:
            return lost
        time.sleep(RETRY)


def routes_there() -> set[tuple[str, str, str]]:
    """Give destination, mask and gateway of the IPv4 routes that have one."""
    rows = [line.split() for line in Path("/proc/self/net/route").read_text().splitlines()[1:]]
    words = [[_dotted(row[place]) for place in (1, 7, 2)] for row in rows]
    return {(dst, mask, via) for dst, mask, via in words if via != "0.0.0.0"}  # noqa: S104


def _dotted(word: str) -> str:
    return socket.inet_ntoa(struct.pack("=I", int(word, 16)))


def checksum(data: bytes) -> int:
    """Compute the internet checksum (RFC 1071) of an even number of bytes."""
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total & 0xFFFF) + (total >> 16)
    return ~(total + (total >> 16)) & 0xFFFF


def echo_request(ident: int) -> bytes:
    """Make an ICMP echo request (RFC 792)."""
    blank = struct.pack("!BBHHH", ECHO_REQUEST, 0, 0, ident, 1)
    return struct.pack("!BBHHH", ECHO_REQUEST, 0, checksum(blank), ident, 1)


def hear(sock: socket.socket, ident: int, target: str, waiting: set[str]) -> None:
    """Take those that answer out of `waiting`, until the target is among them, or for a moment."""
    until = time.monotonic() + RETRY
    while target in waiting and (left := until - time.monotonic()) > 0:
        sock.settimeout(left)
        with contextlib.suppress(TimeoutError):
            packet, (source, _) = sock.recvfrom(2048)
            header = (packet[0] & 0x0F) * 4
            kind, got = struct.unpack_from("!B3xH", packet, header)
            if (kind, got) == (ECHO_REPLY, ident):
                waiting.discard(source)


def silent(targets: set[str]) -> set[str]:
    """Ping one target after the other, for each is looked for in all of its segment.

    Gives those that never answer.
    """
    waiting, ident = set(targets), os.getpid() & 0xFFFF
    deadline = time.monotonic() + PATIENCE
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as sock:
        while waiting and time.monotonic() < deadline:
            for target in sorted(waiting):
                with contextlib.suppress(TimeoutError):  # those whose MAC is sought fill the buffer
                    sock.sendto(echo_request(ident), (target, 0))
                hear(sock, ident, target, waiting)
    return waiting


def targets(network: Network, name: str) -> set[str]:
    """Choose whom to ping: the first IPv4 address of each."""
    others = network.reachable(name)
    stride = max(1, -(-len(others) // MOST_TARGETS))
    chosen = {*others[::stride], *others[-1:]}
    return {str(address) for address in network.addresses(name, chosen)}


def problem(network: Network, name: str, *, named: bool) -> str | None:
    """Say what is wrong, or None."""
    if named and not names_are_there(network):
        return "not every node has a name in /run/netns"
    asked = targets(network, name)
    if lost := silent(asked):
        return f"no answer from {len(lost)} of {len(asked)} hosts, {min(lost)} among them"
    own = {str(a.ip) for e in network.endpoints()[name] for a in e.addresses if a.version == 4}
    if lost := not_up({*own, "127.0.0.1"}):
        return f"no link that is up has {min(lost)}"
    routes = next(node.routes for node in network.nodes if node.name == name)
    wanted = {
        (str(route.dst.network_address), str(route.dst.netmask), str(route.via))
        for route in routes
        if route.dst.version == 4
    }
    missing = wanted - routes_there()
    return f"no route {min(missing)}" if missing else None


def main() -> int:
    shape, nodes, name = sys.argv[-3:]
    network = SHAPES[shape].build(int(nodes))
    found = problem(network, name, named="--unnamed" not in sys.argv)
    if found:
        print(f"{name}: {found}", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
