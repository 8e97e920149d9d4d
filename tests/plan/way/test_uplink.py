"""Labs that are led out, seen from both ends.

internet --- machine --- nslab.LAB [ outside --- lan --- pc1, pc2 ]
                                             --- alone
"""

from __future__ import annotations

import os
import shutil
import sys

import pytest

from tests.plan.way.world import FAR4, FAR6, MACHINE4, MACHINE6, World, connect, in_world, ip

LAB: dict[str, object] = {
    "name": "led-out",
    "bridges": {
        "lan": {"subnet": ["10.0.1.0/24", "fd00:1::/64"], "uplink": True, "ports": ["pc1", "pc2"]}
    },
    "nodes": {"alone": {"uplink": True}},
}


def leads_out(world: World, *options: str) -> None:
    before = world.state()
    said = world.up(LAB, *options)
    assert ("on this machine" in said) == (not world.user and "pasta" not in options)
    for node in ("pc1", "alone"):
        assert world.ask(node, FAR4, 80) == f"{MACHINE4} 5"
        assert world.ask(node, FAR6, 80) == f"{MACHINE6} 5"
        assert world.ask(node, FAR4, 7, "udp") == f"{MACHINE4} 5"
        assert world.ask(node, FAR6, 7, "udp") == f"{MACHINE6} 5"
        assert world.ask(node, FAR4, 7, "udp", "x" * 1472) == f"{MACHINE4} 1472"
        assert world.ask(node, FAR4, 80, "tcp", "x" * 1400) == f"{MACHINE4} 1400"
    assert "nothing to do" in world.up(LAB, *options)
    assert "as it was brought up" in world.nslab("show", "--drift").stdout
    rows = [line.split()[:4] for line in world.nslab("show", "-o", "table").stdout.splitlines()]
    assert ["outside", "lan", "up", "lan"] in rows
    assert ["alone", "eth0", "up", "outside:alone"] in rows
    assert "outside (the way out)" in world.nslab("draw").stdout
    by_pasta = world.user or "pasta" in options
    if by_pasta:  # with a short queue bulk data stalls
        assert "qlen 10000" in world.nslab("exec", "outside", "ip", "link", "show", "uplink").stdout
    assert world.nslab("ping").returncode == 0
    hops = world.nslab("ping", "pc1", "outside", check=False).stdout
    for version in ("IPv4", "IPv6"):  # for nobody here pasta passes pings
        assert f"{'?  ' if by_pasta else 'yes'} {version} beyond" in hops
    world.nslab("down")
    assert world.state() == before


@in_world()
def test_root_leads_a_lab_out_by_the_kernel(world: World) -> None:
    leads_out(world)


@in_world()
def test_root_leads_a_lab_out_by_pasta(world: World) -> None:
    leads_out(world, "--uplink", "pasta")


@in_world(user=True)
def test_a_plain_user_leads_a_lab_out_by_pasta(world: World) -> None:
    leads_out(world)


@in_world()
def test_two_labs_with_the_same_addresses_are_led_out_at_once(world: World) -> None:
    before = world.state()
    other = {**LAB, "name": "other"}
    world.up(LAB)
    world.up(other)
    for lab in ("led-out", "other"):
        done = world.nslab("ping", "-l", lab, "pc1", "outside", check=False).stdout
        assert "yes IPv4 beyond" in done
    world.nslab("down", "led-out")
    assert "yes IPv6 beyond" in world.nslab("ping", "pc1", "outside", check=False).stdout
    world.nslab("down", "other")
    assert world.state() == before


@in_world()
def test_without_masquerade_the_nodes_own_addresses_are_seen(world: World) -> None:
    before = world.state()
    lan = {"subnet": "10.0.1.0/24", "uplink": {"masquerade": False}, "ports": ["pc1"]}
    world.in_internet("route", "add", "10.0.1.0/24", "via", MACHINE4)
    world.up({"name": "plain", "bridges": {"lan": lan}})
    assert world.ask("pc1", FAR4, 80) == "10.0.1.2 5"
    world.serve("pc1", "tcp/80")
    assert world.from_internet("10.0.1.2", 80) == "192.0.2.1 5"
    assert connect("10.0.1.2", 80).endswith(" 5")
    world.leave()
    world.nslab("down")
    assert world.state() == before


