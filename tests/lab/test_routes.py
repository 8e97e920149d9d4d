from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest

from nslab.lab import Route
from tests.lab.reading import good, wrong

LAB = """\
cables:
  - {ends: [gw, "far:wan0"], subnet: [10.0.2.0/30, "fd02::/64"]}
  - {ends: [far, pc], subnet: 10.0.3.0/24}
nodes:
  far:
    routes:
"""


def routes(*said: str) -> tuple[Route, ...]:
    found = good(LAB + "".join(f"      - {line}\n" for line in said))
    return next(node.routes for node in found.nodes if node.name == "far")


@pytest.mark.parametrize(
    ("said", "dst", "via", "ifname", "metric"),
    [
        ("{dst: default, via: 10.0.2.1}", "0.0.0.0/0", "10.0.2.1", None, None),
        ("{dst: default, via: 'fd02::1'}", "::/0", "fd02::1", None, None),
        ("{dst: default, dev: wan0}", "0.0.0.0/0", None, "wan0", None),
        ("{dst: '::/0', dev: wan0}", "::/0", None, "wan0", None),
        ("{dst: '::/0', via: 'fe80::1', dev: wan0}", "::/0", "fe80::1", "wan0", None),
        ("{dst: 10.9.9.9, via: 10.0.3.2}", "10.9.9.9/32", "10.0.3.2", None, None),
        ("{dst: 'fd09::1', dev: eth0}", "fd09::1/128", None, "eth0", None),
        ("{dst: 10.9.0.0/16, dev: eth0, metric: 0}", "10.9.0.0/16", None, "eth0", None),
        ("{dst: 10.9.0.0/16, dev: eth0, metric: 1024}", "10.9.0.0/16", None, "eth0", 1024),
        ("{dst: 'fd09::/64', dev: eth0, metric: 1024}", "fd09::/64", None, "eth0", None),
        ("{dst: 'fd09::/64', dev: eth0, metric: 0}", "fd09::/64", None, "eth0", None),
        ("{dst: 10.0.3.0/24, dev: eth0, metric: 7}", "10.0.3.0/24", None, "eth0", 7),
    ],
)
def test_routes(
    said: str, dst: str, via: str | None, ifname: str | None, metric: int | None
) -> None:
    hop = ip_address(via) if via else None
    assert routes(said) == (Route(ip_network(dst), hop, ifname, metric),)


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ("{dst: 10.0.1.0/24, via: 10.0.9.1}",
         '.via: "10.0.9.1" is in no subnet of far (10.0.2.0/30, fd02::/64, 10.0.3.0/24)'),
        ("{dst: 10.0.1.0/24, via: 10.0.3.2, dev: wan0}",
         '.via: "10.0.3.2" is in no subnet of far:wan0 (10.0.2.0/30, fd02::/64)'),
        ("{dst: 10.0.1.1/24, via: 10.0.2.1}",
         '.dst: "10.0.1.1/24" has host bits set (hint: "10.0.1.0/24")'),
        ("{dst: default}", ': has neither "via" nor "dev" (hint: name the next hop, or the link)'),
        ("{via: 10.0.2.1}",
         ': has no "dst" (hint: dst: The destination: default, a network, or one address.)'),
        ("{dst: default, via: 10.0.2.2}", '.via: "10.0.2.2" is an address of far itself'),
        ("{dst: default, via: 10.0.2.3}",
         '.via: "10.0.2.3" is the broadcast address of 10.0.2.0/30'),
        ("{dst: default, via: 10.0.2.0}",
         '.via: "10.0.2.0" is the network\'s own address in 10.0.2.0/30'),
        ("{dst: default, dev: wan1}",
         '.dev: "wan1" is no link of far (wan0, eth0) (hint: did you mean "wan0"?)'),
        ("{dst: default, dev: lo}", '.dev: "lo" is no link of far (wan0, eth0)'),
        ("{dst: default, via: 'fe80::1'}",
         ('.via: "fe80::1" is link-local, and holds on one link only'
         ' (hint: name the link with "dev")')),
        ("{dst: 10.0.0.0/8, via: 'fd02::1'}", '.via: "fd02::1" is IPv6, and 10.0.0.0/8 is IPv4'),
        ("{dst: default, via: 10.0.2.1, metric: -1}",
         ".metric: -1 is not a whole number from 0 to 4294967295"),
        ("{dst: default, via: 10.0.2.1/30}",
         '.via: "10.0.2.1/30" is not an address (hint: "10.0.2.1")'),
        ("{dst: default, via: 7}", '.via: 7 is not a text (hint: put it in quotes: "7")'),
        ("{dst: defualt, via: 10.0.2.1}", '.dst: "defualt" is not a network'),
        ("{dst: default, via: 10.0.2.1, gateway: x}",
         ".gateway: unknown key (hint: the keys here are dst, via, dev, metric)"),
        ("{dst: 10.0.2.0/30, dev: wan0}", ('.dst: "10.0.2.0/30" is reached directly by wan0'
         " (hint: a second route to the same place needs a metric of its own)")),
        ("default", ': "default" is not a mapping of dst, via, dev, metric'),
    ],
)  # fmt: skip
def test_routes_that_cannot_be(said: str, error: str) -> None:
    assert wrong(f"{LAB}      - {said}\n") == [f"x.yaml:7: nodes.far.routes[0]{error}"]


def test_a_next_hop_near_two_links_goes_by_the_first_of_them() -> None:
    text = (
        "bridges: {lan: {subnet: 10.0.0.0/24, ports: ['pc:b', 'pc:a', gw]}}\n"
        "cables: [{ends: ['pc:c', far], subnet: 10.1.0.0/24}]\n"
        "nodes: {pc: {routes: [{dst: default, via: 10.0.0.3}, {dst: '::/0', dev: a},"
        " {dst: 10.9.0.0/16, via: 10.1.0.2}]}}\n"
    )
    (pc,) = [node for node in good(text).nodes if node.name == "pc"]
    assert [route.ifname for route in pc.routes] == ["b", "a", None]


def test_the_same_route_twice() -> None:
    text = LAB + (
        "      - {dst: default, via: 10.0.2.1}\n"
        "      - {dst: default, via: 10.0.3.2}\n"
        "      - {dst: default, via: 10.0.3.2, metric: 5}\n"
        "      - {dst: '::/0', via: 'fd02::1', metric: 1024}\n"
        "      - {dst: default, via: 'fd02::1'}\n"
    )
    hint = "(hint: a second route to the same place needs a metric of its own)"
    assert wrong(text) == [
        f'x.yaml:8: nodes.far.routes[1].dst: "default" has a route already (line 7) {hint}',
        f'x.yaml:11: nodes.far.routes[4].dst: "default" has a route already (line 10) {hint}',
    ]


def test_a_node_without_links() -> None:
    text = "nodes: {a: {routes: [{dst: default, via: 10.0.0.1}, {dst: default, dev: x}]}}"
    assert wrong(text) == [
        'x.yaml:1: nodes.a.routes[0].via: "10.0.0.1" is in no subnet of a, which has none',
        'x.yaml:1: nodes.a.routes[1].dev: "x" is no link of a, which has none',
    ]


def test_what_follows_from_another_problem_is_not_said() -> None:
    text = LAB.replace("10.0.3.0/24", "10.0.3.1/24") + "      - {dst: default, via: 10.0.3.2}\n"
    assert wrong(text) == [
        'x.yaml:3: cables[1].subnet: "10.0.3.1/24" has host bits set (hint: "10.0.3.0/24")'
    ]
