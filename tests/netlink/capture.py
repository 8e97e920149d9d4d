"""Record what iproute2 asks and the kernel answers, byte by byte, as the golden files.

Run by hand, as root, with strace and iproute2 there: `python tests/netlink/capture.py [SESSION…]`.
Each session is a list of commands that run one after the other in namespaces of their own; those
of `UML_SESSIONS` need User Mode Linux, because few machines' kernels have all that they use.
"""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

from nslab.netlink.message import HEADER, NLMSG
from nslab.netlink.rtnl.constants import RTM

sys.path.insert(0, str(Path(__file__).parents[2]))
from tests.uml import machine

GOLDEN = Path(__file__).parent / "golden"

SESSIONS = {
    "link_add": """
        ip netns add blue
        ip link add br0 address 02:00:00:00:00:01 type bridge forward_delay 200 ageing_time 1000 \
stp_state 0 priority 100 mcast_snooping 0
        ip link add v0 index 10 type veth peer name eth0 index 11 netns blue
        ip link add v1 mtu 1400 address 02:00:00:00:00:02 type veth peer name v2 mtu 1400
        ip link add vx4 type vxlan id 42 local 10.0.0.1 remote 10.0.0.2 dstport 4789 \
srcport 40000 50000 ttl 5 nolearning
        ip link add vx6 type vxlan id 43 group ff05::1 dev v1 dstport 4789 ttl inherit
        ip link add mv0 link v1 type macvlan mode bridge
        ip link add mt0 link v1 type macvtap mode vepa
        ip link add ifb0 type ifb
        ip tuntap add tap0 mode tap
        ip link add d0 type dummy
        ip link add v1.5 link v1 type vlan id 5 protocol 802.1ad reorder_hdr off \
egress-qos-map 1:2 3:4
        ip link add bond0 type bond mode 802.3ad miimon 100 lacp_rate fast
        ip link add bond1 type bond mode active-backup arp_interval 100 arp_ip_target 10.0.0.1
        ip link add vrf0 type vrf table 10
        ip link add ipv0 link v1 type ipvlan mode l2
        ip link add gre1 type gre local 10.0.0.1 remote 10.0.0.2 key 5 ttl 64
        ip link add ipip1 type ipip local 10.0.0.1 remote 10.0.0.2
        ip link add gre6 type ip6gre local fd00::1 remote fd00::2
        ip -d link show
        ip -n blue link show eth0
    """,
    "link_set": """
        ip netns add blue
        ip link add br0 type bridge
        ip link add v1 type veth peer name v2
        ip link set v1 up
        ip link set v1 mtu 1300
        ip link set v1 alias nslab:demo:v1
        ip link property add dev v1 altname demo-one altname demo-two
        ip link set v1 master br0
        ip link set v1 type bridge_slave isolated on cost 5
        ip -d link show v1
        ip link set br0 type bridge stp_state 1
        ip link set v1 nomaster
        ip link set v2 name eth7
        ip link set eth7 netns blue
        ip link set v1 mtu 1
        ip link set nosuch up
        ip link add v1 type veth peer name v3
        ip link add x type nosuch
        ip link del v1
    """,
    "address": """
        ip link add v1 type veth peer name v2
        ip link set v1 up
        ip address add 10.0.0.1/24 broadcast + dev v1 label v1:one
        ip address add 10.0.1.1 peer 10.0.1.2/32 dev v1
        ip address add fd00::1/64 dev v1 nodad
        ip address add 10.0.0.1/24 dev v1
        ip address show
        ip address del 10.0.0.1/24 dev v1
    """,
    "route": """
        ip link add v1 type veth peer name v2
        ip link set lo up
        ip link set v1 up
        ip link set v2 up
        ip address add 10.0.0.1/24 dev v1
        ip address add fd00::1/64 dev v1 nodad
        ip route add 10.1.0.0/16 via 10.0.0.2
        ip route add default via 10.0.0.2 dev v1 metric 50 proto static
        ip route add 10.2.0.0/16 dev v1 scope link table 1000
        ip route add 10.3.0.0/16 nexthop via 10.0.0.3 weight 2 nexthop via 10.0.0.4 dev v1
        ip route add blackhole 10.4.0.0/16
        ip route add 10.5.0.0/16 via 192.0.2.1 dev v1 onlink
        ip route add 10.6.0.0/16 via 10.0.0.2 mtu 1200 advmss 1100
        ip route add 10.7.0.0/16 via inet6 fd00::2 dev v1
        ip route add fd01::/64 via fd00::2 dev v1
        ip route add 10.8.0.0/16 via 198.51.100.1
        ip route show table all
        ip -6 route show
        ip route get 10.3.0.1
        ip route del 10.1.0.0/16
    """,
    "rule": """
        ip rule add from 10.0.0.0/8 to 10.1.0.0/16 iif lo fwmark 0x1/0xff table 1000 priority 100
        ip rule add ipproto tcp dport 80-90 uidrange 0-99 prohibit priority 101
        ip -6 rule add to fd00::/64 table 7 priority 102
        ip rule show
        ip rule del priority 100
    """,
    "neigh": """
        ip link add v1 type veth peer name v2
        ip link set v1 up
        ip neigh add 10.0.0.2 lladdr 02:00:00:00:00:02 dev v1 nud permanent
        ip neigh add fd00::2 lladdr 02:00:00:00:00:02 dev v1 nud permanent router
        ip neigh add proxy 10.0.0.9 dev v1
        ip neigh show
        ip neigh del 10.0.0.2 dev v1
    """,
    "netns": """
        ip netns add blue
        ip netns add red
        ip netns set blue 7
        ip netns set red auto
        ip netns list-id
        ip netns set blue 8
    """,
    "netconf": """
        ip -4 netconf show dev lo
        ip -6 netconf show dev lo
    """,
    "bridge": """
        ip link add br0 type bridge
        ip link add v1 type veth peer name v2
        ip link set v1 master br0
        bridge link set dev v1 cost 7 guard on
        bridge link show
        bridge fdb add 02:00:00:00:00:09 dev v1 master static
        bridge fdb show dev v1
    """,
    "nexthop": """
        ip link add v1 type veth peer name v2
        ip link set lo up
        ip link set v1 up
        ip link set v2 up
        ip address add 10.0.0.1/24 dev v1
        ip nexthop add id 1 via 10.0.0.2 dev v1
        ip nexthop add id 2 dev v1
        ip nexthop add id 3 blackhole
        ip nexthop add id 4 group 1,2/2
        ip nexthop add id 5 group 1/2 type resilient buckets 8 idle_timer 60
        ip route add 10.9.0.0/16 nhid 1
        ip nexthop show
        ip route show 10.9.0.0/16
        ip nexthop add id 1 dev v1
    """,
    "netfilter/conntrack": """
        conntrack -I -p tcp -s 10.0.0.1 -d 10.0.0.2 --sport 1000 --dport 8080 -t 300 \
-u SEEN_REPLY,ASSURED --state ESTABLISHED --mark 7 --dst-nat 10.0.1.2:80
        conntrack -I -p udp -s fd00::1 -d fd00::2 --sport 53 --dport 1053 -t 300
        conntrack -I -p icmp -s 10.0.0.1 -d 10.0.0.2 --icmp-type 8 --icmp-code 0 --icmp-id 9 -t 300
        conntrack -I -p tcp -s 10.0.0.1 -d 10.0.0.2 --sport 1001 --dport 8080 -t 300 \
--state ESTABLISHED --zone 5
        conntrack -L
        conntrack -L -f ipv6
        conntrack -D -f ipv6 -p udp
        conntrack -D -p tcp --reply-src 10.0.1.2
        conntrack -I -p tcp -s 10.0.0.1 -d 10.0.0.2 --sport 1001 --dport 8080 -t 300 \
--state ESTABLISHED --zone 5
    """,
}

