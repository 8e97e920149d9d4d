"""Which kinds of link, queue and rule this kernel knows: each is tried in a lab of its own."""

from __future__ import annotations

import errno
import platform
from pathlib import Path
from typing import TYPE_CHECKING

from nslab.cli.checks.check import Check
from nslab.errors import KernelError
from nslab.kernel.transport import Transport
from nslab.netlink.attrs import STRING, Message, attr, fixed
from nslab.netlink.message import NLM_F, Request
from nslab.netlink.rtnl.constants import RTM
from nslab.netlink.rtnl.link import Link, LinkInfo
from nslab.netlink.rtnl.linkinfo import BridgeInfo

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nslab.kernel.sandbox import Sandbox

PROBE = "probe"
"""The netns in which all this is tried."""

_LINKS = {
    "veth": "VETH",
    "bridge": "BRIDGE",
    "vlan": "VLAN_8021Q",
    "vxlan": "VXLAN",
    "macvlan": "MACVLAN",
    "ipvlan": "IPVLAN",
    "dummy": "DUMMY",
    "bond": "BONDING",
    "vrf": "NET_VRF",
    "ifb": "IFB",
    "wireguard": "WIREGUARD",
    "gre": "NET_IPGRE",
    "geneve": "GENEVE",
}
_QUEUES = {
    "netem": ("NET_SCH_NETEM", "delay, loss, duplicates, reordering"),
    "tbf": ("NET_SCH_TBF", "rate"),
    "htb": ("NET_SCH_HTB", "rates of several classes"),
    "fq_codel": ("NET_SCH_FQ_CODEL", "fair queues"),
    "ingress": ("NET_SCH_INGRESS", "filters on what arrives"),
}
_MODULES = {"vlan": "8021q", "bond": "bonding", "gre": "ip_gre"}
_RTM_NEWQDISC = 36
_TC_H_ROOT, _TC_H_INGRESS = 0xFFFFFFFF, 0xFFFFFFF1
_AF_NETLINK, _SOCK_RAW, _NETLINK_NETFILTER = 16, 3, 12
_NFT_MSG_GETGEN = 10 << 8 | 16


class _Qdisc(Message, header="B3xiIII"):
    """A queueing discipline (linux/rtnetlink.h, struct tcmsg)."""

    family: int = fixed()
    ifindex: int = fixed()
    handle: int = fixed()
    parent: int = fixed()
    info: int = fixed()
    kind: str | None = attr(1, STRING)


class _Generation(Message, header="BBH"):
    """The state of the rule set (linux/netfilter/nfnetlink.h, struct nfgenmsg)."""

    family: int = fixed()
    version: int = fixed()
    res_id: int = fixed()


def links(lab: Sandbox) -> Iterator[Check]:
    """Try to make a link of each kind."""
    transport = lab.handle(PROBE).transport
    for kind, option in _LINKS.items():
        body = Link(ifname="probe0", linkinfo=LinkInfo(kind=kind))
        (refusal,) = transport.batch([Request(RTM.NEWLINK, body, NLM_F.CREATE | NLM_F.EXCL)])
        missing = refusal is not None and refusal.errno == errno.EOPNOTSUPP
        yield Check(kind, not missing, "", _remedy(kind, option) if missing else "")
        if kind == "bridge" and not missing:
            yield _vlan_filtering(transport)
        if refusal is None:
            transport.batch([Request(RTM.DELLINK, Link(ifname="probe0"))])


def _vlan_filtering(transport: Transport) -> Check:
    link = transport.get(Request(RTM.GETLINK, Link(ifname="probe0")), Link)
    data = link.linkinfo.data if link.linkinfo else None
    good = isinstance(data, BridgeInfo) and data.vlan_filtering is not None
    remedy = "" if good else _remedy("bridge_vlan", "BRIDGE_VLAN_FILTERING")
    return Check("bridge VLANs", good, "", remedy)


def queues(lab: Sandbox) -> Iterator[Check]:
    """Try each queueing discipline on `lo`; one that only misses its options is there."""
    transport = lab.handle(PROBE).transport
    for kind, (option, use) in _QUEUES.items():
        parent = _TC_H_INGRESS if kind == "ingress" else _TC_H_ROOT
        body = _Qdisc(ifindex=1, parent=parent, kind=kind)
        (refusal,) = transport.batch([Request(_RTM_NEWQDISC, body, NLM_F.CREATE | NLM_F.REPLACE)])
        missing = refusal is not None and refusal.errno in (errno.ENOENT, errno.EOPNOTSUPP)
        yield Check(kind, not missing, use, _remedy(f"sch_{kind}", option) if missing else "")


def rules(lab: Sandbox) -> Check:
    """Ask nftables for the generation of its rules."""
    use = "firewall and masquerade: uplinks"
    try:
        (sock,) = lab.sockets(_AF_NETLINK, _SOCK_RAW, _NETLINK_NETFILTER, [PROBE])
        with Transport(sock) as transport:
            transport.get(Request(_NFT_MSG_GETGEN, _Generation()), _Generation)
    except KernelError:
        return Check("nftables", ok=False, detail=use, remedy=_remedy("nf_tables", "NF_TABLES"))
    return Check("nftables", ok=True, detail=use)


def _remedy(kind: str, option: str) -> str:
    module = _MODULES.get(kind, kind)
    known = Path("/lib/modules", platform.release(), "modules.dep")
    names = known.read_text(encoding="utf-8") if known.exists() else ""
    if f"/{module}.ko" in names:
        return f"`sudo modprobe {module}`"
    return f"a kernel with CONFIG_{option}"
