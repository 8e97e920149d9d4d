"""The way out of a lab: throughput and latency from a node to a server beyond the machine.

Each turn plays a machine of its own, in fresh namespaces, with a cable to an internet where the
server of `traffic.c` listens. A node is led out in each of several ways, in alternation: nslab's,
and the same made by hand. One TCP connection carries bulk data, then single bytes back and forth.
For the latency, both ends are held on one core, so that it is that of the path and not that of
waking another core; for the throughput, on two.

Usage: python3 bench/uplink.py NSLAB TRAFFIC ROUNDS
Run by run.py as root; prints one line of JSON: for each way its title, the key of its peer, and the
figures of each round: seconds a round trip, bits a second; null where the traffic stalled.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import field
import settle

MEBIBYTES = 4096
"""How much bulk data is sent."""

SLOWER = 16
"""So many times less is sent through pasta."""

TRIPS = 20000
"""How many single bytes go back and forth."""

PATIENCE = 15.0
"""Seconds after which traffic that should have ended has stalled."""

SERVER, PORT = "192.0.2.2", "9"

WORLD = f"""
mount -t tmpfs tmpfs /run
mkdir /run/netns
ip link set lo up
ip netns add internet
ip -n internet link set lo up
ip link add eth0 type veth peer name eth0 netns internet
ip addr add 192.0.2.1/24 dev eth0
ip link set eth0 up
ip -n internet addr add {SERVER}/24 dev eth0
ip -n internet link set eth0 up
ip route add default via {SERVER}
"""

NODE = """
ip netns add pc1
ip {fabric} link add br0 type bridge
ip {fabric} link add p1 type veth peer name eth0 netns pc1
ip {fabric} link set p1 master br0 up
ip {fabric} addr add 10.0.1.1/24 dev br0
ip {fabric} link set br0 up
ip -n pc1 link set lo up
ip -n pc1 addr add 10.0.1.2/24 dev eth0
ip -n pc1 link set eth0 up
ip -n pc1 route add default via 10.0.1.1
"""

FORWARD = """
sysctl -qw net.ipv4.ip_forward=1
nft 'add table ip nat; add chain ip nat out { type nat hook postrouting priority 100; };
     add rule ip nat out oifname eth0 masquerade'
"""

ROUTER = """
ip netns add fabric
ip netns exec fabric sysctl -qw net.ipv4.ip_forward=1
"""

IN_A_NETNS = f"""{ROUTER}
ip link add up0 type veth peer name uplink netns fabric
ip addr add 100.64.0.1/30 dev up0
ip link set up0 up
ip -n fabric addr add 100.64.0.2/30 dev uplink
ip -n fabric link set uplink up
ip -n fabric route add default via 100.64.0.1
ip route add 10.0.1.0/24 via 100.64.0.2
"""

PASTA = "pasta --quiet --config-net --no-map-gw --runas 0 -t none -u none -T none -U none"

TRANSLATE = """
ip netns exec fabric nft 'add table ip nat;
    add chain ip nat out { type nat hook postrouting priority 100; };
    add rule ip nat out iifname br0 masquerade'
"""

LAB = "{name: bench, bridges: {lan: {subnet: 10.0.1.0/24, uplink: true, ports: [pc1]}}}"


@dataclass(frozen=True, slots=True)
class Way:
    """One way out: how it is made, and the command that runs another in the node.

    Attributes:
        peer: the same made by hand, against which it is measured; "" for those themselves.
        mebibytes: how much bulk data is sent.
    """

    title: str
    script: str
    enter: tuple[str, ...] = ("ip", "netns", "exec", "pc1")
    peer: str = ""
    mebibytes: int = MEBIBYTES


def ways(nslab: str) -> dict[str, Way]:
    """Give all ways by their keys."""
    enter = (nslab, "exec", "pc1")
    lab = f"echo '{LAB}' > /run/lab.yaml; {nslab} up --quiet --uplink "
    bridge = NODE.format(fabric="")
    fabric = NODE.format(fabric="-n fabric")
    fewer = MEBIBYTES // SLOWER
    return {
        "hand-bridge": Way("by hand: the bridge in the machine's netns", bridge + FORWARD),
        "hand-veth": Way(
            "by hand: the bridge in a netns of its own, a veth to the machine",
            IN_A_NETNS + fabric + FORWARD,
        ),
        "nslab-kernel": Way(
            "nslab, `--uplink kernel`", lab + "kernel /run/lab.yaml", enter, "hand-veth"
        ),
        "hand-pasta": Way(
            "by hand: pasta on the node's netns",
            f"ip netns add pc1; {PASTA} --netns /run/netns/pc1",
            mebibytes=fewer,
        ),
        "hand-pasta-lab": Way(
            "by hand: the bridge in a netns of its own, pasta on that one",
            ROUTER + fabric + f"{PASTA} --netns /run/netns/fabric\n" + TRANSLATE,
            mebibytes=fewer,
        ),
        "nslab-pasta": Way(
            "nslab, `--uplink pasta`",
            lab + "pasta /run/lab.yaml",
            enter,
            "hand-pasta-lab",
            fewer,
        ),
    }


def send(way: Way, core: int, *words: str) -> float | None:
    """Let the node send; None if it stalls."""
    command = [*way.enter, "taskset", "-c", str(core), *words]
    with contextlib.suppress(subprocess.TimeoutExpired):
        done = subprocess.run(command, capture_output=True, check=True, timeout=PATIENCE)
        return float(done.stdout)
    return None


def turn(way: Way, traffic: str) -> dict[str, float | None]:
    """Make one way on this machine, which is played, and measure."""
    subprocess.run(["sh", "-ec", WORLD], check=True)
    server = ["ip", "netns", "exec", "internet", "taskset", "-c", "0", traffic, "serve", PORT]
    with subprocess.Popen(server) as serving:
        subprocess.run(["sh", "-ec", way.script], check=True, stdout=sys.stderr)
        time.sleep(0.5)  # pasta and IPv6 come to rest
        cores = sorted(os.sched_getaffinity(0))
        figures = {
            "latency": send(way, cores[0], traffic, "pingpong", SERVER, PORT, str(TRIPS)),
            "throughput": send(way, cores[-1], traffic, "bulk", SERVER, PORT, str(way.mebibytes)),
        }
        serving.kill()
    return figures


def measure(nslab: str, traffic: str, rounds: int) -> dict[str, dict[str, Any]]:
    """Measure every way, round after round, each in namespaces of its own."""
    found: dict[str, dict[str, Any]] = {
        key: {"title": way.title, "peer": way.peer, "latency": [], "throughput": []}
        for key, way in ways(nslab).items()
    }
    for _ in range(rounds):
        for key in ways(nslab):
            command = [*field.APART, sys.executable, __file__, nslab, traffic, key]
            settle.settle()
            with tempfile.TemporaryFile() as out:
                subprocess.run(command, check=True, stdout=out, stdin=subprocess.DEVNULL)
                out.seek(0)
                figures = json.loads(out.read().splitlines()[-1])
            for figure, value in figures.items():
                found[key][figure].append(value)
    return found


def main() -> None:
    nslab, traffic, what = sys.argv[1], str(Path(sys.argv[2]).resolve()), sys.argv[3]
    if what.isdigit():
        print(json.dumps(measure(nslab, traffic, int(what))))
    else:
        print(json.dumps(turn(ways(nslab)[what], traffic)))


if __name__ == "__main__":
    main()
