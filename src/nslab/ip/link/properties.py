"""`ip link property`: more names for a link."""

from __future__ import annotations

from nslab.ip.link.draft import check_altname
from nslab.ip.link.kinds.reading import find_link
from nslab.ip.words import garbage, line_error, matches
from nslab.netlink.message import NLM_F, Request
from nslab.netlink.rtnl.constants import RTM
from nslab.netlink.rtnl.link import Link

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nslab.ip.program import Program
    from nslab.ip.words import Words


def change(program: Program, words: Words) -> None:
    """Add or delete altnames."""
    from nslab.ip.link.usage import usage

    if not words:
        raise usage()
    word = words.take()
    if matches(word, "[add]"):
        link = _read(program, words)
        flags = NLM_F.EXCL | NLM_F.CREATE | NLM_F.APPEND
        program.talk(Request(RTM.NEWLINKPROP, link, flags))
    elif matches(word, "[del]"):
        program.talk(Request(RTM.DELLINKPROP, _read(program, words)))
    elif matches(word, "[help]"):
        raise usage()
    else:
        raise line_error("Operator required")
    program.links.forget()


def _read(program: Program, words: Words) -> Link:
    from nslab.ip.link.usage import usage

    dev: str | None = None
    names: list[str] = []
    while words:
        word = words.take()
        if matches(word, "[altname]"):
            names.append(check_altname(words.take(), "not a valid altname"))
        elif matches(word, "[help]"):
            raise usage()
        else:
            word = words.take() if word == "dev" else word
            if dev is not None:
                raise garbage("dev", word)
            dev = check_altname(word, '"dev" not a valid ifname')
    if dev is None:
        raise line_error('Not enough of information: "dev" argument is required.')
    return Link(index=find_link(program, dev, 1), altnames=tuple(names))
