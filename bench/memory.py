"""Measure what a lab costs of the kernel's memory: a namespace, and a cable.

    python bench/memory.py            # prints it
    python bench/memory.py --write    # and writes src/nslab/plan/costs.py

Run it with nslab installed, and best alone.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import time
from contextlib import ExitStack
from pathlib import Path

from nslab import Lab, up

NODES = 500
ROUNDS = 3
TARGET = Path(__file__).parents[1] / "src" / "nslab" / "plan" / "costs.py"
TEXT = '''"""What a lab costs of the kernel's memory, in bytes: found by `bench/memory.py --write`.

On Linux {kernel} with {cpus} CPUs, of which the kernel keeps some counters each.
"""

NETNS = {netns:_}
CABLE = {cable:_}
'''


def alone(name: str) -> Lab:
    """Make a lab of nodes that nothing joins."""
    lab = Lab(name)
    for number in range(NODES):
        lab.node(f"n{number}")
    return lab


def joined(name: str) -> Lab:
    """Make a lab of as many nodes, each two joined by two cables with addresses of both families.

    So there are as many cables as nodes.
    """
    lab = Lab(name)
    for number in range(0, NODES, 2):
        for turn in range(2):
            subnet = [f"10.{turn}.{number >> 8}.{number & 254}/31", f"fd00:{turn}:{number:x}::/64"]
            lab.cable(f"n{number}", f"n{number + 1}", subnet=subnet)
    return lab


def taken() -> int:
    """Give the bytes that the kernel has for itself, once they stay the same.

    What it has in slabs and for each CPU: other programs take little of that.
    """
    found = _taken()
    while True:
        time.sleep(0.5)
        before, found = found, _taken()
        if abs(found - before) < 1 << 20:
            return found


def _taken() -> int:
    fields = dict(line.split(":") for line in Path("/proc/meminfo").read_text().splitlines())
    return sum(int(fields[name].split()[0]) * 1024 for name in ("Slab", "Percpu"))


def cost(lab: Lab, held: ExitStack) -> float:
    """Give what a lab takes for each of its nodes.

    It stays, with all that were before it: what the kernel keeps of one that went would be used
    again, and cost nothing.
    """
    before = taken()
    held.enter_context(up(lab))
    return (taken() - before) / NODES


def main() -> None:
    """Measure in alternation, and take the medians."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--write", action="store_true", help=f"write {TARGET.name}")
    options = parser.parse_args()
    with ExitStack() as held:
        found = [
            (cost(alone(f"memory-alone-{turn}"), held), cost(joined(f"memory-{turn}"), held))
            for turn in range(ROUNDS)
        ]
    netns = statistics.median(one for one, _ in found)
    cable = statistics.median(other - one for one, other in found)
    print(f"a namespace: {netns / 1024:.0f} KiB; a cable: {cable / 1024:.0f} KiB")
    if options.write:
        kernel = ".".join(platform.release().split(".")[:2])
        words = {"netns": round(netns), "cable": round(cable)}
        TARGET.write_text(TEXT.format(kernel=kernel, cpus=os.cpu_count(), **words))


if __name__ == "__main__":
    main()
