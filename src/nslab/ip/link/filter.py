"""Which links `ip link show` shows: the words that choose."""

from __future__ import annotations

from nslab.errors import IpError
from nslab.ip.words import garbage, matches, wrong
from nslab.netlink.rtnl.link import LinkInfo

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nslab.ip.program import Program
    from nslab.ip.words import Words
    from nslab.netlink.rtnl.link import Link

NO_MASTER = 0xFFFFFFFF
"""What asks the kernel for links without a master."""

_UP = 0x1
_OF_ADDRESSES = (
    "dynamic",
    "permanent",
    "secondary",
    "primary",
    "temporary",
    "tentative",
    "deprecated",
    "dadfailed",
    "mngtmpaddr",
    "home",
    "nodad",
    "noprefixroute",
    "autojoin",
    "optimistic",
    "stable-privacy",
)


class Filter:
    """Which links to show.

    Attributes:
        dev: the name of the only one, or None.
        up: only those that are up.
        group: only those of this group, or None.
        master: only the ports of this ifindex, NO_MASTER for links without a master, 0 for all.
        kind, port_kind: only links of this kind, only ports of a master of this kind, "" for all.
        nothing: a filter that no link passes.
    """

    def __init__(self) -> None:
        self.dev: str | None = None
        self.up = False
        self.group: int | None = None
        self.master = 0
        self.kind: str | None = None
        self.port_kind: str | None = None
        self.nothing = False

    def passes(self, link: Link) -> bool:
        """Say whether a link is one of those; the kernel has chosen by some of it before."""
        if self.nothing or (self.up and not link.flags & _UP):
            return False
        if self.group is not None and link.group is not None and link.group != self.group:
            return False
        if 0 < self.master != NO_MASTER and link.master != self.master:
            return False
        info = link.linkinfo or LinkInfo()
        if self.kind is not None and info.kind != self.kind:
            return False
        return self.port_kind is None or info.port_kind == self.port_kind


def read_filter(program: Program, words: Words) -> Filter:
    """Read the words that choose links.

    Raises:
        IpError: a word is not known, or what it names is not there.
    """
    chosen = Filter()
    while words:
        word = words.take()
        if word == "up":
            chosen.up = True
        elif word in _READERS:
            _READERS[word](program, words, chosen)
        elif word.removeprefix("-") not in _OF_ADDRESSES:
            _read_name(word, words, chosen)
    if chosen.dev is not None and not program.links.find(chosen.dev):
        raise IpError(f'Device "{chosen.dev}" does not exist.')
    return chosen


def _read_name(word: str, words: Words, chosen: Filter) -> None:
    if word == "dev":
        word = words.take()
    elif matches(word, "[help]"):
        from nslab.ip.link.usage import usage

        raise usage()
    if chosen.dev is not None:
        raise garbage("dev", word)
    chosen.dev = word


def _read_group(_: Program, words: Words, chosen: Filter) -> None:
    from nslab.ip.rtnames import number_of

    word = words.take()
    chosen.group = number_of("group", word)
    if chosen.group is None:
        raise wrong(word, 'Invalid "group" value\n')


def _read_master(program: Program, words: Words, chosen: Filter) -> None:
    word = words.take()
    chosen.master = program.links.find(word)
    if not chosen.master:
        raise wrong(word, "Device does not exist\n")


def _read_nomaster(_: Program, __: Words, chosen: Filter) -> None:
    chosen.master = NO_MASTER


def _read_vrf(program: Program, words: Words, chosen: Filter) -> None:
    from nslab.ip.link.target import index_of_vrf

    chosen.master = index_of_vrf(program, words.take())


def _read_type(_: Program, words: Words, chosen: Filter) -> None:
    word = words.take()
    if word.endswith("_slave"):
        chosen.port_kind = word.removesuffix("_slave")
    else:
        chosen.kind = word


def _read_scope(_: Program, words: Words, __: Filter) -> None:
    from nslab.ip.rtnames import number_of

    word = words.take()
    if word != "all" and number_of("rt_scopes", word) is None:
        raise wrong(word, 'invalid "scope"\n')


def _read_label(_: Program, words: Words, chosen: Filter) -> None:
    words.take()
    chosen.nothing = True


def _read_prefix(_: Program, words: Words, __: Filter) -> None:
    word = words.take()
    message = f'Error: "{word}" may be inet prefix, but it is not allowed in this context.'
    raise IpError(message, 1, ends_batch=True)


_READERS = {
    "group": _read_group,
    "master": _read_master,
    "nomaster": _read_nomaster,
    "vrf": _read_vrf,
    "type": _read_type,
    "scope": _read_scope,
    "label": _read_label,
    "to": _read_prefix,
}
