"""Connections of a running lab live through an `up` that adds a node."""

from __future__ import annotations

import subprocess

from tests.plan.way.world import FAR4, MACHINE4, World, in_world

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import IO

LAN = {"subnet": ["10.0.1.0/24", "fd00:1::/64"], "uplink": True}
BEFORE: dict[str, object] = {"name": "grows", "bridges": {"lan": {**LAN, "ports": ["pc1", "pc2"]}}}
AFTER: dict[str, object] = {
    "name": "grows",
    "bridges": {"lan": {**LAN, "ports": ["pc1", "pc2", "pc3"]}},
    "cables": [{"ends": ["pc3", "far"], "subnet": "10.0.2.0/30"}],
    "nodes": {"pc3": {"publish": "8080:80"}},
}
CLIENT = """
import socket, sys
with socket.create_connection((sys.argv[1], 80), 5) as sock:
    for line in sys.stdin:
        sock.sendall(line.encode())
        print(sock.recv(99).decode(), flush=True)
"""


class Client:
    """A program in a node that is connected and says what it is told to."""

    def __init__(self, world: World, node: str, host: str) -> None:
        words = world._command(("exec", node, world._python(), "-c", CLIENT, host))
        pipe = subprocess.PIPE
        child = subprocess.Popen(words, stdin=pipe, stdout=pipe, text=True)
        world.children.append(child)
        assert child.stdin is not None
        assert child.stdout is not None
        self.child = child
        self.given: IO[str] = child.stdin
        self.answers: IO[str] = child.stdout

    def say(self, text: str) -> str:
        """Send a line; give the answer."""
        self.given.write(f"{text}\n")
        self.given.flush()
        return self.answers.readline().strip()

    def close(self) -> None:
        """End it."""
        self.given.close()
        self.answers.close()
        self.child.wait()


def survive(world: World, *options: str) -> None:
    world.up(BEFORE, *options)
    world.serve("pc2", "tcp/80")
    inner = Client(world, "pc1", "10.0.1.3")
    inner6 = Client(world, "pc1", "fd00:1::3")
    outer = Client(world, "pc1", FAR4)
    clients = [(inner, "10.0.1.2"), (inner6, "fd00:1::2"), (outer, MACHINE4)]
    for client, address in clients:
        assert client.say("one") == f"{address} 4"
    assert "changed" in world.up(AFTER)
    for client, address in clients:
        assert client.say("second") == f"{address} 7"
    assert world.ask("pc3", FAR4, 80) == f"{MACHINE4} 5"
    world.up(BEFORE)
    for client, address in clients:
        assert client.say("and three") == f"{address} 10"
        client.close()
    world.nslab("down")


@in_world()
def test_connections_survive_a_new_node(world: World) -> None:
    survive(world)


@in_world()
def test_connections_survive_a_new_node_beside_pasta(world: World) -> None:
    survive(world, "--uplink", "pasta")


@in_world(user=True)
def test_a_plain_user_s_connections_survive_a_new_node(world: World) -> None:
    survive(world)
