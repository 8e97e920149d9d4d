"""`ip route get`: the route that the kernel would take."""

from __future__ import annotations

from nslab.errors import IpError
from nslab.ip.complain import complain
from nslab.ip.inet import AF_INET, SIZES, read_prefix
from nslab.ip.route.draft import address_bytes
from nslab.ip.route.line import RouteLine
from nslab.ip.route.names import read_tos
from nslab.ip.route.selecting import vrf_index
from nslab.ip.route.selector import Selector
from nslab.ip.words import find, line_error, matches, unsigned, whole, wrong
from nslab.netlink.message import Request
from nslab.netlink.rtnl.constants import RTM
from nslab.netlink.rtnl.route import RTM_F, Route

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from nslab.ip.inet import Prefix
    from nslab.ip.program import Program
    from nslab.ip.words import Words

    Reader = Callable[["_Question", Words], None]

_BITS = {family: size * 8 for family, size in SIZES.items()}


class _Question:
    """What `ip route get` asks for, while it is read."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.family = program.options.family
        self.flags = 0
        self.tos = 0
        self.dst: Prefix | None = None
        self.src: Prefix | None = None
        self.newdst: bytes | None = None
        self.iif = ""
        self.oif = ""
        self.vrf = 0
        self.mark: int | None = None
        self.user: int | None = None
        self.protocol: int | None = None
        self.sport: int | None = None
        self.dport: int | None = None
        self.connected = False

    def message(self) -> Route:
        """Give it as a message; looks its links up."""
        links = self.program.links
        iif = links.index(self.iif) if self.iif else None
        oif = links.index(self.oif) if self.oif else self.vrf or None
        family = self.family or AF_INET
        lookup = RTM_F.LOOKUP_TABLE if family == AF_INET else 0
        return Route(
            family=family,
            flags=self.flags | lookup,
            tos=self.tos,
            dst_len=self.dst.bits if self.dst else 0,
            src_len=self.src.bits if self.src else 0,
            dst=_data(self.dst),
            src=_data(self.src),
            newdst=self.newdst,
            iif=iif,
            oif=oif,
            mark=self.mark or None,
            uid=self.user,
            ip_proto=self.protocol or None,
            sport=self.sport or None,
            dport=self.dport or None,
        )


def get(program: Program, words: Words) -> None:
    """Ask the kernel for one route and print it."""
    question = _read(program, words)
    request = Request(RTM.GETROUTE, question.message())
    _show(program, program.get(request, Route))
    if question.connected and question.src is None:
        _show_again(program, request)


def _show(program: Program, route: Route) -> None:
    line = RouteLine(program, Selector())
    line.prepare([route])
    program.out.begin()
    line.show(route)
    program.out.end()


def _show_again(program: Program, request: Request) -> None:
    """Print what the kernel says to the same question now; always as text."""
    route = program.get(request, Route)
    in_json, program.out.is_json = program.out.is_json, False
    RouteLine(program, Selector()).show(route)
    program.out.is_json = in_json


def _read(program: Program, words: Words) -> _Question:
    question = _Question(program)
    while words:
        reader = find(words.take(), _READERS)
        if reader is None:
            words.put_back()
            reader = _read_destination
        reader(question, words)
    if question.dst is None:
        raise IpError("need at least a destination address")
    return question


def _data(prefix: Prefix | None) -> bytes | None:
    if prefix is not None and prefix.special == "default":
        return bytes(SIZES.get(prefix.family, 0)) or None
    return prefix.data or None if prefix else None


def _read_destination(question: _Question, words: Words) -> None:
    word = words.take()
    word = words.take() if word == "to" else word
    _refuse_help(word)
    dst = question.dst = read_prefix(word, question.family)
    question.family = question.family or dst.family
    whole = _BITS.get(question.family, dst.bits)
    if dst.bits != whole:
        tell = f"Warning: /{dst.bits} as prefix is invalid, only /{whole} (or none) is supported."
        complain(tell)
        dst.bits = whole


def _read_from(question: _Question, words: Words) -> None:
    word = words.take()
    _refuse_help(word)
    question.src = read_prefix(word, question.family)
    question.family = question.family or question.src.family


def _refuse_help(word: str) -> None:
    if matches(word, "[help]"):
        from nslab.ip.route.commands import USAGE

        raise line_error(USAGE)


def _read_tos(question: _Question, words: Words) -> None:
    word = words.take()
    tos = read_tos(word)
    if tos is None:
        raise wrong(word, "TOS value is invalid\n")
    question.tos = tos


def _read_newdst(question: _Question, words: Words) -> None:
    word = words.take()
    word = words.take() if word == "to" else word
    family, question.newdst = address_bytes(word, question.family)
    question.family = question.family or family


def _read_iif(question: _Question, words: Words) -> None:
    question.iif = words.take()


def _read_oif(question: _Question, words: Words) -> None:
    question.oif = words.take()


def _read_vrf(question: _Question, words: Words) -> None:
    question.vrf = vrf_index(question.program, words.take())


def _read_mark(question: _Question, words: Words) -> None:
    word = words.take()
    question.mark = unsigned(word, 32)
    if question.mark is None:
        raise wrong(word, "invalid mark value")


def _read_user(question: _Question, words: Words) -> None:
    word = words.take()
    question.user = unsigned(word, 32)
    if question.user is None:
        raise wrong(word, "invalid UID\n")


def _read_protocol(question: _Question, words: Words) -> None:
    word = words.take()
    question.protocol = _protocol(word)
    if question.protocol is None:
        raise wrong(word, 'Invalid "ipproto" value\n')


def _protocol(word: str) -> int | None:
    """Read a protocol above IP: a decimal number, or a name of /etc/protocols."""
    from _socket import getprotobyname

    digits = word.lstrip(" \t").removeprefix("+")
    if digits.isascii() and digits.isdigit() and whole(digits) < 256:
        return whole(digits)
    try:
        return getprotobyname(word)
    except (OSError, UnicodeError):
        return None


def _read_sport(question: _Question, words: Words) -> None:
    question.sport = _port(words, "sport")


def _read_dport(question: _Question, words: Words) -> None:
    question.dport = _port(words, "dport")


def _port(words: Words, key: str) -> int:
    word = words.take()
    port = unsigned(word, 16)
    if port is None:
        raise wrong(word, f"invalid {key}\n")
    return port


def _set_flag(flag: int) -> Reader:
    """Make the reader of a word that sets a flag of the request."""

    def read(question: _Question, _: Words) -> None:
        question.flags |= flag

    return read


def _read_connected(question: _Question, _: Words) -> None:
    question.connected = True


_READERS: dict[str, Reader] = {
    "tos": _read_tos,
    "[dsfield]": _read_tos,
    "[from]": _read_from,
    "[iif]": _read_iif,
    "[mark]": _read_mark,
    "[oif]": _read_oif,
    "dev": _read_oif,
    "[notify]": _set_flag(RTM_F.NOTIFY),
    "[connected]": _read_connected,
    "[vrf]": _read_vrf,
    "[uid]": _read_user,
    "[fibmatch]": _set_flag(RTM_F.FIB_MATCH),
    "as": _read_newdst,
    "[sport]": _read_sport,
    "[dport]": _read_dport,
    "[ipproto]": _read_protocol,
}
