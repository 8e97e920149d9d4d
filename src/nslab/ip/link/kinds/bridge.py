"""Bridges."""

from __future__ import annotations

from nslab.ip.link.kinds.reading import (
    Reading,
    constant,
    hardware_address,
    long_number,
    number,
)
from nslab.ip.link.kinds.showing import bridge_id, show_hexadecimal, show_numbers, show_timers
from nslab.ip.words import unsigned, wrong
from nslab.netlink.rtnl.kinds.bridge import BridgeInfo

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nslab.ip.link.kinds.reading import Option
    from nslab.ip.program import Program
    from nslab.ip.words import Words

USAGE = """\
Usage: ... bridge [ fdb_flush ]
\t\t  [ forward_delay FORWARD_DELAY ]
\t\t  [ hello_time HELLO_TIME ]
\t\t  [ max_age MAX_AGE ]
\t\t  [ ageing_time AGEING_TIME ]
\t\t  [ stp_state STP_STATE ]
\t\t  [ priority PRIORITY ]
\t\t  [ group_fwd_mask MASK ]
\t\t  [ group_address ADDRESS ]
\t\t  [ no_linklocal_learn NO_LINKLOCAL_LEARN ]
\t\t  [ vlan_filtering VLAN_FILTERING ]
\t\t  [ vlan_protocol VLAN_PROTOCOL ]
\t\t  [ vlan_default_pvid VLAN_DEFAULT_PVID ]
\t\t  [ vlan_stats_enabled VLAN_STATS_ENABLED ]
\t\t  [ vlan_stats_per_port VLAN_STATS_PER_PORT ]
\t\t  [ mcast_snooping MULTICAST_SNOOPING ]
\t\t  [ mcast_vlan_snooping MULTICAST_VLAN_SNOOPING ]
\t\t  [ mcast_router MULTICAST_ROUTER ]
\t\t  [ mcast_query_use_ifaddr MCAST_QUERY_USE_IFADDR ]
\t\t  [ mcast_querier MULTICAST_QUERIER ]
\t\t  [ mcast_hash_elasticity HASH_ELASTICITY ]
\t\t  [ mcast_hash_max HASH_MAX ]
\t\t  [ mcast_last_member_count LAST_MEMBER_COUNT ]
\t\t  [ mcast_startup_query_count STARTUP_QUERY_COUNT ]
\t\t  [ mcast_last_member_interval LAST_MEMBER_INTERVAL ]
\t\t  [ mcast_membership_interval MEMBERSHIP_INTERVAL ]
\t\t  [ mcast_querier_interval QUERIER_INTERVAL ]
\t\t  [ mcast_query_interval QUERY_INTERVAL ]
\t\t  [ mcast_query_response_interval QUERY_RESPONSE_INTERVAL ]
\t\t  [ mcast_startup_query_interval STARTUP_QUERY_INTERVAL ]
\t\t  [ mcast_stats_enabled MCAST_STATS_ENABLED ]
\t\t  [ mcast_igmp_version IGMP_VERSION ]
\t\t  [ mcast_mld_version MLD_VERSION ]
\t\t  [ nf_call_iptables NF_CALL_IPTABLES ]
\t\t  [ nf_call_ip6tables NF_CALL_IP6TABLES ]
\t\t  [ nf_call_arptables NF_CALL_ARPTABLES ]

Where: VLAN_PROTOCOL := { 802.1Q | 802.1ad }"""

_NO_LL_LEARN = 1 << 0  # BR_BOOLOPT_NO_LL_LEARN, linux/if_bridge.h
_MCAST_VLAN_SNOOPING = 1 << 1


def _boolean(bit: int, name: str) -> Option:
    """Make the option that is one bit of IFLA_BR_MULTI_BOOLOPT, with its mask."""

    def read(reading: Reading, words: Words) -> None:
        word = words.take()
        value = unsigned(word, 8)
        if value is None:
            raise wrong(word, f"invalid {name}")
        bits, mask = reading.values.get("multi_boolopt", (0, 0))
        bits = bits | bit if value else bits & ~bit
        reading.values["multi_boolopt"] = (bits, mask | bit)

    return read


def _vlan_protocol(reading: Reading, words: Words) -> None:
    from nslab.ip.link.kinds.ethertype import read_ethertype

    word = words.take()
    protocol = read_ethertype(word)
    if protocol is None:
        raise wrong(word, "invalid vlan_protocol")
    reading.values["vlan_protocol"] = protocol


def _plain(name: str, bits: int) -> Option:
    return number(name, bits, f"invalid {name}")


