"""The shapes that the benchmark lets everybody build."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

import pytest

from nslab import Lab
from nslab.lab.document import Document

if TYPE_CHECKING:
    from shapes import Network
    from shapes.network import Address

shapes = importlib.import_module("shapes")
text = importlib.import_module("shapes.text")
nslab_lab = importlib.import_module("contestants.nslab_lab")

SIZES = {"mesh": 12}
EVERY = sorted(shapes.SHAPES)


def built(shape: str) -> Network:
    network: Network = shapes.SHAPES[shape].build(SIZES.get(shape, 60))
    return network


@pytest.mark.parametrize("shape", EVERY)
def test_nslab_chooses_the_links_and_addresses_that_the_others_are_told(shape: str) -> None:
    network = built(shape)
    desired = Lab.of(Document(nslab_lab.document("bench", network))).resolve()
    chosen = {
        name: [(end.ifname, end.addresses) for end in ends]
        for name, ends in desired.endpoints().items()
    }
    told = {
        name: [(end.ifname, end.addresses) for end in ends]
        for name, ends in network.endpoints().items()
    }
    assert chosen == told


@pytest.mark.parametrize("shape", EVERY)
def test_every_host_has_a_way_to_those_that_it_must_reach_and_back(shape: str) -> None:
    network = built(shape)
    walk = Walk(network)
    for name in (network.hosts[0], network.hosts[len(network.hosts) // 2], network.hosts[-1]):
        others = network.reachable(name)
        assert others
        for other, address in zip(others, network.addresses(name, others), strict=True):
            assert walk.goes(name, address) == other
            assert walk.goes(other, network.addresses(other, [name])[0]) == name


@pytest.mark.parametrize("shape", EVERY)
def test_the_floor_configures_each_node_once_and_after_its_last_link(shape: str) -> None:
    network = built(shape)
    lines = [line.split() for line in text.floor_text(network).splitlines()]
    names = [words[1] for words in lines if words[0] in "BN"]
    done: list[str] = []
    entered = ""
    for words in lines:
        if words[0] in "BN":
            entered = words[1]
        if words[0] == "L":
            assert names[int(words[1])] not in done
            assert entered not in done
        if words[0] == "C":
            done.append(names[int(words[1])])
    assert sorted(done) == sorted(node.name for node in network.nodes)


@pytest.mark.parametrize("shape", EVERY)
def test_the_floor_makes_every_address_and_route(shape: str) -> None:
    network = built(shape)
    kinds = [line[0] for line in text.floor_text(network).splitlines()]
    addresses = sum(len(e.addresses) for ends in network.endpoints().values() for e in ends)
    assert kinds.count("A") == addresses
    assert kinds.count("R") == sum(len(node.routes) for node in network.nodes)
    assert kinds.count("F") == sum(node.forward for node in network.nodes)


def test_a_bridge_of_the_floor_has_no_more_ports_than_the_kernel_lets_it() -> None:
    lines = [x.split() for x in text.floor_text(shapes.SHAPES["flat"].build(3000)).splitlines()]
    ports = [words[1] for words in lines if words[0] == "L"]
    assert max(ports.count(netns) for netns in set(ports)) <= 1023


def test_a_star_that_is_too_large_for_a_bridge_is_several() -> None:
    assert [len(one.ports) for one in shapes.SHAPES["star"].build(2001).segments] == [1000, 1000, 1]


@pytest.mark.parametrize("nodes", [7, 10, 36, 100, 1000])
def test_a_fat_tree_has_as_many_nodes_as_asked(nodes: int) -> None:
    assert len(shapes.SHAPES["fat-tree"].build(nodes).nodes) == nodes


class Walk:
    """The network as a packet sees it."""

    def __init__(self, network: Network) -> None:
        self.ends = network.endpoints()
        self.nodes = {node.name: node for node in network.nodes}
        self.owners = {
            own.ip: name
            for name, ends in self.ends.items()
            for end in ends
            for own in end.addresses
        }

    def goes(self, source: str, address: Address) -> str | None:
        """Go from node to node by the routes; give where it arrives."""
        here = source
        for _ in range(64):
            if self.owners[address] == here:
                return here
            via = self.next_hop(here, address)
            if via not in self.owners:
                return None
            here = self.owners[via]
        return None

    def next_hop(self, name: str, address: Address) -> Address | None:
        """Give the address that a packet is handed to."""
        if any(address in own.network for end in self.ends[name] for own in end.addresses):
            return address
        routes = [r for r in self.nodes[name].routes if r.dst.version == address.version]
        fitting = [route for route in routes if address in route.dst]
        best = max(fitting, key=lambda route: route.dst.prefixlen, default=None)
        return best.via if best else None
