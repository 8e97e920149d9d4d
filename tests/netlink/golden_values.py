"""What the recordings in `golden/` say, as values."""

from __future__ import annotations

import errno
from ipaddress import ip_address
from typing import TYPE_CHECKING

from nslab.netlink.message import NLM_F
from nslab.netlink.rtnl.address import IFA_F, Address
from nslab.netlink.rtnl.constants import AF, RT_SCOPE, RT_TABLE, RTM, RTN, RTPROT
from nslab.netlink.rtnl.kinds.bond import BondInfo
from nslab.netlink.rtnl.kinds.bridge import BridgeInfo, BridgePortInfo
from nslab.netlink.rtnl.kinds.ipvlan import IpvlanInfo
from nslab.netlink.rtnl.kinds.macvlan import MacvlanInfo
from nslab.netlink.rtnl.kinds.tunnel import GreInfo, IptunInfo
from nslab.netlink.rtnl.kinds.vlan import VlanInfo
from nslab.netlink.rtnl.kinds.vrf import VrfInfo
from nslab.netlink.rtnl.kinds.vxlan import VxlanInfo
from nslab.netlink.rtnl.link import IFF, Link, LinkInfo, VethInfo
from nslab.netlink.rtnl.neigh import NTF, NUD, Neigh
from nslab.netlink.rtnl.netconf import Netconf
from nslab.netlink.rtnl.netns import Nsid
from nslab.netlink.rtnl.nexthop import NEXTHOP_GRP_TYPE, NexthopObject, ResilientGroup
from nslab.netlink.rtnl.route import RTNH_F, Nexthop, Route, RouteMetrics
from nslab.netlink.rtnl.rule import FR_ACT, Rule

MAC2 = b"\x02\0\0\0\0\2"

_NEW = NLM_F.ACK | NLM_F.CREATE | NLM_F.EXCL
_ALTNAME = _NEW | NLM_F.APPEND

if TYPE_CHECKING:
    from nslab.netlink.attrs import Message


def ip(text: str) -> bytes:
    return ip_address(text).packed


def veth(ifname: str, peer: Link, **near: int) -> Link:
    return Link(**near, ifname=ifname, linkinfo=LinkInfo(kind="veth", data=VethInfo(peer=peer)))  # type: ignore[arg-type]


def made(ifname: str, kind: str, data: Message | None = None, link: int | None = None) -> Link:
    return Link(link=link, ifname=ifname, linkinfo=LinkInfo(kind=kind, data=data))


def route(dst: str, **rest: object) -> Route:
    network, _, length = dst.partition("/")
    usual = {"table8": RT_TABLE.MAIN, "protocol": RTPROT.BOOT, "type": RTN.UNICAST}
    family = AF.INET6 if ":" in network else AF.INET
    return Route(family=family, dst_len=int(length), **{**usual, "dst": ip(network), **rest})  # type: ignore[arg-type]


def mapped(dst: str, **rest: object) -> Route:
    """Give the route as the kernel lists it: with its table as an attribute, before all others."""
    return route(dst, table=RT_TABLE.MAIN, **rest)


