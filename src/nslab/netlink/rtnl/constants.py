"""Numbers that several rtnetlink objects share, under the kernel's names (linux/rtnetlink.h)."""

from __future__ import annotations


class RTM:
    """Message types."""

    NEWLINK = 16
    DELLINK = 17
    GETLINK = 18
    SETLINK = 19
    NEWADDR = 20
    DELADDR = 21
    GETADDR = 22
    NEWROUTE = 24
    DELROUTE = 25
    GETROUTE = 26
    NEWNEIGH = 28
    DELNEIGH = 29
    GETNEIGH = 30
    NEWRULE = 32
    DELRULE = 33
    GETRULE = 34
    NEWNEIGHTBL = 64
    GETNEIGHTBL = 66
    SETNEIGHTBL = 67
    NEWNETCONF = 80
    DELNETCONF = 81
    GETNETCONF = 82
    NEWMDB = 84
    DELMDB = 85
    GETMDB = 86
    NEWNSID = 88
    DELNSID = 89
    GETNSID = 90
    NEWSTATS = 92
    GETSTATS = 94
    NEWNEXTHOP = 104
    DELNEXTHOP = 105
    GETNEXTHOP = 106
    NEWLINKPROP = 108
    DELLINKPROP = 109
    NEWVLAN = 112
    DELVLAN = 113
    GETVLAN = 114


class RTNLGRP:
    """Multicast groups, to subscribe to."""

    LINK = 1
    NEIGH = 3
    IPV4_IFADDR = 5
    IPV4_ROUTE = 7
    IPV4_RULE = 8
    IPV6_IFADDR = 9
    IPV6_ROUTE = 11
    IPV6_RULE = 19
    IPV4_NETCONF = 24
    IPV6_NETCONF = 25
    MDB = 26
    NSID = 28
    NEXTHOP = 32
    BRVLAN = 33


class AF:
    """Address families (linux/socket.h)."""

    UNSPEC = 0
    INET = 2
    BRIDGE = 7
    INET6 = 10
    MPLS = 28


class RTPROT:
    """Who set a route."""

    UNSPEC = 0
    REDIRECT = 1
    KERNEL = 2
    BOOT = 3
    STATIC = 4


class RT_SCOPE:  # noqa: N801 - the kernel's own name
    """How far an address or a destination is."""

    UNIVERSE = 0
    SITE = 200
    LINK = 253
    HOST = 254
    NOWHERE = 255


class RTN:
    """Kinds of route."""

    UNSPEC = 0
    UNICAST = 1
    LOCAL = 2
    BROADCAST = 3
    ANYCAST = 4
    MULTICAST = 5
    BLACKHOLE = 6
    UNREACHABLE = 7
    PROHIBIT = 8
    THROW = 9
    NAT = 10


class RT_TABLE:  # noqa: N801 - the kernel's own name
    """Routing tables."""

    UNSPEC = 0
    DEFAULT = 253
    MAIN = 254
    LOCAL = 255
