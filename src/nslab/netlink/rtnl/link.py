"""Links: RTM_*LINK (linux/if_link.h)."""

from __future__ import annotations

from nslab.netlink.attrs import (
    BYTES,
    NLA_F_NESTED,
    S32,
    STRING,
    U8,
    U16,
    U32,
    UINT,
    Codec,
    Message,
    attr,
    chosen,
    fixed,
    nested,
    repeated,
    structure,
)
from nslab.netlink.rtnl.constants import AF
from nslab.netlink.rtnl.linkinfo import class_of, info_of, port_info_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nslab.netlink.rtnl.stats import LinkStats64


class IFLA:
    """Attribute types."""

    ADDRESS = 1
    BROADCAST = 2
    IFNAME = 3
    MTU = 4
    LINK = 5
    QDISC = 6
    STATS = 7
    MASTER = 10
    PROTINFO = 12
    TXQLEN = 13
    MAP = 14
    OPERSTATE = 16
    LINKMODE = 17
    LINKINFO = 18
    NET_NS_PID = 19
    IFALIAS = 20
    NUM_VF = 21
    STATS64 = 23
    AF_SPEC = 26
    GROUP = 27
    NET_NS_FD = 28
    EXT_MASK = 29
    PROMISCUITY = 30
    NUM_TX_QUEUES = 31
    NUM_RX_QUEUES = 32
    CARRIER = 33
    PHYS_PORT_ID = 34
    CARRIER_CHANGES = 35
    PHYS_SWITCH_ID = 36
    LINK_NETNSID = 37
    PHYS_PORT_NAME = 38
    PROTO_DOWN = 39
    GSO_MAX_SEGS = 40
    GSO_MAX_SIZE = 41
    PAD = 42
    XDP = 43
    EVENT = 44
    NEW_NETNSID = 45
    TARGET_NETNSID = 46
    CARRIER_UP_COUNT = 47
    CARRIER_DOWN_COUNT = 48
    NEW_IFINDEX = 49
    MIN_MTU = 50
    MAX_MTU = 51
    PROP_LIST = 52
    ALT_IFNAME = 53
    PERM_ADDRESS = 54
    PROTO_DOWN_REASON = 55
    PARENT_DEV_NAME = 56
    PARENT_DEV_BUS_NAME = 57
    GRO_MAX_SIZE = 58
    TSO_MAX_SIZE = 59
    TSO_MAX_SEGS = 60
    ALLMULTI = 61
    DEVLINK_PORT = 62
    GSO_IPV4_MAX_SIZE = 63
    GRO_IPV4_MAX_SIZE = 64
    DPLL_PIN = 65
    MAX_PACING_OFFLOAD_HORIZON = 66
    NETNS_IMMUTABLE = 67
    HEADROOM = 68
    TAILROOM = 69


class IFLA_INFO:  # noqa: N801 - the kernel's own name
    """Attribute types inside IFLA_LINKINFO."""

    KIND = 1
    DATA = 2
    XSTATS = 3
    SLAVE_KIND = 4
    SLAVE_DATA = 5


class IFLA_PROTO_DOWN_REASON:  # noqa: N801 - the kernel's own name
    """Attribute types inside IFLA_PROTO_DOWN_REASON."""

    MASK = 1
    VALUE = 2


class IFF:
    """Link flags (linux/if.h)."""

    UP = 0x1
    BROADCAST = 0x2
    DEBUG = 0x4
    LOOPBACK = 0x8
    POINTOPOINT = 0x10
    NOTRAILERS = 0x20
    RUNNING = 0x40
    NOARP = 0x80
    PROMISC = 0x100
    ALLMULTI = 0x200
    MASTER = 0x400
    SLAVE = 0x800
    MULTICAST = 0x1000
    PORTSEL = 0x2000
    AUTOMEDIA = 0x4000
    DYNAMIC = 0x8000
    LOWER_UP = 0x10000
    DORMANT = 0x20000
    ECHO = 0x40000


class RTEXT_FILTER:  # noqa: N801 - the kernel's own name
    """What a dump of links shall contain beyond the usual, in `ext_mask`."""

    VF = 1
    BRVLAN = 2
    BRVLAN_COMPRESSED = 4
    SKIP_STATS = 8