# command: type, flags beside NLM_F_REQUEST, body
REQUESTS: dict[str, tuple[int, int, Message]] = {
    "ip link add br0 address 02:00:00:00:00:01 type bridge forward_delay 200 ageing_time 1000 "
    "stp_state 0 priority 100 mcast_snooping 0": (
        RTM.NEWLINK,
        _NEW,
        Link(
            ifname="br0",
            address=b"\x02\0\0\0\0\1",
            linkinfo=LinkInfo(
                kind="bridge",
                data=BridgeInfo(
                    forward_delay=200,
                    ageing_time=1000,
                    stp_state=0,
                    priority=100,
                    mcast_snooping=0,
                ),
            ),
        ),
    ),
    "ip link add v0 index 10 type veth peer name eth0 index 11 netns blue": (
        RTM.NEWLINK,
        _NEW,
        veth("v0", Link(index=11, ifname="eth0", net_ns_fd=4), index=10),
    ),
    "ip link add vx4 type vxlan id 42 local 10.0.0.1 remote 10.0.0.2 dstport 4789 "
    "srcport 40000 50000 ttl 5 nolearning": (
        RTM.NEWLINK,
        _NEW,
        made(
            "vx4",
            "vxlan",
            VxlanInfo(
                id=42,
                local=ip("10.0.0.1"),
                group=ip("10.0.0.2"),
                port=4789,
                port_range=(40000, 50000),
                ttl=5,
                learning=0,
            ),
        ),
    ),
    "ip link add vx6 type vxlan id 43 group ff05::1 dev v1 dstport 4789 ttl inherit": (
        RTM.NEWLINK,
        _NEW,
        made(
            "vx6",
            "vxlan",
            VxlanInfo(id=43, group6=ip("ff05::1"), link=4, port=4789, ttl_inherit=b"", learning=1),
        ),
    ),
    "ip link add mv0 link v1 type macvlan mode bridge": (
        RTM.NEWLINK,
        _NEW,
        made("mv0", "macvlan", MacvlanInfo(mode=4), link=4),
    ),
    "ip link add mt0 link v1 type macvtap mode vepa": (
        RTM.NEWLINK,
        _NEW,
        made("mt0", "macvtap", MacvlanInfo(mode=2), link=4),
    ),
    "ip link add ifb0 type ifb": (RTM.NEWLINK, _NEW, made("ifb0", "ifb")),
    "ip link add d0 type dummy": (RTM.NEWLINK, _NEW, made("d0", "dummy")),
    "ip link add v1.5 link v1 type vlan id 5 protocol 802.1ad reorder_hdr off "
    "egress-qos-map 1:2 3:4": (
        RTM.NEWLINK,
        _NEW,
        made(
            "v1.5",
            "vlan",
            VlanInfo(id=5, protocol=0x88A8, flags=(0, 1), egress_qos=((1, 2), (3, 4))),
            link=4,
        ),
    ),
    "ip link add bond0 type bond mode 802.3ad miimon 100 lacp_rate fast": (
        RTM.NEWLINK,
        _NEW,
        made("bond0", "bond", BondInfo(mode=4, miimon=100, ad_lacp_rate=1)),
    ),
    "ip link add bond1 type bond mode active-backup arp_interval 100 arp_ip_target 10.0.0.1": (
        RTM.NEWLINK,
        _NEW,
        made("bond1", "bond", BondInfo(mode=1, arp_interval=100, arp_ip_target=(ip("10.0.0.1"),))),
    ),
    "ip link add vrf0 type vrf table 10": (
        RTM.NEWLINK,
        _NEW,
        made("vrf0", "vrf", VrfInfo(table=10)),
    ),
    "ip link add ipv0 link v1 type ipvlan mode l2": (
        RTM.NEWLINK,
        _NEW,
        made("ipv0", "ipvlan", IpvlanInfo(mode=0, flags=0), link=4),
    ),
    "ip link add gre1 type gre local 10.0.0.1 remote 10.0.0.2 key 5 ttl 64": (
        RTM.NEWLINK,
        _NEW,
        made(
            "gre1",
            "gre",
            GreInfo(
                local=ip("10.0.0.1"),
                remote=ip("10.0.0.2"),
                ikey=5,
                okey=5,
                iflags=0x2000,
                oflags=0x2000,
                ttl=64,
                tos=0,
                pmtudisc=1,
                fwmark=0,
                encap_type=0,
                encap_flags=0,
                encap_sport=0,
                encap_dport=0,
            ),
        ),
    ),
    "ip link add ipip1 type ipip local 10.0.0.1 remote 10.0.0.2": (
        RTM.NEWLINK,
        _NEW,
        made(
            "ipip1",
            "ipip",
            IptunInfo(
                local=ip("10.0.0.1"),
                remote=ip("10.0.0.2"),
                link=0,
                proto=0,
                ttl=0,
                tos=0,
                pmtudisc=1,
                fwmark=0,
                encap_type=0,
                encap_flags=0,
                encap_sport=0,
                encap_dport=0,
            ),
        ),
    ),
    "ip link set v1 up": (RTM.NEWLINK, NLM_F.ACK, Link(index=3, flags=IFF.UP, change=IFF.UP)),
    "ip link set v1 mtu 1300": (RTM.NEWLINK, NLM_F.ACK, Link(index=4, mtu=1300)),
    "ip link set v1 alias nslab:demo:v1": (
        RTM.NEWLINK,
        NLM_F.ACK,
        Link(index=4, ifalias="nslab:demo:v1"),
    ),
    "ip link property add dev v1 altname demo-one altname demo-two": (
        RTM.NEWLINKPROP,
        _ALTNAME,
        Link(index=4, altnames=("demo-one", "demo-two")),
    ),
    "ip link set v1 master br0": (RTM.NEWLINK, NLM_F.ACK, Link(index=4, master=2)),
    "ip link set v1 nomaster": (RTM.NEWLINK, NLM_F.ACK, Link(index=4, master=0)),
    "ip link set br0 type bridge stp_state 1": (
        RTM.NEWLINK,
        NLM_F.ACK,
        Link(index=2, linkinfo=LinkInfo(kind="bridge", data=BridgeInfo(stp_state=1))),
    ),
    "ip link set v2 name eth7": (RTM.NEWLINK, NLM_F.ACK, Link(index=3, ifname="eth7")),
    "ip link set eth7 netns blue": (RTM.NEWLINK, NLM_F.ACK, Link(index=3, net_ns_fd=4)),
    "ip link del v1": (RTM.DELLINK, NLM_F.ACK, Link(index=4)),
    "bridge link set dev v1 cost 7 guard on": (
        RTM.SETLINK,
        NLM_F.ACK,
        Link(family=AF.BRIDGE, index=4, protinfo=BridgePortInfo(cost=7, guard=1)),
    ),
    "bridge fdb add 02:00:00:00:00:09 dev v1 master static": (
        RTM.NEWNEIGH,
        _NEW,
        Neigh(
            family=AF.BRIDGE,
            ifindex=4,
            state=NUD.REACHABLE | NUD.NOARP,
            flags=NTF.MASTER,
            lladdr=b"\x02\0\0\0\0\x09",
        ),
    ),
    "ip address add 10.0.0.1/24 broadcast + dev v1 label v1:one": (
        RTM.NEWADDR,
        _NEW,
        Address(
            family=AF.INET,
            prefixlen=24,
            index=3,
            local=ip("10.0.0.1"),
            address=ip("10.0.0.1"),
            broadcast=ip("10.0.0.255"),
            label="v1:one",
        ),
    ),
    "ip address add 10.0.1.1 peer 10.0.1.2/32 dev v1": (
        RTM.NEWADDR,
        _NEW,
        Address(
            family=AF.INET,
            prefixlen=32,
            index=3,
            local=ip("10.0.1.1"),
            address=ip("10.0.1.2"),
        ),
    ),
    "ip address add fd00::1/64 dev v1 nodad": (
        RTM.NEWADDR,
        _NEW,
        Address(
            family=AF.INET6,
            prefixlen=64,
            flags8=IFA_F.NODAD,
            index=3,
            local=ip("fd00::1"),
            address=ip("fd00::1"),
        ),
    ),
    "ip address del 10.0.0.1/24 dev v1": (
        RTM.DELADDR,
        NLM_F.ACK,
        Address(
            family=AF.INET, prefixlen=24, index=3, local=ip("10.0.0.1"), address=ip("10.0.0.1")
        ),
    ),
    "ip route add 10.1.0.0/16 via 10.0.0.2": (
        RTM.NEWROUTE,
        _NEW,
        route("10.1.0.0/16", gateway=ip("10.0.0.2")),
    ),
    "ip route add default via 10.0.0.2 dev v1 metric 50 proto static": (
        RTM.NEWROUTE,
        _NEW,
        Route(
            family=AF.INET,
            table8=RT_TABLE.MAIN,
            type=RTN.UNICAST,
            protocol=RTPROT.STATIC,
            gateway=ip("10.0.0.2"),
            oif=3,
            priority=50,
        ),
    ),
    "ip route add 10.2.0.0/16 dev v1 scope link table 1000": (
        RTM.NEWROUTE,
        _NEW,
        route("10.2.0.0/16", table8=0, table=1000, scope=RT_SCOPE.LINK, oif=3),
    ),
    "ip route add 10.3.0.0/16 nexthop via 10.0.0.3 weight 2 nexthop via 10.0.0.4 dev v1": (
        RTM.NEWROUTE,
        _NEW,
        route(
            "10.3.0.0/16",
            multipath=(
                Nexthop(hops=1, gateway=ip("10.0.0.3")),
                Nexthop(ifindex=3, gateway=ip("10.0.0.4")),
            ),
        ),
    ),
    "ip route add blackhole 10.4.0.0/16": (
        RTM.NEWROUTE,
        _NEW,
        route("10.4.0.0/16", type=RTN.BLACKHOLE),
    ),
    "ip route add 10.5.0.0/16 via 192.0.2.1 dev v1 onlink": (
        RTM.NEWROUTE,
        _NEW,
        route("10.5.0.0/16", flags=RTNH_F.ONLINK, gateway=ip("192.0.2.1"), oif=3),
    ),
    "ip route add 10.6.0.0/16 via 10.0.0.2 mtu 1200 advmss 1100": (
        RTM.NEWROUTE,
        _NEW,
        route("10.6.0.0/16", gateway=ip("10.0.0.2"), metrics=RouteMetrics(mtu=1200, advmss=1100)),
    ),
    "ip route add 10.7.0.0/16 via inet6 fd00::2 dev v1": (
        RTM.NEWROUTE,
        _NEW,
        route("10.7.0.0/16", via=b"\x0a\0" + ip("fd00::2"), oif=3),
    ),
    "ip route add fd01::/64 via fd00::2 dev v1": (
        RTM.NEWROUTE,
        _NEW,
        route("fd01::/64", gateway=ip("fd00::2"), oif=3),
    ),
    "ip route add 10.9.0.0/16 nhid 1": (RTM.NEWROUTE, _NEW, route("10.9.0.0/16", nh_id=1)),
    "ip route del 10.1.0.0/16": (
        RTM.DELROUTE,
        NLM_F.ACK,
        route("10.1.0.0/16", protocol=0, type=0, scope=RT_SCOPE.NOWHERE),
    ),
    "ip rule add from 10.0.0.0/8 to 10.1.0.0/16 iif lo fwmark 0x1/0xff table 1000 priority 100": (
        RTM.NEWRULE,
        _NEW,
        Rule(
            family=AF.INET,
            src_len=8,
            dst_len=16,
            action=FR_ACT.TO_TBL,
            src=ip("10.0.0.0"),
            dst=ip("10.1.0.0"),
            iifname="lo",
            fwmark=1,
            fwmask=0xFF,
            table=1000,
            priority=100,
        ),
    ),
    "ip rule add ipproto tcp dport 80-90 uidrange 0-99 prohibit priority 101": (
        RTM.NEWRULE,
        _NEW,
        Rule(
            family=AF.INET,
            action=FR_ACT.PROHIBIT,
            ip_proto=6,
            dport_range=(80, 90),
            uid_range=(0, 99),
            priority=101,
        ),
    ),
    "ip neigh add 10.0.0.2 lladdr 02:00:00:00:00:02 dev v1 nud permanent": (
        RTM.NEWNEIGH,
        _NEW,
        Neigh(family=AF.INET, ifindex=3, state=NUD.PERMANENT, dst=ip("10.0.0.2"), lladdr=MAC2),
    ),
    "ip neigh add proxy 10.0.0.9 dev v1": (
        RTM.NEWNEIGH,
        _NEW,
        Neigh(
            family=AF.INET,
            ifindex=3,
            state=NUD.PERMANENT,
            flags=NTF.PROXY,
            dst=ip("10.0.0.9"),
        ),
    ),
    "ip netns set blue 7": (RTM.NEWNSID, NLM_F.ACK, Nsid(fd=6, nsid=7)),
    "ip netns set red auto": (RTM.NEWNSID, NLM_F.ACK, Nsid(fd=6, nsid=-1)),
    "ip -4 netconf show dev lo": (
        RTM.GETNETCONF,
        NLM_F.ACK,
        Netconf(family=AF.INET, ifindex=1),
    ),
    "ip nexthop add id 1 via 10.0.0.2 dev v1": (
        RTM.NEWNEXTHOP,
        _NEW,
        NexthopObject(family=AF.INET, id=1, gateway=ip("10.0.0.2"), oif=3),
    ),
    "ip nexthop add id 3 blackhole": (
        RTM.NEWNEXTHOP,
        _NEW,
        NexthopObject(family=AF.INET, id=3, blackhole=True),
    ),
    "ip nexthop add id 4 group 1,2/2": (
        RTM.NEWNEXTHOP,
        _NEW,
        NexthopObject(id=4, group=((1, 1, 0), (2, 0, 0))),
    ),
    "ip nexthop add id 5 group 1/2 type resilient buckets 8 idle_timer 60": (
        RTM.NEWNEXTHOP,
        _NEW,
        NexthopObject(
            id=5,
            group=((1, 0, 0), (2, 0, 0)),
            group_type=NEXTHOP_GRP_TYPE.RES,
            res_group=ResilientGroup(buckets=8, idle_timer=6000),
        ),
    ),
}