@in_world()
def test_the_inside_is_not_open_to_the_outside(world: World) -> None:
    world.up(LAB)
    world.serve("pc1", "tcp/80")
    world.in_internet("route", "add", "10.0.1.0/24", "via", MACHINE4)
    world.in_internet("route", "add", "100.127.0.0/16", "via", MACHINE4)
    assert world.from_internet("10.0.1.2", 80) in ("TimeoutError", "OSError")
    assert connect("127.0.0.1", 80) == "ConnectionRefusedError"
    assert "refused" in world.ask("pc1", "127.0.0.2", 9)
    world.nslab("down")


@in_world()
def test_a_changed_uplink_touches_nothing_else(world: World) -> None:
    before = world.state()
    world.up({**LAB, "bridges": {"lan": {"subnet": "10.0.1.0/24", "ports": ["pc1", "pc2"]}}})
    said = world.up(LAB)
    assert "changed" in said
    assert world.ask("pc1", FAR4, 80) == f"{MACHINE4} 5"
    world.up(LAB, "--uplink", "none")
    assert world.ask("pc1", FAR4, 80) != f"{MACHINE4} 5"
    world.up(LAB, "--uplink", "pasta")
    assert world.ask("pc1", FAR4, 80) == f"{MACHINE4} 5"
    world.up(LAB, "--uplink", "kernel")
    assert world.ask("pc1", FAR4, 80) == f"{MACHINE4} 5"
    assert "as it was brought up" in world.nslab("show", "--drift").stdout
    world.up({"name": "led-out", "bridges": {"lan": {"subnet": "10.0.1.0/24", "ports": ["pc1"]}}})
    assert "as it was brought up" in world.nslab("show", "--drift").stdout
    assert world.nslab("plan", str(world.folder / "led-out.json")).stdout.startswith("nothing")
    after = world.state()
    after["processes"] = before["processes"]
    assert after == before
    world.nslab("down")


@in_world()
def test_a_subnet_that_the_machine_has_a_route_to_is_refused(world: World) -> None:
    before = world.state()
    lan = {"subnet": "192.0.2.0/25", "uplink": True, "ports": ["pc1"]}
    with pytest.raises(AssertionError) as error:
        world.up({"name": "clash", "bridges": {"lan": lan}})
    assert "192.0.2.0/25 has an uplink, and the machine has a route to 192.0.2.0/24" in str(
        error.value
    )
    assert "(hint: take another subnet, as 10.0.0.128/25)" in str(error.value)
    assert world.state() == before


@in_world(user=True)
def test_what_a_plain_user_cannot_have_is_said(world: World) -> None:
    world.folder.chmod(0o777)
    with pytest.raises(AssertionError, match="takes root"):
        world.up(LAB, "--uplink", "kernel")
    lan = {"subnet": "10.0.1.0/24", "uplink": {"masquerade": False}, "ports": ["pc1"]}
    with pytest.raises(AssertionError, match="which pasta cannot do"):
        world.up({"name": "plain", "bridges": {"lan": lan}})
    assert world.nslab("ls", check=False).stdout == ""


@in_world(user=True)
def test_a_second_way_out_joins_one_by_pasta(world: World) -> None:
    world.up(LAB)
    world.up({**LAB, "nodes": {"alone": {"uplink": True}, "other": {"uplink": True}}})
    assert world.ask("other", FAR4, 80) == f"{MACHINE4} 5"
    assert "as it was brought up" in world.nslab("show", "--drift").stdout


_CLOSING = """#!{python}
import os, signal, sys
os.closerange(3, 1024)
signal.signal(signal.SIGPIPE, signal.SIG_DFL)
os.execv({pasta!r}, ["pasta", *sys.argv[1:]])
"""


@in_world()
def test_pasta_is_led_in_though_it_closes_what_it_inherits(world: World) -> None:
    pasta = shutil.which("pasta")
    if pasta is None:
        pytest.skip("pasta is not installed")
    closing = world.folder / "pasta"
    closing.write_text(_CLOSING.format(python=sys.executable, pasta=pasta))
    closing.chmod(0o755)
    os.environ["PATH"] = f"{world.folder}:{os.environ['PATH']}"
    world.up(LAB, "--uplink", "pasta")
    assert world.ask("pc1", FAR4, 80) == f"{MACHINE4} 5"


@in_world()
def test_a_link_of_the_machine_s_own_with_that_name_is_left_alone(world: World) -> None:
    ip("link", "add", "nslab.led-out", "type", "bridge")
    before = world.state()
    with pytest.raises(AssertionError, match=r"nslab\.led-out is there and not the lab's"):
        world.up(LAB)
    assert world.state() == before
