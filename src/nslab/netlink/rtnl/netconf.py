"""A netns's forwarding and the like without /proc: RTM_*NETCONF (linux/netconf.h)."""

from __future__ import annotations

from nslab.netlink.attrs import S32, Message, attr, fixed


class NETCONFA:
    """Attribute types."""

    IFINDEX = 1
    FORWARDING = 2
    RP_FILTER = 3
    MC_FORWARDING = 4
    PROXY_NEIGH = 5
    IGNORE_ROUTES_WITH_LINKDOWN = 6
    INPUT = 7
    BC_FORWARDING = 8
    FORCE_FORWARDING = 9


NETCONFA_IFINDEX_ALL = -1
NETCONFA_IFINDEX_DEFAULT = -2


class Netconf(Message, header="B3x"):
    """The settings of one link, of all (`ifindex` -1), or of links to come (-2)."""

    family: int = fixed()
    ifindex: int | None = attr(NETCONFA.IFINDEX, S32)
    forwarding: int | None = attr(NETCONFA.FORWARDING, S32)
    rp_filter: int | None = attr(NETCONFA.RP_FILTER, S32)
    mc_forwarding: int | None = attr(NETCONFA.MC_FORWARDING, S32)
    proxy_neigh: int | None = attr(NETCONFA.PROXY_NEIGH, S32)
    ignore_routes_with_linkdown: int | None = attr(NETCONFA.IGNORE_ROUTES_WITH_LINKDOWN, S32)
    input: int | None = attr(NETCONFA.INPUT, S32)
    bc_forwarding: int | None = attr(NETCONFA.BC_FORWARDING, S32)
    force_forwarding: int | None = attr(NETCONFA.FORCE_FORWARDING, S32)
