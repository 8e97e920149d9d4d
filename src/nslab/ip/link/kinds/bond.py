"""Bonds."""

from __future__ import annotations

from nslab.errors import IpError
from nslab.ip.inet import AF_INET, AF_INET6, parse_address, read_address, show_address
from nslab.ip.link.kinds.reading import (
    Reading,
    constant,
    hardware_address,
    link_index,
    number,
)
from nslab.ip.link.kinds.showing import show_name, show_numbers
from nslab.ip.words import whole, wrong
from nslab.netlink.rtnl.kinds.bond import BondInfo

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nslab.ip.link.kinds.reading import Option
    from nslab.ip.output import Output
    from nslab.ip.program import Program
    from nslab.ip.words import Words
    from nslab.netlink.rtnl.kinds.bond import BondAdInfo

USAGE = """\
Usage: ... bond [ mode BONDMODE ] [ active_slave SLAVE_DEV ]
                [ clear_active_slave ] [ miimon MIIMON ]
                [ updelay UPDELAY ] [ downdelay DOWNDELAY ]
                [ peer_notify_delay DELAY ]
                [ use_carrier USE_CARRIER ]
                [ arp_interval ARP_INTERVAL ]
                [ arp_validate ARP_VALIDATE ]
                [ arp_all_targets ARP_ALL_TARGETS ]
                [ arp_ip_target [ ARP_IP_TARGET, ... ] ]
                [ ns_ip6_target [ NS_IP6_TARGET, ... ] ]
                [ primary SLAVE_DEV ]
                [ primary_reselect PRIMARY_RESELECT ]
                [ fail_over_mac FAIL_OVER_MAC ]
                [ xmit_hash_policy XMIT_HASH_POLICY ]
                [ resend_igmp RESEND_IGMP ]
                [ num_grat_arp|num_unsol_na NUM_GRAT_ARP|NUM_UNSOL_NA ]
                [ all_slaves_active ALL_SLAVES_ACTIVE ]
                [ min_links MIN_LINKS ]
                [ lp_interval LP_INTERVAL ]
                [ packets_per_slave PACKETS_PER_SLAVE ]
                [ tlb_dynamic_lb TLB_DYNAMIC_LB ]
                [ lacp_rate LACP_RATE ]
                [ lacp_active LACP_ACTIVE]
                [ ad_select AD_SELECT ]
                [ ad_user_port_key PORTKEY ]
                [ ad_actor_sys_prio SYSPRIO ]
                [ ad_actor_system LLADDR ]
                [ arp_missed_max MISSED_MAX ]

BONDMODE := balance-rr|active-backup|balance-xor|broadcast|802.3ad|balance-tlb|balance-alb
ARP_VALIDATE := none|active|backup|all|filter|filter_active|filter_backup
ARP_ALL_TARGETS := any|all
PRIMARY_RESELECT := always|better|failure
FAIL_OVER_MAC := none|active|follow
XMIT_HASH_POLICY := layer2|layer2+3|layer3+4|encap2+3|encap3+4|vlan+srcmac
LACP_ACTIVE := off|on
LACP_RATE := slow|fast
AD_SELECT := stable|bandwidth|count"""

MODES = (
    "balance-rr",
    "active-backup",
    "balance-xor",
    "broadcast",
    "802.3ad",
    "balance-tlb",
    "balance-alb",
)
ARP_VALIDATE = ("none", "active", "backup", "all", "filter", "filter_active", "filter_backup")
ARP_ALL_TARGETS = ("any", "all")
PRIMARY_RESELECT = ("always", "better", "failure")
FAIL_OVER_MAC = ("none", "active", "follow")
XMIT_HASH_POLICY = ("layer2", "layer3+4", "layer2+3", "encap2+3", "encap3+4", "vlan+srcmac")
LACP_ACTIVE = ("off", "on")
LACP_RATE = ("slow", "fast")
AD_SELECT = ("stable", "bandwidth", "count")

