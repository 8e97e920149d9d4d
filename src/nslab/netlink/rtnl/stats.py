"""Counters: inside a link's message, and RTM_*STATS by themselves (linux/if_link.h)."""

from __future__ import annotations

from nslab.netlink.attrs import BYTES, Message, attr, each, fixed, nested, structure


class IFLA_STATS:  # noqa: N801 - the kernel's own name
    """Attribute types; a request's mask has bit N - 1 set for type N."""

    UNSPEC = 0
    LINK_64 = 1
    LINK_XSTATS = 2
    LINK_XSTATS_SLAVE = 3
    LINK_OFFLOAD_XSTATS = 4
    AF_SPEC = 5


class BRIDGE_XSTATS:  # noqa: N801 - the kernel's own name
    """Attribute types of a bridge's own counters (linux/if_bridge.h)."""

    VLAN = 1
    MCAST = 2
    PAD = 3
    STP = 4


_TYPE_BRIDGE = 1
_TYPE_BOND = 2


class LinkStats64(Message, header="25Q"):
    """A link's counters (struct rtnl_link_stats64); 0 where the kernel is too old to count it."""

    rx_packets: int = fixed()
    tx_packets: int = fixed()
    rx_bytes: int = fixed()
    tx_bytes: int = fixed()
    rx_errors: int = fixed()
    tx_errors: int = fixed()
    rx_dropped: int = fixed()
    tx_dropped: int = fixed()
    multicast: int = fixed()
    collisions: int = fixed()
    rx_length_errors: int = fixed()
    rx_over_errors: int = fixed()
    rx_crc_errors: int = fixed()
    rx_frame_errors: int = fixed()
    rx_fifo_errors: int = fixed()
    rx_missed_errors: int = fixed()
    tx_aborted_errors: int = fixed()
    tx_carrier_errors: int = fixed()
    tx_fifo_errors: int = fixed()
    tx_heartbeat_errors: int = fixed()
    tx_window_errors: int = fixed()
    rx_compressed: int = fixed()
    tx_compressed: int = fixed()
    rx_nohandler: int = fixed()
    rx_otherhost_dropped: int = fixed()


class VlanStats(Message, header="QQQQHH4x"):
    """The counters of one VLAN on a bridge or port (struct bridge_vlan_xstats)."""

    rx_bytes: int = fixed()
    rx_packets: int = fixed()
    tx_bytes: int = fixed()
    tx_packets: int = fixed()
    vid: int = fixed()
    flags: int = fixed()


class StpStats(Message, header="6Q"):
    """A port's spanning tree counters (struct bridge_stp_xstats)."""

    transition_blk: int = fixed()
    transition_fwd: int = fixed()
    rx_bpdu: int = fixed()
    tx_bpdu: int = fixed()
    rx_tcn: int = fixed()
    tx_tcn: int = fixed()


class BridgeStats(Message, pad=BRIDGE_XSTATS.PAD):
    """A bridge's or port's own counters."""

    vlan: tuple[VlanStats, ...] = each(BRIDGE_XSTATS.VLAN, structure(VlanStats))
    mcast: bytes | None = attr(BRIDGE_XSTATS.MCAST, BYTES)
    stp: StpStats | None = attr(BRIDGE_XSTATS.STP, structure(StpStats))


class KindStats(Message):
    """The counters that a kind of link has of its own."""

    bridge: BridgeStats | None = nested(_TYPE_BRIDGE, BridgeStats)
    bond: bytes | None = attr(_TYPE_BOND, BYTES)


class Stats(Message, header="B3xII", pad=IFLA_STATS.UNSPEC):
    """The counters of a link; `filter_mask` says which, in a request and in the answer."""

    family: int = fixed()
    ifindex: int = fixed()
    filter_mask: int = fixed()
    link64: LinkStats64 | None = attr(IFLA_STATS.LINK_64, structure(LinkStats64))
    link_xstats: KindStats | None = nested(IFLA_STATS.LINK_XSTATS, KindStats)
    port_xstats: KindStats | None = nested(IFLA_STATS.LINK_XSTATS_SLAVE, KindStats)
    offload_xstats: bytes | None = attr(IFLA_STATS.LINK_OFFLOAD_XSTATS, BYTES)
    af_spec: bytes | None = attr(IFLA_STATS.AF_SPEC, BYTES)