OPTIONS: dict[str, Option] = {
    "[forward_delay]": _plain("forward_delay", 32),
    "[hello_time]": _plain("hello_time", 32),
    "[max_age]": _plain("max_age", 32),
    "[ageing_time]": _plain("ageing_time", 32),
    "[stp_state]": _plain("stp_state", 32),
    "[priority]": _plain("priority", 16),
    "[vlan_filtering]": _plain("vlan_filtering", 8),
    "[vlan_protocol]": _vlan_protocol,
    "[group_fwd_mask]": _plain("group_fwd_mask", 16),
    "[group_address]": hardware_address("group_addr"),
    "no_linklocal_learn": _boolean(_NO_LL_LEARN, "no_linklocal_learn"),
    "[fdb_flush]": constant("fdb_flush", value=True),
    "[vlan_default_pvid]": _plain("vlan_default_pvid", 16),
    "[vlan_stats_enabled]": _plain("vlan_stats_enabled", 8),
    "[vlan_stats_per_port]": _plain("vlan_stats_per_port", 8),
    "[mcast_router]": _plain("mcast_router", 8),
    "[mcast_snooping]": _plain("mcast_snooping", 8),
    "mcast_vlan_snooping": _boolean(_MCAST_VLAN_SNOOPING, "mcast_vlan_snooping"),
    "[mcast_query_use_ifaddr]": _plain("mcast_query_use_ifaddr", 8),
    "[mcast_querier]": _plain("mcast_querier", 8),
    "[mcast_hash_elasticity]": _plain("mcast_hash_elasticity", 32),
    "[mcast_hash_max]": _plain("mcast_hash_max", 32),
    "[mcast_last_member_count]": number(
        "mcast_last_member_cnt", 32, "invalid mcast_last_member_count"
    ),
    "[mcast_startup_query_count]": number(
        "mcast_startup_query_cnt", 32, "invalid mcast_startup_query_count"
    ),
    "[mcast_last_member_interval]": long_number(
        "mcast_last_member_intvl", "invalid mcast_last_member_interval"
    ),
    "[mcast_membership_interval]": long_number(
        "mcast_membership_intvl", "invalid mcast_membership_interval"
    ),
    "[mcast_querier_interval]": long_number(
        "mcast_querier_intvl", "invalid mcast_querier_interval"
    ),
    "[mcast_query_interval]": long_number("mcast_query_intvl", "invalid mcast_query_interval"),
    "[mcast_query_response_interval]": long_number(
        "mcast_query_response_intvl", "invalid mcast_query_response_interval"
    ),
    "[mcast_startup_query_interval]": long_number(
        "mcast_startup_query_intvl", "invalid mcast_startup_query_interval"
    ),
    "[mcast_stats_enabled]": _plain("mcast_stats_enabled", 8),
    "[mcast_igmp_version]": _plain("mcast_igmp_version", 8),
    "[mcast_mld_version]": _plain("mcast_mld_version", 8),
    "[nf_call_iptables]": _plain("nf_call_iptables", 8),
    "[nf_call_ip6tables]": _plain("nf_call_ip6tables", 8),
    "[nf_call_arptables]": _plain("nf_call_arptables", 8),
}

_FIRST = (
    "forward_delay",
    "hello_time",
    "max_age",
    "ageing_time",
    "stp_state",
    "priority",
    "vlan_filtering",
)
_TREE = ("root_port", "root_path_cost", "topology_change", "topology_change_detected")
_TIMERS = ("hello_timer", "tcn_timer", "topology_change_timer", "gc_timer")
_VLANS = ("vlan_default_pvid", "vlan_stats_enabled", "vlan_stats_per_port")
_REST = (
    "mcast_router",
    "mcast_query_use_ifaddr",
    "mcast_querier",
    "mcast_hash_elasticity",
    "mcast_hash_max",
    "mcast_last_member_cnt:mcast_last_member_count",
    "mcast_startup_query_cnt:mcast_startup_query_count",
    "mcast_last_member_intvl:mcast_last_member_interval",
    "mcast_membership_intvl:mcast_membership_interval",
    "mcast_querier_intvl:mcast_querier_interval",
    "mcast_query_intvl:mcast_query_interval",
    "mcast_query_response_intvl:mcast_query_response_interval",
    "mcast_startup_query_intvl:mcast_startup_query_interval",
    "mcast_stats_enabled",
    "mcast_igmp_version",
    "mcast_mld_version",
    "nf_call_iptables",
    "nf_call_ip6tables",
    "nf_call_arptables",
)


def read(program: Program, kind: str, words: Words, *, creating: bool) -> BridgeInfo:
    """Read a bridge's options."""
    reading = Reading(program, kind, creating=creating)
    return BridgeInfo(**reading.read(words, OPTIONS, USAGE, "command"))


def show(program: Program, data: BridgeInfo) -> None:
    """Print a bridge's details."""
    out = program.out
    show_numbers(out, data, _FIRST)
    if data.vlan_protocol is not None:
        from nslab.ip.link.kinds.ethertype import name_of

        out.put("vlan_protocol", "vlan_protocol %s ", name_of(data.vlan_protocol))
    if data.bridge_id is not None:
        out.put("bridge_id", "bridge_id %s ", bridge_id(data.bridge_id))
    if data.root_id is not None and data.bridge_id is not None:
        # iproute2 prints the bridge's own identifier here, and so do we.
        out.put("root_id", "designated_root %s ", bridge_id(data.bridge_id))
    show_numbers(out, data, _TREE)
    show_timers(out, data, _TIMERS)
    show_numbers(out, data, _VLANS)
    show_hexadecimal(out, "group_fwd_mask", "group_fwd_mask", data.group_fwd_mask)
    if data.group_addr is not None:
        from nslab.ip.lladdr import show_lladdr

        out.put("group_addr", "group_address %s ", show_lladdr(data.group_addr))
    _show_booleans(program, data)
    show_numbers(out, data, _REST)


def _show_booleans(program: Program, data: BridgeInfo) -> None:
    show_numbers(program.out, data, ("mcast_snooping",))
    if data.multi_boolopt is None:
        return
    bits, mask = data.multi_boolopt
    for name, bit in (
        ("no_linklocal_learn", _NO_LL_LEARN),
        ("mcast_vlan_snooping", _MCAST_VLAN_SNOOPING),
    ):
        if mask & bit:
            program.out.put(name, f"{name} %d ", int(bool(bits & bit)))