_MOST_TARGETS = 16  # BOND_MAX_ARP_TARGETS, linux/if_bonding.h


def _plain(name: str, bits: int) -> Option:
    return number(name, bits, f"invalid {name}")


def _choice(name: str, names: tuple[str, ...], member: str = "") -> Option:
    """Make the option that is one of some names, or its number."""

    def read(reading: Reading, words: Words) -> None:
        word = words.take()
        index = _index(word)
        if index is None and word in names:
            index = names.index(word)
        if index is None or not 0 <= index < len(names):
            raise wrong(word, f"invalid {name}")
        reading.values[member or name] = index

    return read


def _index(word: str) -> int | None:
    """Read a number in decimal digits, None if it is none."""
    return whole(word) if word.isascii() and word.isdecimal() else None


def _targets(member: str, family: int) -> Option:
    """Make the option that is a list of addresses with commas, or nothing for none."""

    def read(reading: Reading, words: Words) -> None:
        if not words:
            reading.values[member] = ()
            return
        each = [word for word in words.take().split(",") if word][:_MOST_TARGETS]
        reading.values[member] = tuple(_target(word, family) for word in each)

    return read


def _target(word: str, family: int) -> bytes:
    if family == AF_INET6:
        return read_address(word, AF_INET6).data.ljust(16, b"\0")
    address = parse_address(word, AF_INET)
    if address is None:
        message = f'Error: an IP address is expected rather than "{word}"'
        raise IpError(message, 1, ends_batch=True)
    return address.data.ljust(4, b"\0")


OPTIONS: dict[str, Option] = {
    "[mode]": _choice("mode", MODES),
    "[active_slave]": link_index("active_slave", 1),
    "[clear_active_slave]": constant("active_slave", 0),
    "[miimon]": _plain("miimon", 32),
    "[updelay]": _plain("updelay", 32),
    "[downdelay]": _plain("downdelay", 32),
    "[peer_notify_delay]": number("peer_notif_delay", 32, "invalid peer_notify_delay"),
    "[use_carrier]": _plain("use_carrier", 8),
    "[arp_interval]": _plain("arp_interval", 32),
    "[arp_ip_target]": _targets("arp_ip_target", AF_INET),
    "ns_ip6_target": _targets("ns_ip6_target", AF_INET6),
    "[arp_validate]": _choice("arp_validate", ARP_VALIDATE),
    "[arp_all_targets]": _choice("arp_all_targets", ARP_ALL_TARGETS),
    "[primary]": link_index("primary", 1),
    "[primary_reselect]": _choice("primary_reselect", PRIMARY_RESELECT),
    "[fail_over_mac]": _choice("fail_over_mac", FAIL_OVER_MAC),
    "[xmit_hash_policy]": _choice("xmit_hash_policy", XMIT_HASH_POLICY),
    "[resend_igmp]": _plain("resend_igmp", 32),
    "[num_grat_arp]": number("num_peer_notif", 8, "invalid num_grat_arp|num_unsol_na"),
    "[num_unsol_na]": number("num_peer_notif", 8, "invalid num_grat_arp|num_unsol_na"),
    "[all_slaves_active]": _plain("all_slaves_active", 8),
    "[min_links]": _plain("min_links", 32),
    "[lp_interval]": _plain("lp_interval", 32),
    "[packets_per_slave]": _plain("packets_per_slave", 32),
    "[lacp_rate]": _choice("lacp_rate", LACP_RATE, "ad_lacp_rate"),
    "lacp_active": _choice("lacp_active", LACP_ACTIVE, "ad_lacp_active"),
    "[ad_select]": _choice("ad_select", AD_SELECT),
    "[ad_user_port_key]": _plain("ad_user_port_key", 16),
    "[ad_actor_sys_prio]": _plain("ad_actor_sys_prio", 16),
    "[ad_actor_system]": hardware_address("ad_actor_system"),
    "[tlb_dynamic_lb]": _plain("tlb_dynamic_lb", 8),
    "arp_missed_max": number("missed_max", 8, "invalid arp_missed_max"),
}