# command: what the kernel listed, among others
LISTED: dict[str, list[Message]] = {
    "ip route show table all": [
        route("10.2.0.0/16", table8=252, table=1000, scope=RT_SCOPE.LINK, oif=3),
        mapped(
            "10.3.0.0/16",
            multipath=(
                Nexthop(hops=1, ifindex=3, gateway=ip("10.0.0.3")),
                Nexthop(ifindex=3, gateway=ip("10.0.0.4")),
            ),
        ),
        mapped("10.4.0.0/16", type=RTN.BLACKHOLE),
        mapped("10.5.0.0/16", flags=RTNH_F.ONLINK, gateway=ip("192.0.2.1"), oif=3),
        mapped(
            "10.6.0.0/16",
            gateway=ip("10.0.0.2"),
            oif=3,
            metrics=RouteMetrics(mtu=1200, advmss=1100),
        ),
        mapped("10.7.0.0/16", via=b"\x0a\0" + ip("fd00::2"), oif=3),
    ],
    "ip rule show": [
        Rule(
            family=AF.INET,
            action=FR_ACT.PROHIBIT,
            table=0,
            suppress_prefixlen=0xFFFFFFFF,
            protocol=0,
            priority=101,
            uid_range=(0, 99),
            dport_range=(80, 90),
            ip_proto=6,
        ),
    ],
    "ip netns list-id": [Nsid(nsid=0), Nsid(nsid=7)],
    "ip nexthop show": [
        NexthopObject(family=AF.INET, scope=RT_SCOPE.LINK, id=1, oif=3, gateway=ip("10.0.0.2")),
        NexthopObject(family=AF.INET, id=3, blackhole=True),
    ],
}

# command: what the kernel answered to its last request
REFUSED = {
    "ip link set v1 mtu 1": (errno.EINVAL, "mtu less than device minimum", None),
    "ip link set nosuch up": (errno.ENODEV, "", None),
    "ip link add v1 type veth peer name v3": (errno.EEXIST, "", None),
    "ip link add x type nosuch": (errno.EOPNOTSUPP, "Unknown device type", None),
    "ip address add 10.0.0.1/24 dev v1": (errno.EEXIST, "ipv4: Address already assigned", None),
    "ip route add 10.8.0.0/16 via 198.51.100.1": (
        errno.ENETUNREACH,
        "Nexthop has invalid gateway",
        None,
    ),
    "ip netns set blue 8": (errno.EEXIST, "Peer netns already has a nsid assigned", 20),
}
