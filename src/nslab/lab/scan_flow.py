"""JSON and TOML as trees with lines.

The standard library reads the values; a scan of the same text finds the lines. The scan trusts
what the library has accepted, so it only follows brackets, keys and commas.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from nslab.lab.document import (
    MAX_DEPTH,
    MAX_DIGITS,
    Document,
    Path,
    Place,
    Syntax,
    Tree,
    quote,
    too_deep,
)

if TYPE_CHECKING:
    from collections.abc import Iterator


def read_json(text: str, document: Document) -> None:
    """Put a JSON text into `document`.

    Raises:
        Syntax: what cannot be read, and in which line.
    """
    try:
        document.tree = json.loads(text, parse_int=_whole, object_pairs_hook=_first)
    except json.JSONDecodeError as error:
        raise Syntax(f"not JSON: {error.msg}", error.lineno) from None
    except RecursionError:
        pass  # the scan gives up before, and knows its line
    _Scan(text, document, separator=":").value(())


def read_toml(text: str, document: Document) -> None:
    """Put a TOML text into `document`.

    Raises:
        Syntax: what cannot be read, and in which line.
    """
    import tomllib

    _check_dots(text)
    try:
        document.tree = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        words, _, where = str(error).partition(" (at ")
        line = re.match(r"line (\d+)", where)
        number = int(line[1]) if line else text.count("\n") + 1
        if words.startswith(_AGAIN):
            _refuse_twice(text, number, document)
        raise Syntax(f"not TOML: {words}", number) from None
    except (RecursionError, ValueError):
        pass  # likewise: it is too deep, or has a number that is too long
    _Scan(text, document, separator="=").statements()


_AGAIN = ("Cannot declare", "Cannot overwrite", "Duplicate inline")
"""How tomllib begins to say that a key is given twice."""


def _refuse_twice(text: str, line: int, document: Document) -> None:
    """Name the key that stands twice in a text up to this line, if it can be found.

    Raises:
        LabFileError: it was.
    """
    scan = _Scan("\n".join(text.split("\n")[:line]), document, separator="=")
    scan.statements()
    path, begun = scan.last
    while path and isinstance(path[-1], int):
        path = path[:-1]
    if not document.problems and document.place(path).line != begun:
        scan.twice(path, begun)
    if document.problems:
        raise document.errors()


def _check_dots(text: str) -> None:
    """Refuse longer chains of words and dots than any key is, or any other text of a lab.

    tomllib would take memory by the square of their length.
    """
    for number, line in enumerate(text.split("\n"), 1):
        if line.count(".") < MAX_DEPTH:
            continue
        length = 0
        for part in line.split("."):
            length = length + 1 if _KEY.fullmatch(part) else 0
            if length > MAX_DEPTH:
                raise Syntax(too_deep(), number)


_KEY = re.compile(r"""[ \t]*([A-Za-z0-9_-]+|"[^"]*"|'[^']*')[ \t]*""")


def _first(pairs: list[tuple[str, Tree]]) -> dict[str, Tree]:
    """Keep the first of a key given twice, as the scan for lines does."""
    found: dict[str, Tree] = {}
    for key, value in pairs:
        found.setdefault(key, value)
    return found


def _whole(digits: str) -> int:
    """Read a number; one that is too long the scan refuses, which knows its line."""
    return 0 if len(digits) > MAX_DIGITS else int(digits)


_CONSTANTS = {"NaN", "Infinity", "-Infinity"}

_WORD = re.compile(
    r'(?P<text>"""(?:[^\\]|\\.)*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\')'
    r"|(?P<skip>[ \t\r]+|\#[^\n]*)|(?P<end>\n)|(?P<mark>[][{},=:.])"
    r"|(?P<bare>[^][{},=:.\s\"'#]+)",
    re.DOTALL,
)


