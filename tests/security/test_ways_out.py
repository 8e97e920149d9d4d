"""What may come into a lab by its way out, and what goes from its nodes to the machine.

internet --- machine --- [ outside --- lan --- pc, web ]
"""

from __future__ import annotations

import socket

from tests.plan.way.servers import serve
from tests.plan.way.test_names import use_resolver
from tests.plan.way.world import MACHINE4, MACHINE6, World, connect, in_world

LAB: dict[str, object] = {
    "name": "led",
    "bridges": {"lan": {"subnet": "10.0.1.0/24", "uplink": True, "ports": ["pc", "web"]}},
    "nodes": {"web": {"publish": ["8080:80", "127.0.0.1:8081:80"]}},
}
QUESTION = b"\x12\x34\1\0\0\1\0\0\0\0\0\0\7outside\7example\0\0\1\0\1"


def near(world: World) -> str:
    """Give the address of the way out, as the machine sees it."""
    said = world.nslab("exec", "outside", "ip", "-4", "-o", "address", "show", "uplink").stdout
    return said.split(" inet ")[1].partition("/")[0]


def only_what_is_published_comes_in(world: World) -> None:
    world.up(LAB)
    world.serve("web", "tcp/80", "tcp/81")
    assert world.from_internet(MACHINE4, 8080)[:1].isdigit()  # a server answers
    assert world.from_internet(MACHINE4, 8081) == "ConnectionRefusedError"
    assert connect("127.0.0.1", 8081)[:1].isdigit()
    assert world.from_internet(MACHINE4, 81) == "ConnectionRefusedError"
    world.in_internet("route", "add", "10.0.1.0/24", "via", MACHINE4)
    assert not world.from_internet("10.0.1.3", 80)[:1].isdigit()


@in_world()
def test_only_what_is_published_comes_into_a_lab_of_roots(world: World) -> None:
    only_what_is_published_comes_in(world)


@in_world(user=True)
def test_only_what_is_published_comes_into_a_plain_users_lab(world: World) -> None:
    only_what_is_published_comes_in(world)


def nodes_do_not_reach_the_loopback(world: World) -> None:
    serve(("tcp/7001", "udp/7001"), ("127.0.0.1", "::1"))
    serve(("tcp/7002",), (MACHINE4, MACHINE6))
    assert connect("127.0.0.1", 7001)[:1] == "1"
    world.up(LAB)
    beyond = world.nslab("exec", "outside", "ip", "-4", "route", "show", "default").stdout.split()[
        2
    ]
    for host in ("127.0.0.1", "10.0.1.1", near(world), beyond, MACHINE4):
        said = world.ask("pc", host, 7001)
        assert said.startswith(("ConnectionRefusedError", "TimeoutError", "OSError")), said
    assert world.ask("pc", MACHINE4, 7002).endswith(" 5")  # what the machine serves to others


@in_world()
def test_nodes_of_root_do_not_reach_the_machines_loopback(world: World) -> None:
    nodes_do_not_reach_the_loopback(world)


@in_world(user=True)
def test_nodes_of_a_plain_user_do_not_reach_the_machines_loopback(world: World) -> None:
    nodes_do_not_reach_the_loopback(world)


@in_world()
def test_the_labs_own_resolver_serves_the_lab_alone(world: World) -> None:
    use_resolver(world, "nameserver 127.0.0.53\n")
    serve(("dns/53",), ("127.0.0.53",))
    assert asks_for_names("127.0.0.53") == "answered"
    world.up(LAB)
    gateway = near(world)
    world.in_internet("route", "add", f"{gateway}/32", "via", MACHINE4)
    assert world.ask("pc", "outside.example", 80).endswith(" 5")  # it serves the nodes
    refused = ("TimeoutError", "PermissionError")  # the machine itself is told so
    assert asks_for_names(gateway) in refused
    assert connect(gateway, 53) in refused
    assert world._in(world.internet, lambda: asks_for_names(gateway)) == "TimeoutError"


def asks_for_names(server: str) -> str:
    """Ask a name server from where the caller is."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(1)
        try:
            sock.sendto(QUESTION, (server, 53))
            return "answered" if sock.recv(4096)[:2] == QUESTION[:2] else "something else"
        except OSError as error:
            return type(error).__name__


@in_world()
def test_what_a_node_writes_for_a_name_server_is_no_bug_of_nslab(world: World) -> None:
    world.up(LAB)
    text = "nameserver \x1b[2J\nnameserver example"
    world.nslab("exec", "pc", "sh", "-c", f"echo '{text}' >/etc/resolv.conf")
    said = world.nslab("ping", "pc", "outside", check=False)
    assert "none has an IPv4 address" in said.stdout
    assert "bug" not in said.stderr
    assert all(line.isprintable() for line in said.stdout.splitlines())
