"""Everything that the kernel says of a lab's namespaces, in words that two labs can share.

What counts, times or numbers things is left out: ifindexes, nsids, clocks, counters.
"""

from __future__ import annotations

import time
from ipaddress import IPv4Interface
from typing import TYPE_CHECKING

from nslab.netlink.attrs import Message
from nslab.netlink.message import Request
from nslab.netlink.rtnl.address import IFA_F, Address
from nslab.netlink.rtnl.af_spec import Inet6Spec
from nslab.netlink.rtnl.constants import AF, RTM, RTN
from nslab.netlink.rtnl.link import IFF, RTEXT_FILTER, Link
from nslab.netlink.rtnl.route import Route
from nslab.netlink.rtnl.rule import Rule
from nslab.plan.observe import observe

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nslab.kernel.sandbox import Handle, Sandbox
    from nslab.lab import Desired

    Facts = dict[str, object]

_PASSING = frozenset(
    """
    index link link_netnsid master id no port_no port_id root_port
    stats stats64 icmp6stats carrier_changes carrier_up_count carrier_down_count fdb_n_learned
    operstate cacheinfo token num_vf map target_netnsid mcast_querier_state unknown
    designated_port designated_root designated_bridge root_id bridge_id
    topology_change topology_change_detected topology_change_ack config_pending
    tso_max_size tso_max_segs
    """.split()  # noqa: SIM905 - easier to read
)
"""What another lab of the same file may say otherwise; a bridge keeps the tso_max of past ports."""

_PATIENCE = 5.0
"""Seconds for IPv6 to find that nobody else has an address."""


def snapshot(sandbox: Sandbox, labs: Sequence[Desired] = ()) -> dict[str, Facts]:
    """Read all namespaces of a running lab.

    Args:
        sandbox: the lab.
        labs: as for `observe`: what it is thought to be.
    """
    observed = observe(sandbox, labs)
    found = {}
    for name, state in observed.items():
        facts = _netns(sandbox.handle(name))
        facts["peers"] = {link.ifname: link.peer for link in state.links.values()}
        facts["sysctl"] = dict(sorted(state.sysctl.items()))
        found[name] = facts
    return found


def _netns(handle: Handle) -> Facts:
    ask = handle.transport.dump
    links = [
        link
        for link in ask(Request(RTM.GETLINK, Link(ext_mask=RTEXT_FILTER.SKIP_STATS)), Link)
        if not (link.linkinfo and link.linkinfo.kind == "tun")  # pasta's, of random MAC
    ]
    names = {link.index: link.ifname or "" for link in links}
    addresses = [one for one in _addresses(handle) if one.index in names]
    routes = [
        route
        for route in ask(Request(RTM.GETROUTE, Route()), Route)
        if route.type != RTN.MULTICAST
        and (route.oif is None or route.oif in names)  # IPv6's own, a second after a link's carrier
    ]
    rules = ask(Request(RTM.GETRULE, Rule()), Rule)
    return {
        "links": {
            link.ifname: {**_facts(link), "master": names.get(link.master or 0)} for link in links
        },
        "IPv4 addresses": {link.ifname: _by_subnet(addresses, link.index, names) for link in links},
        "IPv6 addresses": sorted(_address(one, names) for one in addresses if one.family == 10),
        "routes": sorted(f"{names.get(one.oif or 0)} {_facts(one, 'oif')}" for one in routes),
        "rules": sorted(str(_facts(rule)) for rule in rules),
    }


def _by_subnet(addresses: list[Address], index: int, names: dict[int, str]) -> dict[str, list[str]]:
    """Give a link's addresses in their order, subnet by subnet: no order is among those."""
    found: dict[str, list[str]] = {}
    for one in addresses:
        if one.family == AF.INET and one.index == index and one.local:
            subnet = str(IPv4Interface((one.local, one.prefixlen)).network)
            found.setdefault(subnet, []).append(_address(one, names))
    return found


def _address(address: Address, names: dict[int, str]) -> str:
    """Say an address; a link-local one is the same whether we gave it or the kernel."""
    facts = _facts(address, "flags", "flags8", "proto")
    flags = (address.flags or address.flags8) & ~(IFA_F.NODAD | IFA_F.MANAGETEMPADDR)
    return f"{names[address.index]} {flags:#x} {facts}"


def _addresses(handle: Handle) -> list[Address]:
    """Give the addresses, once none of them is tentative any more."""
    deadline = time.monotonic() + _PATIENCE
    while True:
        found = handle.transport.dump(Request(RTM.GETADDR, Address()), Address)
        tentative = any((one.flags or one.flags8) & IFA_F.TENTATIVE for one in found)
        if not tentative or time.monotonic() > deadline:
            return found
        time.sleep(0.05)


def _facts(message: Message, *but: str) -> Facts:
    """Give what a message says that lasts, nested messages likewise, in the order of names."""
    found: Facts = {}
    for name, value in sorted(message._values().items()):
        if name in _PASSING or name in but or name.endswith("_timer"):
            continue
        if isinstance(message, Inet6Spec) and name == "flags":
            continue  # what has been heard so far
        if isinstance(message, Link) and isinstance(value, int) and name == "flags":
            found[name] = value & ~IFF.RUNNING  # which is told a little later
        elif isinstance(value, tuple) and name == "conf":
            found[name] = dict(enumerate(value))
        else:
            found[name] = _facts(value) if isinstance(value, Message) else value
    return found
