"""What the recordings made in User Mode Linux say, as values: the sessions of bridges."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nslab.netlink.message import NLM_F
from nslab.netlink.rtnl.bridge_spec import (
    BRIDGE_FLAGS,
    BRIDGE_VLAN_INFO,
    BridgeSpec,
    VlanTunnel,
)
from nslab.netlink.rtnl.constants import AF, RTM
from nslab.netlink.rtnl.kinds.bridge import BridgeInfo
from nslab.netlink.rtnl.kinds.vxlan import VxlanInfo
from nslab.netlink.rtnl.link import Link
from nslab.netlink.rtnl.mdb import MDB_STATE, MdbChange, MdbEntry, MdbEntryAttrs
from nslab.netlink.rtnl.neigh import NTF, NUD, Neigh
from nslab.netlink.rtnl.vlan import VlanEntry, VlanOptions, Vlans, VlanTunnelId
from tests.netlink.golden_kinds import changed, mac
from tests.netlink.golden_values import ip, made

if TYPE_CHECKING:
    from nslab.netlink.attrs import Message

_NEW = NLM_F.ACK | NLM_F.CREATE | NLM_F.EXCL
_IPV4, _IPV6, _MAC = b"\x08\0", b"\x86\xdd", b"\0\0"


def spec(index: int, **rest: object) -> Link:
    return Link(family=AF.BRIDGE, index=index, af_spec=BridgeSpec(**rest))  # type: ignore[arg-type]


def group(address: bytes, proto: bytes, **rest: object) -> MdbChange:
    attrs = rest.pop("attrs", None)
    entry = MdbEntry(ifindex=3, address=address.ljust(16, b"\0"), proto=proto, **rest)  # type: ignore[arg-type]
    return MdbChange(family=AF.BRIDGE, ifindex=2, entry=entry, attrs=attrs)  # type: ignore[arg-type]


# command: type, flags beside NLM_F_REQUEST, body
REQUESTS: dict[str, tuple[int, int, Message]] = {
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
