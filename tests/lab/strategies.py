"""Labs for property tests: every key that the file knows, said or left open."""

from __future__ import annotations

import json
import string
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from nslab.lab import loads
from nslab.lab.address import fault
from nslab.lab.names import KEPT_IFNAMES

if TYPE_CHECKING:
    from nslab.lab import Desired, Lab, Tree

ALNUM = string.ascii_letters + string.digits
NAMES = st.one_of(
    st.sampled_from(
        ["gw", "pc1", "null", "1", "1e3", "on", "h" * 63, "a-name-too-long-for-a-link"]
    ),
    st.builds(str.__add__, st.sampled_from(ALNUM), st.text(ALNUM + "._-", max_size=14)),
)
IFNAMES = st.one_of(
    st.sampled_from(["eth0", "eth1", "eth7", "wan0", "a.1", "null", "1e3", "exactly15bytes."]),
    st.text(ALNUM + "!\"#$&'()*+,;<=>?@[]^_`{|}~\\", min_size=1, max_size=15).filter(
        lambda name: name not in KEPT_IFNAMES
    ),
)
SYSCTL: st.SearchStrategy[dict[str, Tree]] = st.dictionaries(
    st.sampled_from(
        ["net.ipv4.tcp_ecn", "net/ipv4/conf/eth0.1/rp_filter", "net.ipv4.ip_default_ttl"]
    ),
    st.one_of(st.integers(-5, 99999), st.booleans(), st.sampled_from(["1 2\t3", "", "007", "on"])),
    max_size=3,
)


