"""Files of command lines (`-batch`): quotes, comments, continued lines, as iproute2 reads them."""

from __future__ import annotations

import os

from nslab.errors import IpError
from nslab.ip.complain import complain
from nslab.ip.program import exit_code_of, tell
from nslab.ip.words import Elsewhere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nslab.ip.program import Program

_BLANKS = " \t\r\n"
_QUOTES = "'\""
_MOST_WORDS = 511
_CHUNK = 65536


def run_batch(program: Program, name: str) -> int:
    """Run every line of a file, or of the standard input for "-"; give the exit code.

    The first failing line ends it, unless -force was given.
    """
    try:
        fd = 0 if name == "-" else os.open(name, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        complain(f'Cannot open file "{name}" for reading: {reason}')
        return 1
    program.in_batch = True
    code = 0
    try:
        for number, line in _lines(fd):
            if not _run_line(program, line):
                complain(f"Command failed {name}:{number}")
                code = 1
                if not program.options.force:
                    break
    except IpError as error:
        tell(program, str(error))
        code = error.exit_code
    finally:
        program.out.flush()
    return code


def split(line: str) -> list[str]:
    """Split a line into words; a word that begins with a quote ends with the same quote.

    Raises:
        IpError: a quote without its end, or too many words.
    """
    words: list[str] = []
    rest = line.partition("\0")[0].lstrip(_BLANKS)
    while rest:
        if len(words) >= _MOST_WORDS:
            raise IpError("Too many arguments to command", 1, ends_batch=True)
        word, rest = _first_word(rest)
        words.append(word)
        rest = rest.lstrip(_BLANKS)
    return words


def _first_word(text: str) -> tuple[str, str]:
    if text[0] in _QUOTES:
        word, quote, rest = text[1:].partition(text[0])
        if not quote:
            raise IpError("Unterminated quoted string", 1, ends_batch=True)
        return word, rest
    end = next((at for at, letter in enumerate(text) if letter in _BLANKS), len(text))
    return text[:end], text[end:]


def _run_line(program: Program, line: str) -> bool:
    words = split(line)
    if not words:
        return True
    family = program.options.family
    try:
        program.run(words)
    except IpError as error:
        if error.ends_batch:
            raise
        tell(program, str(error))
        return not exit_code_of(program, error)
    except Elsewhere:
        return _hand_over_line(program, words)
    finally:
        program.options.family = family
    return True


def _hand_over_line(program: Program, words: Sequence[str]) -> bool:
    from nslab.ip.handover import run_elsewhere

    program.out.flush()
    return run_elsewhere(program, words) == 0


def _lines(fd: int) -> Iterator[tuple[int, str]]:
    """Give each line with those that continue it, and the number of the last of them."""
    whole, goes_on = "", False
    for number, raw in enumerate(_raw_lines(fd), 1):
        text = raw.partition("#")[0]
        whole += text.removesuffix("\\\n")
        goes_on = text.endswith("\\\n")
        if not goes_on:
            yield number, whole
            whole = ""
    if goes_on:
        complain("Missing continuation line")


def _raw_lines(fd: int) -> Iterator[str]:
    """Give lines as soon as they come, for a writer may wait for their effect."""
    left = b""
    while chunk := _read(fd):
        *whole, left = (left + chunk).split(b"\n")
        for line in whole:
            yield line.decode("utf-8", "surrogateescape") + "\n"
    if left:
        yield left.decode("utf-8", "surrogateescape")


def _read(fd: int) -> bytes:
    try:
        return os.read(fd, _CHUNK)
    except OSError:
        return b""
