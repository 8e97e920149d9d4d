"""A chain of routers: each joined to the next by a cable, all reach each other by static routes.

What lies to the right is behind the default route; what lies to the left is one range of subnets,
and takes as many routes as that range has prefixes.
"""

from __future__ import annotations

from ipaddress import IPv4Address, ip_network, summarize_address_range

from shapes.network import Draft, Network, named, pair_subnet

HOPS = 50
"""Linux sends packets that live for 64."""


def chain(nodes: int) -> Network:
    """Join the nodes one after the other."""
    draft = Draft("chain", named(nodes, "r"), near=HOPS)
    subnets = [ip_network(pair_subnet(number)) for number in range(nodes - 1)]
    for number, (a, b) in enumerate(zip(draft.names, draft.names[1:], strict=False)):
        draft.cable(a, b, str(subnets[number]))
    draft.routers = set(draft.names)
    for number, name in enumerate(draft.names):
        if number + 1 < nodes:
            draft.route(name, "default", subnets[number][2])
        if number > 1:
            last = IPv4Address(subnets[number - 1][0]) - 1
            for left in summarize_address_range(IPv4Address(subnets[0][0]), last):
                draft.route(name, left, subnets[number - 1][1])
    return draft.done()