class Drawer:
    """Draws one lab's tree; what must be unique in it is counted here."""

    names = (3, 8)
    most_bridges, most_cables, most_ports = 2, 3, 6
    sysctl = SYSCTL

    def __init__(self, data: st.DrawFn) -> None:
        self.draw = data
        self.segments = 0
        self.macs = 0
        names = data(st.lists(NAMES, min_size=self.names[0], max_size=self.names[1], unique=True))
        split = data(st.integers(0, min(self.most_bridges, len(names) - 1)))
        self.bridges, self.nodes = names[:split], names[split:]
        self.ifnames: dict[str, set[str]] = {name: set() for name in self.nodes}

    def chance(self) -> bool:
        return self.draw(st.integers(0, 2)) == 0

    def subnets(self) -> list[str]:
        self.segments += 1
        number = self.segments
        known = [f"10.{number}.0.0/{self.draw(st.integers(20, 27))}", f"fd00:{number}::/64"]
        known += [f"192.168.{number}.0/24", f"fd01:{number}::/{self.draw(st.integers(112, 122))}"]
        return [text for text in known if self.draw(st.integers(0, 2)) == 1]

    def mac(self) -> str:
        self.macs += 1
        return f"06:00:00:00:AB:{self.macs:02x}"

    def endpoint(self, node: str, subnets: list[str]) -> Tree:
        tree: dict[str, Tree] = {"node": node}
        if self.chance():
            ifname = self.draw(IFNAMES.filter(lambda name: name not in self.ifnames[node]))
            self.ifnames[node].add(ifname)
            if self.chance():
                return f"{node}:{ifname}"
            tree["ifname"] = ifname
        if self.chance():
            tree["mac"] = self.mac()
        if self.chance():
            tree["mtu"] = self.draw(st.integers(1280, 65535))
        if self.chance():
            tree["addresses"] = self.addresses(subnets)
        return node if len(tree) == 1 else tree

    def addresses(self, subnets: list[str]) -> Tree:
        self.macs += 1  # the host's part of an address is unique, too
        if not subnets:
            by_hand: list[Tree] = [f"172.16.9.{self.macs}/24", f"fe80::{self.macs}/64"]
            return by_hand if self.draw(st.booleans()) else []
        chosen = self.draw(st.lists(st.sampled_from(subnets), max_size=2, unique=True))
        found: list[Tree] = [self.inside(subnet) for subnet in chosen]
        return found[0] if len(found) == 1 and self.chance() else found

    def inside(self, subnet: str) -> str:
        network, _, prefix = subnet.partition("/")
        last = self.macs % 27 + 3
        host = f"{network}{last:x}" if ":" in network else f"{network[:-1]}{last}"
        return f"{host}/{prefix}" if self.chance() else host

    def section(self, subnets: list[str]) -> dict[str, Tree]:
        tree: dict[str, Tree] = {}
        if subnets:
            tree["subnet"] = subnets[0] if len(subnets) == 1 else [*subnets]
        if self.chance():
            tree["mtu"] = self.draw(st.sampled_from([1280, 1500, 9000]))
        return tree

    def bridge(self) -> Tree:
        subnets = self.subnets()
        tree = self.section(subnets)
        if self.chance():
            tree["mac"] = self.mac()
        joined = self.draw(st.lists(st.sampled_from(self.nodes), max_size=self.most_ports))
        tree["ports"] = [self.endpoint(node, subnets) for node in joined]
        if subnets and self.chance():
            tree["uplink"] = self.uplink()
        if self.chance():
            tree["host"] = self.host()
        return tree

    def host(self) -> Tree:
        self.macs += 1  # the machine has another link for each bridge
        ifname = f"eth{self.macs}"
        return {"link": ifname} if self.chance() else self.draw(st.sampled_from([ifname, "br0"]))

    def uplink(self) -> Tree:
        if self.chance():
            return self.draw(st.booleans())
        tree: dict[str, Tree] = {"masquerade": self.draw(st.booleans())}
        return {**tree, "mtu": self.draw(st.integers(1280, 9000))} if self.chance() else tree

    def cable(self) -> Tree:
        subnets = self.subnets()
        ends = self.draw(st.lists(st.sampled_from(self.nodes), min_size=2, max_size=2, unique=True))
        return {"ends": [self.endpoint(node, subnets) for node in ends], **self.section(subnets)}

    def node(self) -> Tree:
        tree: dict[str, Tree] = {}
        if self.chance():
            tree["forward"] = self.draw(st.booleans())
        if self.chance():
            tree["sysctl"] = {**self.draw(self.sysctl)}
        if self.chance():
            tree["uplink"] = self.uplink()
        if self.chance():
            tree["publish"] = self.publish()
        return tree or None

    def publish(self) -> Tree:
        self.segments += 1  # the port is unique, too
        address = self.draw(st.sampled_from(["", "127.0.0.1:", "[::1]:", "[2001:db8::7]:"]))
        text = (
            f"{address}{8000 + self.segments}:80{self.draw(st.sampled_from(['', '/udp', '/tcp']))}"
        )
        return text if self.chance() else [text]

    def expect(self, sections: dict[str, Tree]) -> Tree:
        """Draw who must reach whom: never the same both ways, as protocol and port tell."""
        text = json.dumps({"name": "x", **sections})
        desired = loads(text, format="json").resolve()
        ends = ["*", *self.bridges, *(node.name for node in desired.nodes)]
        ends += ["outside"] if desired.uplinks() else []
        found: list[Tree] = []
        for number in range(self.draw(st.integers(0, 3))):
            source = self.draw(st.sampled_from([end for end in ends if end != "outside"]))
            target = self.draw(st.sampled_from([*ends, "192.0.2.7", "2001:db8::7"]))
            arrow, protocol = ("->", "tcp") if number % 2 else ("-/>", "udp")
            found.append(f"{source} {arrow} {target} {protocol}/{self.draw(st.integers(1, 65535))}")
        if self.chance() and desired.nodes:
            found.append(f"{ends[-1]} ->  {desired.nodes[0].name}:80")
        return found[0] if len(found) == 1 and self.chance() else found

    def lab(self) -> dict[str, Tree]:
        listed = self.draw(st.lists(st.sampled_from(self.nodes), unique=True))
        cables = self.draw(st.integers(0, self.most_cables)) if len(self.nodes) > 1 else 0
        sections: dict[str, Tree] = {
            "bridges": {name: self.bridge() for name in self.bridges},
            "cables": [self.cable() for _ in range(cables)],
            "nodes": {name: self.node() for name in listed},
        }
        if self.chance():
            sections["expect"] = self.expect(sections)
        order = self.draw(st.permutations(sorted(sections)))
        return {"name": self.draw(NAMES), **{key: sections[key] for key in order}}


def routes(draw: st.DrawFn, desired: Desired) -> dict[str, Tree]:
    """Draw routes that the lab's own addresses allow."""
    found: dict[str, Tree] = {}
    for name, ends in desired.endpoints().items():
        routes: list[Tree] = []
        for number, end in enumerate(ends):
            route: dict[str, Tree] = {"dst": f"172.20.{number}.0/24", "dev": end.ifname}
            for item in end.addresses[:1]:
                own = {other.ip for each in ends for other in each.addresses}
                via = item.ip + draw(st.sampled_from([-1, 1]))
                if via in own or via not in item.network or fault(via, item.network):
                    continue
                route = {"dst": "default", "via": str(via), "metric": number + 1}
            if draw(st.booleans()):
                routes.append(route)
        if routes:
            found[name] = routes
    return found


@st.composite
def trees(draw: st.DrawFn, drawer: type[Drawer] = Drawer) -> dict[str, Tree]:
    """Give the tree of a good lab file, with all kinds of things said or left open."""
    tree = drawer(draw).lab()
    found = routes(draw, loads(json.dumps(tree), format="json").resolve())
    nodes = tree["nodes"]
    assert isinstance(nodes, dict)
    for name, listed in found.items():
        said = nodes.get(name)
        nodes[name] = {**(said if isinstance(said, dict) else {}), "routes": listed}
    return tree


def labs() -> st.SearchStrategy[Lab]:
    """Give good labs."""
    return trees().map(lambda tree: loads(json.dumps(tree), format="json"))
