"""What the recordings made in User Mode Linux say, as values: the sessions of `UML_SESSIONS`."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from nslab.netlink.message import NLM_F
from nslab.netlink.rtnl.af_spec import IN6_ADDR_GEN_MODE, AfSpec, Inet6Spec
from nslab.netlink.rtnl.bridge_spec import (
    BRIDGE_FLAGS,
    BRIDGE_VLAN_INFO,
    BridgeSpec,
    VlanTunnel,
)
from nslab.netlink.rtnl.constants import AF, RTM
from nslab.netlink.rtnl.kinds.bond import BondInfo, BondPortInfo
from nslab.netlink.rtnl.kinds.bridge import BridgeInfo
from nslab.netlink.rtnl.kinds.ipvlan import IpvlanInfo
from nslab.netlink.rtnl.kinds.tunnel import GreInfo, IptunInfo
from nslab.netlink.rtnl.kinds.vlan import VlanInfo
from nslab.netlink.rtnl.kinds.vrf import VrfInfo, VrfPortInfo
from nslab.netlink.rtnl.kinds.vxlan import VxlanInfo
from nslab.netlink.rtnl.link import Link, LinkInfo, ProtoDownReason
from nslab.netlink.rtnl.mdb import MDB_STATE, MdbChange, MdbEntry, MdbEntryAttrs
from nslab.netlink.rtnl.neigh import NTF, NUD, Neigh
from nslab.netlink.rtnl.neightbl import NeighParms, NeighTable
from nslab.netlink.rtnl.vlan import VlanEntry, VlanOptions, Vlans, VlanTunnelId
from tests.netlink.golden_values import ip, made

if TYPE_CHECKING:
    from nslab.netlink.attrs import Message

_NEW = NLM_F.ACK | NLM_F.CREATE | NLM_F.EXCL
_IPV4, _IPV6, _MAC = b"\x08\0", b"\x86\xdd", b"\0\0"


def changed(index: int, kind: str, data: Message) -> Link:
    return Link(index=index, linkinfo=LinkInfo(kind=kind, data=data))


def mac(last: int) -> bytes:
    return bytes((2, 0, 0, 0, 0, last))


def spec(index: int, **rest: object) -> Link:
    return Link(family=AF.BRIDGE, index=index, af_spec=BridgeSpec(**rest))  # type: ignore[arg-type]


def group(address: bytes, proto: bytes, **rest: object) -> MdbChange:
    attrs = rest.pop("attrs", None)
    entry = MdbEntry(ifindex=3, address=address.ljust(16, b"\0"), proto=proto, **rest)  # type: ignore[arg-type]
    return MdbChange(family=AF.BRIDGE, ifindex=2, entry=entry, attrs=attrs)  # type: ignore[arg-type]


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
    "bridge vlan add dev d0 vid 10 pvid untagged": (
        RTM.SETLINK,
        NLM_F.ACK,
        spec(3, vlan_info=((BRIDGE_VLAN_INFO.PVID | BRIDGE_VLAN_INFO.UNTAGGED, 10),)),
    ),
    "bridge vlan add dev d0 vid 20-29": (
        RTM.SETLINK,
        NLM_F.ACK,
        spec(3, vlan_info=((BRIDGE_VLAN_INFO.RANGE_BEGIN, 20), (BRIDGE_VLAN_INFO.RANGE_END, 29))),
    ),
    "bridge vlan add dev br0 vid 10 self": (
        RTM.SETLINK,
        NLM_F.ACK,
        spec(2, flags=BRIDGE_FLAGS.SELF, vlan_info=((0, 10),)),
    ),
    "bridge vlan add dev d0 vid 20-21 tunnel_info id 1020-1021": (
        RTM.SETLINK,
        NLM_F.ACK,
        spec(
            3,
            tunnel_info=(
                VlanTunnel(id=1020, vid=20, flags=BRIDGE_VLAN_INFO.RANGE_BEGIN),
                VlanTunnel(id=1021, vid=21, flags=BRIDGE_VLAN_INFO.RANGE_END),
            ),
        ),
    ),
    "bridge vlan del dev d0 vid 25": (RTM.DELLINK, NLM_F.ACK, spec(3, vlan_info=((0, 25),))),
    "bridge vlan set dev d0 vid 20 state blocking": (
        RTM.NEWVLAN,
        NLM_F.ACK,
        Vlans(
            family=AF.BRIDGE,
            ifindex=3,
            entries=(VlanEntry(info=(BRIDGE_VLAN_INFO.ONLY_OPTS, 20), state=4),),
        ),
    ),
    "bridge vlan global set dev br0 vid 20 mcast_snooping 1 mcast_igmp_version 3": (
        RTM.NEWVLAN,
        NLM_F.ACK,
        Vlans(
            family=AF.BRIDGE,
            ifindex=2,
            options=(VlanOptions(id=20, mcast_snooping=1, mcast_igmp_version=3),),
        ),
    ),
    "ip link set br0 type bridge mcast_vlan_snooping 1": (
        RTM.NEWLINK,
        NLM_F.ACK,
        changed(2, "bridge", BridgeInfo(multi_boolopt=(2, 2))),
    ),
    "bridge mdb add dev br0 port d0 grp 239.1.1.1 permanent": (
        RTM.NEWMDB,
        _NEW,
        group(ip("239.1.1.1"), _IPV4, state=MDB_STATE.PERMANENT),
    ),
    "bridge mdb add dev br0 port d0 grp 239.1.1.2 src 10.0.0.9 temp": (
        RTM.NEWMDB,
        _NEW,
        group(ip("239.1.1.2"), _IPV4, attrs=MdbEntryAttrs(source=ip("10.0.0.9"))),
    ),
    "bridge mdb add dev br0 port d0 grp ff05::7 permanent": (
        RTM.NEWMDB,
        _NEW,
        group(ip("ff05::7"), _IPV6, state=MDB_STATE.PERMANENT),
    ),
    "bridge mdb add dev br0 port d0 grp 01:00:5e:01:01:09 permanent": (
        RTM.NEWMDB,
        _NEW,
        group(b"\x01\0\x5e\x01\x01\x09", _MAC, state=MDB_STATE.PERMANENT),
    ),
    "bridge mdb del dev br0 port d0 grp 239.1.1.1": (
        RTM.DELMDB,
        NLM_F.ACK,
        group(ip("239.1.1.1"), _IPV4),
    ),
    "ip link add vx0 type vxlan dstport 4789 local 10.0.0.1 external": (
        RTM.NEWLINK,
        _NEW,
        made(
            "vx0",
            "vxlan",
            VxlanInfo(local=ip("10.0.0.1"), port=4789, learning=0, collect_metadata=1),
        ),
    ),
    "bridge fdb append 02:00:00:00:00:07 dev vx0 dst 10.0.0.7 port 4790 vni 43 src_vni 44 self": (
        RTM.NEWNEIGH,
        NLM_F.ACK | NLM_F.CREATE | NLM_F.APPEND,
        Neigh(
            family=AF.BRIDGE,
            ifindex=3,
            state=NUD.NOARP | NUD.PERMANENT,
            flags=NTF.SELF,
            lladdr=mac(7),
            dst=ip("10.0.0.7"),
            port=4790,
            vni=43,
            src_vni=44,
        ),
    ),
    "bridge fdb add 02:00:00:00:00:08 dev vx0 master static sticky": (
        RTM.NEWNEIGH,
        _NEW,
        Neigh(
            family=AF.BRIDGE,
            ifindex=3,
            state=NUD.NOARP | NUD.REACHABLE,
            flags=NTF.MASTER | NTF.STICKY,
            lladdr=mac(8),
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

# command: what the kernel listed, among others
LISTED: dict[str, list[Message]] = {
    "bridge -d vlan show": [
        Vlans(
            family=AF.BRIDGE,
            ifindex=3,
            entries=(
                VlanEntry(info=(4, 1), state=3, mcast_router=1),
                VlanEntry(info=(6, 10), state=3, mcast_router=1),
                VlanEntry(info=(0, 20), state=4, tunnel_info=VlanTunnelId(id=1020), mcast_router=1),
                VlanEntry(info=(0, 21), state=3, tunnel_info=VlanTunnelId(id=1021), mcast_router=1),
                VlanEntry(info=(0, 22), range=29, state=3, mcast_router=1),
            ),
        )
    ],
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
