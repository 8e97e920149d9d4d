"""Servers that say who asked: what the played internet and the nodes of its tests run."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import struct
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

NAMES = {"outside.example": ("198.51.100.1", "2001:db8:1::1")}
"""What the resolver knows."""


def serve(ports: Sequence[str], hosts: Sequence[str] = ("0.0.0.0", "::")) -> None:  # noqa: S104
    """Serve `tcp/PORT`, `udp/PORT` and `dns/PORT` in the caller's netns, at these addresses."""
    for word in ports:
        kind, _, port = word.partition("/")
        work = {"tcp": _tcp, "udp": _udp, "dns": _dns}[kind]
        for host in hosts:
            sock = _bound(host, int(port), stream=kind == "tcp")
            threading.Thread(target=work, args=(sock,), daemon=True).start()


def _bound(host: str, port: int, *, stream: bool) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM if stream else socket.SOCK_DGRAM)
    if family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((host, port))
    if stream:
        sock.listen(128)
    return sock


def _tcp(sock: socket.socket) -> None:
    while True:
        client, address = sock.accept()
        threading.Thread(target=_talk, args=(client, address[0]), daemon=True).start()


def _talk(client: socket.socket, address: str) -> None:
    """Answer each message with its sender and its length, until the other side is done."""
    with client, contextlib.suppress(OSError):
        while data := client.recv(65536):
            client.sendall(f"{address} {len(data)}".encode())


def _udp(sock: socket.socket) -> None:
    while True:
        data, address = sock.recvfrom(65536)
        with contextlib.suppress(OSError):
            sock.sendto(f"{address[0]} {len(data)}".encode(), address)


def _dns(sock: socket.socket) -> None:
    while True:
        data, address = sock.recvfrom(65536)
        with contextlib.suppress(OSError):
            sock.sendto(_answer(data), address)


def _answer(query: bytes) -> bytes:
    """Answer A and AAAA questions (RFC 1035)."""
    labels, at = [], 12
    while query[at]:
        labels.append(query[at + 1 : at + 1 + query[at]].decode())
        at += 1 + query[at]
    question = query[12 : at + 5]
    kind = struct.unpack("!H", query[at + 1 : at + 3])[0]
    known = NAMES.get(".".join(labels))
    wanted: Callable[[str], bool] = lambda text: (":" in text) == (kind == 28)  # noqa: E731
    found = [ipaddress.ip_address(text).packed for text in known or () if wanted(text)]
    code = 0x8180 if known else 0x8183
    records = [b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, 60, len(data)) + data for data in found]
    return (
        query[:2]
        + struct.pack("!HHHHH", code, 1, len(records), 0, 0)
        + question
        + b"".join(records)
    )