def read(program: Program, kind: str, words: Words, *, creating: bool) -> BondInfo:
    """Read a bond's options."""
    reading = Reading(program, kind, creating=creating)
    return BondInfo(**reading.read(words, OPTIONS, USAGE, "command"))


def show(program: Program, data: BondInfo) -> None:
    """Print a bond's details."""
    out = program.out
    show_name(out, "mode", "mode", data.mode, MODES)
    _show_port(program, "active_slave", data.active_slave)
    show_numbers(out, data, ("miimon", "updelay", "downdelay"))
    if data.peer_notif_delay is not None:
        out.put("peer_notify_delay", "peer_notify_delay %d ", data.peer_notif_delay)
    show_numbers(out, data, ("use_carrier", "arp_interval"))
    if data.missed_max is not None:
        out.put("arp_missed_max", "arp_missed_max %d ", data.missed_max)
    _show_targets(out, "arp_ip_target", AF_INET, data.arp_ip_target)
    _show_targets(out, "ns_ip6_target", AF_INET6, data.ns_ip6_target)
    if data.arp_validate == 0:
        out.put("arp_validate", "arp_validate none ", None)
    else:
        show_name(out, "arp_validate", "arp_validate", data.arp_validate, ARP_VALIDATE)
    show_name(out, "arp_all_targets", "arp_all_targets", data.arp_all_targets, ARP_ALL_TARGETS)
    _show_port(program, "primary", data.primary)
    _show_policies(out, data)
    _show_aggregation(out, data)


def _show_port(program: Program, key: str, index: int | None) -> None:
    if index:
        program.out.put(key, f"{key} %s ", program.links.name(index))


def _show_targets(out: Output, key: str, family: int, targets: tuple[bytes, ...] | None) -> None:
    if not targets:
        return
    names = [show_address(family, target) for target in targets]
    out.open_array(key, f"{key} ")
    for name in names:
        out.json(None, name)
    out.text(",".join(names))
    out.close_array(" ")


def _show_policies(out: Output, data: BondInfo) -> None:
    show_name(out, "primary_reselect", "primary_reselect", data.primary_reselect, PRIMARY_RESELECT)
    show_name(out, "fail_over_mac", "fail_over_mac", data.fail_over_mac, FAIL_OVER_MAC)
    show_name(out, "xmit_hash_policy", "xmit_hash_policy", data.xmit_hash_policy, XMIT_HASH_POLICY)
    rows = ("resend_igmp", "num_peer_notif:num_grat_arp", "all_slaves_active", "min_links")
    show_numbers(out, data, (*rows, "lp_interval", "packets_per_slave"))


def _show_aggregation(out: Output, data: BondInfo) -> None:
    show_name(out, "ad_lacp_active", "lacp_active", data.ad_lacp_active, LACP_ACTIVE)
    show_name(out, "ad_lacp_rate", "lacp_rate", data.ad_lacp_rate, LACP_RATE)
    show_name(out, "ad_select", "ad_select", data.ad_select, AD_SELECT)
    if data.ad_info is not None:
        _show_aggregator(out, data.ad_info)
    show_numbers(out, data, ("ad_actor_sys_prio", "ad_user_port_key"))
    if data.ad_actor_system is not None:
        out.put("ad_actor_system", "ad_actor_system %s ", data.ad_actor_system.hex(":"))
    show_numbers(out, data, ("tlb_dynamic_lb",))


def _show_aggregator(out: Output, info: BondAdInfo) -> None:
    out.open("ad_info")
    for key, value in (
        ("aggregator", info.aggregator),
        ("num_ports", info.num_ports),
        ("actor_key", info.actor_key),
        ("partner_key", info.partner_key),
    ):
        if value is not None:
            out.put(key, f"ad_{key} %d ", value)
    if info.partner_mac is not None:
        out.put("partner_mac", "ad_partner_mac %s ", info.partner_mac.hex(":"))
    out.close()
