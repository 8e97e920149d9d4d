"""The commands of `bridge link`, in the order of abbreviation."""

from __future__ import annotations

from nslab.ip.words import help_of

NAME = "link"
BARE = "[show]"

USAGE = """\
Usage: bridge link set dev DEV [ cost COST ] [ priority PRIO ] [ state STATE ]
                               [ guard {on | off} ]
                               [ hairpin {on | off} ]
                               [ fastleave {on | off} ]
                               [ root_block {on | off} ]
                               [ learning {on | off} ]
                               [ learning_sync {on | off} ]
                               [ flood {on | off} ]
                               [ mcast_router MULTICAST_ROUTER ]
                               [ mcast_flood {on | off} ]
                               [ bcast_flood {on | off} ]
                               [ mcast_to_unicast {on | off} ]
                               [ neigh_suppress {on | off} ]
                               [ vlan_tunnel {on | off} ]
                               [ isolated {on | off} ]
                               [ locked {on | off} ]
                               [ hwmode {vepa | veb} ]
                               [ backup_port DEVICE ] [ nobackup_port ]
                               [ self ] [ master ]
       bridge link show [dev DEV]"""

COMMANDS = {
    "[set]": "nslab.ip.bridge.link.change:change",
    "[change]": "nslab.ip.bridge.link.change:change",
    "[show]": "nslab.ip.bridge.link.show:show",
    "[lst]": "nslab.ip.bridge.link.show:show",
    "[list]": "nslab.ip.bridge.link.show:show",
    "[help]": help_of(USAGE),
}
