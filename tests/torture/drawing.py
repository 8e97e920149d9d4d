"""Labs by chance that this kernel can have, and changes of them by chance."""

from __future__ import annotations

import copy
import json
import random
from typing import TYPE_CHECKING, cast

from hypothesis import strategies as st

from nslab.errors import LabFileError
from nslab.lab import loads
from tests.lab.strategies import Drawer, trees

if TYPE_CHECKING:
    from collections.abc import Callable

    from nslab.lab import Lab, Tree

    Mapping = dict[str, Tree]
    Edit = Callable[["Editor"], None]

MTUS = (68, 576, 1279, 1280, 1500, 9000, 65535)
SETTINGS: dict[str, tuple[str, ...]] = {
    "net.ipv4.tcp_ecn": ("0", "1", "2"),
    "net.ipv4.ip_default_ttl": ("1", "64", "255"),
    "net.ipv4.conf.all.rp_filter": ("0", "1", "2"),
    "net.ipv4.conf.lo.arp_ignore": ("0", "1"),
    "net.ipv6.conf.all.accept_redirects": ("0", "1"),
    "net/ipv4/tcp_keepalive_time": ("60", "7200"),
}


def _choices() -> st.SearchStrategy[dict[str, Tree]]:
    one = st.sampled_from([(key, value) for key, values in SETTINGS.items() for value in values])
    return st.lists(one, max_size=3).map(lambda pairs: dict(cast("list[tuple[str, Tree]]", pairs)))


class RealDrawer(Drawer):
    """Draws what the kernel takes: settings that exist, and no link of the machine's."""

    names = (3, 12)
    sysctl = _choices()

    def bridge(self) -> Tree:
        tree = cast("Mapping", super().bridge())
        tree.pop("host", None)
        return tree

    def publish(self) -> Tree:
        self.segments += 1
        address = self.draw(st.sampled_from(["", "127.0.0.1:", "[::1]:"]))
        how = self.draw(st.sampled_from(["", "/udp", "/tcp"]))
        return [f"{address}{8000 + self.segments}:80{how}"]

    def endpoint(self, node: str, subnets: list[str]) -> Tree:
        tree = super().endpoint(node, subnets)
        if isinstance(tree, dict) and "mtu" in tree:
            tree["mtu"] = self.draw(st.sampled_from(MTUS))
            if cast("int", tree["mtu"]) < 1280:
                tree["addresses"] = []  # too small for IPv6
        return tree


class LargeDrawer(RealDrawer):
    """Draws dozens of nodes."""

    names = (24, 48)
    most_bridges, most_cables, most_ports = 5, 12, 16

    def __init__(self, data: st.DrawFn) -> None:
        super().__init__(data)
        self.chances = random.Random(data(st.integers(0, 1 << 30)))  # noqa: S311 - no secret

    def chance(self) -> bool:
        """Choose by one number for the whole lab, for Hypothesis keeps count of its choices."""
        return self.chances.random() < 0.3

    def bridge(self) -> Tree:
        tree = cast("Mapping", super().bridge())
        own = self.chances.sample(self.nodes, self.chances.randint(2, self.most_ports))
        subnets = tree.get("subnet", [])
        said = [subnets] if isinstance(subnets, str) else cast("list[str]", subnets)
        tree["ports"] = [self.endpoint(node, said) for node in own]
        return tree