UML_SESSIONS = {
    "vlan": """
        ip link add d0 address 02:00:00:00:00:01 type dummy
        ip link add d0.5 link d0 type vlan id 5 protocol 802.1ad reorder_hdr off gvrp on \
loose_binding on ingress-qos-map 1:2 3:4 egress-qos-map 5:6
        ip link set d0.5 type vlan mvrp on egress-qos-map 7:1
        ip -d link show d0.5
    """,
    "bond": """
        ip link add d0 address 02:00:00:00:00:01 type dummy
        ip link add b0 type bond mode 802.3ad miimon 100 updelay 200 downdelay 300 \
use_carrier 1 xmit_hash_policy layer3+4 lacp_rate fast lacp_active on ad_select bandwidth \
ad_actor_sys_prio 7 ad_user_port_key 8 ad_actor_system 02:00:00:00:00:99 min_links 1 \
all_slaves_active 1 resend_igmp 2 num_grat_arp 3 \
peer_notify_delay 500
        ip link set d0 master b0
        ip link set b0 up
        ip -d link show b0
        ip -d link show d0
        ip link add b1 type bond mode active-backup arp_interval 100 arp_validate active \
arp_all_targets all arp_ip_target 10.0.0.1,10.0.0.2 ns_ip6_target fd00::1,fd00::2 \
primary_reselect better fail_over_mac active arp_missed_max 3
        ip -d link show b1
        ip link add d1 address 02:00:00:00:00:02 type dummy
        ip link set d1 master b1
        ip link set d1 type bond_slave queue_id 2 prio 5
        ip link set b1 type bond primary d1 active_slave d1
        ip -d link show master b1
        ip link add b2 type bond mode balance-rr packets_per_slave 7 lp_interval 4
        ip link add b3 type bond mode balance-tlb tlb_dynamic_lb 0
    """,
    "vrf": """
        ip link add r type vrf table 10
        ip link add d0 type dummy
        ip link set d0 master r
        ip -d link show
    """,
    "ipvlan": """
        ip link add d0 address 02:00:00:00:00:01 type dummy
        ip link add i0 link d0 type ipvlan mode l3s private
        ip link add i1 link d0 type ipvtap mode l3s vepa
        ip -d link show
    """,
    "tunnel": """
        ip link add g0 type gre local 10.0.0.1 remote 10.0.0.2 ikey 5 okey 6 iseq ocsum ttl 64 \
tos 8 nopmtudisc
        ip link add g1 type gretap local 10.0.0.1 remote 10.0.0.3 key 7 encap fou \
encap-sport 1000 encap-dport 1001 encap-csum
        ip link add g2 type ip6gre local fd00::1 remote fd00::2 encaplimit 5 hoplimit 9 \
flowlabel 0x12345
        ip link add t0 type ipip local 10.0.0.1 remote 10.0.0.2 ttl 7 fwmark 3
        ip link add s0 type sit local 10.0.0.1 remote 10.0.0.2 mode any
        ip link set s0 type sit 6rd-prefix 2001:db8::/32
        ip link add t6 type ip6tnl local fd00::1 remote fd00::2 mode ip6ip6 encaplimit none
        ip -d link show
    """,
    "bridge_vlan": """
        ip link add br0 type bridge vlan_filtering 1 vlan_stats_per_port 1
        ip link add d0 type dummy
        ip link set d0 master br0
        bridge vlan add dev d0 vid 10 pvid untagged
        bridge vlan add dev d0 vid 20-29
        bridge vlan add dev br0 vid 10 self
        ip link set d0 type bridge_slave vlan_tunnel on
        bridge vlan add dev d0 vid 20-21 tunnel_info id 1020-1021
        bridge vlan show
        bridge -c vlan show
        bridge -c vlan tunnelshow
        bridge vlan set dev d0 vid 20 state blocking
        ip link set br0 type bridge mcast_vlan_snooping 1
        bridge vlan global set dev br0 vid 20 mcast_snooping 1 mcast_igmp_version 3
        bridge vlan global show
        bridge -d vlan show
        bridge -s vlan show
        bridge vlan del dev d0 vid 25
    """,
    "bridge_mdb": """
        ip link add br0 type bridge mcast_snooping 1 mcast_igmp_version 3
        ip link add d0 type dummy
        ip link set d0 master br0
        ip link set d0 up
        ip link set br0 up
        bridge mdb add dev br0 port d0 grp 239.1.1.1 permanent
        bridge mdb add dev br0 port d0 grp 239.1.1.2 src 10.0.0.9 temp
        bridge mdb add dev br0 port d0 grp ff05::7 permanent
        bridge mdb add dev br0 port d0 grp 01:00:5e:01:01:09 permanent
        ip link set d0 type bridge_slave mcast_router 2
        bridge -d mdb show
        bridge mdb del dev br0 port d0 grp 239.1.1.1
    """,
    "bridge_fdb": """
        ip link add br0 type bridge
        ip link add vx0 type vxlan dstport 4789 local 10.0.0.1 external
        ip link set vx0 master br0
        bridge fdb append 02:00:00:00:00:07 dev vx0 dst 10.0.0.7 port 4790 vni 43 src_vni 44 self
        bridge fdb add 02:00:00:00:00:08 dev vx0 master static sticky
        bridge -d fdb show
        bridge fdb get 02:00:00:00:00:08 br br0
        bridge fdb del 02:00:00:00:00:08 dev vx0 master
    """,
    "link_more": """
        ip link add d0 index 5 numtxqueues 2 numrxqueues 3 address 02:00:00:00:00:01 \
txqueuelen 77 group 9 type dummy
        ip link set d0 addrgenmode stable_secret
        ip link set d0 addrgenmode none
        ip link add v0 type veth peer name v1
        ip link set v0 up
        ip token set ::5 dev v0
        ip link add m0 link d0 address 02:00:00:00:00:02 type macvlan mode private
        ip link set m0 protodown on
        ip link set m0 protodown_reason 3 on
        ip -d link show m0
        ip link set d0 up
        ip -s -d link show d0
        ip -6 link show
        ip stats show dev d0 group link
        ip ntable show
        ip ntable change name arp_cache dev d0 base_reachable 20000
        ip link del d0
    """,
}

