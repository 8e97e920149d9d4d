"""A server and its client on two hosts, in one test: run `pytest test_server.py`.

    client ──── 10.0.0.0/30, fd00::/64 ──── server

The `lab` fixture comes with nslab. Where the machine gives no namespaces, the tests are skipped.
"""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from nslab import up

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nslab import Lab, Node, Running

SERVER = """
import socket

with socket.create_server(("::", 7), family=socket.AF_INET6, dualstack_ipv6=True) as server:
    print("ready", flush=True)
    while True:
        connection, (peer, *_) = server.accept()
        with connection:
            connection.send(f"hello, {peer.removeprefix('::ffff:')}".encode())
"""

CLIENT = """
import socket, sys

with socket.create_connection((sys.argv[1], 7), timeout=1) as connection:
    print(connection.recv(100).decode())
"""


@pytest.fixture
def network(lab: Lab) -> Iterator[Running]:
    lab.cable("client", "server", subnet=["10.0.0.0/30", "fd00::/64"])
    with up(lab) as running, serve(running["server"]) as server:
        yield running
        server.terminate()


def serve(node: Node) -> subprocess.Popen[str]:
    """Start the server, and wait until it says that it listens."""
    command = [sys.executable, "-c", SERVER]
    server = node.popen(command, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    assert server.stdout.readline() == "ready\n"
    return server


def ask(network: Running, address: str) -> str:
    command = [sys.executable, "-c", CLIENT, address]
    done = network["client"].run(command, capture_output=True, text=True)
    return done.stdout.strip() or done.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("address", "answer"), [("10.0.0.2", "hello, 10.0.0.1"), ("fd00::2", "hello, fd00::1")]
)
def test_the_server_sees_who_asks(network: Running, address: str, answer: str) -> None:
    assert ask(network, address) == answer


def test_names_of_nodes_resolve(network: Running) -> None:
    assert ask(network, "server").startswith("hello, ")


def test_nobody_answers_elsewhere(network: Running) -> None:
    assert "unreachable" in ask(network, "192.0.2.1")
