"""Which addresses a listing or a flush means, and on which links."""

from __future__ import annotations

from nslab.errors import IpError
from nslab.ip import rtnames
from nslab.ip.address.flags import FLAGS, flags_of
from nslab.ip.inet import read_prefix
from nslab.ip.link.filter import NO_MASTER, Filter
from nslab.ip.words import garbage, line_error, matches, wrong
from nslab.netlink.rtnl.address import IFA_F

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from nslab.ip.inet import Prefix
    from nslab.ip.program import Program
    from nslab.ip.words import Words
    from nslab.netlink.rtnl.address import Address
    from nslab.netlink.rtnl.link import Link

    Reader = Callable[["Selector", Words], None]

_UP = 0x1
_NAMES = {"dynamic": (IFA_F.PERMANENT, False), "primary": (IFA_F.SECONDARY, False)} | {
    name: (flag, True) for name, flag in FLAGS.items()
}
"""Each name of a flag, and whether it means that the flag is set."""


class Selector:
    """What an address must be like; None is anything.

    Attributes:
        links: what its link must be like.
        index: the ifindex of its link, 0 for any.
        family: AF_INET, AF_INET6, AF_PACKET (links alone) or AF_UNSPEC.
        flags, flag_mask: which flags must be set or not, of those in the mask.
        label: a pattern as the shell has them.
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self.links = Filter()
        self.index = 0
        self.family = program.options.family
        self.flags = 0
        self.flag_mask = 0
        self.scope: int | None = None
        self.label: str | None = None
        self.prefix: Prefix | None = None

    def read(self, words: Words) -> None:
        """Read all words of a selector.

        Raises:
            IpError: a word is wrong, or there is no such link.
        """
        while words:
            word = words.take()
            reader = _READERS.get(word)
            if reader is not None:
                reader(self, words)
            elif not self._read_flag(word):
                self._read_dev(word, words)
        if self.links.dev is not None:
            self.index = self.program.links.find(self.links.dev)
            if not self.index:
                raise IpError(f'Device "{self.links.dev}" does not exist.')

    def takes_link(self, link: Link) -> bool:
        """Say whether addresses on this link may be meant."""
        if self.label is not None:
            return not self.links.up or bool(link.flags & _UP)
        return self.links.passes(link)

    def takes(self, address: Address) -> bool:
        """Say whether an address is meant, its link aside."""
        return (
            self.family in (0, address.family)
            and self.scope in (None, address.scope)
            and not (flags_of(address) ^ self.flags) & self.flag_mask
            and self._takes_label(address)
            and self._takes_prefix(address)
        )

    def _takes_label(self, address: Address) -> bool:
        if self.label is None:
            return True
        from fnmatch import fnmatchcase

        label = address.label
        if label is None:
            label = self.program.links.name(address.index)
        return fnmatchcase(label, self.label)

    def _takes_prefix(self, address: Address) -> bool:
        if self.prefix is None or not self.prefix.family:
            return True
        if self.prefix.family != address.family:
            return False
        data = address.address if address.local is None else address.local
        shift = len(self.prefix.data) * 8 - self.prefix.bits
        own = int.from_bytes(data or b"", "big")
        return own >> shift == int.from_bytes(self.prefix.data, "big") >> shift

    def _read_flag(self, word: str) -> bool:
        """Read the name of a flag, with - before it for those that have it not."""
        name = word.removeprefix("-")
        if name not in _NAMES:
            return False
        flag, is_set = _NAMES[name]
        self.flag_mask |= flag
        if is_set == (name == word):
            self.flags |= flag
        else:
            self.flags &= ~flag
        return True

    def _read_dev(self, word: str, words: Words) -> None:
        if word == "dev":
            word = words.take()
        elif matches(word, "[help]"):
            from nslab.ip.address.commands import USAGE

            raise line_error(USAGE)
        if self.links.dev is not None:
            raise garbage("dev", word)
        self.links.dev = word


def _read_prefix(selector: Selector, words: Words) -> None:
    selector.prefix = read_prefix(words.take(), selector.family)
    selector.family = selector.family or selector.prefix.family


def _read_scope(selector: Selector, words: Words) -> None:
    word = words.take()
    selector.scope = rtnames.number_of("rt_scopes", word)
    if selector.scope is None and word != "all":
        raise wrong(word, 'invalid "scope"\n')


def _read_up(selector: Selector, _: Words) -> None:
    selector.links.up = True


def _read_label(selector: Selector, words: Words) -> None:
    selector.label = words.take()


def _read_group(selector: Selector, words: Words) -> None:
    word = words.take()
    selector.links.group = rtnames.number_of("group", word)
    if selector.links.group is None:
        raise wrong(word, 'Invalid "group" value\n')


def _read_master(selector: Selector, words: Words) -> None:
    word = words.take()
    selector.links.master = selector.program.links.find(word)
    if not selector.links.master:
        raise wrong(word, "Device does not exist\n")


def _read_nomaster(selector: Selector, _: Words) -> None:
    selector.links.master = NO_MASTER


def _read_vrf(selector: Selector, words: Words) -> None:
    from nslab.ip.link.target import index_of_vrf

    selector.links.master = index_of_vrf(selector.program, words.take())


def _read_type(selector: Selector, words: Words) -> None:
    word = words.take()
    if word.endswith("_slave"):
        selector.links.port_kind = word.removesuffix("_slave")
    else:
        selector.links.kind = word


_READERS: dict[str, Reader] = {
    "to": _read_prefix,
    "scope": _read_scope,
    "up": _read_up,
    "label": _read_label,
    "group": _read_group,
    "master": _read_master,
    "vrf": _read_vrf,
    "nomaster": _read_nomaster,
    "type": _read_type,
}
