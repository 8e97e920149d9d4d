"""Labs to draw: written in a line or two, or made by hypothesis."""

from __future__ import annotations

from ipaddress import ip_interface, ip_network
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from nslab.lab.model import Bridge, Cable, Desired, Endpoint, Node

if TYPE_CHECKING:
    from nslab.lab.model import Network

SUBNETS = ("", "10.{}.0.0/24", "fd00:{}::/64", "10.{}.0.0/22 fd00:{}::/64", "fd12:34:56:{}::/64")


class Builder:
    """Make a lab out of lines such as these; ifnames and addresses are chosen in their order.

    left -- gw* 10.0.1.0/24 fd00:1::/64     a cable; `*` makes a router
    lan: gw pc1 pc2 10.0.2.0/24             a bridge
    pc9                                     an isolated node
    # a comment
    """

    def __init__(self) -> None:
        self.nodes: dict[str, Node] = {}
        self.links: dict[str, int] = {}
        self.bridges: list[Bridge] = []
        self.cables: list[Cable] = []

    def add(self, line: str) -> None:
        words = line.replace(" -- ", " ").split()
        subnets = tuple(ip_network(word) for word in words if "/" in word)
        names = [word for word in words if "/" not in word]
        bridge = names.pop(0)[:-1] if names[0].endswith(":") else None
        for name in names:
            self.add_node(name)
        if bridge is not None:
            ports = self.endpoints(names, subnets)
            self.bridges.append(Bridge(bridge, bridge[:15], "02:5e:00:00:00:01", subnets, ports))
        elif " -- " in line:
            one, other = self.endpoints(names, subnets)
            self.cables.append(Cable((one, other), subnets))

    def add_node(self, name: str) -> None:
        key = name.rstrip("*")
        if key not in self.nodes or name.endswith("*"):
            self.nodes[key] = Node(key, forward=name.endswith("*"))

    def endpoints(self, names: list[str], subnets: tuple[Network, ...]) -> tuple[Endpoint, ...]:
        return tuple(self.endpoint(n.rstrip("*"), i, subnets) for i, n in enumerate(names, 1))

    def endpoint(self, node: str, number: int, subnets: tuple[Network, ...]) -> Endpoint:
        count = self.links[node] = self.links.get(node, -1) + 1
        addresses = (f"{net[number]}/{net.prefixlen}" for net in subnets)
        found = tuple(ip_interface(each) for each in addresses)
        return Endpoint(node, f"eth{count}", "02:5e:00:00:00:02", addresses=found)


def build(text: str) -> Desired:
    builder = Builder()
    for line in map(str.strip, text.strip().splitlines()):
        if not line.startswith("#"):
            builder.add(line)
    nodes = tuple(builder.nodes.values())
    return Desired("demo", tuple(builder.bridges), tuple(builder.cables), nodes)


@st.composite
def labs(draw: st.DrawFn) -> Desired:
    stem = draw(st.sampled_from(["n", "node-", "a.long_name-of-a-node-", "x" * 55]))
    marks = draw(st.lists(st.sampled_from(["", "", "*"]), min_size=2, max_size=12))
    names = [f"{stem}{i}{mark}" for i, mark in enumerate(marks)]
    lines = list(names)
    for i in range(draw(st.integers(0, 4))):
        ports = draw(st.lists(st.sampled_from(names), max_size=6))
        lines.append(f"bridge{i}: {' '.join(ports)} {draw(st.sampled_from(SUBNETS))}")
    for _ in range(draw(st.integers(0, 6))):
        one, other = draw(st.permutations(names))[:2]
        lines.append(f"{one} -- {other} {draw(st.sampled_from(SUBNETS))}")
    return build("\n".join(line.replace("{}", str(i + 1)) for i, line in enumerate(lines)))
