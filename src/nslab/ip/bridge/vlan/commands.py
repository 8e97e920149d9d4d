"""The commands of `bridge vlan`, in the order of abbreviation."""

from __future__ import annotations

from nslab.ip.words import Elsewhere, help_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

    from nslab.ip.program import Program
    from nslab.ip.words import Words

NAME = "vlan"
BARE = "[show]"

USAGE = """\
Usage: bridge vlan { add | del } vid VLAN_ID dev DEV [ tunnel_info id TUNNEL_ID ]
                                                     [ pvid ] [ untagged ]
                                                     [ self ] [ master ]
       bridge vlan { set } vid VLAN_ID dev DEV [ state STP_STATE ]
                                               [ mcast_router MULTICAST_ROUTER ]
       bridge vlan { show } [ dev DEV ] [ vid VLAN_ID ]
       bridge vlan { tunnelshow } [ dev DEV ] [ vid VLAN_ID ]
       bridge vlan global { set } vid VLAN_ID dev DEV
                      [ mcast_snooping MULTICAST_SNOOPING ]
                      [ mcast_querier MULTICAST_QUERIER ]
                      [ mcast_igmp_version IGMP_VERSION ]
                      [ mcast_mld_version MLD_VERSION ]
                      [ mcast_last_member_count LAST_MEMBER_COUNT ]
                      [ mcast_last_member_interval LAST_MEMBER_INTERVAL ]
                      [ mcast_startup_query_count STARTUP_QUERY_COUNT ]
                      [ mcast_startup_query_interval STARTUP_QUERY_INTERVAL ]
                      [ mcast_membership_interval MEMBERSHIP_INTERVAL ]
                      [ mcast_querier_interval QUERIER_INTERVAL ]
                      [ mcast_query_interval QUERY_INTERVAL ]
                      [ mcast_query_response_interval QUERY_RESPONSE_INTERVAL ]
       bridge vlan global { show } [ dev DEV ] [ vid VLAN_ID ]"""


def leave(program: Program, words: Words) -> NoReturn:
    """Leave the options of VLANs to the real program."""
    del program, words
    raise Elsewhere


COMMANDS = {
    "[add]": "nslab.ip.bridge.vlan.change:add",
    "[delete]": "nslab.ip.bridge.vlan.change:delete",
    "[show]": "nslab.ip.bridge.vlan.show:show",
    "[lst]": "nslab.ip.bridge.vlan.show:show",
    "[list]": "nslab.ip.bridge.vlan.show:show",
    "[tunnelshow]": "nslab.ip.bridge.vlan.show:show_tunnels",
    "[set]": leave,
    "[help]": help_of(USAGE),
    "global": leave,
}
