"""Published ports, asked from everywhere."""

from __future__ import annotations

import socket

import pytest

from tests.plan.way.world import MACHINE4, MACHINE6, ROUTER4, ROUTER6, World, connect, in_world

LAB: dict[str, object] = {
    "name": "shop",
    "bridges": {
        "lan": {"subnet": ["10.0.1.0/24", "fd00:1::/64"], "uplink": True, "ports": ["pc1", "web"]}
    },
    "cables": [{"ends": ["pc1", "far"], "subnet": "10.0.2.0/30"}],
    "nodes": {
        "web": {"publish": ["8080:80", "127.0.0.1:8081:80", "[::1]:8082:80", "5353:53/udp"]},
        "far": {"publish": "9090:80"},
    },
}


def is_published(world: World, *options: str) -> None:
    before = world.state()
    world.up(LAB, *options)
    world.serve("web", "tcp/80", "udp/53")
    world.serve("far", "tcp/80")
    straight = not world.user and not options
    seen4, seen6 = (ROUTER4, ROUTER6) if straight else ("10.0.1.3", "fd00:1::3")
    assert world.from_internet(MACHINE4, 8080) == f"{seen4} 5"
    assert world.from_internet(MACHINE6, 8080) == f"{seen6} 5"
    assert world.from_internet(MACHINE4, 5353, "udp") == f"{seen4} 5"
    assert world.from_internet(MACHINE6, 5353, "udp") == f"{seen6} 5"
    assert world.from_internet(MACHINE4, 9090) == "10.0.2.2 5"
    assert world.from_internet(MACHINE6, 9090) == "10.0.2.2 5"
    assert world.from_internet(MACHINE4, 8081) == "ConnectionRefusedError"
    from_machine_itself()
    from_another_lab(world, *options)
    world.nslab("down", "shop")
    assert world.state() == before


def from_machine_itself() -> None:
    for host in (MACHINE4, "127.0.0.1"):
        assert connect(host, 8080) == "10.0.1.3 5"
        assert connect(host, 5353, "udp") == "10.0.1.3 5"
        assert connect(host, 9090) == "10.0.2.2 5"
    for host in (MACHINE6, "::1"):
        assert connect(host, 8080) == "fd00:1::3 5"
        assert connect(host, 5353, "udp") == "fd00:1::3 5"
    assert connect("127.0.0.1", 8081) == "10.0.1.3 5"
    assert connect("::1", 8082) == "fd00:1::3 5"
    assert connect(MACHINE4, 8081) == "ConnectionRefusedError"
    assert connect("::1", 8081) == "ConnectionRefusedError"


def from_another_lab(world: World, *options: str) -> None:
    lan = {"subnet": ["10.0.1.0/24", "fd00:1::/64"], "uplink": True, "ports": ["pc1"]}
    world.up({"name": "guest", "bridges": {"lan": lan}}, *options)
    for lab in ("guest", "shop"):
        for host in (MACHINE4, MACHINE6):
            done = world.ask("pc1", host, 8080, lab=lab)
            assert done.endswith(" 5"), (lab, host, done)
            assert world.ask("pc1", host, 9090, lab=lab) == "10.0.2.2 5"
    world.nslab("down", "guest")


@in_world()
def test_ports_are_published_through_the_kernel(world: World) -> None:
    is_published(world)


@in_world()
def test_ports_are_published_beside_pasta(world: World) -> None:
    is_published(world, "--uplink", "pasta")


@in_world(user=True)
def test_a_plain_user_publishes_ports(world: World) -> None:
    is_published(world)


@in_world()
def test_a_port_needs_no_uplink(world: World) -> None:
    before = world.state()
    world.up({"name": "bare", "nodes": {"web": {"publish": "8080:80"}}})
    world.serve("web", "tcp/80")
    assert connect("127.0.0.1", 8080) == "127.0.0.1 5"
    for look in (["show"], ["show", "-o", "table"], ["draw"]):
        assert "8080:80" in world.nslab(*look).stdout
    world.nslab("down")
    assert world.state() == before


