"""The commands of `ip netns`, in the order of abbreviation."""

from __future__ import annotations

from nslab.ip.words import help_of, line_error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from nslab.ip.program import Program

NAME = "netns"
BARE = "[list]"

USAGE = """\
Usage:\tip netns list
\tip netns add NAME
\tip netns attach NAME PID
\tip netns set NAME NETNSID
\tip [-all] netns delete [NAME]
\tip netns identify [PID]
\tip netns pids NAME
\tip [-all] netns exec [NAME] cmd ...
\tip netns monitor
\tip netns list-id [target-nsid POSITIVE-INT] [nsid POSITIVE-INT]
NETNSID := auto | POSITIVE-INT"""

COMMANDS = {
    "[list]": "nslab.ip.netns.show:show",
    "[show]": "nslab.ip.netns.show:show",
    "[lst]": "nslab.ip.netns.show:show",
    "[list-id]": "nslab.ip.netns.nsid:list_ids",
    "[help]": help_of(USAGE),
    "[add]": "nslab.ip.netns.names:add",
    "[set]": "nslab.ip.netns.nsid:set_id",
    "[delete]": "nslab.ip.netns.names:delete",
    "[identify]": "nslab.ip.netns.processes:identify",
    "[pids]": "nslab.ip.netns.processes:pids",
    "[exec]": "nslab.ip.netns.execute:execute",
    "[monitor]": "nslab.ip.netns.monitor:monitor",
    "[attach]": "nslab.ip.netns.names:attach",
}

_LONGEST = 255  # NAME_MAX


def check(program: Program, words: Sequence[str]) -> None:
    """Refuse a name that cannot be one, whatever the command is about to do with it."""
    if program.options.all or len(words) < 2:
        return
    name = words[1]
    size = len(name.encode("utf-8", "surrogateescape"))
    if name in ("", ".", "..") or "/" in name or size > _LONGEST:
        raise line_error(f'Invalid netns name "{name}"')