_CALL = re.compile(r"^(send|recv)")
_BYTES = re.compile(r"^ \| [0-9a-f]{5,}  ((?:[0-9a-f]{2}[ ]{1,2}){1,16})")


def parse(trace: str) -> tuple[list[str], list[str]]:
    """Give the requests and the answers (hex, one string a datagram) of a strace."""
    found: dict[str, list[str]] = {"send": [], "recv": []}
    for line in trace.splitlines():
        if call := _CALL.match(line):
            found[call[1]].append("")
            direction = call[1]
        elif octets := _BYTES.match(line):
            found[direction][-1] += octets[1].replace(" ", "")
    return [_message(request) for request in _keep(found["send"])], _keep(found["recv"])


def _keep(datagrams: list[str]) -> list[str]:
    """Leave out the empty ones (MSG_PEEK) and the probe that every run of ip begins with."""
    return [d for d in datagrams if d and not _is_probe(bytes.fromhex(d))]


def _is_probe(datagram: bytes) -> bool:
    _, kind, _, sequence, _ = HEADER.unpack_from(datagram)
    return sequence == 0 and kind in (NLMSG.ERROR, RTM.NEWLINK)


def _message(request: str) -> str:
    """Leave out what follows the message: ip sends some of its buffers whole."""
    return request[: 2 * HEADER.unpack_from(bytes.fromhex(request))[0]]


