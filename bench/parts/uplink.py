"""The way out of a lab: throughput and latency from a node to a server beyond the machine.

Each way has a played machine of its own, with a cable to an internet where the server is. A node is
led out there, by nslab or by hand; all are measured in alternation.
"""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from field.environments import missing, no_command, no_iproute2
from parts import traffic
from parts.part import Figures, Part
from parts.traffic import MEBIBYTES, Scene

if TYPE_CHECKING:
    from options import Options

ROUNDS, PASTA_ROUNDS = 60, 24
"""Single bouts of throughput differ by half; the median of so many is within some 2 %."""

SLOWER = 32
"""So many times less is sent through pasta."""

SERVER = "192.0.2.2"

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


def scenes(python: str) -> dict[str, Scene]:
    """Give all ways by their keys; `python` is the interpreter that has nslab."""
    nslab = str(Path(python).with_name("nslab"))
    enter = (nslab, "exec", "pc1")
    lab = f"echo '{LAB}' > /run/lab.yaml; {nslab} up --quiet --uplink "
    bridge = NODE.format(fabric="")
    fabric = NODE.format(fabric="-n fabric")
    fewer = MEBIBYTES // SLOWER
    ours = partial(_way, client=enter)
    return {
        "hand-bridge": _way("by hand: the bridge in the machine's netns", bridge + FORWARD),
        "hand-veth": _way(
            "by hand: the bridge in a netns of its own, a veth to the machine",
            IN_A_NETNS + fabric + FORWARD,
        ),
        "nslab-kernel": ours("nslab, `--uplink kernel`", lab + "kernel /run/lab.yaml", "hand-veth"),
        "hand-pasta": _way(
            "by hand: pasta on the node's netns",
            f"ip netns add pc1; {PASTA} --netns /run/netns/pc1",
            mebibytes=fewer,
        ),
        "hand-pasta-lab": _way(
            "by hand: the bridge in a netns of its own, pasta on that one",
            ROUTER + fabric + f"{PASTA} --netns /run/netns/fabric\n" + TRANSLATE,
            mebibytes=fewer,
        ),
        "nslab-pasta": ours(
            "nslab, `--uplink pasta`",
            lab + "pasta /run/lab.yaml",
            "hand-pasta-lab",
            mebibytes=fewer,
        ),
    }


def _way(
    title: str,
    script: str,
    peer: str = "",
    *,
    client: tuple[str, ...] = ("ip", "netns", "exec", "pc1"),
    mebibytes: int = MEBIBYTES,
) -> Scene:
    server = ("ip", "netns", "exec", "internet")
    return Scene(title, WORLD + script, client, server, SERVER, peer, mebibytes)


def measure(options: Options) -> Figures:
    """Measure every way, round after round."""
    tools = {"unshare": "util-linux", "taskset": "util-linux", "nft": "nftables", "pasta": "passt"}
    if why := no_iproute2() or no_command(options.python) or missing(**tools):
        return {"skipped": why}
    found = scenes(options.python)
    often = (1, 1) if options.quick else (ROUNDS, PASTA_ROUNDS)
    rounds = {key: options.rounds or often["pasta" in key] for key in found}
    return traffic.measure("parts.uplink", found, rounds, options)


PART = Part("uplink", "ways out", measure)

if __name__ == "__main__":
    traffic.main(scenes(sys.argv[1]))
