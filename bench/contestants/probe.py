"""Prove from inside one node that the star is right; exits 1 and says what is wrong if not.

Run in node INDEX of a star of NODES. It looks for the names of all nodes in /run/netns (not with
`--unnamed`), for `lo` and the node's link up, for the default route, and pings other nodes, spread
evenly over the star and the last one among them. It needs nothing but Python.

Usage: probe.py [--unnamed] INDEX NODES
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

import star

MOST_TARGETS = 100
"""The kernel's neighbour table is one for the whole machine: do not fill it."""

PATIENCE = 10.0
"""Seconds: a new port's carrier is noticed late when a thousand come up at once."""

RETRY = 0.5
"""Seconds until those that have not answered are asked again."""

SIOCGIFFLAGS, SIOCGIFADDR = 0x8913, 0x8915
IFF_UP, IFF_RUNNING = 0x1, 0x40
ECHO_REPLY, ECHO_REQUEST = 0, 8


def names_are_there(nodes: int) -> bool:
    """Tell whether /run/netns lists every node."""
    entries = {path.name for path in Path("/run/netns").iterdir()}
    return {star.name(index) for index in range(nodes)} <= entries


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


def gateways() -> set[str]:
    """Give the gateways of the default routes."""
    rows = [line.split() for line in Path("/proc/self/net/route").read_text().splitlines()[1:]]
    return {
        socket.inet_ntoa(struct.pack("=I", int(row[2], 16)))
        for row in rows
        if int(row[1], 16) == 0 and int(row[7], 16) == 0
    }


def checksum(data: bytes) -> int:
    """Compute the internet checksum (RFC 1071) of an even number of bytes."""
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total & 0xFFFF) + (total >> 16)
    return ~(total + (total >> 16)) & 0xFFFF


def echo_request(ident: int) -> bytes:
    """Make an ICMP echo request (RFC 792)."""
    blank = struct.pack("!BBHHH", ECHO_REQUEST, 0, 0, ident, 1)
    return struct.pack("!BBHHH", ECHO_REQUEST, 0, checksum(blank), ident, 1)


def hear(sock: socket.socket, ident: int, until: float, waiting: set[str]) -> None:
    """Take those that answer out of `waiting`, until the given time or until all have."""
    while waiting and (left := until - time.monotonic()) > 0:
        sock.settimeout(left)
        with contextlib.suppress(TimeoutError):
            packet, (source, _) = sock.recvfrom(2048)
            header = (packet[0] & 0x0F) * 4
            kind, got = struct.unpack_from("!B3xH", packet, header)
            if (kind, got) == (ECHO_REPLY, ident):
                waiting.discard(source)


def silent(targets: set[str]) -> set[str]:
    """Ping all targets at once and give those that never answer."""
    waiting, ident = set(targets), os.getpid() & 0xFFFF
    deadline = time.monotonic() + PATIENCE
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as sock:
        while waiting and time.monotonic() < deadline:
            for target in waiting:
                sock.sendto(echo_request(ident), (target, 0))
            hear(sock, ident, time.monotonic() + RETRY, waiting)
    return waiting


def problem(index: int, nodes: int, *, named: bool) -> str | None:
    """Say what is wrong, or None."""
    if named and not names_are_there(nodes):
        return "not every node has a name in /run/netns"
    stride = -(-nodes // MOST_TARGETS)
    others = {*range(0, nodes, stride), nodes - 1} - {index}
    if lost := silent({star.address(other) for other in others}):
        return f"no answer from {len(lost)} of {len(others)} nodes, {min(lost)} among them"
    up = links_up()
    if "lo" not in up or star.address(index) not in up.values():
        return f"lo or the link with {star.address(index)} is not up: {up}"
    if star.GATEWAY not in gateways():
        return f"no default route by {star.GATEWAY}: {gateways()}"
    return None


def main() -> int:
    index, nodes = (int(word) for word in sys.argv[-2:])
    found = problem(index, nodes, named="--unnamed" not in sys.argv)
    if found:
        print(f"{star.name(index)}: {found}", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