def protinfo_of(family: int | None) -> type[Message] | None:
    """Give the message in IFLA_PROTINFO: a bridge port's in a link of family AF_BRIDGE."""
    return class_of("kinds.bridge:BridgePortInfo") if family == AF.BRIDGE else None


def af_spec_of(family: int | None) -> type[Message]:
    """Give the message in IFLA_AF_SPEC: a bridge port's VLANs, or what each family says."""
    return class_of("bridge_spec:BridgeSpec" if family == AF.BRIDGE else "af_spec:AfSpec")


class LinkMap(Message, header="QQQHBB4x"):
    """Where a link's hardware is (struct rtnl_link_ifmap)."""

    mem_start: int = fixed()
    mem_end: int = fixed()
    base_addr: int = fixed()
    irq: int = fixed()
    dma: int = fixed()
    port: int = fixed()


class ProtoDownReason(Message):
    """Bits that say why a link is held down; `mask` says which bits a request sets."""

    mask: int | None = attr(IFLA_PROTO_DOWN_REASON.MASK, U32)
    value: int | None = attr(IFLA_PROTO_DOWN_REASON.VALUE, U32)


def _read_stats64(data: bytes) -> LinkStats64:
    """Read the counters, whose message is loaded when they are first asked for."""
    from nslab.netlink.rtnl.stats import LinkStats64

    return structure(LinkStats64).decode(data)


_STATS64: Codec[LinkStats64] = Codec(lambda value: value.encode(), _read_stats64, 0)


class LinkInfo(Message):
    """What kind of link it is, and that kind's own attributes; likewise for a port of a master."""

    kind: str | None = attr(IFLA_INFO.KIND, STRING)
    data: Message | bytes | None = chosen(IFLA_INFO.DATA, "kind", info_of)
    xstats: bytes | None = attr(IFLA_INFO.XSTATS, BYTES)
    port_kind: str | None = attr(IFLA_INFO.SLAVE_KIND, STRING)
    port_data: Message | bytes | None = chosen(IFLA_INFO.SLAVE_DATA, "port_kind", port_info_of)


