"""The flags of addresses: their names, in the order in which they are printed and read."""

from __future__ import annotations

from nslab.netlink.rtnl.address import IFA_F

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nslab.ip.output import Output
    from nslab.netlink.rtnl.address import Address

AF_INET6 = 10

FLAGS = {
    "secondary": IFA_F.SECONDARY,
    "temporary": IFA_F.SECONDARY,
    "nodad": IFA_F.NODAD,
    "optimistic": IFA_F.OPTIMISTIC,
    "dadfailed": IFA_F.DADFAILED,
    "home": IFA_F.HOMEADDRESS,
    "deprecated": IFA_F.DEPRECATED,
    "tentative": IFA_F.TENTATIVE,
    "permanent": IFA_F.PERMANENT,
    "mngtmpaddr": IFA_F.MANAGETEMPADDR,
    "noprefixroute": IFA_F.NOPREFIXROUTE,
    "autojoin": IFA_F.MCAUTOJOIN,
    "stable-privacy": IFA_F.STABLE_PRIVACY,
}

SETTABLE = ("nodad", "optimistic", "home", "mngtmpaddr", "noprefixroute", "autojoin")
"""The others are the kernel's own to set."""

FOR_BOTH = ("secondary", "temporary", "noprefixroute", "autojoin")
"""The others are for IPv6 alone."""


def flags_of(address: Address) -> int:
    """Give all flags of an address."""
    return address.flags8 if address.flags is None else address.flags


def show_flags(out: Output, address: Address) -> None:
    """Print the flags of an address; a permanent one is not said to be so, the others are."""
    flags = rest = flags_of(address)
    for name, flag in FLAGS.items():
        rest &= ~flag
        if flag == IFA_F.PERMANENT:
            if not flags & flag:
                _show(out, "dynamic")
        elif flags & flag and name == _name_of(flag, name, address.family):
            _show(out, name)
    if rest:
        out.json("ifa_flags", f"{rest:#x}")
        out.text(f"flags {rest:02x} ")


def _name_of(flag: int, name: str, family: int) -> str:
    if flag != IFA_F.SECONDARY:
        return name
    return "temporary" if family == AF_INET6 else "secondary"


def _show(out: Output, name: str) -> None:
    out.put(name, f"{name} ", value=True)
