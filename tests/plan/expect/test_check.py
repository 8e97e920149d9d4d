"""Expectations against real labs: what holds, what breaks and where, what proves nothing.

        lan 10.0.1.0/24, fd00:1::/64                 10.0.2.0/30, fd00:2::/64
pc1 .2 ────┬──── pc2 .3                gw (router) ──────────────────────── far
           └──── gw .1                 eth1 .1                        eth0 .2
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from nslab import Lab, loads, up
from nslab.kernel import probe
from nslab.kernel.sandbox import Sandbox
from tests.kernel.labs import descriptors

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nslab import Checks, Running
    from nslab.kernel.echo import Echo

pytestmark = [pytest.mark.kernel, pytest.mark.usefixtures("able")]

FILE = """
name: {name}
bridges:
  lan: {{subnet: [10.0.1.0/24, "fd00:1::/64"], ports: [gw, pc1, pc2]}}
cables:
  - {{ends: [gw, far], subnet: [10.0.2.0/30, "fd00:2::/64"]}}
nodes:
  gw: {{forward: true}}
  pc1: {{routes: [{{dst: default, via: 10.0.1.1}}, {{dst: "::/0", via: "fd00:1::1"}}]}}
  pc2: {{routes: [{{dst: default, via: 10.0.1.1}}, {{dst: "::/0", via: "fd00:1::1"}}]}}
  far: {{routes: [{{dst: default, via: 10.0.2.1}}, {{dst: "::/0", via: "fd00:2::1"}}]}}
  alone:
expect: {expect}
"""
SERVER = """
import socket, sys
kind, port = sys.argv[1], int(sys.argv[2])
kind = socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM
server = socket.socket(socket.AF_INET6, kind)
server.bind(("::", port))
if kind == socket.SOCK_STREAM:
    server.listen()
print("ready", flush=True)
while True:
    if kind == socket.SOCK_STREAM:
        server.accept()[0].close()
    else:
        server.sendto(*server.recvfrom(99))
