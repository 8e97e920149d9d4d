"""What the words of `ip link add` and `ip link set` ask of a link."""

from __future__ import annotations

from nslab.errors import IpError, KernelError
from nslab.ip.link.kinds.reading import find_link
from nslab.ip.words import find, garbage, line_error, matches, wrong
from nslab.netlink.message import Request
from nslab.netlink.rtnl.constants import RTM
from nslab.netlink.rtnl.link import Link, LinkInfo

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nslab.ip.program import Program
    from nslab.ip.words import Words


class Draft:
    """A link as far as it was described.

    Attributes:
        creating: whether a link is to be made.
        dev, name: what `dev` and `name` said; in the end both, if one of them was given.
        below: the name of the link below, or None.
        kind: its kind, where `type` was given.
        index: its ifindex, 0 if it was not given.
        group: its group, None if it was not given.
        moving: whether it is to go to another netns.
        flags, change: the flags to set, and which of them.
        members: other members of the message, by name, in the order in which they were given.
        seen: words that may come only once.
    """

    def __init__(self, *, creating: bool) -> None:
        self.creating = creating
        self.dev: str | None = None
        self.name: str | None = None
        self.below: str | None = None
        self.kind: str | None = None
        self.index = 0
        self.ifindex = 0
        self.group: int | None = None
        self.moving = False
        self.flags = 0
        self.change = 0
        self.members: dict[str, Any] = {}
        self.seen: set[str] = set()

    def set_flag(self, bit: int, *, on: bool) -> None:
        """Ask for a flag to be set or cleared."""
        self.change |= bit
        self.flags = self.flags | bit if on else self.flags & ~bit

    def link(self, linkinfo: LinkInfo | None = None) -> Link:
        """Give the message, with what is of its kind's own."""
        return Link(
            index=self.ifindex,
            flags=self.flags,
            change=self.change,
            linkinfo=linkinfo,
            **self.members,
        )


def read_draft(program: Program, words: Words, *, creating: bool) -> Draft:
    """Read the words of a link, up to its kind's own.

    Raises:
        IpError: a word or its value is wrong, or what it names is not there.
    """
    from nslab.ip.link.arguments import READERS

    draft = Draft(creating=creating)
    while words and draft.kind is None:
        word = words.take()
        reader = find(word, READERS)
        if reader is not None:
            reader(program, draft, words)
        else:
            _read_name(draft, word, words)
    _settle(program, draft, words)
    return draft


def _read_name(draft: Draft, word: str, words: Words) -> None:
    if word == "dev":
        word = words.take()
    elif matches(word, "[help]"):
        from nslab.ip.link.usage import usage

        raise usage()
    if draft.dev is not None:
        raise garbage("dev", word)
    draft.dev = check_altname(word, '"dev" not a valid ifname')


def check_altname(word: str, reason: str) -> str:
    """Refuse what can be neither a link's name nor an altname; gives the word.

    Raises:
        IpError: it is empty, or holds a slash or a blank: "argument is wrong" for that `reason`.
    """
    if not word or any(letter in word for letter in "/ \t\n\v\f\r"):
        raise wrong(word, reason)
    return word


def _settle(program: Program, draft: Draft, words: Words) -> None:
    """Find out which link it is about, and refuse what does not go together."""
    draft.name = draft.name or draft.dev
    draft.dev = draft.dev or draft.name
    _check_address(program, draft)
    if draft.index and not draft.creating and not draft.moving:
        when = "when creating devices or when moving device to another netns"
        raise line_error(f"index can be used only {when}.")
    if draft.group is not None:
        _settle_group(draft, words)
    if draft.creating:
        _settle_new(program, draft)
    elif draft.dev is not None:
        _settle_known(program, draft, draft.dev)
    elif draft.group is None:
        raise line_error('Not enough information: "dev" argument is required.')
    else:  # all links of a group, whatever their kind
        draft.members["group"] = draft.group
        draft.kind = None


def _check_address(program: Program, draft: Draft) -> None:
    """Compare the length of the new address with that of the old one."""
    address: bytes = draft.members.get("address", b"")
    if not address or draft.dev is None or not (index := program.links.find(draft.dev)):
        return
    try:
        link = program.transport.get(Request(RTM.GETLINK, Link(index=index)), Link)
    except KernelError:
        return
    if link.address is not None and len(link.address) != len(address):
        length = len(link.address)
        message = f"Invalid address length {len(address)} - must be {length} bytes"
        raise IpError(message, 1)


def _settle_group(draft: Draft, words: Words) -> None:
    if draft.dev is not None:
        draft.members["group"] = draft.group
        return
    if words:
        word = words.take()
        raise line_error(f'Garbage instead of arguments "{word} ...". Try "ip link help".')
    if draft.creating:
        raise line_error("group cannot be used when creating devices.")


def _settle_new(program: Program, draft: Draft) -> None:
    if draft.name != draft.dev:
        raise line_error('both "name" and "dev" cannot be used when creating devices.')
    if draft.below is not None:
        draft.members["link"] = find_link(program, draft.below, 1)
    draft.ifindex = draft.index
    if draft.name is not None:
        draft.members["ifname"] = draft.name


def _settle_known(program: Program, draft: Draft, dev: str) -> None:
    draft.ifindex = find_link(program, dev, 1)
    if draft.name != dev:
        draft.members["ifname"] = draft.name
    if draft.index:
        draft.members["new_ifindex"] = draft.index


def refuse_rest(words: Words) -> IpError:
    """Make the error of words that nobody reads."""
    word = words.take()
    if matches(word, "[help]"):
        from nslab.ip.link.usage import usage

        return usage()
    return IpError(f'Garbage instead of arguments "{word} ...". Try "ip link help".', 1)
