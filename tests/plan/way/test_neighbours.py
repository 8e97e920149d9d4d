"""Living with others: rule sets of the shape that Docker, firewalld and ufw load."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from tests.plan.way.world import FAR4, FAR6, MACHINE4, MACHINE6, ROUTER4, World, in_world

LAB: dict[str, object] = {
    "name": "guarded",
    "bridges": {
        "lan": {"subnet": ["10.0.1.0/24", "fd00:1::/64"], "uplink": True, "ports": ["pc1", "web"]}
    },
    "nodes": {"web": {"publish": "8080:80"}},
}

DOCKER = [
    "iptables -P FORWARD DROP",
    "iptables -N DOCKER",
    "iptables -N DOCKER-ISOLATION-STAGE-1",
    "iptables -N DOCKER-USER",
    "iptables -A FORWARD -j DOCKER-USER",
    "iptables -A FORWARD -j DOCKER-ISOLATION-STAGE-1",
    "iptables -A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
    "iptables -A FORWARD -o docker0 -j DOCKER",
    "iptables -A FORWARD -i docker0 ! -o docker0 -j ACCEPT",
    "iptables -A DOCKER-ISOLATION-STAGE-1 -j RETURN",
    "iptables -A DOCKER-USER -j RETURN",
    "iptables -t nat -N DOCKER",
    "iptables -t nat -A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER",
    "iptables -t nat -A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE",
    "ip6tables -P FORWARD DROP",
]
UFW = [
    f"{program} {words}"
    for program in ("iptables", "ip6tables")
    for words in (
        "-P INPUT DROP",
        "-P FORWARD DROP",
        "-N ufw-before-forward",
        "-N ufw-before-input",
        "-A INPUT -j ufw-before-input",
        "-A FORWARD -j ufw-before-forward",
        "-A ufw-before-input -i lo -j ACCEPT",
        "-A ufw-before-input -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
        "-A ufw-before-input -m conntrack --ctstate INVALID -j DROP",
        "-A ufw-before-forward -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
    )
] + ["ip6tables -I INPUT -p icmpv6 -j ACCEPT"]
FIREWALLD = """
table inet firewalld {
    chain filter_INPUT {
        type filter hook input priority filter + 10; policy accept;
        ct state established,related accept
        ct status dnat accept
        iifname "lo" accept
        meta l4proto ipv6-icmp accept
        meta l4proto icmp accept
        ct state invalid drop
        reject with icmpx admin-prohibited
    }
    chain filter_FORWARD {
        type filter hook forward priority filter + 10; policy accept;
        ct state established,related accept
        ct status dnat accept
        iifname "lo" accept
        ct state invalid drop
        reject with icmpx admin-prohibited
    }
}
"""
OWN = """
table inet mine {
    chain forward {
        type filter hook forward priority filter; policy drop;
        ct state established,related counter accept
        iifname "br-mine" accept
    }
}
"""
JUMPING = """
table inet mine {
    chain shut {
        counter log prefix "no: "
        ct state invalid drop
        drop
    }
    chain forward {
        type filter hook forward priority filter; policy accept;
        ct state established,related accept
        jump shut
    }
}
"""


def load(rules: list[str] | str) -> None:
    if isinstance(rules, str):
        subprocess.run(["nft", "-f", "-"], input=rules, text=True, check=True)
        return
    if shutil.which("iptables-nft") is None:
        pytest.skip("iptables is not installed")
    for command in rules:
        program, *words = command.split()
        subprocess.run([f"{program}-nft", *words], check=True, capture_output=True)


def lives_with(world: World, rules: list[str] | str, chain: str) -> None:
    load(rules)
    before = world.state()
    said = world.up(LAB)
    assert f"past the rules of {chain}" in said
    world.serve("web", "tcp/80")
    assert world.ask("pc1", FAR4, 80) == f"{MACHINE4} 5"
    assert world.ask("pc1", FAR6, 80) == f"{MACHINE6} 5"
    assert world.from_internet(MACHINE4, 8080) == f"{ROUTER4} 5"
    assert "nothing to do" in world.up(LAB)
    if not isinstance(rules, str):  # iptables still reads its own chains
        shown = subprocess.run(["iptables-nft", "-S"], capture_output=True, text=True, check=True)
        assert "nslab:guarded" in shown.stdout
    world.nslab("down")
    assert world.state() == before


@in_world()
def test_docker(world: World) -> None:
    lives_with(world, DOCKER, "ip filter DOCKER-USER, ip6 filter FORWARD")


@in_world()
def test_ufw(world: World) -> None:
    lives_with(world, UFW, "ip filter FORWARD, ip6 filter FORWARD")


@in_world()
def test_firewalld(world: World) -> None:
    lives_with(world, FIREWALLD, "inet firewalld filter_FORWARD")


@in_world()
def test_a_rule_set_of_the_user_s_own(world: World) -> None:
    lives_with(world, OWN, "inet mine forward")


@in_world()
def test_a_rule_set_that_drops_in_a_chain_of_its_own(world: World) -> None:
    lives_with(world, JUMPING, "inet mine forward")


@in_world()
def test_a_firewall_that_owns_its_table_is_passed_by_pasta(world: World) -> None:
    rules = (
        "add table inet fw { flags owner; }\n"
        "add chain inet fw f { type filter hook forward priority 0; policy drop; }\n"
    )
    command = ["nft", "-i"]  # the table lives as long as this process
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as owner:
        assert owner.stdin is not None
        owner.stdin.write(rules.encode())
        owner.stdin.flush()
        world.await_rules("chain f")
        before = world.state()
        path = str(world.folder / "guarded.json")
        assert "on this machine" not in world.up(LAB)
        assert world.ask("pc1", FAR4, 80) == f"{MACHINE4} 5"
        world.nslab("down")
        refused = world.nslab("up", "--uplink", "kernel", path, check=False)
        reasons = "nft refused: Could not process rule", "what `nft -j list` prints cannot be read"
        assert any(reason in refused.stderr for reason in reasons)  # the second by nft 1.0.6
        assert world.state() == before


@in_world()
def test_a_firewall_that_was_loaded_anew_shows_as_drift_and_is_passed_again(world: World) -> None:
    load(FIREWALLD)
    world.up(LAB)
    subprocess.run(["nft", "delete", "table", "inet", "firewalld"], check=True)
    load(FIREWALLD)
    assert world.ask("pc1", FAR4, 80) != f"{MACHINE4} 5"
    assert "its rules" in world.nslab("ping", "pc1", "outside", check=False).stdout
    assert world.nslab("show", "--drift", check=False).stdout.startswith("(host)")
    assert "on this machine" in world.up(LAB)
    assert world.ask("pc1", FAR4, 80) == f"{MACHINE4} 5"
    world.nslab("down")


@in_world()
def test_two_labs_pass_one_door_and_the_last_one_shuts_it(world: World) -> None:
    load(OWN)
    before = world.state()
    world.up(LAB)
    world.up({**LAB, "name": "second", "nodes": {}})
    world.nslab("down", "guarded")
    assert "yes IPv4 beyond" in world.nslab("ping", "pc1", "outside", check=False).stdout
    world.nslab("down", "second")
    assert world.state() == before


@in_world(user=True)
def test_a_plain_user_passes_docker_s_rules_by_pasta(world: World) -> None:
    load(DOCKER)
    world.up(LAB)
    assert world.ask("pc1", FAR4, 80) == f"{MACHINE4} 5"
    world.nslab("down")