"""


def chain(node: str, hook: str, policy: str, *rules: str, family: str = "inet") -> str:
    """Give the command that makes a base chain with some rules in a node."""
    words = [f"add table {family} f"]
    words += [f"add chain {family} f c {{ type filter hook {hook} priority 0; policy {policy}; }}"]
    words += [f"add rule {family} f c {rule}" for rule in rules]
    return f"{node}: nft '{'; '.join(words)}'"


def office(name: str, *expect: str) -> Lab:
    return loads(FILE.format(name=name, expect=[*expect]))


def run(running: Running, *commands: str) -> None:
    """Run `node: command` lines."""
    for command in commands:
        node, _, line = command.partition(": ")
        running[node].run(["sh", "-ec", line], check=True)


@contextmanager
def serving(running: Running, node: str, kind: str, port: int) -> Iterator[None]:
    command = [sys.executable, "-c", SERVER, kind, str(port)]
    with running[node].popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        assert server.stdout.readline() == "ready\n"
        yield
        server.kill()


def quick(running: Running) -> Checks:
    return running.check(timeout=0.4, tries=3)


def outcomes(checks: Checks) -> list[str]:
    return [one.outcome for one in checks.findings]


@pytest.fixture
def lab(name: str) -> Lab:
    return office(name, "pc1 -> far")


def test_without_expect_everything_on_one_segment_reaches_everything(name: str) -> None:
    with up(office(name)) as running:
        checks = running.check()
        assert checks.ok
        assert len(checks.findings) == (3 * 2 + 2) * 2
        assert {one.pair for one in checks.findings} >= {"pc1 -> gw", "gw -> far", "far -> gw"}
        run(running, "far: ip route delete default", "gw: sysctl -qw net.ipv4.ip_forward=0")
        assert running.check().ok  # of others nothing is expected
        run(running, "far: ip address delete 10.0.2.2/30 dev eth0")
        broken = quick(running).broken
        assert {str(one) for one in broken} == {
            "gw -> far (10.0.2.2): no address: far:eth0 does not have 10.0.2.2",
            "far -> gw (10.0.2.1): no address: far:eth0 does not have 10.0.2.2",
        }


def test_both_families_ports_groups_and_addresses(name: str) -> None:
    lab = office(
        name,
        "lan -> far",
        "far -> lan",
        "* -> pc1:80",
        "pc1 -> far udp/7",
        "pc1 -> 10.0.2.2",
        "far -/> lan tcp/81",
        "pc2 -/> far udp/8",
        "pc1 -> pc1",
    ).resolve()
    with ExitStack() as stack:
        running = stack.enter_context(up(lab))
        for node, kind, port in (("pc1", "tcp", 80), ("pc1", "tcp", 81)):
            stack.enter_context(serving(running, node, kind, port))
        for port in (7, 8):
            stack.enter_context(serving(running, "far", "udp", port))
        run(running, chain("gw", "forward", "accept", "tcp dport 81 drop", "udp dport 8 drop"))
        checks = running.check(timeout=0.5)
    assert [str(one) for one in checks.broken] == [
        "alone -> pc1 tcp/80: no address: the lab file gives alone none, and the kernel has none"
    ]
    # nothing listens in gw and pc2, so that nothing is known of their port 81
    weak = {one.target for one in checks.untested}
    assert weak == {"gw", "pc2"}
    assert all("refused: nothing listens" in one.reason for one in checks.untested)
    good = [one for one in checks.findings if one.ok]
    assert {one.address.version for one in good if one.address is not None} == {4, 6}
    held = {one.pair for one in good if not one.expectation.reach}
    assert held == {"far -/> pc1 tcp/81", "pc2 -/> far udp/8"}


BREAKS = [
    (["pc1: ip link set eth0 down"], "link down: pc1:eth0 is down"),
    (["far: ip link set eth0 down"], "link down: far:eth0 is down"),
    (["gw: ip link set eth0 down"], "link down: gw:eth0 is down"),
    (["pc1: ip link delete eth0"], "link down: pc1:eth0 is not there"),
    (["lan: ip link set pc1.eth0 down"], "link down: the port pc1.eth0 of lan is down"),
    (["lan: ip link set gw.eth0 down"], "link down: the port gw.eth0 of lan is down"),
    (
        ["lan: ip link set pc1.eth0 nomaster"],
        "link down: the port pc1.eth0 has left the bridge lan",
    ),
    (["lan: ip link set gw.eth0 nomaster"], "no neighbour: gw:eth0, which has 10.0.1.1, is not"),
    (["lan: ip link set lan down"], "link down: the bridge lan is down"),
    (["lan: ip link delete lan"], "link down: the bridge lan is not there"),
    (
        ["pc1: ip -4 route delete default"],
        "no route: pc1 has no route to 10.0.2.2 (hint: `nslab up`",
    ),
    (
        ["far: ip -4 route delete default"],
        "on the way back: no route: far has no route to 10.0.1.2",
    ),
    (["gw: ip route add blackhole 10.0.2.2"], "no route: gw has a blackhole route for 10.0.2.2"),
    (["gw: ip route add prohibit 10.0.2.2"], "no route: gw has a prohibit route for 10.0.2.2"),
    (["pc1: ip address flush dev eth0"], "no address: pc1:eth0 does not have 10.0.1.2"),
    (["far: ip -4 address flush dev eth0"], "no address: far:eth0 does not have 10.0.2.2"),
    (["gw: ip -4 address flush dev eth0"], "no address: gw:eth0 does not have 10.0.1.1"),
    (["gw: sysctl -qw net.ipv4.ip_forward=0"], "no forwarding: gw does not forward IPv4 (hint: "),
    (
        ["pc1: ip route replace default via 10.0.1.3", "pc2: sysctl -qw net.ipv4.ip_forward=1"],
        "",  # a longer way is a way, too
    ),
    (
        ["gw: ip route replace 10.0.2.2/32 via 10.0.1.2", "pc1: sysctl -qw net.ipv4.ip_forward=1"],
        "no route: pc1 is passed twice, so it goes in a circle",
    ),
    (
        ["pc1: ip route replace default via 10.0.1.77"],
        "no neighbour: nobody on lan has 10.0.1.77",
    ),
    (
        ["pc1: ip neigh replace 10.0.1.1 lladdr 02:00:00:00:00:99 nud permanent dev eth0"],
        "no neighbour: pc1 has 02:00:00:00:00:99 for 10.0.1.1, and gw:eth0 has 02:",
    ),
    (
        ["gw: ip link set eth0 arp off", "pc1: ip neigh flush dev eth0"],
        "no neighbour: pc1 gets no answer from 10.0.1.1 (gw) on eth0",
    ),
    (["far: ip link set eth0 mtu 1300"], "MTU: far:eth0 takes packets of up to 1300 bytes"),
    (
        [
            "gw: ip link set eth0 mtu 9000; ip link set eth1 mtu 9000",
            "pc1: ip link set eth0 mtu 9000",
        ],
        "MTU: lan:pc1.eth0 takes packets of up to 1500 bytes, and pc1 sends 9000",
    ),
    ([chain("gw", "forward", "drop")], "nft drop: gw drops it in chain inet f c (policy drop)"),
    ([chain("far", "input", "drop")], "nft drop: far drops it in chain inet f c (policy drop)"),
    ([chain("far", "output", "drop")], "nft drop: far drops the answer in chain inet f c"),
    (
        [chain("gw", "prerouting", "accept", "icmp type 8 reject")],
        "nft drop: gw drops it in chain inet f c (a reject rule)",
    ),
    (
        [chain("lan", "forward", "drop", family="bridge"), "pc1: ip neigh flush dev eth0"],
        "nft drop: lan drops it in chain bridge f c (policy drop)",
    ),
    (
        [chain("gw", "forward", "accept", "ip protocol icmp ip ttl 1-64 drop")],
        "nft drop: gw may drop it in chain inet f c (a drop rule)",
    ),
]


@pytest.mark.parametrize(("commands", "words"), BREAKS, ids=[words[:60] for _, words in BREAKS])
def test_what_is_broken_is_explained_at_its_hop(lab: Lab, commands: list[str], words: str) -> None:
    if any("nft " in command for command in commands) and shutil.which("nft") is None:
        pytest.skip("nft is not installed")
    with up(lab) as running:
        assert running.check().ok
        run(running, *commands)
        (finding,) = [one for one in quick(running).findings if str(one.address) == "10.0.2.2"]
    assert finding.outcome == ("broken" if words else "ok"), str(finding)
    assert finding.reason.startswith(words), finding.reason


def test_a_family_that_is_broken_is_named_by_its_address(lab: Lab) -> None:
    with up(lab) as running:
        run(running, "gw: sysctl -qw net.ipv6.conf.all.forwarding=0")
        (broken,) = quick(running).broken
    assert str(broken.address) == "fd00:2::2"
    assert broken.reason.startswith("no forwarding: gw does not forward IPv6")


def test_a_smaller_mtu_that_is_told_is_no_fault(lab: Lab) -> None:
    with up(lab) as running:
        run(running, "gw: ip link set eth1 mtu 1300", "far: ip link set eth0 mtu 1300")
        assert running.check().ok
        if shutil.which("nft") is not None:
            run(running, chain("gw", "output", "accept", "icmp type destination-unreachable drop"))
            run(running, "pc1: ip route flush cache")
            (broken,) = quick(running).broken
            assert broken.reason.startswith("MTU: gw:eth1 takes packets of up to 1300 bytes, and")


def test_ports_that_nobody_serves_and_ports_that_are_refused(name: str) -> None:
    with up(office(name, "pc1 -> far:80", "pc1 -> far udp/9")) as running:
        (four, _, udp, _) = quick(running).broken
        assert four.reason == "refused: nothing listens there (tcp/80 of far)"
        assert udp.reason == "refused: nothing listens there (udp/9 of far)"
        with serving(running, "far", "tcp", 80):
            run(running, chain("gw", "forward", "accept", "tcp dport 80 reject with tcp reset"))
            four = quick(running).broken[0]
        assert four.reason == "nft drop: gw drops it in chain inet f c (a reject rule)"
        run(running, chain("far", "input", "drop"))
        udp = quick(running).broken[2]
        assert udp.reason == "nft drop: far drops it in chain inet f c (policy drop)"


def test_a_silent_udp_service_is_told_of(name: str) -> None:
    silent = SERVER.replace("server.sendto(*server.recvfrom(99))", "server.recvfrom(99)")
    with up(office(name, "pc1 -> far udp/9")) as running:
        command = [sys.executable, "-c", silent, "udp", "9"]
        with running["far"].popen(command, stdout=subprocess.PIPE) as server:
            assert server.stdout is not None
            server.stdout.readline()
            (broken, _) = quick(running).broken
            server.kill()
    assert broken.reason == "no answer: over UDP a service must give one"


# What must not be reached


def test_what_is_reached_and_must_not_be(name: str) -> None:
    with up(office(name, "far -/> pc1")) as running:
        checks = quick(running)
    assert outcomes(checks) == ["broken", "broken"]
    assert all(one.reason.endswith(" ms, and must not be") for one in checks.broken)


def test_every_address_of_the_target_counts(name: str) -> None:
    with up(office(name, "pc1 -/> gw")) as running:
        rules = ("ip daddr 10.0.1.1 drop", "ip6 daddr fd00:1::1 drop")
        run(running, chain("gw", "input", "accept", *rules))
        broken = {str(one.address) for one in quick(running).broken}
    assert broken == {"10.0.2.1", "fd00:2::1"}


GUARD = chain("gw", "forward", "drop")


def test_a_firewall_is_seen_between_living_ends(name: str) -> None:
    with up(office(name, "far -/> pc1", "pc1 -/> far")) as running:
        run(running, GUARD)
        assert outcomes(quick(running)) == ["ok"] * 4


def test_ends_that_answer_no_ping_show_by_arp_that_they_live(name: str) -> None:
    with up(office(name, "far -/> gw", "gw -/> far")) as running:
        deaf = ("icmp type echo-request drop", "icmpv6 type echo-request drop")
        run(running, *(chain(node, "input", "accept", *deaf) for node in ("gw", "far")))
        checks = quick(running)
    assert outcomes(checks) == ["ok"] * len(checks.findings), [str(one) for one in checks.findings]


SILENT = [
    ("pc1 -/> far", "pc1: ip link set eth0 down", "pc1 reaches none of its own neighbours"),
    ("pc1 -/> far", "far: ip link set eth0 down", "far reaches none of its own neighbours"),
    ("pc1 -/> far", "lan: ip link set lan down", "pc1 reaches none of its own neighbours"),
    ("pc1 -/> far", "lan: ip link set pc1.eth0 nomaster", "pc1 reaches none of its own"),
    ("pc1 -/> far", "gw: ip link set eth1 down", "far reaches none of its own neighbours"),
    (
        "pc2 -/> pc1",
        "pc1: ip -4 address flush dev eth0; ip address add 10.0.1.9/24 dev eth0",
        "pc1 does not have 10.0.1.2",
    ),
    ("pc1 -/> far:80", "far: true", "far itself does not reach 10.0.2.2 tcp/80: refused"),
    ("pc1 -/> far udp/80", "far: true", "far itself does not reach 10.0.2.2 udp/80: refused"),
]


@pytest.mark.parametrize(("expect", "command", "words"), SILENT, ids=[s[1] for s in SILENT])
def test_a_silent_network_proves_nothing(name: str, expect: str, command: str, words: str) -> None:
    with up(office(name, expect)) as running:
        run(running, GUARD)
        run(running, chain("pc2", "output", "accept", "ip daddr 10.0.1.2 drop"))
        run(running, command)
        found = [one for one in quick(running).findings if one.address and one.address.version == 4]
    assert [one.outcome for one in found] == ["untested"], [str(one) for one in found]
    assert found[0].reason.startswith(f"silent, which proves nothing: {words}"), found[0].reason


def test_what_has_no_address_proves_nothing(name: str) -> None:
    with up(office(name, "pc1 -/> alone", "alone -/> pc1", "pc2 -> alone")) as running:
        checks = quick(running)
    assert outcomes(checks) == ["untested", "untested", "broken"]
    assert {one.reason for one in checks.findings} == {
        "no address: the lab file gives alone none, and the kernel has none"
    }


def test_a_canary_that_dies_meanwhile_is_missed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with up(office(name, "far -/> pc1")) as running:
        run(running, GUARD)
        asked = 0
        ask = probe.ask

        def interrupted(*args: Any, **options: Any) -> list[Echo]:
            nonlocal asked
            asked += 1
            if asked == 3:
                run(running, "far: ip link set eth0 down")
            return ask(*args, **options)

        monkeypatch.setattr(probe, "ask", interrupted)
        checks = quick(running)
    assert asked == 3  # before, meanwhile, after
    assert outcomes(checks) == ["untested", "untested"]
    assert "far reaches none of its own neighbours" in checks.untested[0].reason


def test_no_descriptor_stays_open(name: str) -> None:
    with up(office(name, "lan -> far", "far -/> pc1:7")) as running:
        running.check()
        before = descriptors()
        quick(running)
        assert descriptors() == before


def test_progress_is_told(name: str) -> None:
    told: list[tuple[int, int]] = []
    with up(office(name, "lan -> far")) as running:
        running.check(progress=lambda done, of: told.append((done, of)))
    assert (6, 6) in told
    assert all(done <= of for done, of in told)


def test_the_connection_to_the_holder_is_short(name: str) -> None:
    with up(office(name, "lan -> far")) as running:
        running.check()
        with Sandbox.connect(name) as sandbox:
            sandbox.become_writer()
            assert running.check().ok  # nobody's turn is waited for
