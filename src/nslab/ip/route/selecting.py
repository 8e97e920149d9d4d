"""The words of a selector: `ip route show` and `flush`."""

from __future__ import annotations

from nslab.ip import rtnames
from nslab.ip.inet import AF_INET, read_prefix
from nslab.ip.route.names import FAMILIES, read_realms, read_tos, read_type
from nslab.ip.route.selector import Selector
from nslab.ip.words import find, matches, unsigned, wrong

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from nslab.ip.program import Program
    from nslab.ip.words import Words

    Reader = Callable[["Selection", Words], None]

MAIN = 254
_LOCAL_OR_BROADCAST = 1 << 2 | 1 << 3


class Selection:
    """A selector that is being read, and the names of its links, which are looked up at the end."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.selector = Selector(program.options.family)
        self.selector.table = MAIN
        self.oif = ""
        self.iif = ""


def read_selector(program: Program, words: Words) -> Selector:
    """Read all words of a selector.

    Raises:
        IpError: a word is wrong, or there is no such link.
    """
    selection = Selection(program)
    selector = selection.selector
    while words:
        reader = find(words.take(), _READERS)
        if reader is None:
            words.put_back()
            reader = _read_destination
        reader(selection, words)
    if not selector.family and selector.table:
        selector.family = AF_INET
    selector.iif = program.links.index(selection.iif) if selection.iif else None
    selector.oif = program.links.index(selection.oif) if selection.oif else None
    return selector


def read_family(words: Words, family: int) -> int:
    """Read the name of a family if there is one before a gateway, else give the one that is."""
    word = words.take()
    if word in FAMILIES:
        return FAMILIES[word]
    words.put_back()
    return family


def vrf_table(program: Program, name: str) -> int:
    """Give the table of a VRF; "default" is the main table.

    Raises:
        IpError: there is no such VRF.
    """
    found = _find_vrf(program, name)
    if found is None and name == "default":
        return rtnames.number_of("rt_tables", "main") or MAIN
    if not found or not found[1]:
        raise wrong(name, "Invalid VRF\n")
    return found[1]


def vrf_index(program: Program, name: str) -> int:
    """Give the ifindex of a VRF.

    Raises:
        IpError: there is no such VRF.
    """
    found = _find_vrf(program, name)
    if not found or not found[1]:
        raise wrong(name, "Invalid VRF\n")
    return found[0]


def _find_vrf(program: Program, name: str) -> tuple[int, int] | None:
    """Give the ifindex and the table of a link, None if there is no such link; table 0: no VRF."""
    from nslab.errors import KernelError
    from nslab.netlink.message import Request
    from nslab.netlink.rtnl.constants import RTM
    from nslab.netlink.rtnl.kinds.vrf import VrfInfo
    from nslab.netlink.rtnl.link import Link

    try:
        link = program.transport.get(Request(RTM.GETLINK, Link(ifname=name)), Link)
    except KernelError:
        return None
    data = link.linkinfo and link.linkinfo.data
    return link.index, (data.table or 0) if isinstance(data, VrfInfo) else 0


def _read_table(selection: Selection, words: Words) -> None:
    word = words.take()
    number = rtnames.number_of("rt_tables", word)
    if number is not None:
        selection.selector.table = number
    elif word == "all":
        selection.selector.table = 0
    elif word == "cache":
        selection.selector.cloned = True
    elif word == "help":
        from nslab.ip.route.commands import USAGE
        from nslab.ip.words import line_error

        raise line_error(USAGE)
    else:
        raise wrong(word, "table id value is invalid\n")


def _read_vrf(selection: Selection, words: Words) -> None:
    selection.selector.table = vrf_table(selection.program, words.take())
    selection.selector.types = ~_LOCAL_OR_BROADCAST & 0xFFFFFFFF


def _read_cached(selection: Selection, _: Words) -> None:
    selection.selector.cloned = True


def _read_tos(selection: Selection, words: Words) -> None:
    word = words.take()
    selection.selector.tos = read_tos(word)
    if selection.selector.tos is None:
        raise wrong(word, "TOS value is invalid\n")


def _read_protocol(selection: Selection, words: Words) -> None:
    word = words.take()
    selection.selector.protocol = rtnames.number_of("rt_protos", word)
    if selection.selector.protocol is None and word != "all":
        raise wrong(word, 'invalid "protocol"\n')


def _read_scope(selection: Selection, words: Words) -> None:
    word = words.take()
    selection.selector.scope = rtnames.number_of("rt_scopes", word)
    if selection.selector.scope is None and word != "all":
        raise wrong(word, 'invalid "scope"\n')


def _read_type(selection: Selection, words: Words) -> None:
    word = words.take()
    number = read_type(word)
    if number is None:
        raise wrong(word, "node type value is invalid\n")
    selection.selector.types = 1 << (number & 31)


def _read_oif(selection: Selection, words: Words) -> None:
    selection.oif = words.take()


def _read_iif(selection: Selection, words: Words) -> None:
    selection.iif = words.take()


def _read_mark(selection: Selection, words: Words) -> None:
    word = words.take()
    selection.selector.mark = unsigned(word, 32)
    if selection.selector.mark is None:
        raise wrong(word, "invalid mark value")


def _read_metric(selection: Selection, words: Words) -> None:
    word = words.take()
    selection.selector.metric = unsigned(word, 32)
    if selection.selector.metric is None:
        raise wrong(word, '"metric" value is invalid\n')


def _read_via(selection: Selection, words: Words) -> None:
    family = read_family(words, selection.selector.family)
    selection.selector.via = read_prefix(words.take(), family)


def _read_src(selection: Selection, words: Words) -> None:
    selection.selector.prefsrc = read_prefix(words.take(), selection.selector.family)


def _read_realms(selection: Selection, words: Words) -> None:
    word = words.take()
    realms = read_realms(word)
    if realms is None:
        raise wrong(word, "invalid realms\n")
    _, slash, target = word.partition("/")
    selection.selector.realms = realms
    if slash:
        selection.selector.realms_mask = 0xFFFFFFFF if target else 0xFFFF0000
    else:
        selection.selector.realms_mask = 0xFFFFFFFF if realms >> 16 else 0xFFFF


def _read_from(selection: Selection, words: Words) -> None:
    word = words.take()
    if matches(word, "[root]"):
        selection.selector.root_src = read_prefix(words.take(), selection.selector.family)
        return
    if matches(word, "[match]"):
        selection.selector.match_src = read_prefix(words.take(), selection.selector.family)
        return
    word = words.take() if matches(word, "[exact]") else word
    selection.selector.root_src = selection.selector.match_src = read_prefix(
        word, selection.selector.family
    )


def _read_destination(selection: Selection, words: Words) -> None:
    word = words.take()
    if matches(word, "[root]"):
        selection.selector.root_dst = read_prefix(words.take(), selection.selector.family)
        return
    if matches(word, "[match]"):
        selection.selector.match_dst = read_prefix(words.take(), selection.selector.family)
        return
    word = words.take() if matches(word, "[exact]") else word
    selection.selector.root_dst = selection.selector.match_dst = read_prefix(
        word, selection.selector.family
    )


_READERS: dict[str, Reader] = {
    "[table]": _read_table,
    "[vrf]": _read_vrf,
    "[cached]": _read_cached,
    "tos": _read_tos,
    "[dsfield]": _read_tos,
    "[protocol]": _read_protocol,
    "[scope]": _read_scope,
    "[type]": _read_type,
    "dev": _read_oif,
    "oif": _read_oif,
    "iif": _read_iif,
    "mark": _read_mark,
    "[metric]": _read_metric,
    "[priority]": _read_metric,
    "preference": _read_metric,
    "via": _read_via,
    "src": _read_src,
    "[realms]": _read_realms,
    "[from]": _read_from,
    "[to]": _read_destination,
}
