"""Throughput and latency between two nodes: nslab's links against the same made by hand.

Then what could make such links faster, each against the links as the kernel makes them.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from field.environments import missing, no_command, no_iproute2
from parts import traffic
from parts.part import Figures, Part
from parts.traffic import Scene

if TYPE_CHECKING:
    from options import Options

ROUNDS, TUNED_ROUNDS = 40, 8

ADDRESS = "10.0.0.2"

START = """
mount -t tmpfs tmpfs /run
mkdir /run/netns
"""

NODES = """
ip netns add a
ip netns add b
for node in a b; do ip -n $node link set lo up; done
"""

CABLE = "ip -n a link add dev eth0 {queues} type veth peer name eth0 {queues} netns b"

BRIDGE = """
ip netns add lan
ip -n lan link add br0 type bridge
for node in a b; do
    ip -n lan link add dev to-$node {queues} type veth peer name eth0 {queues} netns $node
    ip -n lan link set to-$node master br0 up
done
ip -n lan link set br0 up
"""

ADDRESSES = """
ip -n a address add 10.0.0.1/24 dev eth0
ip -n b address add 10.0.0.2/24 dev eth0
for node in a b; do ip -n $node link set eth0 up; done
"""

LABS = {
    "cable": "{name: bench, cables: [{ends: [a, b], subnet: 10.0.0.0/24}]}",
    "bridge": "{name: bench, bridges: {lan: {subnet: 10.0.0.0/24, ports: [a, b]}}}",
}

EACH = """
for netns in $(ls /run/netns); do
    for link in $(ip -n $netns -br link show type veth | cut -d@ -f1); do
        {line}
    done
done
"""

INSIDE = "ip netns exec $netns "
CORES = f"{sum(1 << core for core in os.sched_getaffinity(0)):x}"
RPS = f"""
for file in /sys/class/net/$0/queues/rx-*/rps_cpus; do echo {CORES} > $file; done
"""
GRO = f"{INSIDE} {sys.executable} -m parts.offload $link on"
THREADED = f"{INSIDE} sh -c 'echo 1 > /sys/class/net/$0/threaded' $link"

TUNINGS = {
    "gro": ("GRO on", GRO),
    "threaded": ("GRO on, NAPI in threads", f"{GRO}\n        {THREADED}"),
    "queues": ("two queues each way", ""),
    "rps": ("RPS to all cores", f"{INSIDE} sh -c '{RPS}' $link"),
    "txqueuelen": ("a queue of 10,000 packets", "ip -n $netns link set $link txqueuelen 10000"),
    "mtu": ("an MTU of 9000", "ip -n $netns link set $link mtu 9000"),
}
"""What may help: its name, and what is done to each veth."""

TWO = "numtxqueues 2 numrxqueues 2"


def scenes(python: str) -> dict[str, Scene]:
    """Give all scenes by their keys; `python` is the interpreter that has nslab."""
    nslab = str(Path(python).with_name("nslab"))
    found = {}
    for kind, lab in LABS.items():
        found[f"hand-{kind}"] = _by_hand(f"by hand: a {kind}", kind)
        found[f"nslab-{kind}"] = Scene(
            f"nslab: a {kind}",
            f"{START}echo '{lab}' > /run/lab.yaml; {nslab} up --quiet /run/lab.yaml",
            (nslab, "exec", "a"),
            (nslab, "exec", "b"),
            ADDRESS,
            f"hand-{kind}",
        )
    for key, (title, line) in TUNINGS.items():
        for kind in LABS:
            found[f"{key}-{kind}"] = _by_hand(
                f"a {kind}, {title}",
                kind,
                EACH.format(line=line) if line else "",
                queues=TWO if key == "queues" else "",
                peer=f"hand-{kind}",
            )
    return found


def _by_hand(title: str, kind: str, tuning: str = "", *, queues: str = "", peer: str = "") -> Scene:
    joined = (CABLE if kind == "cable" else BRIDGE).format(queues=queues)
    script = START + NODES + joined + ADDRESSES + tuning
    enter = ("ip", "netns", "exec")
    return Scene(title, script, (*enter, "a"), (*enter, "b"), ADDRESS, peer)


def measure(options: Options) -> Figures:
    """Measure every scene, round after round; what may help, less often."""
    tools = {"unshare": "util-linux", "taskset": "util-linux"}
    if why := no_iproute2() or no_command(options.python) or missing(**tools):
        return {"skipped": why}
    found = scenes(options.python)
    tuned = {key for key in found if key.partition("-")[0] in TUNINGS}
    often = (1, 0) if options.quick else (ROUNDS, TUNED_ROUNDS)
    rounds = {key: options.rounds or often[key in tuned] for key in found}
    return traffic.measure("parts.data_path", found, rounds, options)


PART = Part("data-path", "throughput and latency between two nodes", measure)

if __name__ == "__main__":
    traffic.main(scenes(sys.argv[1]))
