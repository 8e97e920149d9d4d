"""The commands of `ip neigh`, in the order of abbreviation."""

from __future__ import annotations

from nslab.ip.words import help_of

NAME = "neigh"
BARE = "[show]"

USAGE = """\
Usage: ip neigh { add | del | change | replace }
                { ADDR [ lladdr LLADDR ] [ nud STATE ] proxy ADDR }
                [ dev DEV ] [ router ] [ use ] [ managed ] [ extern_learn ]
                [ protocol PROTO ]

\tip neigh { show | flush } [ proxy ] [ to PREFIX ] [ dev DEV ] [ nud STATE ]
\t\t\t\t  [ vrf NAME ] [ nomaster ]
\tip neigh get { ADDR | proxy ADDR } dev DEV

STATE := { delay | failed | incomplete | noarp | none |
           permanent | probe | reachable | stale }"""

COMMANDS = {
    "[add]": "nslab.ip.neigh.change:add",
    "[change]": "nslab.ip.neigh.change:change",
    "chg": "nslab.ip.neigh.change:change",
    "[replace]": "nslab.ip.neigh.change:replace",
    "[delete]": "nslab.ip.neigh.change:delete",
    "[get]": "nslab.ip.neigh.get:get",
    "[show]": "nslab.ip.neigh.show:show",
    "[lst]": "nslab.ip.neigh.show:show",
    "[list]": "nslab.ip.neigh.show:show",
    "[flush]": "nslab.ip.neigh.flush:flush",
    "[help]": help_of(USAGE),
}
