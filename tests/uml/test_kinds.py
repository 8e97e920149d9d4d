"""Links of the kinds that few test machines have: made by our messages, read back, judged by ip."""

from __future__ import annotations

import json
import subprocess
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from nslab.errors import KernelError
from nslab.kernel.libc import CLONE_NEWNET, unshare
from nslab.kernel.sockets import open_socket
from nslab.kernel.transport import Transport
from nslab.netlink.message import NLM_F, Request
from nslab.netlink.rtnl.af_spec import (
    DEVCONF,
    IN6_ADDR_GEN_MODE,
    IPV4_DEVCONF,
    AfSpec,
    Inet6Spec,
    InetConf,
    InetSpec,
)
from nslab.netlink.rtnl.bridge_spec import BRIDGE_VLAN_INFO, BridgeSpec
from nslab.netlink.rtnl.constants import AF, RTM, RTNLGRP
from nslab.netlink.rtnl.kinds.bond import BondInfo
from nslab.netlink.rtnl.kinds.bridge import BridgeInfo
from nslab.netlink.rtnl.kinds.ipvlan import IpvlanInfo
from nslab.netlink.rtnl.kinds.tunnel import GreInfo, IptunInfo
from nslab.netlink.rtnl.kinds.vlan import VlanInfo
from nslab.netlink.rtnl.kinds.vrf import VrfInfo, VrfPortInfo
from nslab.netlink.rtnl.link import RTEXT_FILTER, Link, LinkInfo
from nslab.netlink.rtnl.netns import Nsid
from nslab.netlink.rtnl.vlan import Vlans

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nslab.netlink.attrs import Message

_NEW = NLM_F.CREATE | NLM_F.EXCL


@pytest.fixture
def kernel() -> Iterator[Transport]:
    """Enter a netns with one dummy link `d0` and speak to it."""
    unshare(CLONE_NEWNET)
    with Transport(open_socket()) as transport:
        _add(transport, "d0", "dummy")
        yield transport


def _add(
    transport: Transport,
    ifname: str,
    kind: str,
    data: Message | None = None,
    link: int | None = None,
) -> None:
    body = Link(ifname=ifname, link=link, linkinfo=LinkInfo(kind=kind, data=data))
    transport.request(Request(RTM.NEWLINK, body, _NEW))


def _find(transport: Transport, ifname: str) -> Link:
    return transport.get(Request(RTM.GETLINK, Link(ifname=ifname)), Link)


def _ip(ifname: str) -> dict[str, object]:
    command = ["ip", "-j", "-d", "link", "show", ifname]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    return json.loads(done.stdout)[0]  # type: ignore[no-any-return]


def _packed(text: str) -> bytes:
    return ip_address(text).packed


MADE: dict[str, tuple[str, Message, dict[str, object]]] = {
    "802.1Q": (
        "vlan",
        VlanInfo(id=5, egress_qos=((1, 2),), flags=(0, 1)),
        {"id": 5, "egress_qos": [{"from": 1, "to": 2}]},
    ),
    "802.1ad": ("vlan", VlanInfo(id=6, protocol=0x88A8), {"id": 6, "protocol": "802.1ad"}),
    "bond": (
        "bond",
        BondInfo(mode=1, miimon=50, primary_reselect=2, arp_all_targets=1),
        {"mode": "active-backup", "miimon": 50, "primary_reselect": "failure"},
    ),
    "bond that asks by ARP": (
        "bond",
        BondInfo(mode=0, arp_interval=70, arp_ip_target=(_packed("10.0.0.1"),)),
        {"mode": "balance-rr", "arp_interval": 70, "arp_ip_target": ["10.0.0.1"]},
    ),
    "vrf": ("vrf", VrfInfo(table=70), {"table": 70}),
    "ipvlan": ("ipvlan", IpvlanInfo(mode=1, flags=2), {"mode": "l3", "vepa": True}),
    "gre": (
        "gre",
        GreInfo(
            local=_packed("10.0.0.1"), remote=_packed("10.0.0.2"), okey=7, oflags=0x2000, ttl=9
        ),
        {"local": "10.0.0.1", "remote": "10.0.0.2", "okey": "0.0.0.7", "ttl": 9},
    ),
    "ip6gretap": (
        "ip6gretap",
        GreInfo(local=_packed("fd00::1"), remote=_packed("fd00::2"), encap_limit=3),
        {"local": "fd00::1", "remote": "fd00::2", "encap_limit": 3},
    ),
    "ipip": (
        "ipip",
        IptunInfo(local=_packed("10.0.0.1"), remote=_packed("10.0.0.2"), tos=8),
        {"local": "10.0.0.1", "remote": "10.0.0.2", "tos": "0x8"},
    ),
    "sit": (
        "sit",
        IptunInfo(local=_packed("10.0.0.1"), remote=_packed("10.0.0.3"), ttl=4),
        {"local": "10.0.0.1", "remote": "10.0.0.3", "ttl": 4},
    ),
    "bridge that filters VLANs": (
        "bridge",
        BridgeInfo(vlan_filtering=1, vlan_default_pvid=9, mcast_querier=1),
        {"vlan_filtering": 1, "vlan_default_pvid": 9, "mcast_querier": 1},
    ),
}
_ON_ANOTHER = ("vlan", "ipvlan")


