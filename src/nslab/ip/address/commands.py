"""The commands of `ip address`, in the order of abbreviation."""

from __future__ import annotations

from nslab.ip.words import Elsewhere, help_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import NoReturn

    from nslab.ip.program import Program
    from nslab.ip.words import Words

NAME = "address"
BARE = "[show]"

USAGE = """\
Usage: ip address {add|change|replace} IFADDR dev IFNAME [ LIFETIME ]
                                                      [ CONFFLAG-LIST ]
       ip address del IFADDR dev IFNAME [mngtmpaddr]
       ip address {save|flush} [ dev IFNAME ] [ scope SCOPE-ID ]
                            [ to PREFIX ] [ FLAG-LIST ] [ label LABEL ] [up]
       ip address [ show [ dev IFNAME ] [ scope SCOPE-ID ] [ master DEVICE ]
                         [ nomaster ]
                         [ type TYPE ] [ to PREFIX ] [ FLAG-LIST ]
                         [ label LABEL ] [up] [ vrf NAME ] ]
       ip address {showdump|restore}
IFADDR := PREFIX | ADDR peer PREFIX
          [ broadcast ADDR ] [ anycast ADDR ]
          [ label IFNAME ] [ scope SCOPE-ID ] [ metric METRIC ]
SCOPE-ID := [ host | link | global | NUMBER ]
FLAG-LIST := [ FLAG-LIST ] FLAG
FLAG  := [ permanent | dynamic | secondary | primary |
           [-]tentative | [-]deprecated | [-]dadfailed | temporary |
           CONFFLAG-LIST ]
CONFFLAG-LIST := [ CONFFLAG-LIST ] CONFFLAG
CONFFLAG  := [ home | nodad | mngtmpaddr | noprefixroute | autojoin ]
LIFETIME := [ valid_lft LFT ] [ preferred_lft LFT ]
LFT := forever | SECONDS
TYPE := { amt | bareudp | bond | bond_slave | bridge | bridge_slave |
          dsa | dummy | erspan | geneve | gre | gretap | gtp | ifb |
          ip6erspan | ip6gre | ip6gretap | ip6tnl |
          ipip | ipoib | ipvlan | ipvtap |
          macsec | macvlan | macvtap |
          netdevsim | nlmon | rmnet | sit | team | team_slave |
          vcan | veth | vlan | vrf | vti | vxcan | vxlan | wwan |
          xfrm | virt_wifi }"""

_HERE = (0, 2, 10, 17)


def check(program: Program, _: Sequence[str]) -> None:
    """Leave families that are not here, and the names of hosts, to the real program."""
    if program.options.family not in _HERE or program.options.resolve:
        raise Elsewhere


def _leave(_: Program, __: Words) -> NoReturn:
    raise Elsewhere


COMMANDS = {
    "[add]": "nslab.ip.address.change:add",
    "[change]": "nslab.ip.address.change:change",
    "chg": "nslab.ip.address.change:change",
    "[replace]": "nslab.ip.address.change:replace",
    "[delete]": "nslab.ip.address.change:delete",
    "[show]": "nslab.ip.address.show:show",
    "[lst]": "nslab.ip.address.show:show",
    "[list]": "nslab.ip.address.show:show",
    "[flush]": "nslab.ip.address.flush:flush",
    "[save]": _leave,
    "[showdump]": _leave,
    "[restore]": _leave,
    "[help]": help_of(USAGE),
}
