"""`ip neigh add`, `change`, `replace` and `delete`."""

from __future__ import annotations

from nslab.ip.lladdr import read_lladdr
from nslab.ip.neigh.states import NONE, PERMANENT, read_state
from nslab.ip.neigh.target import Target
from nslab.ip.rtnames import number_of
from nslab.ip.words import duplicate, find, line_error, matches, wrong
from nslab.netlink.message import NLM_F, Request
from nslab.netlink.rtnl.constants import RTM
from nslab.netlink.rtnl.neigh import NTF, Neigh

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nslab.ip.program import Program
    from nslab.ip.words import Words

_MANAGED = 1  # NTF_EXT_MANAGED, in NDA_FLAGS_EXT


class _Change(Target):
    """What the words say of a neighbour beside where it is."""

    def __init__(self, preferred: int) -> None:
        super().__init__(preferred)
        self.state = PERMANENT
        self.flags_ext = 0
        self.lladdr: str | None = None
        self.protocol: int | None = None


def add(program: Program, words: Words) -> None:
    """Add a neighbour that is not there yet."""
    _change(program, words, RTM.NEWNEIGH, NLM_F.CREATE | NLM_F.EXCL)


def change(program: Program, words: Words) -> None:
    """Change a neighbour that is there."""
    _change(program, words, RTM.NEWNEIGH, NLM_F.REPLACE)


def replace(program: Program, words: Words) -> None:
    """Add a neighbour, or change it if it is there."""
    _change(program, words, RTM.NEWNEIGH, NLM_F.CREATE | NLM_F.REPLACE)


def delete(program: Program, words: Words) -> None:
    """Delete a neighbour."""
    _change(program, words, RTM.DELNEIGH, 0)


def _change(program: Program, words: Words, kind: int, flags: int) -> None:
    wanted = _Change(program.options.family)
    while words:
        word = words.take()
        read = find(word, _KEYS)
        if read is None:
            wanted.read_to(_after_help(words, word))
        else:
            read(wanted, words)
    program.talk(Request(kind, _body(program, wanted), flags))


def _after_help(words: Words, word: str) -> str:
    """Pass over a `help` where the address should be, as the program does."""
    word = words.take() if word == "to" else word
    return words.take() if matches(word, "[help]") else word


def _body(program: Program, wanted: _Change) -> Neigh:
    proxy = wanted.flags & NTF.PROXY
    if not wanted.family or (wanted.link is None and not proxy):
        raise line_error("Device and destination are required arguments.")
    lladdr = wanted.lladdr
    data = None if lladdr in (None, "null") else read_lladdr(lladdr or "")
    return Neigh(
        family=wanted.family,
        ifindex=0 if wanted.link is None else program.links.index(wanted.link),
        state=wanted.state,
        flags=wanted.flags,
        protocol=wanted.protocol,
        dst=wanted.address,
        lladdr=data,
        flags_ext=wanted.flags_ext or None,
    )


def _read_lladdr(wanted: _Change, words: Words) -> None:
    word = words.take()
    if wanted.lladdr is not None:
        raise duplicate("lladdr", word)
    wanted.lladdr = word


def _read_nud(wanted: _Change, words: Words) -> None:
    word = words.take()
    state = read_state(word)
    if state is None:
        raise wrong(word, "nud state is bad")
    wanted.state = state


def _read_use(wanted: _Change, _: Words) -> None:
    wanted.flags |= NTF.USE
    wanted.state = NONE


def _read_managed(wanted: _Change, _: Words) -> None:
    wanted.flags_ext |= _MANAGED
    wanted.state = NONE


def _read_router(wanted: _Change, _: Words) -> None:
    wanted.flags |= NTF.ROUTER


def _read_extern_learn(wanted: _Change, _: Words) -> None:
    wanted.flags |= NTF.EXT_LEARNED


def _read_dev(wanted: _Change, words: Words) -> None:
    wanted.link = words.take()


def _read_protocol(wanted: _Change, words: Words) -> None:
    word = words.take()
    wanted.protocol = number_of("rt_protos", word)
    if wanted.protocol is None:
        raise wrong(word, '"protocol" value is invalid\n')


_KEYS = {
    "[lladdr]": _read_lladdr,
    "nud": _read_nud,
    "[proxy]": _Change.read_proxy,
    "router": _read_router,
    "use": _read_use,
    "managed": _read_managed,
    "[extern_learn]": _read_extern_learn,
    "dev": _read_dev,
    "[protocol]": _read_protocol,
}
