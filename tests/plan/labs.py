"""Labs that several tests bring up."""

from __future__ import annotations

from nslab import Lab

DUAL = ["10.0.0.0/16", "fd00::/64"]
"""The subnets of a segment that speaks both families."""


def star(
    name: str, count: int, subnet: str | list[str] = "10.0.0.0/16", *, uplink: bool = False
) -> Lab:
    """Give so many nodes, n0 and on, on one bridge."""
    lab = Lab(name)
    lan = lab.bridge("lan", subnet=subnet, uplink=uplink)
    for number in range(count):
        lab.node(f"n{number}", on=lan)
    return lab
