"""What the recordings made in User Mode Linux say, as values: the sessions of links."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from nslab.netlink.message import NLM_F
from nslab.netlink.rtnl.af_spec import IN6_ADDR_GEN_MODE, AfSpec, Inet6Spec
from nslab.netlink.rtnl.constants import AF, RTM
from nslab.netlink.rtnl.kinds.bond import BondInfo, BondPortInfo
from nslab.netlink.rtnl.kinds.ipvlan import IpvlanInfo
from nslab.netlink.rtnl.kinds.tunnel import GreInfo, IptunInfo
from nslab.netlink.rtnl.kinds.vlan import VlanInfo
from nslab.netlink.rtnl.kinds.vrf import VrfInfo, VrfPortInfo
from nslab.netlink.rtnl.link import Link, LinkInfo, ProtoDownReason
from nslab.netlink.rtnl.neightbl import NeighParms, NeighTable
from tests.netlink.golden_values import ip, made

if TYPE_CHECKING:
    from nslab.netlink.attrs import Message

_NEW = NLM_F.ACK | NLM_F.CREATE | NLM_F.EXCL


def changed(index: int, kind: str, data: Message) -> Link:
    return Link(index=index, linkinfo=LinkInfo(kind=kind, data=data))


def mac(last: int) -> bytes:
    return bytes((2, 0, 0, 0, 0, last))


# command: type, flags beside NLM_F_REQUEST, body
REQUESTS: dict[str, tuple[int, int, Message]] = {
    "ip link add d0.5 link d0 type vlan id 5 protocol 802.1ad reorder_hdr off gvrp on "
    "loose_binding on ingress-qos-map 1:2 3:4 egress-qos-map 5:6": (
        RTM.NEWLINK,
        _NEW,
        made(
            "d0.5",
            "vlan",
            VlanInfo(
                id=5,
                protocol=0x88A8,
                flags=(0b110, 0b111),
                ingress_qos=((1, 2), (3, 4)),
                egress_qos=((5, 6),),
            ),
            link=2,
        ),
    ),
    "ip link set d0.5 type vlan mvrp on egress-qos-map 7:1": (
        RTM.NEWLINK,
        NLM_F.ACK,
        changed(3, "vlan", VlanInfo(egress_qos=((7, 1),), flags=(0b1000, 0b1000))),
    ),
    "ip link add b0 type bond mode 802.3ad miimon 100 updelay 200 downdelay 300 use_carrier 1 "
    "xmit_hash_policy layer3+4 lacp_rate fast lacp_active on ad_select bandwidth "
    "ad_actor_sys_prio 7 ad_user_port_key 8 ad_actor_system 02:00:00:00:00:99 min_links 1 "
    "all_slaves_active 1 resend_igmp 2 num_grat_arp 3 peer_notify_delay 500": (
        RTM.NEWLINK,
        _NEW,
        made(
            "b0",
            "bond",
            BondInfo(
                mode=4,
                miimon=100,
                updelay=200,
                downdelay=300,
                use_carrier=1,
                xmit_hash_policy=1,
                ad_lacp_rate=1,
                ad_lacp_active=1,
                ad_select=1,
                ad_actor_sys_prio=7,
                ad_user_port_key=8,
                ad_actor_system=mac(0x99),
                min_links=1,
                all_slaves_active=1,
                resend_igmp=2,
                num_peer_notif=3,
                peer_notif_delay=500,
            ),
        ),
    ),
    "ip link add b1 type bond mode active-backup arp_interval 100 arp_validate active "
    "arp_all_targets all arp_ip_target 10.0.0.1,10.0.0.2 ns_ip6_target fd00::1,fd00::2 "
    "primary_reselect better fail_over_mac active arp_missed_max 3": (
        RTM.NEWLINK,
        _NEW,
        made(
            "b1",
            "bond",
            BondInfo(
                mode=1,
                arp_interval=100,
                arp_validate=1,
                arp_all_targets=1,
                arp_ip_target=(ip("10.0.0.1"), ip("10.0.0.2")),
                ns_ip6_target=(ip("fd00::1"), ip("fd00::2")),
                primary_reselect=1,
                fail_over_mac=1,
                missed_max=3,
            ),
        ),
    ),
    "ip link set b1 type bond primary d1 active_slave d1": (
        RTM.NEWLINK,
        NLM_F.ACK,
        changed(4, "bond", BondInfo(primary=5, active_slave=5)),
    ),
    "ip link add b2 type bond mode balance-rr packets_per_slave 7 lp_interval 4": (
        RTM.NEWLINK,
        _NEW,
        made("b2", "bond", BondInfo(mode=0, packets_per_slave=7, lp_interval=4)),
    ),
    "ip link add b3 type bond mode balance-tlb tlb_dynamic_lb 0": (
        RTM.NEWLINK,
        _NEW,
        made("b3", "bond", BondInfo(mode=5, tlb_dynamic_lb=0)),
    ),
    "ip link add r type vrf table 10": (RTM.NEWLINK, _NEW, made("r", "vrf", VrfInfo(table=10))),
    "ip link add i0 link d0 type ipvlan mode l3s private": (
        RTM.NEWLINK,
        _NEW,
        made("i0", "ipvlan", IpvlanInfo(mode=2, flags=1), link=2),
    ),
    "ip link add i1 link d0 type ipvtap mode l3s vepa": (
        RTM.NEWLINK,
        _NEW,
        made("i1", "ipvtap", IpvlanInfo(mode=2, flags=2), link=2),
    ),
    "ip link add g0 type gre local 10.0.0.1 remote 10.0.0.2 ikey 5 okey 6 iseq ocsum ttl 64 "
    "tos 8 nopmtudisc": (
        RTM.NEWLINK,
        _NEW,
        made(
            "g0",
            "gre",
            GreInfo(
                ikey=5,
                okey=6,
                iflags=0x3000,
                oflags=0xA000,
                local=ip("10.0.0.1"),
                remote=ip("10.0.0.2"),
                pmtudisc=0,
                ttl=64,
                tos=8,
                fwmark=0,
                encap_type=0,
                encap_flags=0,
                encap_sport=0,
                encap_dport=0,
            ),
        ),
    ),
    "ip link add t0 type ipip local 10.0.0.1 remote 10.0.0.2 ttl 7 fwmark 3": (
        RTM.NEWLINK,
        _NEW,
        made(
            "t0",
            "ipip",
            IptunInfo(
                link=0,
                local=ip("10.0.0.1"),
                remote=ip("10.0.0.2"),
                ttl=7,
                tos=0,
                proto=0,
                pmtudisc=1,
                fwmark=3,
                encap_type=0,
                encap_flags=0,
                encap_sport=0,
                encap_dport=0,
            ),
        ),
    ),
    "ip link add d0 index 5 numtxqueues 2 numrxqueues 3 address 02:00:00:00:00:01 "
    "txqueuelen 77 group 9 type dummy": (
        RTM.NEWLINK,
        _NEW,
        Link(
            index=5,
            ifname="d0",
            num_tx_queues=2,
            num_rx_queues=3,
            address=mac(1),
            txqlen=77,
            group=9,
            linkinfo=LinkInfo(kind="dummy"),
        ),
    ),
    "ip link set d0 addrgenmode none": (
        RTM.NEWLINK,
        NLM_F.ACK,
        Link(
            index=5,
            af_spec=AfSpec(inet6=Inet6Spec(addr_gen_mode=IN6_ADDR_GEN_MODE.NONE)),
        ),
    ),
    "ip token set ::5 dev v0": (
        RTM.SETLINK,
        NLM_F.ACK,
        Link(family=AF.INET6, index=3, af_spec=AfSpec(inet6=Inet6Spec(token=ip("::5")))),
    ),
    "ip link set m0 protodown_reason 3 on": (
        RTM.NEWLINK,
        NLM_F.ACK,
        Link(index=4, proto_down_reason=ProtoDownReason(mask=8, value=8)),
    ),
    "ip ntable change name arp_cache dev d0 base_reachable 20000": (
        RTM.NEWNEIGHTBL + 3,
        NLM_F.ACK | NLM_F.REPLACE,
        NeighTable(name="arp_cache", parms=NeighParms(ifindex=5, base_reachable_time=20000)),
    ),
}

# command: what a link's own kind and its master's kind were told to have
KINDS: dict[str, tuple[str, LinkInfo]] = {
    "vlan/ip -d link show d0.5": (
        "d0.5",
        LinkInfo(
            kind="vlan",
            data=VlanInfo(
                protocol=0x88A8,
                id=5,
                flags=(0b1110, 0xFFFFFFFF),
                ingress_qos=((1, 2), (3, 4)),
                egress_qos=((5, 6), (7, 1)),
            ),
        ),
    ),
    "vrf/ip -d link show": (
        "d0",
        LinkInfo(kind="dummy", port_kind="vrf", port_data=VrfPortInfo(table=10)),
    ),
    "ipvlan/ip -d link show": ("i1", LinkInfo(kind="ipvtap", data=IpvlanInfo(mode=2, flags=2))),
    "bond/ip -d link show master b1": (
        "d1",
        LinkInfo(
            kind="dummy",
            port_kind="bond",
            port_data=BondPortInfo(
                state=0,
                mii_status=0,
                link_failure_count=0,
                perm_hwaddr=mac(2),
                queue_id=2,
                prio=5,
            ),
        ),
    ),
    "tunnel/ip -d link show": (
        "g0",
        LinkInfo(
            kind="gre",
            data=GreInfo(
                link=0,
                iflags=0x3000,
                oflags=0xA000,
                ikey=5,
                okey=6,
                local=ip("10.0.0.1"),
                remote=ip("10.0.0.2"),
                ttl=64,
                tos=8,
                pmtudisc=0,
                fwmark=0,
                encap_type=0,
                encap_flags=0,
                encap_sport=0,
                encap_dport=0,
                ignore_df=0,
            ),
        ),
    ),
}

# command: what the kernel answered to its last request
REFUSED = {
    "ip link add g1 type gretap local 10.0.0.1 remote 10.0.0.3 key 7 encap fou encap-sport 1000 "
    "encap-dport 1001 encap-csum": (errno.EINVAL, "", None),
    "ip link set d0 addrgenmode stable_secret": (errno.EINVAL, "", None),
}