@pytest.mark.parametrize("name", MADE)
def test_what_we_ask_for_is_what_ip_and_we_see(kernel: Transport, name: str) -> None:
    kind, data, shown = MADE[name]
    below = _find(kernel, "d0").index if kind in _ON_ANOTHER else None
    _add(kernel, "new", kind, data, below)
    info = _ip("new")["linkinfo"]
    assert isinstance(info, dict)
    assert info["info_kind"] == kind
    found = info["info_data"]
    assert {key: found.get(key) for key in shown} == shown
    ours = _find(kernel, "new").linkinfo
    assert ours is not None
    assert isinstance(ours.data, type(data))
    asked = {key: value for key, value in data._values().items() if key != "flags"}
    assert {key: getattr(ours.data, key) for key in asked} == asked


def test_a_port_of_a_vrf_knows_its_table(kernel: Transport) -> None:
    _add(kernel, "red", "vrf", VrfInfo(table=70))
    port = Link(index=_find(kernel, "d0").index, master=_find(kernel, "red").index)
    kernel.request(Request(RTM.NEWLINK, port))
    info = _find(kernel, "d0").linkinfo
    assert info is not None
    assert (info.port_kind, info.port_data) == ("vrf", VrfPortInfo(table=70))


def test_settings_of_the_families_without_a_sysctl(kernel: Transport) -> None:
    index = _find(kernel, "d0").index
    spec = AfSpec(
        inet=InetSpec(change=InetConf(forwarding=1, rp_filter=2)),
        inet6=Inet6Spec(addr_gen_mode=IN6_ADDR_GEN_MODE.NONE),
    )
    kernel.request(Request(RTM.SETLINK, Link(index=index, af_spec=spec)))
    told = _find(kernel, "d0").af_spec
    assert isinstance(told, AfSpec)
    assert told.inet is not None
    assert told.inet.conf is not None
    assert told.inet.conf[IPV4_DEVCONF.FORWARDING - 1] == 1
    assert told.inet.conf[IPV4_DEVCONF.RP_FILTER - 1] == 2
    assert told.inet6 is not None
    assert told.inet6.addr_gen_mode == IN6_ADDR_GEN_MODE.NONE
    assert told.inet6.conf is not None
    assert told.inet6.conf[DEVCONF.ADDR_GEN_MODE] == IN6_ADDR_GEN_MODE.NONE
    assert _ip("d0")["inet6_addr_gen_mode"] == "none"


def test_vlans_of_a_port(kernel: Transport) -> None:
    _add(kernel, "br0", "bridge", BridgeInfo(vlan_filtering=1))
    index = _find(kernel, "d0").index
    kernel.request(Request(RTM.NEWLINK, Link(index=index, master=_find(kernel, "br0").index)))
    first, last = BRIDGE_VLAN_INFO.RANGE_BEGIN, BRIDGE_VLAN_INFO.RANGE_END
    tagged = BridgeSpec(vlan_info=((first, 100), (last, 109)))
    kernel.request(Request(RTM.SETLINK, Link(family=AF.BRIDGE, index=index, af_spec=tagged)))
    query = Link(family=AF.BRIDGE, ext_mask=RTEXT_FILTER.BRVLAN_COMPRESSED)
    ports = kernel.dump(Request(RTM.GETLINK, query), Link)
    told = next(port.af_spec for port in ports if port.index == index)
    assert isinstance(told, BridgeSpec)
    assert told.vlan_info[1:] == ((first, 100), (last, 109))
    vlans = kernel.dump(Request(RTM.GETVLAN, Vlans(family=AF.BRIDGE)), Vlans)
    entry = next(one for one in vlans if one.ifindex == index).entries[-1]
    assert (entry.info, entry.range) == ((0, 100), 109)


def test_an_nsid_is_told_to_subscribers(kernel: Transport) -> None:
    with Transport(open_socket()) as listener, Path("/proc/1/ns/net").open() as netns:
        listener.subscribe(RTNLGRP.NSID)
        kernel.request(Request(RTM.NEWNSID, Nsid(fd=netns.fileno(), nsid=7)))
        event = next(listener.events())
    assert (event.type, Nsid.decode(event.data)) == (RTM.NEWNSID, Nsid(nsid=7))


def test_the_kernel_names_what_it_refuses(kernel: Transport) -> None:
    with pytest.raises(KernelError, match="VLAN id") as caught:
        _add(kernel, "new", "vlan", VlanInfo(id=4097), _find(kernel, "d0").index)
    assert caught.value.extack