class Editor:
    """Changes a tree in one way or another, by chance.

    Attributes:
        draw: where the choices come from.
        tree: what is changed.
    """

    def __init__(self, draw: st.DrawFn, tree: Mapping) -> None:
        self.draw = draw
        self.tree = tree

    @property
    def bridges(self) -> dict[str, Mapping]:
        return cast("dict[str, Mapping]", self.tree["bridges"])

    @property
    def cables(self) -> list[Mapping]:
        return cast("list[Mapping]", self.tree["cables"])

    @property
    def nodes(self) -> dict[str, Mapping | None]:
        return cast("dict[str, Mapping | None]", self.tree["nodes"])

    def lists(self) -> list[list[Tree]]:
        """Give the lists of endpoints."""
        found = [cast("list[Tree]", bridge["ports"]) for bridge in self.bridges.values()]
        return [*found, *(cast("list[Tree]", cable["ends"]) for cable in self.cables)]

    def names(self) -> list[str]:
        """Give the names of the nodes."""
        named = [node_of(end) for ends in self.lists() for end in ends]
        return sorted({*self.nodes, *named})

    def one(self, of: list[str]) -> str:
        return self.draw(st.sampled_from(of)) if of else ""

    def section(self) -> Mapping:
        """Give a bridge or a cable."""
        return self.draw(st.sampled_from([*self.bridges.values(), *self.cables, {}]))

    def node(self) -> Mapping:
        name = self.one(self.names())
        said = self.nodes.get(name) or {}
        self.nodes[name] = said
        return said

    def add_node(self) -> None:
        bridge = self.one(sorted(self.bridges))
        if bridge:
            cast("list[Tree]", self.bridges[bridge]["ports"]).append("brand-new")
        self.nodes["brand-new"] = {"forward": self.draw(st.booleans())}

    def remove_node(self) -> None:
        name = self.one(self.names())
        self.nodes.pop(name, None)
        for bridge in self.bridges.values():
            ports = cast("list[Tree]", bridge["ports"])
            bridge["ports"] = [end for end in ports if node_of(end) != name]
        self.tree["cables"] = cast(
            "Tree",
            [c for c in self.cables if name not in map(node_of, cast("list[Tree]", c["ends"]))],
        )

    def rename_node(self) -> None:
        name, new = self.one(self.names()), "other-name"
        if name in self.nodes:
            self.nodes[new] = self.nodes.pop(name)
        for ends in self.lists():
            ends[:] = [renamed(end, new) if node_of(end) == name else end for end in ends]

    def add_cable(self) -> None:
        names = self.names()
        if len(names) > 1:
            ends = self.draw(st.lists(st.sampled_from(names), min_size=2, max_size=2, unique=True))
            cable: Mapping = {"ends": [*ends], "subnet": ["10.99.0.0/30", "fd99::/64"]}
            self.cables.insert(self.draw(st.integers(0, len(self.cables))), cable)

    def remove_cable(self) -> None:
        if self.cables:
            self.cables.pop(self.draw(st.integers(0, len(self.cables) - 1)))

    def add_bridge(self) -> None:
        ports = self.draw(st.lists(st.sampled_from([*self.names(), "brand-new"]), max_size=5))
        self.bridges["new-bridge"] = {
            "subnet": "10.98.0.0/24",
            "ports": [*ports],
            "uplink": self.draw(st.booleans()),
        }

    def remove_bridge(self) -> None:
        self.bridges.pop(self.one(sorted(self.bridges)), None)

    def change_subnet(self) -> None:
        section = self.section()
        subnets: list[Tree] = ["10.97.0.0/24", ["fd97::/64", "10.97.0.0/25"], "fd97::/120"]
        section["subnet"] = self.draw(st.sampled_from(subnets))
        key = "ports" if "ports" in section else "ends"
        section[key] = [bare(end) for end in cast("list[Tree]", section.get(key, []))]

    def change_mtu(self) -> None:
        self.section()["mtu"] = self.draw(st.sampled_from(MTUS))

    def change_endpoint(self) -> None:
        ends = self.draw(st.sampled_from([*self.lists(), []]))
        if not ends:
            return
        place = self.draw(st.integers(0, len(ends) - 1))
        end = ends[place]
        tree: Mapping = dict(end) if isinstance(end, dict) else {"node": end}
        key, value = self.draw(
            st.sampled_from(
                [
                    ("mac", "06:00:00:00:ff:01"),
                    ("mtu", 1400),
                    ("mtu", 1279),
                    ("addresses", []),
                    ("addresses", ["172.30.0.1/24", "172.30.0.2/24", "fd96::1/64"]),
                    ("addresses", ["172.30.0.2/24", "172.30.0.1/24"]),
                    ("ifname", "other0"),
                ]
            )
        )
        tree[key] = cast("Tree", value)
        ends[place] = tree

    def move_ports(self) -> None:
        for bridge in self.bridges.values():
            ports = cast("list[Tree]", bridge["ports"])
            bridge["ports"] = self.draw(st.permutations(ports))

    def change_sysctl(self) -> None:
        self.node()["sysctl"] = self.draw(_choices())

    def change_forward(self) -> None:
        node = self.node()
        node["forward"] = not node.get("forward")

    def drop_routes(self) -> None:
        self.node().pop("routes", None)

    def change_uplink(self) -> None:
        of = self.draw(st.sampled_from([*self.bridges.values(), self.node()]))
        of["uplink"] = not of.get("uplink")


EDITS: list[Edit] = [
    Editor.add_node,
    Editor.remove_node,
    Editor.rename_node,
    Editor.add_cable,
    Editor.remove_cable,
    Editor.add_bridge,
    Editor.remove_bridge,
    Editor.change_subnet,
    Editor.change_mtu,
    Editor.change_endpoint,
    Editor.move_ports,
    Editor.change_sysctl,
    Editor.change_forward,
    Editor.drop_routes,
    Editor.change_uplink,
]


def node_of(end: Tree) -> str:
    """Give the node of an endpoint."""
    return str(end["node"] if isinstance(end, dict) else end).partition(":")[0]


def renamed(end: Tree, new: str) -> Tree:
    """Give an endpoint with another node."""
    if isinstance(end, dict):
        return {**end, "node": new}
    _, colon, ifname = str(end).partition(":")
    return f"{new}{colon}{ifname}"


def bare(end: Tree) -> Tree:
    """Give an endpoint without addresses of its own."""
    if isinstance(end, dict):
        return {key: value for key, value in end.items() if key != "addresses"}
    return end


def read(tree: Mapping, name: str) -> Lab:
    """Load a tree under a name of the caller's.

    Raises:
        LabFileError: it is no good lab.
    """
    return loads(json.dumps({**tree, "name": name}), format="json")


@st.composite
def edited(draw: st.DrawFn, tree: Mapping) -> Mapping:
    """Change a tree by a few edits; those that would make no good lab are left out."""
    now = tree
    for edit in draw(st.lists(st.sampled_from(EDITS), min_size=1, max_size=4)):
        candidate = copy.deepcopy(now)
        edit(Editor(draw, candidate))
        for attempt in (candidate, without(candidate, "expect"), without_routes(candidate)):
            try:
                read(attempt, "x").resolve()
            except LabFileError:
                continue
            now = attempt
            break
    return now


def without(tree: Mapping, key: str) -> Mapping:
    """Give a tree without one of its sections."""
    return {name: value for name, value in tree.items() if name != key}


def without_routes(tree: Mapping) -> Mapping:
    """Give a tree without routes and expectations: both hang on much else."""
    nodes = cast("dict[str, Mapping | None]", tree["nodes"])
    bare_nodes = {name: without(node or {}, "routes") for name, node in nodes.items()}
    return {**without(tree, "expect"), "nodes": cast("Tree", bare_nodes)}


def real_trees() -> st.SearchStrategy[Mapping]:
    """Give trees of labs that the kernel can have."""
    return st.one_of(trees(RealDrawer), trees(RealDrawer), trees(LargeDrawer))
