"""What stands before the object on a command line: `ip -j -n red …`."""

from __future__ import annotations

from nslab.ip.output import colour_wanted
from nslab.ip.words import Words, line_error, matches, unsigned, whole, wrong

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Setter = Callable[["Options", Words, str], None]

AF_UNSPEC = 0
FAMILIES = {"inet": 2, "inet6": 10, "link": 17, "mpls": 28, "bridge": 7}
"""Families by the names that -family takes (linux/socket.h)."""


class Options:
    """The global options; each is at its default until given.

    Attributes:
        family: AF_INET, AF_INET6, AF_PACKET, AF_MPLS, AF_BRIDGE or AF_UNSPEC.
        statistics, details, oneline, json, pretty, brief: how often given.
        loops: how often a flush tries again (-loops).
        batch: the file of command lines, "-" for the standard input, or None.
        color: "always", "auto", "never" or "".
    """

    def __init__(self) -> None:
        self.family = AF_UNSPEC
        self.statistics = 0
        self.details = 0
        self.oneline = 0
        self.json = 0
        self.pretty = 0
        self.brief = 0
        self.resolve = 0
        self.numeric = 0
        self.timestamp = 0
        self.short_timestamp = 0
        self.human = 0
        self.iec = 0
        self.all = 0
        self.force = 0
        self.echo = 0
        self.compress_vlans = 0
        self.version = 0
        self.loops = 10
        self.batch: str | None = None
        self.color = ""


def read(program: str, usage: str, table: Mapping[str, Setter], words: Words) -> Options:
    """Read the options of a program up to the object, by its table, whose order decides.

    Raises:
        IpError: an option is not known, or its value is missing or wrong.
    """
    options = Options()
    while not options.version and (words.peek() or "").startswith("-"):
        word = words.take()
        if word == "--":
            break
        option = word[1:] if word.startswith("--") else word
        if not _set(options, option, words, table, usage):
            hint = "-help" if program == "ip" else "help"
            raise line_error(f'Option "{option}" is unknown, try "{program} {hint}".')
    return options


def _set(
    options: Options, option: str, words: Words, table: Mapping[str, Setter], usage: str
) -> bool:
    for pattern, setter in table.items():
        if matches(option, pattern):
            setter(options, words, usage)
            return True
    color = colour_wanted(option)
    options.color = color or options.color
    return color is not None


def counted(name: str) -> Setter:
    """Make the setter of an option without a value."""

    def count(options: Options, _: Words, __: str) -> None:
        setattr(options, name, getattr(options, name) + 1)

    return count


def family_of(name: str) -> Setter:
    """Make the setter of an option that is short for a family."""

    def choose(options: Options, _: Words, __: str) -> None:
        options.family = FAMILIES[name]

    return choose


def set_loops(options: Options, words: Words, usage: str) -> None:
    """Read -loops, a number as C's atoi reads it."""
    text = _value(words, usage)
    digits = text[: len(text) - len(text.lstrip("0123456789"))]
    options.loops = whole(digits)


def set_family(options: Options, words: Words, usage: str) -> None:
    """Read -family."""
    name = _value(words, usage)
    if name == "help":
        raise line_error(usage)
    if name not in FAMILIES:
        raise wrong(name, "invalid protocol family")
    options.family = FAMILIES[name]


def set_protocol(options: Options, words: Words, usage: str) -> None:
    """Read -family as `bridge` does, which has only the two internet protocols."""
    name = _value(words, usage)
    if name not in ("inet", "inet6"):
        raise line_error(usage) if name == "help" else wrong(name, "invalid protocol family")
    options.family = FAMILIES[name]


def set_batch(options: Options, words: Words, usage: str) -> None:
    """Read -batch."""
    options.batch = _value(words, usage)


def check_rcvbuf(_: Options, words: Words, usage: str) -> None:
    """Read -rcvbuf; our own receive buffer never overflows."""
    size = _value(words, usage)
    if unsigned(size, 32) is None:
        raise line_error(f"Invalid rcvbuf size '{size}'")


def enter_netns(_: Options, words: Words, __: str) -> None:
    """Read -netns, and enter it at once, as what follows may name another."""
    from nslab.ip.enter import enter

    enter(words.take() if words else "(null)")


def show_usage(_: Options, __: Words, usage: str) -> None:
    """Read -help."""
    raise line_error(usage)


def _value(words: Words, usage: str) -> str:
    if not words:
        raise line_error(usage)
    return words.take()
