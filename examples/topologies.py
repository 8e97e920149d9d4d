"""Three shapes of network in a loop, each built, proven and gone: run `python topologies.py`.

star              mesh              line

  h0 h1           h0 ─── h1         h0 ── h1 ── h2 ── h3
   │ │             │  X  │
══╤╧═╧══ lan       │     │
  h2              h2 ─── h3
"""

from __future__ import annotations

from ipaddress import IPv4Network
from itertools import combinations

from nslab import Lab, up


def star(count: int) -> Lab:
    """Put all nodes on one bridge."""
    lab = Lab(f"star{count}")
    lan = lab.bridge("lan", subnet="10.0.0.0/24")
    for number in range(count):
        lab.node(f"h{number}", on=lan)
    return lab


def mesh(count: int) -> Lab:
    """Join every two nodes by a cable."""
    lab = Lab(f"mesh{count}")
    subnets = IPv4Network("10.0.0.0/16").subnets(new_prefix=30)
    for (one, other), subnet in zip(combinations(range(count), 2), subnets, strict=False):
        lab.cable(f"h{one}", f"h{other}", subnet=subnet)
    return lab


def line(count: int) -> Lab:
    """Join each node to the next; all are routers, and know what lies to the left and the right."""
    lab = Lab(f"line{count}")
    for number in range(count):
        left = [(far, f"10.0.{number - 1}.1") for far in range(number - 1)]
        right = [(far, f"10.0.{number}.2") for far in range(number + 1, count - 1)]
        routes = [{"dst": f"10.0.{far}.0/30", "via": via} for far, via in left + right]
        lab.node(f"h{number}", forward=True, routes=routes)
    for number in range(count - 1):
        lab.cable(f"h{number}", f"h{number + 1}", subnet=f"10.0.{number}.0/30")
    return lab


def main() -> None:
    """Print for each lab how many pairs reach each other, and the slowest answer."""
    for shape in (star, mesh, line):
        for count in (2, 4, 8):
            with up(shape(count)) as running:
                pings = running.ping()
            total, slowest = len(pings.echoes), max(echo.seconds or 0 for echo in pings.echoes)
            good = total - len(pings.broken)
            print(f"{running.name:<6} {good:>2} of {total:>2} pairs, {slowest * 1000:.2f} ms")


if __name__ == "__main__":
    main()
