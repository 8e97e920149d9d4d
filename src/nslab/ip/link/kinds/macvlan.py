"""Links with an address of their own over another one (macvlan, macvtap)."""

from __future__ import annotations

from nslab.errors import IpError
from nslab.ip.link.kinds.reading import Reading
from nslab.ip.link.show import signed
from nslab.ip.words import matches, unsigned
from nslab.netlink.rtnl.kinds.macvlan import MacvlanInfo

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nslab.ip.link.kinds.reading import Option
    from nslab.ip.program import Program
    from nslab.ip.words import Words

USAGE = """\
Usage: ... macvlan mode MODE [flag MODE_FLAG] MODE_OPTS [bcqueuelen BC_QUEUE_LEN]

MODE: private | vepa | bridge | passthru | source
MODE_FLAG: null | nopromisc | nodst
MODE_OPTS: for mode "source":
\tmacaddr { { add | del } <macaddr> | set [ <macaddr> [ <macaddr>  ... ] ] | flush }
BC_QUEUE_LEN: Length of the rx queue for broadcast/multicast: [0-4294967295]"""

MODES = {"private": 1, "vepa": 2, "bridge": 4, "passthru": 8, "source": 16}
"""The modes and the kernel's numbers (linux/if_link.h)."""

_NOPROMISC, _NODST = 1, 2
_FLAGS = {"nopromisc": _NOPROMISC, "nodst": _NODST, "null": 0}
_ADD, _DEL, _FLUSH, _SET = range(4)  # enum macvlan_macaddr_mode


def usage_of(kind: str) -> str:
    """Give the usage of a kind."""
    return USAGE.replace("macvlan", kind)


def _mode(reading: Reading, words: Words) -> None:
    word = words.take()
    if word not in MODES:
        names = '"private", "vepa", "bridge", "passthru" or "source"'
        raise IpError(f'Error: argument of "mode" must be {names}, not "{word}"', 1)
    reading.values["mode"] = MODES[word]


def _flag(reading: Reading, words: Words) -> None:
    word = words.take()
    if word not in _FLAGS:
        names = '"nopromisc", "nodst" or "null"'
        raise IpError(f'Error: argument of "flag" must be {names}, not "{word}"', 1)
    reading.values["flags"] = reading.values.get("flags", 0) | _FLAGS[word]


def _named_flag(bit: int) -> Option:
    def read(reading: Reading, _: Words) -> None:
        reading.values["flags"] = reading.values.get("flags", 0) | bit

    return read


def _bcqueuelen(reading: Reading, words: Words) -> None:
    word = words.take()
    length = unsigned(word, 32)
    if length is None:
        what = "a positive integer [0-4294967295]"
        raise IpError(f'Error: argument of "bcqueuelen" must be {what}, not "{word}"', 1)
    reading.values["bc_queue_len"] = length


def _macaddr(reading: Reading, words: Words) -> None:
    from nslab.ip.lladdr import read_lladdr

    word = words.take()
    values = reading.values
    if matches(word, "[add]") or matches(word, "[del]"):
        values["macaddr_mode"] = _ADD if matches(word, "[add]") else _DEL
        values["macaddr"] = read_lladdr(words.take())
    elif matches(word, "[set]"):
        values["macaddr_mode"] = _SET
        values["macaddr_data"] = tuple(read_lladdr(each) for each in words.rest())
    elif matches(word, "[flush]"):
        values["macaddr_mode"] = _FLUSH
    else:
        raise IpError(usage_of(reading.kind), 1)


OPTIONS: dict[str, Option] = {
    "[mode]": _mode,
    "[flag]": _flag,
    "[macaddr]": _macaddr,
    "[nopromisc]": _named_flag(_NOPROMISC),
    "[nodst]": _named_flag(_NODST),
    "[bcqueuelen]": _bcqueuelen,
}


def read(program: Program, kind: str, words: Words, *, creating: bool) -> MacvlanInfo:
    """Read a macvlan's options."""
    usage = usage_of(kind)
    values = Reading(program, kind, creating=creating).read(words, OPTIONS, usage, "option")
    if values.get("flags", 0) & _NOPROMISC and values.get("mode") != MODES["passthru"]:
        raise IpError(f"{kind}: nopromisc flag only valid in passthru mode\n{usage}", 1)
    return MacvlanInfo(**values)


def show(program: Program, data: MacvlanInfo) -> None:
    """Print a macvlan's details."""
    if data.mode is None:
        return
    out = program.out
    names = {number: name for name, number in MODES.items()}
    out.put("mode", "mode %s ", names.get(data.mode, "unknown"))
    if data.flags is not None:
        _show_flags(program, data.flags)
    if data.bc_queue_len is not None:
        out.put("bcqueuelen", "bcqueuelen %d ", data.bc_queue_len)
    if data.bc_queue_len_used is not None:
        out.put("usedbcqueuelen", "usedbcqueuelen %d ", data.bc_queue_len_used)
    if data.mode != MODES["source"]:
        return
    if data.macaddr_count is not None:
        out.put("macaddr_count", "remotes (%d) ", signed(data.macaddr_count))
    if data.macaddr_data is not None:
        _show_addresses(program, data.macaddr_data)


def _show_flags(program: Program, flags: int) -> None:
    if flags & _NOPROMISC:
        program.out.put("nopromisc", "nopromisc ", value=True)
    if flags & _NODST:
        program.out.put("nodst", "nodst ", value=True)


def _show_addresses(program: Program, addresses: tuple[bytes, ...]) -> None:
    program.out.open_array("macaddr_data")
    for address in addresses:
        program.out.put(None, "%s ", address.hex(":"))
    program.out.close_array()
