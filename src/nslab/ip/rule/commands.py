"""The commands of `ip rule`, in the order of abbreviation."""

from __future__ import annotations

from nslab.ip.words import Elsewhere, help_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nslab.ip.program import Program
    from nslab.ip.words import Words

NAME = "rule"
BARE = "[list]"

USAGE = """\
Usage: ip rule { add | del } SELECTOR ACTION
       ip rule { flush | save | restore }
       ip rule [ list [ SELECTOR ]]
SELECTOR := [ not ] [ from PREFIX ] [ to PREFIX ] [ tos TOS ]
            [ fwmark FWMARK[/MASK] ]
            [ iif STRING ] [ oif STRING ] [ pref NUMBER ] [ l3mdev ]
            [ uidrange NUMBER-NUMBER ]
            [ ipproto PROTOCOL ]
            [ sport [ NUMBER | NUMBER-NUMBER ]
            [ dport [ NUMBER | NUMBER-NUMBER ] ]
ACTION := [ table TABLE_ID ]
          [ protocol PROTO ]
          [ nat ADDRESS ]
          [ realms [SRCREALM/]DSTREALM ]
          [ goto NUMBER ]
          SUPPRESSOR
SUPPRESSOR := [ suppress_prefixlength NUMBER ]
              [ suppress_ifgroup DEVGROUP ]
TABLE_ID := [ local | main | default | NUMBER ]"""


def _elsewhere(_: Program, __: Words) -> None:
    """Leave the dumps in a format of its own, which nothing else reads, to the program itself."""
    raise Elsewhere


COMMANDS = {
    "[list]": "nslab.ip.rule.show:show",
    "[lst]": "nslab.ip.rule.show:show",
    "[show]": "nslab.ip.rule.show:show",
    "[save]": _elsewhere,
    "[restore]": _elsewhere,
    "[add]": "nslab.ip.rule.change:add",
    "[delete]": "nslab.ip.rule.change:delete",
    "[flush]": "nslab.ip.rule.flush:flush",
    "[help]": help_of(USAGE),
}