class _Scan:
    """Follows a text that the library has accepted, and notes the line of each part."""

    def __init__(self, text: str, document: Document, *, separator: str) -> None:
        self.document = document
        self.separator = separator
        self.words = self.split(text)
        self.line = 1
        self.word = ""
        self.last: tuple[Path, int] = ((), 0)
        self.step()

    def split(self, text: str) -> Iterator[tuple[str, int]]:
        line = 1
        for found in _WORD.finditer(text):
            if found.lastgroup != "skip":
                yield found[0], line
            line += found[0].count("\n")

    def step(self) -> str:
        """Go on to the next word and give the one left behind; "" when the text has ended."""
        left = self.word
        self.word, self.line = next(self.words, ("", self.line))
        return left

    def blank(self) -> None:
        while self.word == "\n":
            self.step()

    def note(self, path: Path) -> None:
        self.document.places.setdefault(path, Place(self.line, self.document.source, self.line))

    def key(self) -> Path:
        """Take a key: in TOML perhaps several, joined by dots."""
        words = [_bare(self.step())]
        while self.word == ".":
            self.step()
            words.append(_bare(self.step()))
        if len(words) > MAX_DEPTH:
            raise Syntax(too_deep(), self.line)
        return tuple(words)

    def value(self, path: Path) -> None:
        """Take one value and all that is in it."""
        self.blank()
        if self.word in {"[", "{"} and len(path) >= MAX_DEPTH:
            raise Syntax(too_deep(), self.line)
        if self.word == "[":
            self.items(path)
        elif self.word == "{":
            self.pairs(path)
        else:
            while self.word not in {",", "]", "}", "\n", ""}:
                self.check()
                self.step()
        if self.separator == ":":
            self.blank()

    def check(self) -> None:
        """Refuse what JSON has no numbers for, though Python's reader does, and endless ones."""
        if self.separator == ":" and self.word in _CONSTANTS:
            raise Syntax(f"not JSON: {self.word} is no number there", self.line)
        if len(self.word) > MAX_DIGITS and self.word.lstrip("+-").replace("_", "").isdigit():
            raise Syntax(f"the number {quote(self.word)} is too long", self.line)

    def items(self, path: Path) -> None:
        self.step()
        self.blank()
        index = 0
        while self.word not in {"]", ""}:
            self.note((*path, index))
            self.value((*path, index))
            index += 1
            self.comma()
        self.step()

    def pairs(self, path: Path) -> None:
        self.step()
        self.blank()
        seen: set[Path] = set()
        while self.word not in {"}", ""}:
            line = self.line
            inner = (*path, *self.key())
            if inner in seen:
                self.twice(inner, line)
            seen.add(inner)
            self.pair(path, inner, line)
            self.comma()
        self.step()

    def twice(self, path: Path, line: int) -> None:
        first = self.document.place(path).line
        message = f"{quote(path[-1])} is given twice, first in line {first}"
        self.document.refuse(path, message, place=Place(line, self.document.source, line))

    def pair(self, outer: Path, inner: Path, line: int) -> None:
        """Take a key's value, and note every part of a dotted key."""
        place = Place(line, self.document.source, line)
        for length in range(len(outer) + 1, len(inner) + 1):
            self.document.places.setdefault(inner[:length], place)
        self.blank()
        self.step()
        self.value(inner)

    def comma(self) -> None:
        self.blank()
        if self.word == ",":
            self.step()
        self.blank()

    def statements(self) -> None:
        """Take the lines of a TOML file: headers and pairs."""
        table: Path = ()
        counts: dict[Path, int] = {}
        self.blank()
        while self.word:
            line = self.line
            if self.word == "[":
                path = table = self.header(counts, line)
            else:
                path = (*table, *self.key())
                self.pair(table, path, line)
            self.last = path, line
            self.blank()

    def header(self, counts: dict[Path, int], line: int) -> Path:
        """Take `[a.b]` or `[[a.b]]`: the path under which the next pairs stand."""
        self.step()
        many = self.word == "["
        if many:
            self.step()
        path: Path = ()
        words = self.key()
        for number, word in enumerate(words):
            path = (*path, word)
            self.document.places.setdefault(path, Place(line, self.document.source, line))
            if many and number == len(words) - 1:
                counts[path] = counts.get(path, -1) + 1
            if path in counts:
                path = (*path, counts[path])
        self.document.places.setdefault(path, Place(line, self.document.source, line))
        while self.word == "]":
            self.step()
        return path


def _bare(word: str) -> str:
    """Give the text of a key; escapes are those of JSON, near enough for finding a line."""
    if word[:1] == "'":
        return word[1:-1]
    if word[:1] != '"':
        return word
    try:
        return str(json.loads(word))
    except ValueError:
        return word[1:-1]
