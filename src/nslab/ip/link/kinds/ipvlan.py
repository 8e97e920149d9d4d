"""Links that share another one's hardware address (ipvlan, ipvtap)."""

from __future__ import annotations

from nslab.errors import IpError
from nslab.ip.link.kinds.reading import Reading
from nslab.netlink.rtnl.kinds.ipvlan import IpvlanInfo

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nslab.ip.link.kinds.reading import Option
    from nslab.ip.program import Program
    from nslab.ip.words import Words

USAGE = """\
Usage: ... ipvlan [ mode MODE ] [ FLAGS ]

MODE: l3 | l3s | l2
FLAGS: bridge | private | vepa
(first values are the defaults if nothing is specified)."""

MODES = ("l2", "l3", "l3s")
"""The modes by the kernel's numbers."""

_PRIVATE, _VEPA = 1, 2


def usage_of(kind: str) -> str:
    """Give the usage of a kind."""
    return USAGE.replace("ipvlan", kind)


def _mode(reading: Reading, words: Words) -> None:
    word = words.take()
    if word not in MODES:
        raise IpError('Error: argument of "mode" must be either "l2", "l3" or "l3s"', 1)
    reading.values["mode"] = MODES.index(word)


def _flags(value: int) -> Option:
    """Make the option that is one of the flags, of which only one is known."""

    def read(reading: Reading, words: Words) -> None:
        if "flags" in reading.values:
            words.put_back()
            word = words.take()
            usage = usage_of(reading.kind)
            raise IpError(f'{reading.kind}: unknown option "{word}"?\n{usage}', 1)
        reading.values["flags"] = value

    return read


OPTIONS: dict[str, Option] = {
    "[mode]": _mode,
    "[private]": _flags(_PRIVATE),
    "[vepa]": _flags(_VEPA),
    "[bridge]": _flags(0),
}


def read(program: Program, kind: str, words: Words, *, creating: bool) -> IpvlanInfo:
    """Read an ipvlan's options."""
    reading = Reading(program, kind, creating=creating)
    values = reading.read(words, OPTIONS, usage_of(kind), "option")
    values.setdefault("flags", 0)
    return IpvlanInfo(**values)


def show(program: Program, data: IpvlanInfo) -> None:
    """Print an ipvlan's details."""
    out = program.out
    if data.mode is not None:
        name = MODES[data.mode] if data.mode < len(MODES) else "unknown"
        out.put("mode", " mode %s ", name)
    if data.flags is not None:
        name = "private" if data.flags & _PRIVATE else "vepa" if data.flags & _VEPA else "bridge"
        out.put(name, f"{name} ", value=True)
