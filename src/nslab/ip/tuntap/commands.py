"""The commands of `ip tuntap`, in the order of abbreviation."""

from __future__ import annotations

from nslab.ip.words import help_of

NAME = "tuntap"
BARE = "[list]"

USAGE = """\
Usage: ip tuntap { add | del | show | list | lst | help } [ dev PHYS_DEV ]
       [ mode { tun | tap } ] [ user USER ] [ group GROUP ]
       [ one_queue ] [ pi ] [ vnet_hdr ] [ multi_queue ] [ name NAME ]

Where: USER  := { STRING | NUMBER }
       GROUP := { STRING | NUMBER }"""

COMMANDS = {
    "[add]": "nslab.ip.tuntap.change:add",
    "[delete]": "nslab.ip.tuntap.change:delete",
    "[show]": "nslab.ip.tuntap.show:show",
    "[list]": "nslab.ip.tuntap.show:show",
    "[lst]": "nslab.ip.tuntap.show:show",
    "[help]": help_of(USAGE),
}

IFF_TUN = 0x1
IFF_TAP = 0x2
IFF_MULTI_QUEUE = 0x100
IFF_PERSIST = 0x800
IFF_NO_PI = 0x1000
IFF_ONE_QUEUE = 0x2000
IFF_VNET_HDR = 0x4000
IFF_TUN_EXCL = 0x8000
"""What kind of link it is (linux/if_tun.h)."""
