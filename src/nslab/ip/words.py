"""The words of a command line: a cursor over them, abbreviations, and iproute2's complaints."""

from __future__ import annotations

from nslab.errors import IpError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import NoReturn, TypeVar

    from nslab.ip.program import Program

    T = TypeVar("T")
    Command = Callable[[Program, "Words"], None]

_LONGEST = 64
_MOST_DIGITS = 1000
WRONG_LINE = 255
"""The exit code of a command line that is wrong."""


class Elsewhere(Exception):  # noqa: N818 - no error: another program shall do it
    """Raised by a command that is not implemented here, before it has changed anything."""


class Words:
    """The words of a command line that are still to be read. True while there are any."""

    __slots__ = ("_next", "_words")

    def __init__(self, words: Sequence[str]) -> None:
        self._words = words
        self._next = 0

    def __bool__(self) -> bool:
        return self._next < len(self._words)

    def __len__(self) -> int:
        return len(self._words) - self._next

    def take(self) -> str:
        """Give the next word and go on.

        Raises:
            IpError: there is none.
        """
        if self._next >= len(self._words):
            raise line_error('Command line is not complete. Try option "help"')
        self._next += 1
        return self._words[self._next - 1]

    def peek(self) -> str | None:
        """Give the next word without going on, None at the end."""
        return self._words[self._next] if self else None

    def put_back(self) -> None:
        """Go back by one word."""
        self._next -= 1

    def rest(self) -> list[str]:
        """Give all that is left and go to the end."""
        found = list(self._words[self._next :])
        self._next = len(self._words)
        return found


def matches(word: str, pattern: str) -> bool:
    """Say whether a word is an abbreviation of a pattern: `[list]`, `br[oadcast]`, `dev`."""
    least, bracket, rest = pattern.partition("[")
    if not bracket:
        return word == pattern
    return word != "" and word.startswith(least) and (least + rest[:-1]).startswith(word)


def find(word: str, table: Mapping[str, T]) -> T | None:
    """Give the first entry of a table whose pattern the word abbreviates, None if there is none."""
    for pattern, value in table.items():
        if matches(word, pattern):
            return value
    return None


def integer(text: str, low: int, high: int) -> int | None:
    """Read a number as C's strtol does with base 0 (`10`, `0x1f`, `017`); None if it is none."""
    digits = text.lstrip(" \t\n\v\f\r")
    sign = -1 if digits.startswith("-") else 1
    digits = digits[1:] if digits[:1] in ("-", "+") else digits
    try:
        if digits[:2] in ("0x", "0X"):
            value = int(_plain(digits[2:]), 16)
        else:
            value = int(_plain(digits), 8 if digits.startswith("0") else 10)
    except ValueError:
        return None
    return sign * value if low <= sign * value <= high else None


def _plain(digits: str) -> str:
    """Refuse what `int` reads and C does not: signs, blanks, underscores, other scripts' digits."""
    if not digits.isascii() or not digits.isalnum():
        raise ValueError(digits)
    return digits


def whole(digits: str) -> int:
    """Read decimal digits, however many: of more than fit any place only some count.

    Python reads no more than 4,300 at once; "" is 0.
    """
    return int(digits.lstrip("0")[:_MOST_DIGITS] or "0")


def unsigned(text: str, bits: int) -> int | None:
    """Read a number of that many bits, None if it is none or does not fit.

    One of 64 bits may be negative, as for C's strtoull, and wraps around.
    """
    most = (1 << bits) - 1
    number = integer(text, -most if bits == _LONGEST else 0, most)
    return None if number is None else number & most


def off_or_on(key: str, word: str, code: int) -> int:
    """Read `off` as 0 and `on` as 1, both abbreviated as one likes.

    Raises:
        IpError: it is neither; `code` is its exit code.
    """
    for value, name in enumerate(("off", "on")):
        if matches(word, f"[{name}]"):
            return value
    raise IpError(f'Error: argument of "{key}" must be one of "off", "on", not "{word}"', code)


def line_error(message: str) -> IpError:
    """Make the error of a wrong command line, which ends a batch, too."""
    return IpError(message, WRONG_LINE, ends_batch=True)


def wrong(word: str, reason: str) -> IpError:
    """Make the error of a word that does not fit its place."""
    return line_error(f'Error: argument "{word}" is wrong: {reason}')


def duplicate(key: str, word: str) -> IpError:
    """Make the error of a value that was given already."""
    return line_error(f'Error: duplicate "{key}": "{word}" is the second value.')


def garbage(key: str, word: str) -> IpError:
    """Make the error of a word that names nothing, where `key` was given already."""
    return line_error(f'Error: either "{key}" is duplicate, or "{word}" is a garbage.')


def required(key: str) -> IpError:
    """Make the error of a value that is missing."""
    return line_error(f'Error: argument "{key}" is required')


def no_device(name: str) -> IpError:
    """Make the error of a link that is not there."""
    return IpError(f'Cannot find device "{name}"')


def help_of(usage: str) -> Command:
    """Make the command that shows an object's usage."""

    def show(_: Program, __: Words) -> NoReturn:
        raise line_error(usage)

    return show
