"""One rule as it is printed."""

from __future__ import annotations

from nslab.ip.inet import SIZES, show_address
from nslab.ip.rtnames import name_of
from nslab.ip.rule.choose import INVERT, table_of
from nslab.ip.rule.values import GOTO, NOP, kind_name, protocol_name, tos_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nslab.ip.output import Output
    from nslab.ip.program import Program
    from nslab.netlink.rtnl.rule import Rule

_UNRESOLVED, _IIF_DETACHED, _OIF_DETACHED = 4, 8, 16  # FIB_RULE_*
_NONE = 0xFFFFFFFF
_TO_TABLE, _NAT = 1, 10
_KERNEL = 2  # RTPROT_KERNEL
_COLOURS = {2: "inet", 10: "inet6"}


def show_rule(program: Program, rule: Rule) -> None:
    """Print one rule."""
    out, numeric = program.out, bool(program.options.numeric)
    out.open()
    out.put("priority", "%u:\t", rule.priority or 0)
    if rule.flags & INVERT:
        out.put("not", "not ", None)
    _show_prefixes(out, rule)
    if rule.tos:
        out.put("tos", " tos %s", tos_name(rule.tos, numeric=numeric))
    _show_mark(out, rule)
    _show_links(out, rule)
    _show_traffic(out, rule, numeric=numeric)
    _show_table(out, rule, numeric=numeric)
    _show_realms(out, rule.flow or 0, numeric=numeric)
    _show_action(out, rule, numeric=numeric)
    protocol = rule.protocol
    if protocol is not None and (program.options.details or protocol not in (0, _KERNEL)):
        out.put("protocol", " proto %s", name_of("rt_protos", protocol, numeric=numeric))
    out.text("\n")
    out.close()


def _show_prefixes(out: Output, rule: Rule) -> None:
    colour = _COLOURS.get(rule.family, "")
    whole = SIZES.get(rule.family, 0) * 8
    out.text("from ")
    if rule.src is not None:
        out.put("src", "%s", show_address(rule.family, rule.src), colour)
        if rule.src_len != whole:
            out.put("srclen", "/%u", rule.src_len)
    elif rule.src_len:
        out.put("src", "%s", "0")
        out.put("srclen", "/%u", rule.src_len)
    else:
        out.put("src", "%s", "all")
    if rule.dst is not None:
        out.text(" to ")
        out.put("dst", "%s", show_address(rule.family, rule.dst), colour)
        if rule.dst_len != whole:
            out.put("dstlen", "/%u", rule.dst_len)
    elif rule.dst_len:
        out.text(" to ")
        out.put("dst", "%s", "0")
        out.put("dstlen", "/%u", rule.dst_len)


def _show_mark(out: Output, rule: Rule) -> None:
    if rule.fwmark is None and rule.fwmask is None:
        return
    out.put("fwmark", " fwmark %s", f"{rule.fwmark or 0:#x}")
    if rule.fwmask not in (None, _NONE):
        out.put("fwmask", "/%s", f"{rule.fwmask:#x}")


def _show_links(out: Output, rule: Rule) -> None:
    links = (("iif", rule.iifname, _IIF_DETACHED), ("oif", rule.oifname, _OIF_DETACHED))
    for key, name, detached in links:
        if name is None:
            continue
        out.text(f" {key} ")
        out.put(key, "%s", name, "ifname")
        if rule.flags & detached:
            out.put(f"{key}_detached", " [detached]", None)
    if rule.l3mdev:
        out.put("l3mdev", " lookup [l3mdev-table]", None)


def _show_traffic(out: Output, rule: Rule, *, numeric: bool) -> None:
    if rule.uid_range is not None:
        out.put("uid_start", " uidrange %u", rule.uid_range[0])
        out.put("uid_end", "-%u", rule.uid_range[1])
    if rule.ip_proto is not None:
        out.put("ipproto", " ipproto %s", protocol_name(rule.ip_proto, numeric=numeric))
    for key, ports in (("sport", rule.sport_range), ("dport", rule.dport_range)):
        if ports is None:
            continue
        if ports[0] == ports[1]:
            out.put(key, f" {key} %u", ports[0])
        else:
            out.put(f"{key}_start", f" {key} %u", ports[0])
            out.put(f"{key}_end", "-%u", ports[1])
    if rule.tun_id is not None:
        out.put("tun_id", " tun_id %u", rule.tun_id)


def _show_table(out: Output, rule: Rule, *, numeric: bool) -> None:
    table = table_of(rule)
    if not table:
        return
    out.put("table", " lookup %s", name_of("rt_tables", table, numeric=numeric))
    length, group = rule.suppress_prefixlen, rule.suppress_ifgroup
    if length not in (None, _NONE):
        out.put("suppress_prefixlen", " suppress_prefixlength %d", length)
    if group is not None and group != _NONE:
        out.put(
            "suppress_ifgroup", " suppress_ifgroup %s", name_of("group", group, numeric=numeric)
        )


def _show_realms(out: Output, flow: int, *, numeric: bool) -> None:
    if not flow:
        return
    source, target = flow >> 16, flow & 0xFFFF
    out.text(" realms ")
    if source:
        out.put("flow_from", "%s/", name_of("rt_realms", source, numeric=numeric))
    out.put("flow_to", "%s", name_of("rt_realms", target, numeric=numeric))


def _show_action(out: Output, rule: Rule, *, numeric: bool) -> None:
    if rule.action == _NAT:
        out.put("masquerade", " masquerade", None)
    elif rule.action == GOTO:
        out.put("goto", " goto %u", rule.goto)
        if rule.flags & _UNRESOLVED:
            out.put("unresolved", " [unresolved]", None)
    elif rule.action == NOP:
        out.put("nop", " nop", None)
    elif rule.action != _TO_TABLE:
        out.put("action", " %s", kind_name(rule.action, numeric=numeric))
