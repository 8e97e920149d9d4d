"""The commands of `bridge vlan`, in the order of abbreviation."""

from __future__ import annotations

from nslab.ip.words import help_of, line_error

TYPE_CHECKING = False
if TYPE_CHECKING:
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


def act_globally(program: Program, words: Words) -> None:
    """Show or change the options that bridges have for VLANs.

    Raises:
        IpError: a word is wrong, or the kernel refused.
    """
    word = words.take() if words else "show"
    if word in ("show", "lst", "list"):
        from nslab.ip.bridge.vlan.details import show_global

        show_global(program, words)
    elif word == "set":
        from nslab.ip.bridge.vlan.options import change_global

        change_global(program, words)
    else:
        raise line_error(USAGE)


COMMANDS = {
    "[add]": "nslab.ip.bridge.vlan.change:add",
    "[delete]": "nslab.ip.bridge.vlan.change:delete",
    "[show]": "nslab.ip.bridge.vlan.show:show",
    "[lst]": "nslab.ip.bridge.vlan.show:show",
    "[list]": "nslab.ip.bridge.vlan.show:show",
    "[tunnelshow]": "nslab.ip.bridge.vlan.show:show_tunnels",
    "[set]": "nslab.ip.bridge.vlan.options:change",
    "[help]": help_of(USAGE),
    "global": act_globally,
}