class Link(Message, header="BxHiII", pad=IFLA.PAD):
    """One link. `change` masks the `flags` that a request sets."""

    family: int = fixed()
    type: int = fixed()
    index: int = fixed()
    flags: int = fixed()
    change: int = fixed()
    address: bytes | None = attr(IFLA.ADDRESS, BYTES)
    broadcast: bytes | None = attr(IFLA.BROADCAST, BYTES)
    ifname: str | None = attr(IFLA.IFNAME, STRING)
    mtu: int | None = attr(IFLA.MTU, U32)
    link: int | None = attr(IFLA.LINK, U32)
    qdisc: str | None = attr(IFLA.QDISC, STRING)
    stats: bytes | None = attr(IFLA.STATS, BYTES)
    master: int | None = attr(IFLA.MASTER, U32)
    protinfo: Message | bytes | None = chosen(IFLA.PROTINFO | NLA_F_NESTED, "family", protinfo_of)
    txqlen: int | None = attr(IFLA.TXQLEN, U32)
    map: LinkMap | None = attr(IFLA.MAP, structure(LinkMap))
    operstate: int | None = attr(IFLA.OPERSTATE, U8)
    linkmode: int | None = attr(IFLA.LINKMODE, U8)
    linkinfo: LinkInfo | None = nested(IFLA.LINKINFO, LinkInfo)
    net_ns_pid: int | None = attr(IFLA.NET_NS_PID, U32)
    ifalias: str | None = attr(IFLA.IFALIAS, STRING)
    num_vf: int | None = attr(IFLA.NUM_VF, U32)
    stats64: LinkStats64 | None = attr(IFLA.STATS64, _STATS64)
    af_spec: Message | bytes | None = chosen(IFLA.AF_SPEC, "family", af_spec_of)
    group: int | None = attr(IFLA.GROUP, U32)
    net_ns_fd: int | None = attr(IFLA.NET_NS_FD, U32)
    ext_mask: int | None = attr(IFLA.EXT_MASK, U32)
    promiscuity: int | None = attr(IFLA.PROMISCUITY, U32)
    num_tx_queues: int | None = attr(IFLA.NUM_TX_QUEUES, U32)
    num_rx_queues: int | None = attr(IFLA.NUM_RX_QUEUES, U32)
    carrier: int | None = attr(IFLA.CARRIER, U8)
    phys_port_id: bytes | None = attr(IFLA.PHYS_PORT_ID, BYTES)
    carrier_changes: int | None = attr(IFLA.CARRIER_CHANGES, U32)
    phys_switch_id: bytes | None = attr(IFLA.PHYS_SWITCH_ID, BYTES)
    link_netnsid: int | None = attr(IFLA.LINK_NETNSID, S32)
    phys_port_name: str | None = attr(IFLA.PHYS_PORT_NAME, STRING)
    proto_down: int | None = attr(IFLA.PROTO_DOWN, U8)
    gso_max_segs: int | None = attr(IFLA.GSO_MAX_SEGS, U32)
    gso_max_size: int | None = attr(IFLA.GSO_MAX_SIZE, U32)
    xdp: bytes | None = attr(IFLA.XDP, BYTES)
    event: int | None = attr(IFLA.EVENT, U32)
    new_netnsid: int | None = attr(IFLA.NEW_NETNSID, S32)
    target_netnsid: int | None = attr(IFLA.TARGET_NETNSID, S32)
    carrier_up_count: int | None = attr(IFLA.CARRIER_UP_COUNT, U32)
    carrier_down_count: int | None = attr(IFLA.CARRIER_DOWN_COUNT, U32)
    new_ifindex: int | None = attr(IFLA.NEW_IFINDEX, S32)
    min_mtu: int | None = attr(IFLA.MIN_MTU, U32)
    max_mtu: int | None = attr(IFLA.MAX_MTU, U32)
    altnames: tuple[str, ...] | None = attr(
        IFLA.PROP_LIST | NLA_F_NESTED, repeated(IFLA.ALT_IFNAME, STRING)
    )
    altname: str | None = attr(IFLA.ALT_IFNAME, STRING)
    perm_address: bytes | None = attr(IFLA.PERM_ADDRESS, BYTES)
    proto_down_reason: ProtoDownReason | None = nested(
        IFLA.PROTO_DOWN_REASON | NLA_F_NESTED, ProtoDownReason
    )
    parent_dev_name: str | None = attr(IFLA.PARENT_DEV_NAME, STRING)
    parent_dev_bus_name: str | None = attr(IFLA.PARENT_DEV_BUS_NAME, STRING)
    gro_max_size: int | None = attr(IFLA.GRO_MAX_SIZE, U32)
    tso_max_size: int | None = attr(IFLA.TSO_MAX_SIZE, U32)
    tso_max_segs: int | None = attr(IFLA.TSO_MAX_SEGS, U32)
    allmulti: int | None = attr(IFLA.ALLMULTI, U32)
    devlink_port: bytes | None = attr(IFLA.DEVLINK_PORT | NLA_F_NESTED, BYTES)
    gso_ipv4_max_size: int | None = attr(IFLA.GSO_IPV4_MAX_SIZE, U32)
    gro_ipv4_max_size: int | None = attr(IFLA.GRO_IPV4_MAX_SIZE, U32)
    dpll_pin: bytes | None = attr(IFLA.DPLL_PIN | NLA_F_NESTED, BYTES)
    max_pacing_offload_horizon: int | None = attr(IFLA.MAX_PACING_OFFLOAD_HORIZON, UINT)
    netns_immutable: int | None = attr(IFLA.NETNS_IMMUTABLE, U8)
    headroom: int | None = attr(IFLA.HEADROOM, U16)
    tailroom: int | None = attr(IFLA.TAILROOM, U16)


class VETH_INFO:  # noqa: N801 - the kernel's own name
    """Attribute types of a veth's own part (linux/veth.h)."""

    PEER = 1


class VethInfo(Message):
    """A veth's own part: its peer, a whole link message inside."""

    peer: Link | None = nested(VETH_INFO.PEER, Link)
