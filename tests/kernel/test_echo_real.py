"""Pings between real namespaces.

a 10.0.1.1, fd00:1::1 ──── 10.0.1.2, fd00:1::2 gw        alone
"""

from __future__ import annotations

import threading
from ipaddress import ip_address, ip_interface
from typing import TYPE_CHECKING

import pytest

from nslab.kernel.echo import Echo, Probe, ping, protocol_of
from nslab.kernel.sandbox import Sandbox
from nslab.netlink.message import NLM_F, Request
from nslab.netlink.rtnl.address import IFA_F, Address
from nslab.netlink.rtnl.constants import RT_TABLE, RTM, RTN, RTPROT
from nslab.netlink.rtnl.link import IFF, Link, LinkInfo, VethInfo
from nslab.netlink.rtnl.route import Route
from tests.kernel.labs import started

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.kernel


@pytest.fixture(scope="module")
def lab() -> Iterator[Sandbox]:
    with started("a", "gw", "alone") as sandbox:
        veth(sandbox, "a", "gw")
        for name, last in (("a", 1), ("gw", 2)):
            for index in (1, 2):
                up = Link(index=index, flags=IFF.UP, change=IFF.UP)
                sandbox.handle(name).transport.request(Request(RTM.NEWLINK, up))
            address(sandbox, name, f"10.0.1.{last}/24")
            address(sandbox, name, f"fd00:1::{last}/64")
        sandbox.sysctl("gw", ["net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1"])
        for default, via in (("0.0.0.0/0", "10.0.1.2"), ("::/0", "fd00:1::2")):
            route(sandbox, "a", default, via=via)
        for kind, four, six in (
            (RTN.UNREACHABLE, "10.9.0.0/16", "fd00:9::/32"),
            (RTN.PROHIBIT, "10.8.0.0/16", "fd00:8::/32"),
            (RTN.BLACKHOLE, "10.7.0.0/16", "fd00:7::/32"),
        ):
            route(sandbox, "gw", four, kind=kind)
            route(sandbox, "gw", six, kind=kind)
        yield sandbox


def veth(sandbox: Sandbox, one: str, other: str) -> None:
    peer = Link(index=2, ifname="eth0", net_ns_fd=sandbox.handle(other).fd)
    link = Link(index=2, ifname="eth0", linkinfo=LinkInfo(kind="veth", data=VethInfo(peer=peer)))
    request = Request(RTM.NEWLINK, link, NLM_F.CREATE | NLM_F.EXCL)
    sandbox.handle(one).transport.request(request)


def family(version: int) -> int:
    return protocol_of(version)[0]


def address(sandbox: Sandbox, name: str, text: str) -> None:
    interface = ip_interface(text)
    body = Address(
        family=family(interface.version),
        prefixlen=interface.network.prefixlen,
        index=2,
        local=interface.ip.packed,
        address=interface.ip.packed,
        flags=IFA_F.NODAD if interface.version == 6 else None,
    )
    sandbox.handle(name).transport.request(Request(RTM.NEWADDR, body, NLM_F.CREATE))


def route(
    sandbox: Sandbox, name: str, text: str, *, via: str | None = None, kind: int = RTN.UNICAST
) -> None:
    destination = ip_interface(text).network
    body = Route(
        family=family(destination.version),
        dst_len=destination.prefixlen,
        dst=destination.network_address.packed,
        table8=RT_TABLE.MAIN,
        protocol=RTPROT.STATIC,
        type=kind,
        gateway=ip_address(via).packed if via else None,
    )
    sandbox.handle(name).transport.request(Request(RTM.NEWROUTE, body, NLM_F.CREATE))


def ask(
    sandbox: Sandbox, source: str, *targets: str, timeout: float = 1.0, tries: int = 1
) -> list[Echo]:
    probes = [Probe(source, target, ip_address(target)) for target in targets]
    sockets = {}
    for version in (4, 6):
        (sockets[source, version],) = sandbox.sockets(*protocol_of(version), [source])
    try:
        return ping(probes, sockets, timeout=timeout, tries=tries)
    finally:
        for sock in sockets.values():
            sock.close()


def test_real_nodes_answer(lab: Sandbox) -> None:
    targets = ["10.0.1.2", "fd00:1::2", "10.0.1.1", "fd00:1::1", "127.0.0.1", "::1"]
    assert [one.reason for one in ask(lab, "a", *targets, tries=3)] == [""] * 6


def test_real_routers_say_why_not(lab: Sandbox) -> None:
    told = {
        "10.9.0.1": "host unreachable (says 10.0.1.2)",
        "10.8.0.1": "prohibited (says 10.0.1.2)",
        "10.7.0.1": "no answer",
        "fd00:9::1": "no route (says fd00:1::2)",
        "fd00:8::1": "prohibited (says fd00:1::2)",
        "fd00:7::1": "no answer",
    }
    echoes = ask(lab, "a", *told, timeout=0.2)
    assert {one.probe.target: one.reason for one in echoes} == told


def test_a_real_node_without_a_way(lab: Sandbox) -> None:
    four, six = ask(lab, "alone", "10.0.1.2", "fd00:1::2", timeout=60)
    assert four.reason == "network is unreachable"
    assert six.reason in ("network is unreachable", "cannot assign requested address")
    (one,) = ask(lab, "a", "10.0.1.255", timeout=60)
    assert one.reason == "permission denied"  # to broadcast


def test_hundreds_of_answers_at_once_fit_one_node(lab: Sandbox) -> None:
    assert all(one.ok for one in ask(lab, "a", *["10.0.1.2"] * 400))


def test_real_rounds_at_once_keep_apart(lab: Sandbox) -> None:
    results: dict[str, list[Echo]] = {}

    def work(target: str) -> None:
        with Sandbox.connect(lab.lab) as own:  # a connection serves one thread
            results[target] = ask(own, "a", *[target] * 300, timeout=0.3)

    threads = [threading.Thread(target=work, args=[one]) for one in ("10.0.1.2", "10.7.0.1")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(one.ok for one in results["10.0.1.2"])
    assert {one.reason for one in results["10.7.0.1"]} == {"no answer"}
