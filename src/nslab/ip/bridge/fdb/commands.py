"""The commands of `bridge fdb`, in the order of abbreviation."""

from __future__ import annotations

from nslab.ip.words import help_of

NAME = "fdb"
BARE = "[show]"

USAGE = """\
Usage: bridge fdb { add | append | del | replace } ADDR dev DEV
              [ self ] [ master ] [ use ] [ router ] [ extern_learn ]
              [ sticky ] [ local | static | dynamic ] [ vlan VID ]
              { [ dst IPADDR ] [ port PORT] [ vni VNI ] | [ nhid NHID ] }
\t       [ via DEV ] [ src_vni VNI ]
       bridge fdb [ show [ br BRDEV ] [ brport DEV ] [ vlan VID ]
              [ state STATE ] [ dynamic ] ]
       bridge fdb get [ to ] LLADDR [ br BRDEV ] { brport | dev } DEV
              [ vlan VID ] [ vni VNI ] [ self ] [ master ] [ dynamic ]
       bridge fdb flush dev DEV [ brport DEV ] [ vlan VID ]
              [ self ] [ master ] [ [no]permanent | [no]static | [no]dynamic ]
              [ [no]added_by_user ] [ [no]extern_learn ] [ [no]sticky ]
              [ [no]offloaded ]"""

COMMANDS = {
    "[add]": "nslab.ip.bridge.fdb.change:add",
    "[append]": "nslab.ip.bridge.fdb.change:append",
    "[replace]": "nslab.ip.bridge.fdb.change:replace",
    "[delete]": "nslab.ip.bridge.fdb.change:delete",
    "[get]": "nslab.ip.bridge.fdb.get:get",
    "[show]": "nslab.ip.bridge.fdb.show:show",
    "[lst]": "nslab.ip.bridge.fdb.show:show",
    "[list]": "nslab.ip.bridge.fdb.show:show",
    "flush": "nslab.ip.bridge.fdb.flush:flush",
    "[help]": help_of(USAGE),
}