@in_world()
def test_a_port_in_use_is_refused_before_anything_is_built(world: World) -> None:
    before = world.state()
    with socket.create_server(("127.0.0.1", 8080)):
        with pytest.raises(AssertionError) as error:
            world.up(LAB)
        said = 'web cannot publish "8080:80": the machine\'s tcp port 8080 is in use'
        assert said in str(error.value)
        assert world.state() == before
        path = world.folder / "shop.json"
        assert said in world.nslab("plan", str(path), check=False).stderr
    world.up(LAB)
    taken = {"name": "late", "nodes": {"a": {"publish": "127.0.0.1:8080:1"}}}
    with pytest.raises(AssertionError, match="port 8080 is in use"):
        world.up(taken)
    assert world.nslab("ls").stdout.count("up ") == 1
    world.nslab("down")


@in_world(user=True)
def test_a_port_that_is_not_the_user_s_to_take(world: World) -> None:
    with pytest.raises(AssertionError) as error:
        world.up({"name": "low", "nodes": {"a": {"publish": "80:80"}}})
    assert "port 80 is not this user's to take" in str(error.value)
    with pytest.raises(AssertionError, match=r"the machine has no address 192\.0\.2\.77"):
        world.up({"name": "low", "nodes": {"a": {"publish": "192.0.2.77:8080:80"}}})


def is_ended(sock: socket.socket) -> bool:
    """Tell whether the other side has ended a connection, in either way."""
    try:
        return sock.recv(1) == b""
    except ConnectionResetError:
        return True


def changes(world: World, *options: str) -> None:
    """Let one port go and another come while somebody is connected through a third."""
    world.up(LAB, *options)
    world.serve("web", "tcp/80")
    world.serve("far", "tcp/80")
    with (
        socket.create_connection((MACHINE4, 8080), 3) as local,
        world.connected_from_internet(MACHINE4, 8080) as remote,
        world.connected_from_internet(MACHINE4, 9090) as doomed,
    ):
        for sock in (local, remote, doomed):
            sock.send(b"one")
            assert sock.recv(99).endswith(b" 3")
        web = {"publish": ["8080:80", "7070:80"]}
        world.up({**LAB, "nodes": {"web": web, "far": {}}}, *options)
        for sock in (local, remote):
            sock.send(b"two!")
            assert sock.recv(99).endswith(b" 4")
        assert is_ended(doomed)
    assert world.from_internet(MACHINE4, 7070).endswith(" 5")
    assert world.from_internet(MACHINE4, 9090) == "ConnectionRefusedError"
    assert connect("127.0.0.1", 8081) == "ConnectionRefusedError"
    assert "as it was brought up" in world.nslab("show", "--drift").stdout
    world.nslab("down")


@in_world()
def test_the_list_changes_under_connections(world: World) -> None:
    changes(world)


@in_world()
def test_the_list_changes_under_connections_beside_pasta(world: World) -> None:
    changes(world, "--uplink", "pasta")


def cuts(world: World) -> None:
    """Take a port away through which somebody is connected."""
    world.up(LAB)
    world.serve("web", "tcp/80", lab="shop")
    with world.connected_from_internet(MACHINE4, 8080) as remote:
        remote.send(b"one")
        assert remote.recv(99) == f"{ROUTER4} 3".encode()
        world.up({**LAB, "nodes": {"far": {"publish": "9090:80"}}})
        remote.settimeout(1)
        remote.send(b"two")
        with pytest.raises(OSError, match=r"reset|timed out"):
            remote.recv(99)
    assert world.from_internet(MACHINE4, 8080) == "ConnectionRefusedError"
    world.nslab("down", "shop")


@in_world()
def test_connections_through_a_removed_port_are_cut(world: World) -> None:
    cuts(world)


@in_world()
def test_connections_through_a_removed_port_are_cut_where_addresses_are_translated(
    world: World,
) -> None:
    world.up({"name": "first", "bridges": LAB["bridges"]})
    cuts(world)
    world.nslab("down", "first")


@in_world()
def test_a_relay_that_died_shows_as_drift_and_comes_back(world: World) -> None:
    world.up({"name": "bare", "nodes": {"web": {"publish": "8080:80"}}})
    world.serve("web", "tcp/80")
    world.kill("nslab.kernel.relay")
    assert connect("127.0.0.1", 8080) == "ConnectionRefusedError"
    drift = world.nslab("show", "--drift", check=False)
    assert "web: nothing leads 8080:80 here" in drift.stdout
    assert "publish" not in world.nslab("show").stdout
    assert "1 step" in world.up({"name": "bare", "nodes": {"web": {"publish": "8080:80"}}})
    assert connect("127.0.0.1", 8080) == "127.0.0.1 5"
    world.nslab("down")
