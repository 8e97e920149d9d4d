"""Which neighbours `ip neigh show` and `flush` are about."""

from __future__ import annotations

from nslab.ip.inet import read_prefix
from nslab.ip.neigh.commands import USAGE
from nslab.ip.neigh.states import ANY, NO_STATE, read_state
from nslab.ip.rtnames import number_of
from nslab.ip.words import Elsewhere, duplicate, line_error, matches, wrong
from nslab.netlink.rtnl.neigh import NTF, Neigh

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nslab.ip.inet import Prefix
    from nslab.ip.program import Program
    from nslab.ip.words import Words

NO_MASTER = 0xFFFFFFFF
_PASSES = NTF.PROXY | NTF.EXT_LEARNED  # entries that no choice of states leaves out


class Choice:
    """What was asked for; at first everything of a family that is in one of these states.

    Attributes:
        states: bits of NUD; NO_STATE is for entries without one.
        flags: NTF.PROXY asks for proxies in place of neighbours.
        to: a prefix that holds the entry's address, or None.
    """

    def __init__(self, family: int, states: int) -> None:
        self.family = family
        self.states = states
        self.states_given = False
        self.link: str | None = None
        self.index = 0
        self.master = 0
        self.flags = 0
        self.protocol = 0
        self.unused = False
        self.to: Prefix | None = None

    def query(self) -> Neigh:
        """Give the body of the dump's request: the kernel chooses by link, master and proxy."""
        return Neigh(
            family=self.family,
            flags=self.flags,
            oif=self.index or None,
            master=self.master or None,
        )

    def takes(self, neigh: Neigh) -> bool:
        """Say whether an entry is asked for."""
        return (
            self.family in (0, neigh.family)
            and self.index in (0, neigh.ifindex)
            and self._takes_state(neigh)
            and self._takes_address(neigh)
            and self.protocol in (0, neigh.protocol)
            and not (self.unused and neigh.cacheinfo is not None and neigh.cacheinfo.refcnt)
        )

    def _takes_state(self, neigh: Neigh) -> bool:
        if neigh.flags & _PASSES or self.states & neigh.state:
            return True
        return not neigh.state and bool(self.states & NO_STATE)

    def _takes_address(self, neigh: Neigh) -> bool:
        if self.to is None or not self.to.family or neigh.dst is None:
            return True
        if self.to.family != neigh.family:
            return False
        unlike = int.from_bytes(self.to.data, "big") ^ int.from_bytes(neigh.dst, "big")
        return unlike >> (len(neigh.dst) * 8 - self.to.bits) == 0


def read_choice(program: Program, words: Words, states: int) -> Choice:
    """Read the words that choose; `states` are taken if none are named.

    Raises:
        IpError: a word is wrong, or a link is not there.
        Elsewhere: addresses shall be resolved to names.
    """
    if program.options.resolve:
        raise Elsewhere
    choice = Choice(program.options.family, states)
    while words:
        word = words.take()
        read = _KEYS.get(word)
        if read is None:
            _read_to(choice, words, word)
        else:
            read(program, choice, words)
    if choice.link is not None:
        choice.index = program.links.index(choice.link)
    return choice


def _read_dev(_: Program, choice: Choice, words: Words) -> None:
    word = words.take()
    if choice.link is not None:
        raise duplicate("dev", word)
    choice.link = word


def _read_master(program: Program, choice: Choice, words: Words) -> None:
    word = words.take()
    choice.master = program.links.find(word)
    if not choice.master:
        raise wrong(word, "Device does not exist\n")


def _read_vrf(program: Program, choice: Choice, words: Words) -> None:
    word = words.take()
    if not _is_vrf(program, word):
        raise wrong(word, "Not a valid VRF name\n")
    choice.master = program.links.index(word)


def _is_vrf(program: Program, name: str) -> bool:
    from nslab.errors import KernelError
    from nslab.netlink.message import Request
    from nslab.netlink.rtnl.constants import RTM
    from nslab.netlink.rtnl.link import Link

    try:
        link = program.transport.get(Request(RTM.GETLINK, Link(ifname=name)), Link)
    except KernelError:
        return False
    return link.linkinfo is not None and link.linkinfo.kind == "vrf"


def _read_nomaster(_: Program, choice: Choice, __: Words) -> None:
    choice.master = NO_MASTER


def _read_unused(_: Program, choice: Choice, __: Words) -> None:
    choice.unused = True


def _read_nud(_: Program, choice: Choice, words: Words) -> None:
    word = words.take()
    state = ANY if word == "all" else read_state(word)
    if state is None:
        raise wrong(word, "nud state is bad")
    choice.states = (choice.states if choice.states_given else 0) | (state or NO_STATE)
    choice.states_given = True


def _read_proxy(_: Program, choice: Choice, __: Words) -> None:
    choice.flags |= NTF.PROXY


def _read_protocol(_: Program, choice: Choice, words: Words) -> None:
    word = words.take()
    number = number_of("rt_protos", word)
    if number is None:
        raise wrong(word, 'invalid "protocol"\n')
    choice.protocol = number


def _read_to(choice: Choice, words: Words, word: str) -> None:
    word = words.take() if word == "to" else word
    if matches(word, "[help]"):
        raise line_error(USAGE)
    choice.to = read_prefix(word, choice.family)
    choice.family = choice.family or choice.to.family


_KEYS = {
    "dev": _read_dev,
    "master": _read_master,
    "vrf": _read_vrf,
    "nomaster": _read_nomaster,
    "unused": _read_unused,
    "nud": _read_nud,
    "proxy": _read_proxy,
    "protocol": _read_protocol,
}
