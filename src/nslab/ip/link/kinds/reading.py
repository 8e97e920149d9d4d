"""How the words after `type KIND` are read: a table of options, whose order decides."""

from __future__ import annotations

from nslab.errors import IpError
from nslab.ip.words import find, integer, matches, unsigned, wrong

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from nslab.ip.program import Program
    from nslab.ip.words import Words

    Option = Callable[["Reading", Words], None]
    Values = dict[str, Any]

_U64 = (1 << 64) - 1


class Reading:
    """One reading of a kind's words.

    Attributes:
        program: the run that it belongs to.
        kind: the kind's name, as it was given.
        creating: whether the link is being made.
        values: members of the kind's message, by name, in the order in which they were given.
        seen: options that may come only once, by name.
    """

    def __init__(self, program: Program, kind: str, *, creating: bool) -> None:
        self.program = program
        self.kind = kind
        self.creating = creating
        self.values: Values = {}
        self.seen: set[str] = set()

    def read(self, words: Words, options: Mapping[str, Option], usage: str, what: str) -> Values:
        """Read all words by a table; `what` names an unknown one: "command" or "option".

        Raises:
            IpError: a word is not known or its value is wrong; `help` gives the usage.
        """
        while words:
            word = words.take()
            option = find(word, options)
            if option is not None:
                option(self, words)
            elif matches(word, "[help]"):
                raise IpError(usage, 1)
            else:
                raise IpError(f'{self.kind}: unknown {what} "{word}"?\n{usage}', 1)
        return self.values


def number(member: str, bits: int, reason: str) -> Option:
    """Make the option that is an unsigned number of so many bits."""

    def read(reading: Reading, words: Words) -> None:
        word = words.take()
        value = unsigned(word, bits)
        if value is None:
            raise wrong(word, reason)
        reading.values[member] = value

    return read


def long_number(member: str, reason: str) -> Option:
    """Make the option that is a number of 64 bits; a negative one wraps around, as in C."""

    def read(reading: Reading, words: Words) -> None:
        word = words.take()
        value = integer(word, -_U64, _U64)
        if value is None:
            raise wrong(word, reason)
        reading.values[member] = value & _U64

    return read


def signed_number(member: str, reason: str) -> Option:
    """Make the option that is a signed number of 32 bits."""

    def read(reading: Reading, words: Words) -> None:
        word = words.take()
        value = integer(word, -(1 << 31), (1 << 31) - 1)
        if value is None:
            raise wrong(word, reason)
        reading.values[member] = value

    return read


def constant(member: str, value: object) -> Option:
    """Make the option that is a word without a value."""

    def read(reading: Reading, _: Words) -> None:
        reading.values[member] = value

    return read


def hardware_address(member: str) -> Option:
    """Make the option that is a link-layer address."""

    def read(reading: Reading, words: Words) -> None:
        from nslab.ip.lladdr import read_lladdr

        reading.values[member] = read_lladdr(words.take())

    return read


def link_index(member: str, code: int) -> Option:
    """Make the option that is the name of a link; `code` is the exit code if it is not there."""

    def read(reading: Reading, words: Words) -> None:
        reading.values[member] = find_link(reading.program, words.take(), code)

    return read


def find_link(program: Program, name: str, code: int) -> int:
    """Give the ifindex of a link.

    Raises:
        IpError: it is not there; 255 as exit code ends a batch, too.
    """
    index = program.links.find(name)
    if not index:
        raise IpError(f'Cannot find device "{name}"', code, ends_batch=code == 255)
    return index


def switch(name: str, words: Words) -> bool:
    """Read `on` or `off`; `name` is the option's.

    Raises:
        IpError: it is neither.
    """
    word = words.take()
    if word not in ("on", "off"):
        raise IpError(f'Error: argument of "{name}" must be "on" or "off", not "{word}"', 1)
    return word == "on"
