"""Virtual routing and forwarding, and its ports."""

from __future__ import annotations

from nslab.ip.link.kinds.reading import Reading
from nslab.ip.words import wrong
from nslab.netlink.rtnl.kinds.vrf import VrfInfo

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nslab.ip.program import Program
    from nslab.ip.words import Words
    from nslab.netlink.rtnl.kinds.vrf import VrfPortInfo

USAGE = """\
Usage: ... vrf table TABLEID"""


def _table(reading: Reading, words: Words) -> None:
    from nslab.ip.rtnames import number_of

    word = words.take()
    table = number_of("rt_tables", word)
    if table is None:
        raise wrong(word, "invalid table ID\n")
    reading.values["table"] = table


def read(program: Program, kind: str, words: Words, *, creating: bool) -> VrfInfo | bytes:
    """Read the table; a port has no options, so its words are not looked at."""
    if kind == "vrf_slave":
        words.rest()
        return b""
    reading = Reading(program, kind, creating=creating)
    return VrfInfo(**reading.read(words, {"[table]": _table}, USAGE, "option"))


def show(program: Program, data: VrfInfo | VrfPortInfo) -> None:
    """Print the table."""
    if data.table is not None:
        program.out.put("table", "table %d ", data.table)
