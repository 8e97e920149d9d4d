"""A way out that is direct, and one beside another lab that has the same addresses.

internet --- machine --- nslab.first  [ outside --- lan --- pc1, web ]   routes to 10.0.1.0/24
                     --- nslab.second [ outside --- lan --- pc1, web ]   translated in `outside`
"""

from __future__ import annotations

import json
import subprocess

import pytest

from nslab import Lab, diff, up
from nslab.plan.steps.way import CloseHost, OpenHost
from tests.plan.way.world import (
    FAR4,
    FAR6,
    MACHINE4,
    MACHINE6,
    ROUTER4,
    World,
    connect,
    in_world,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from nslab.plan.steps import Step

SUBNETS = ["10.0.1.0/24", "fd00:1::/64"]
SHUT = ("TimeoutError", "OSError", "PermissionError")
_EXPIRED = """
import socket, struct
for family, level, option, want, target in (
    (socket.AF_INET, socket.IPPROTO_IP, 11, (2, 11), "198.51.100.1"),
    (socket.AF_INET6, socket.IPPROTO_IPV6, 25, (3, 3), "2001:db8:1::1"),
):
    sock = socket.socket(family, socket.SOCK_DGRAM)
    sock.settimeout(3)
    sock.setsockopt(level, option, 1)
    sock.setsockopt(level, socket.IP_TTL if family == socket.AF_INET else 16, 2)
    sock.connect((target, 33434))
    sock.send(b"x")
    try:
        sock.recv(9)
    except OSError:
        pass
    error = sock.recvmsg(99, 512, socket.MSG_ERRQUEUE)[1][0][2]
    print(tuple(error[4:6]) == want, end=" ")
"""


def lab(name: str, *ports: str, subnets: list[str] | None = None) -> dict[str, object]:
    """Give a lab with a server that publishes these ports."""
    lan = {"subnet": subnets or SUBNETS, "uplink": True, "ports": ["pc1", "web"]}
    return {"name": name, "bridges": {"lan": lan}, "nodes": {"web": {"publish": list(ports)}}}


def is_direct(name: str) -> bool:
    """Tell whether the machine has routes to a lab's subnets."""
    words = ["ip", "-j", "route", "show", "dev", f"nslab.{name}", "proto", "static"]
    routes = json.loads(subprocess.run(words, capture_output=True, text=True, check=True).stdout)
    return bool(routes)


def has_table(world: World, name: str) -> bool:
    return "nslab" in world.nslab("exec", "-l", name, "outside", "nft", "list", "tables").stdout


def leads_out(world: World, name: str) -> None:
    """See that the lab is led out, and that addresses are translated in one place only."""
    assert world.ask("pc1", FAR4, 80, lab=name) == f"{MACHINE4} 5"
    assert world.ask("pc1", FAR6, 80, lab=name) == f"{MACHINE6} 5"
    assert has_table(world, name) != is_direct(name)


@in_world()
def test_the_second_lab_of_the_same_addresses_has_them_translated(world: World) -> None:
    before = world.state()
    world.up(lab("first", "8080:80"))
    world.serve("web", "tcp/80")
    world.up(lab("second", "9090:90"))
    world.serve("web", "tcp/90", lab="second")
    assert (is_direct("first"), is_direct("second")) == (True, False)
    for name in ("first", "second"):
        leads_out(world, name)
        assert "yes IPv6 beyond" in outside(world, name)
        assert world.ask("pc1", MACHINE4, 8080, lab=name).endswith(" 5")
        assert world.ask("pc1", MACHINE4, 9090, lab=name).endswith(" 5")
    assert world.from_internet(MACHINE4, 8080) == f"{ROUTER4} 5"
    assert world.from_internet(MACHINE4, 9090) == f"{ROUTER4} 5"
    world.leave()
    world.nslab("down", "first")
    assert "nothing to do" in world.up(lab("second", "9090:90"))
    assert "as it was brought up" in world.nslab("show", "--drift").stdout
    assert not is_direct("second")
    leads_out(world, "second")
    world.nslab("down")
    world.up(lab("second"))
    assert is_direct("second")
    world.nslab("down")
    assert world.state() == before


def outside(world: World, name: str) -> str:
    return world.nslab("ping", "-l", name, "pc1", "outside", check=False).stdout


@in_world()
def test_nobody_comes_in_by_the_machine_s_routes(world: World) -> None:
    world.up(lab("first"))
    world.serve("web", "tcp/80", "udp/7")
    world.up(lab("guest", subnets=["10.0.2.0/24", "fd00:2::/64"]))
    assert is_direct("first")
    assert is_direct("guest")
    world.in_internet("route", "add", "10.0.1.0/24", "via", MACHINE4)
    world.in_internet("-6", "route", "add", "fd00:1::/64", "via", MACHINE6)
    for host, port, protocol in (
        ("10.0.1.3", 80, "tcp"),
        ("10.0.1.3", 7, "udp"),
        ("fd00:1::3", 80, "tcp"),
    ):
        assert world.from_internet(host, port, protocol) in SHUT
        assert connect(host, port, protocol) in SHUT
        assert " 5" not in world.ask("pc1", host, port, protocol, lab="guest")
    assert connect("10.0.1.1", 80) in SHUT  # the gateway itself
    subprocess.run(["nft", "flush", "chain", "inet", "nslab.first", "guard"], check=True)
    assert world.from_internet("10.0.1.3", 80) == f"{ROUTER4} 5"  # so it was the guard
    assert "no  IPv4 its rules" in outside(world, "first")
    world.up(lab("first"))
    assert world.from_internet("10.0.1.3", 80) in SHUT
    world.leave()
    world.nslab("down", "--all")


@in_world()
def test_the_guard_is_there_before_the_routes(world: World) -> None:
    path = world.folder / "first.json"
    path.write_text(json.dumps(lab("first")))
    lines = world.nslab("plan", str(path)).stdout.splitlines()
    guard = next(n for n, line in enumerate(lines) if "nslab.first guard" in line)
    route = next(n for n, line in enumerate(lines) if line.startswith("ip route add 10.0.1.0/24"))
    assert guard < route
    script = world.nslab("plan", "--script", str(path)).stdout
    assert "ip route add" not in script  # of that machine nobody has seen what is free


@in_world()
def test_a_route_deleted_by_hand_is_drift_and_comes_back(world: World) -> None:
    world.up(lab("first"))
    for words in ("route del 10.0.1.0/24", "-6 route del fd00:1::/64"):
        subprocess.run(["ip", *words.split()], check=True)
        route = f"{words.split()[-1]} via"
        drift = world.nslab("show", "--drift", check=False).stdout
        assert drift.startswith(f"(host): the route {route}")
        assert len(drift.splitlines()) == 1
        assert "1 step" in world.up(lab("first"))
        leads_out(world, "first")
    world.nslab("down")


@in_world()
def test_a_table_in_outside_is_drift_and_goes(world: World) -> None:
    world.up(lab("first"))
    world.nslab("exec", "outside", "nft", "add table inet nslab")
    assert "the nftables table nslab" in world.nslab("show", "--drift", check=False).stdout
    assert "1 step" in world.up(lab("first"))
    assert not has_table(world, "first")
    world.nslab("down")


@in_world()
def test_a_lost_link_may_come_back_as_a_direct_way(world: World) -> None:
    world.up(lab("first"))
    world.up(lab("second", "8080:80"))
    world.nslab("down", "first")
    world.serve("web", "tcp/80")
    subprocess.run(["ip", "link", "delete", "nslab.second"], check=True)
    world.up(lab("second", "8080:80"))
    assert is_direct("second")
    leads_out(world, "second")
    assert world.from_internet(MACHINE4, 8080) == f"{ROUTER4} 5"
    world.leave()
    world.nslab("down")


@in_world()
def test_a_running_lab_that_takes_another_s_addresses_has_its_own_translated(world: World) -> None:
    before = world.state()
    world.up(lab("first"))
    world.up(lab("second", subnets=["10.0.2.0/24", "fd00:2::/64"]))
    assert is_direct("second")
    world.up(lab("second"))
    assert not is_direct("second")
    for name in ("first", "second"):
        leads_out(world, name)
    world.nslab("down", "--all")
    assert world.state() == before


@in_world()
def test_without_masquerade_another_lab_s_addresses_are_refused(world: World) -> None:
    world.up(lab("first"))
    before = world.state()
    lan = {"subnet": "10.0.1.0/24", "uplink": {"masquerade": False}, "ports": ["pc1"]}
    with pytest.raises(AssertionError, match=r"a route to 10\.0\.1\.0/24 by nslab\.first"):
        world.up({"name": "plain", "bridges": {"lan": lan}})
    assert world.state() == before
    world.nslab("down")


@in_world()
def test_one_subnet_may_keep_its_addresses_beside_one_that_does_not(world: World) -> None:
    lan = {"subnet": "10.0.1.0/24", "uplink": {"masquerade": False}, "ports": ["web"]}
    shut = {"subnet": "10.0.2.0/24", "uplink": True, "ports": ["pc1"]}
    web = {"publish": "8080:80"}
    world.in_internet("route", "add", "10.0.0.0/16", "via", MACHINE4)
    world.up({"name": "mixed", "bridges": {"lan": lan, "shut": shut}, "nodes": {"web": web}})
    world.serve("web", "tcp/80")
    world.serve("pc1", "tcp/80")
    assert world.ask("web", FAR4, 80) == "10.0.1.2 5"
    assert world.ask("pc1", FAR4, 80) == f"{MACHINE4} 5"
    assert world.ask("pc1", "10.0.1.2", 80) == "10.0.2.2 5"
    assert world.ask("web", MACHINE4, 8080).endswith(" 5")  # back to itself by the machine
    assert world.from_internet("10.0.1.2", 80) == f"{ROUTER4} 5"
    assert world.from_internet(MACHINE4, 8080) == f"{ROUTER4} 5"
    assert connect("10.0.1.2", 80).endswith(" 5")
    assert world.from_internet("10.0.2.2", 80) in SHUT
    assert connect("10.0.2.2", 80) in SHUT
    world.leave()
    world.nslab("down")


@in_world()
def test_a_subnet_that_a_bridge_of_the_machine_has_stays_where_it_is(world: World) -> None:
    for words in ("link add br0 type bridge", "address add 10.0.1.9/24 dev br0", "link set br0 up"):
        subprocess.run(["ip", *words.split()], check=True)
    lan = {"subnet": "10.0.1.0/24", "uplink": {"gateway": "10.0.1.1"}, "host": "br0"}
    world.up({"name": "joined", "bridges": {"lan": {**lan, "ports": ["pc1"]}}})
    assert not is_direct("joined")
    assert world.ask("pc1", FAR4, 80) == f"{MACHINE4} 5"
    world.serve("pc1", "tcp/80")
    assert connect("10.0.1.2", 80) == "10.0.1.9 5"
    world.leave()
    world.nslab("down")


@in_world()
def test_what_the_machine_does_for_a_lab_can_be_given_back(world: World) -> None:
    before = world.state()
    made = python_lab("10.0.1.0/24")
    with up(made):
        for plan in (diff(made, uplink="pasta"), diff(made, uplink="none")):
            (close,) = [step for step in plan if isinstance(step, CloseHost)]
            (back,) = close.undo()
            assert isinstance(back, OpenHost)
            assert (back.way.direct, back.versions) == (True, (4, 6))
    assert world.state() == before


@in_world()
def test_the_machine_s_errors_reach_the_node(world: World) -> None:
    world.up(lab("first"))
    done = world.nslab("exec", "pc1", world._python(), "-c", _EXPIRED)
    assert done.stdout == "True True "
    world.nslab("down")


# Labs that come at the same moment


def overtaken(world: World, other: dict[str, object]) -> Callable[[Step], None]:
    """Bring another lab up when the first step of this one is begun: its way is decided then."""
    begun: list[Step] = []

    def watch(step: Step) -> None:
        begun.append(step)
        if len(begun) == 1:
            world.up(other)

    return watch


def python_lab(subnet: str, *, uplink: bool = True) -> Lab:
    made = Lab("late")
    lan = made.bridge("lan", subnet=[subnet, "fd00:9::/64"], uplink=uplink)
    made.node("pc1", on=lan)
    return made


@in_world()
def test_a_lab_that_was_overtaken_has_its_addresses_translated(world: World) -> None:
    before = world.state()
    for subnet in ("10.0.1.0/24", "10.0.0.0/16"):  # only the first route is there already
        with up(python_lab(subnet), watch=overtaken(world, lab("quick"))) as late:
            assert (is_direct("quick"), is_direct("late")) == (True, False)
            leads_out(world, "quick")
            leads_out(world, "late")
            assert not late.drift()
        world.nslab("down", "quick")
        assert world.state() == before


@in_world()
def test_a_running_lab_that_was_overtaken_has_its_addresses_translated(world: World) -> None:
    with up(python_lab("10.0.1.0/24", uplink=False)) as late:
        up(python_lab("10.0.1.0/24"), watch=overtaken(world, lab("quick")))
        assert (is_direct("quick"), is_direct("late")) == (True, False)
        leads_out(world, "late")
        assert not late.drift()
    world.nslab("down", "quick")


@in_world()
def test_labs_of_the_same_addresses_come_up_all_at_once(world: World) -> None:
    before = world.state()
    names = [f"lab{number}" for number in range(4)]
    children = []
    for name in names:
        path = world.folder / f"{name}.json"
        path.write_text(json.dumps(lab(name)))
        words = world._command(("up", str(path)))
        children.append(subprocess.Popen(words, stdout=subprocess.DEVNULL))
    assert [child.wait() for child in children] == [0] * 4
    assert sum(map(is_direct, names)) <= 1
    for name in names:
        leads_out(world, name)
    world.nslab("down", "--all")
    assert world.state() == before


# The choice of the way out


@in_world()
def test_a_running_lab_keeps_the_way_out_that_was_chosen(world: World) -> None:
    world.up(lab("first"), "--uplink", "none")
    assert "nothing to do" in world.up(lab("first"))
    world.up(lab("first"), "--uplink", "pasta")
    assert "nothing to do" in world.up(lab("first"))
    world.kill("pasta --foreground")
    assert "on this machine" not in world.up(lab("first"))
    assert world.ask("pc1", FAR4, 80) == f"{MACHINE4} 5"
    assert has_table(world, "first")
    world.up(lab("first"), "--uplink", "kernel")
    leads_out(world, "first")
    subprocess.run(["ip", "link", "delete", "nslab.first"], check=True)
    world.up(lab("first"))
    leads_out(world, "first")
    world.nslab("down")
