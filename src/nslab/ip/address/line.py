"""One address as two lines of text or an object of JSON."""

from __future__ import annotations

from nslab.ip import rtnames
from nslab.ip.address.flags import flags_of, show_flags
from nslab.ip.inet import AF_INET, AF_INET6, show_address
from nslab.netlink.rtnl.address import IFA_F

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nslab.ip.output import Output
    from nslab.ip.program import Program
    from nslab.netlink.rtnl.address import Address, AddressCacheinfo

_COLOURS = {AF_INET: "inet", AF_INET6: "inet6"}
_FAMILIES = {AF_INET: "inet", AF_INET6: "inet6"}
_FOR_EVER = 0xFFFFFFFF


def show_line(program: Program, address: Address, *, named: bool) -> None:
    """Print one address, in JSON as members of an object that the caller opens and closes.

    Args:
        program: whose output it goes to.
        address: as the kernel sent it.
        named: whether the link's number and name stand before it.
    """
    out, brief = program.out, bool(program.options.brief)
    if not brief:
        _show_start(program, address, named=named)
    if address.local is not None or address.address is not None:
        _show_addresses(out, address)
        if address.rt_priority is not None:
            out.put("metric", "metric %u ", address.rt_priority)
    if brief:
        return
    _show_other(out, address)
    scope = rtnames.name_of("rt_scopes", address.scope, numeric=bool(program.options.numeric))
    out.put("scope", "scope %s ", scope)
    show_flags(out, address)
    if address.label is not None:
        out.put("label", "%s", address.label)
    if address.cacheinfo is not None:
        _show_lifetimes(out, address.cacheinfo, flags_of(address))
    out.text("\n")


def _show_start(program: Program, address: Address, *, named: bool) -> None:
    out = program.out
    if named:
        out.put("index", "%u: ", address.index)
        out.put("dev", "%s", program.links.name(address.index))
    name = _FAMILIES.get(address.family)
    if name is None:
        out.put("family_index", "    family %d ", address.family)
    else:
        out.put("family", "    %s ", name)


def _show_addresses(out: Output, address: Address) -> None:
    colour, family = _COLOURS.get(address.family, ""), address.family
    local = address.address if address.local is None else address.local
    out.put("local", "%s", show_address(family, local or b""), colour)
    if address.address is not None and address.address != local:
        out.text(" peer ")
        out.put("address", "%s", show_address(family, address.address), colour)
    out.put("prefixlen", "/%d ", address.prefixlen)


def _show_other(out: Output, address: Address) -> None:
    colour, family = _COLOURS.get(address.family, ""), address.family
    if address.broadcast is not None:
        out.text("brd ")
        out.put("broadcast", "%s ", show_address(family, address.broadcast), colour)
    if address.anycast is not None:
        out.text("any ")
        out.put("anycast", "%s ", show_address(family, address.anycast), colour)


def _show_lifetimes(out: Output, info: AddressCacheinfo, flags: int) -> None:
    out.newline()
    out.text("       ")
    if info.valid == _FOR_EVER:
        out.put("valid_life_time", "valid_lft forever", info.valid)
    else:
        out.put("valid_life_time", "valid_lft %usec", info.valid)
    if info.prefered == _FOR_EVER:
        out.put("preferred_life_time", " preferred_lft forever", info.prefered)
    elif flags & IFA_F.DEPRECATED:
        signed = info.prefered - (1 << 32) * (info.prefered >> 31)
        out.put("preferred_life_time", " preferred_lft %dsec", signed)
    else:
        out.put("preferred_life_time", " preferred_lft %usec", info.prefered)
