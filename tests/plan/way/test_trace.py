"""`nslab ping NODE outside`: each thing that the way out needs, taken away in turn."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from tests.plan.way.world import FAR4, MACHINE4, MACHINE6, ROUTER4, ROUTER6, World, in_world

LAB: dict[str, object] = {
    "name": "traced",
    "bridges": {
        "lan": {"subnet": ["10.0.1.0/24", "fd00:1::/64"], "uplink": True, "ports": ["pc1", "pc2"]}
    },
    "nodes": {"bare": {}},
}
PASTA = ("--uplink", "pasta")


def run(words: str) -> None:
    subprocess.run(words.split(), check=True, capture_output=True)


def nameless(world: World) -> None:
    """Give the machine a resolver on the network."""
    from tests.plan.way.test_names import use_resolver

    use_resolver(world, f"nameserver {FAR4}\n")


def hops(world: World, node: str = "pc1", lab: str = "") -> tuple[int, list[dict[str, object]]]:
    """Trace; give the exit code and the hops."""
    which = ("-l", lab) if lab else ()
    done = world.nslab("ping", "-j", *which, node, "outside", check=False)
    assert done.stderr == ""
    found = json.loads(done.stdout)
    assert isinstance(found, list)
    return done.returncode, found


def broken(world: World, node: str = "pc1", lab: str = "") -> list[str]:
    """Give the names of the hops that fail; the exit code says whether there are any."""
    code, found = hops(world, node, lab)
    names = [str(hop["name"]) for hop in found if hop["ok"] is False]
    assert code == bool(names)
    return names


def breaks(world: World, *names: str) -> None:
    """See that just these hops fail, and that `up` mends them."""
    assert broken(world, lab="traced") == list(names)
    world.up(LAB)
    assert broken(world, lab="traced") == []


def both(name: str) -> tuple[str, str]:
    return f"IPv4 {name}", f"IPv6 {name}"


@in_world()
def test_every_hop_is_named_in_its_order(world: World) -> None:
    nameless(world)
    world.up(LAB)
    code, found = hops(world)
    assert code == 0
    names = [
        "address",
        "default route",
        "gateway",
        "forwarding",
        "this machine",
        "its forwarding",
        "its rules",
        "beyond",
        "resolver",
    ]
    assert [hop["name"] for hop in found] == [f"IPv{v} {name}" for v in (4, 6) for name in names]
    assert all(hop.keys() == {"name", "ok", "detail", "hint"} for hop in found)
    assert not any(hop["hint"] for hop in found)
    lines = world.nslab("ping", "pc1", "outside").stdout.splitlines()
    assert [line.split()[0] for line in lines[:-1]] == ["yes"] * len(found)
    assert lines[-1] == "pc1 reaches the outside"
    details = {hop["name"]: str(hop["detail"]) for hop in found}
    assert details["IPv4 beyond"].startswith(f"{ROUTER4}, this machine's gateway, answers")
    assert details["IPv6 beyond"].startswith(f"{ROUTER6}, this machine's gateway, answers")
    assert f"source NAT to {MACHINE4}" in details["IPv4 beyond"]
    assert f"source NAT to {MACHINE6}" in details["IPv6 beyond"]
    world.nslab("down")


@in_world()
def test_a_way_that_is_not_direct_has_one_hop_more(world: World) -> None:
    world.up({**LAB, "name": "first"})
    world.up(LAB)
    lines = world.nslab("ping", "-l", "traced", "pc1", "outside", check=False).stdout.splitlines()
    assert lines[4].startswith("  yes IPv4 masquerade ")
    beyond = [line.partition("source NAT to ")[2] for line in lines if " beyond " in line]
    assert [address.partition(".")[0].partition(":")[0] for address in beyond] == ["100", "fd6e"]
    world.nslab("down", "--all")


@in_world()
def test_what_keeps_its_address_is_said_to(world: World) -> None:
    lan = {"subnet": "10.0.1.0/24", "uplink": {"masquerade": False}, "ports": ["pc1"]}
    world.in_internet("route", "add", "10.0.1.0/24", "via", "192.0.2.2")
    world.up({"name": "plain", "bridges": {"lan": lan}})
    _, found = hops(world)
    (beyond,) = [hop["detail"] for hop in found if hop["name"] == "IPv4 beyond"]
    assert str(beyond).endswith("answers; source NAT to nothing else")
    world.nslab("down")


@in_world()
def test_what_breaks_is_said_in_words(world: World) -> None:
    world.up(LAB)
    world.nslab("exec", "pc1", "ip", "route", "del", "default")
    done = world.nslab("ping", "pc1", "outside", check=False)
    lines = done.stdout.splitlines()
    hint = "put it on a bridge with an uplink, or give it a route to a router"
    assert done.returncode == 1
    assert lines[0].split()[:5] == ["yes", "IPv4", "address", "10.0.1.2/24", "on"]
    assert lines[1] == f"  no  IPv4 default route   pc1 has none (hint: {hint})"
    assert lines[2].startswith("  yes IPv6 address ")
    assert lines[-1] == "pc1 does not reach the outside: it breaks at IPv4 default route"
    world.nslab("down")


def breaks_within(world: World, *options: str) -> None:
    """Break in turn what root and pasta share: all within the lab."""
    nameless(world)
    world.up(LAB, *options)
    assert broken(world) == []
    for node, words, names in (
        ("pc1", "ip link set eth0 down", both("address")),
        ("pc1", "ip address flush dev eth0", both("address")),
        ("pc1", "ip route del default", ("IPv4 default route",)),
        ("pc1", "ip -6 route del default", ("IPv6 default route",)),
        ("outside", "ip address del 10.0.1.1/24 dev lan", ("IPv4 gateway",)),
        ("outside", "ip link set lan down", both("gateway")),
        ("outside", "sysctl -qw net.ipv4.ip_forward=0", ("IPv4 forwarding",)),
        ("outside", "sysctl -qw net.ipv6.conf.all.forwarding=0", ("IPv6 forwarding",)),
    ):
        world.nslab("exec", node, *words.split())
        assert broken(world) == list(names), words
        world.up(LAB)
    assert broken(world) == []
    world.nslab("down")


@in_world()
def test_what_breaks_within_the_lab_is_named(world: World) -> None:
    breaks_within(world)


@in_world()
def test_what_breaks_within_the_lab_is_named_beside_pasta(world: World) -> None:
    breaks_within(world, *PASTA)


@in_world()
def test_what_breaks_on_the_machine_is_named(world: World) -> None:
    nameless(world)
    world.up(LAB)
    for words, names in (
        ("ip link set nslab.traced down", both("this machine")),
        ("sysctl -qw net.ipv4.ip_forward=0", ("IPv4 its forwarding",)),
        ("sysctl -qw net.ipv6.conf.all.forwarding=0", ("IPv6 its forwarding",)),
        ("nft flush table inet nslab.traced", both("its rules")),
        ("nft delete table inet nslab.traced", both("its rules")),
    ):
        run(words)
        breaks(world, *names)
    world.nslab("down")


@in_world()
def test_an_end_of_the_link_that_is_down_is_named(world: World) -> None:
    nameless(world)
    world.up(LAB)
    world.nslab("exec", "outside", "ip", "link", "set", "uplink", "down")
    breaks(world, *both("this machine"))
    world.nslab("down")


def breaks_beyond(world: World, *options: str) -> None:
    groups = int(Path("/proc/self/gid_map").read_text().split()[2])
    Path("/proc/sys/net/ipv4/ping_group_range").write_text(f"0 {min(groups, 65535) - 1}")
    nameless(world)
    world.up(LAB, *options)
    world.in_internet("address", "del", f"{FAR4}/32", "dev", "lo")
    assert broken(world) == ["IPv4 resolver"]
    world.in_internet("address", "add", f"{FAR4}/32", "dev", "lo")
    assert broken(world) == []
    run("ip -6 route del default")
    code, found = hops(world)
    details = {hop["name"]: hop["detail"] for hop in found}
    assert code == 1
    assert details["IPv6 beyond"] == "this machine has no default route"
    world.nslab("down")


@in_world()
def test_what_breaks_beyond_the_machine_is_named(world: World) -> None:
    breaks_beyond(world)


@in_world()
def test_what_breaks_beyond_the_machine_is_named_beside_pasta(world: World) -> None:
    breaks_beyond(world, *PASTA)


@in_world()
def test_a_default_route_without_a_gateway_is_one(world: World) -> None:
    nameless(world)
    world.up(LAB)
    run(f"ip route replace {FAR4} via {ROUTER4}")
    run("ip route replace default dev eth0")
    code, found = hops(world)
    details = {hop["name"]: hop["detail"] for hop in found}
    assert code == 0
    assert details["IPv4 beyond"] == "not asked: this machine's default route names no one gateway"
    assert [hop["name"] for hop in found if hop["ok"] is None] == ["IPv4 beyond"]
    last = world.nslab("ping", "pc1", "outside").stdout.splitlines()[-1]
    assert last == "pc1 has a way out; whether it reaches the outside could not be asked"
    world.nslab("down")


@in_world()
def test_a_router_that_is_gone_is_named(world: World) -> None:
    nameless(world)
    world.up(LAB)
    world.in_internet("link", "set", "eth0", "down")
    assert broken(world) == list(both("beyond"))
    _, found = hops(world)
    hints = [str(hop["hint"]) for hop in found if hop["ok"] is False]
    assert hints[0] == f"try `ping {ROUTER4}` on this machine: it may not answer anybody"
    world.nslab("down")


def breaks_with_pasta(world: World, *options: str) -> None:
    nameless(world)
    world.up(LAB, *options)
    world.kill("pasta --foreground")
    assert broken(world) == list(both("pasta"))
    _, found = hops(world)
    assert [hop["hint"] for hop in found if hop["ok"] is False] == [
        "`nslab up` starts it again"
    ] * 2
    world.up(LAB)
    assert broken(world) == []
    world.nslab("down")


@in_world()
def test_pasta_that_has_ended_is_named(world: World) -> None:
    breaks_with_pasta(world, *PASTA)


@in_world(user=True)
def test_pasta_that_has_ended_is_named_for_a_plain_user(world: World) -> None:
    breaks_with_pasta(world)


@in_world()
def test_masquerade_that_is_gone_is_named(world: World) -> None:
    nameless(world)
    world.up({**LAB, "name": "first"})
    for options in ((), PASTA):
        world.up(LAB, *options)
        for words in ("delete table inet nslab", "flush chain inet nslab postrouting"):
            world.nslab("exec", "-l", "traced", "outside", "nft", *words.split())
            breaks(world, *both("masquerade"))
    world.nslab("down", "--all")


@in_world()
def test_a_node_that_has_no_way_is_told_so(world: World) -> None:
    world.up(LAB)
    assert broken(world, "bare") == ["address"]
    code, found = hops(world, "bare")
    assert (code, found[0]["hint"]) == (1, "give it a subnet")
    world.nslab("down")


@in_world()
def test_a_lab_without_a_way_is_told_so(world: World) -> None:
    lan = {"subnet": "10.0.1.0/24", "ports": ["pc1", "pc2"]}
    pc1 = {"routes": [{"dst": "default", "via": "10.0.1.2"}]}
    world.up({"name": "shut", "bridges": {"lan": lan}, "nodes": {"pc1": pc1}})
    assert broken(world) == ["IPv4 way out"]
    world.nslab("down")


@in_world()
def test_an_unknown_node_is_an_error(world: World) -> None:
    world.up(LAB)
    done = world.nslab("ping", "nobody", "outside", check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert "nobody" in done.stderr
    assert "Traceback" not in done.stderr
    world.nslab("down")