def record(command: str) -> dict[str, object]:
    """Run a command under strace and give what it said and heard."""
    with tempfile.NamedTemporaryFile("r") as trace:
        options = [
            "-e",
            "trace=/^(send|recv)",
            "-e",
            "raw=all",
            "-e",
            "read=all",
            "-e",
            "write=all",
        ]
        subprocess.run(
            ["strace", "-o", trace.name, *options, *command.split()],
            check=False,
            stdout=subprocess.DEVNULL,
        )
        requests, answers = parse(trace.read())
    return {"command": command, "requests": requests, "answers": answers}


def inside(session: str) -> None:
    """Run a session in the namespaces of this process, which are its own."""
    subprocess.run(["mount", "-t", "tmpfs", "none", "/run"], check=True)
    commands = (SESSIONS | UML_SESSIONS)[session].strip().splitlines()
    records = [record(command.strip()) for command in commands]
    path = GOLDEN / f"{session}.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(records, indent=1) + "\n")


def main() -> None:
    """Record the sessions that are named, or all."""
    if sys.argv[1:2] == ["--inside"]:
        inside(sys.argv[2])
        return
    GOLDEN.mkdir(exist_ok=True)
    for session in sys.argv[1:] or SESSIONS | UML_SESSIONS:
        command = ["unshare", "--mount", "--net", "--", sys.executable, __file__]
        command += ["--inside", session]
        if session in SESSIONS:
            subprocess.run(command, check=True)
            continue
        status, output = machine.run(shlex.join(command))
        if status:
            raise SystemExit(output)
        print(output, end="")


if __name__ == "__main__":
    main()
