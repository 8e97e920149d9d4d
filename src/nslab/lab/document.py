"""The text of a lab file as a plain tree, with the line at which each part stands.

A `Document` is what the file says and nothing more: no key of it is known here. Every limit that
keeps a hostile file harmless is here too: its size, its depth, the growth of its aliases.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from msgspec import Struct, field

from nslab.errors import LabFileError, Problem, UsageError, printable

if TYPE_CHECKING:
    from collections.abc import Callable

Tree: TypeAlias = "bool | int | float | str | list[Tree] | dict[str, Tree] | None"
"""What JSON can say."""

Path: TypeAlias = tuple[str | int, ...]
"""The way from the top of a tree to one of its parts, as `("bridges", "lan", "ports", 0)`."""

MAX_BYTES = 64 << 20
"""The largest file that is read."""

MAX_DEPTH = 64
"""How many mappings and lists may lie inside one another."""

MAX_VALUES = 2_000_000
"""How many values a tree may have once its aliases are written out."""

MAX_DIGITS = 24
"""How long a number may be: no key takes one as long as that."""

FORMATS = {".yaml": "yaml", ".yml": "yaml", ".toml": "toml", ".json": "json"}
"""The format of a file by its suffix."""


class Place(NamedTuple):
    """Where a part of a tree was written; places compare in the order of the writing."""

    order: int
    source: str | None
    line: int | None


class Document(Struct):
    """A tree, and where its parts stand.

    Attributes:
        tree: the text's value.
        source: the file as it is shown in errors, or None.
        places: by path; a part that is missing here stands where the part around it stands.
        spelled: how the file writes numbers that Python writes otherwise, as `007`, by path.
        problems: what is wrong with the text but does not stop its reading (duplicate keys).
        last: the order of the last place.
    """

    tree: Tree
    source: str | None = None
    places: dict[Path, Place] = field(default_factory=dict)
    spelled: dict[Path, str] = field(default_factory=dict)
    problems: list[tuple[Place, Path, Problem]] = field(default_factory=list)
    last: int = 0

    def place(self, path: Path) -> Place:
        """Give the place of a part, or else of the nearest part around it."""
        return self.places.get(self.known(path)) or Place(0, self.source, None)

    def known(self, path: Path) -> Path:
        """Give the nearest path, this one or one around it, whose place is known."""
        while path and path not in self.places:
            path = path[:-1]
        return path

    def has(self, path: Path) -> bool:
        """Say whether the tree has a part at this path."""
        here: Tree = self.tree
        for part in path:
            if isinstance(here, dict) and part in here:
                here = here[str(part)]
            elif isinstance(here, list) and isinstance(part, int) and part < len(here):
                here = here[part]
            else:
                return False
        return True

    def refuse(
        self, path: Path, message: str, *, hint: str | None = None, place: Place | None = None
    ) -> None:
        """Note what is wrong at a path; `place` where that is not the path's own."""
        at = place or self.place(path)
        message, hint = printable(message), hint and printable(hint)
        problem = Problem(spell(path), message, source=at.source, line=at.line, hint=hint)
        self.problems.append((at, path, problem))

    def errors(self) -> LabFileError:
        """Give all that was noted as one error, in the order of the file."""
        order = {path: index for index, path in enumerate(self.places)}

        def rank(noted: tuple[Place, Path, Problem]) -> tuple[int, int]:
            place, path, _ = noted
            return place.order, order.get(self.known(path), -1)

        return LabFileError([problem for _, _, problem in sorted(self.problems, key=rank)])


class Syntax(Exception):  # noqa: N818 - never leaves this package: parse() makes a LabFileError of it
    """The text cannot be read on from a line."""

    def __init__(self, message: str, line: int | None, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.line = line
        self.hint = hint


_WORD = re.compile(r"[A-Za-z0-9_-]+")


def spell(path: Path) -> str:
    """Write a path as errors show it: `nodes.far.routes[0].via`, `nodes["a.b"]`."""
    words: list[str] = []
    for part in path:
        if isinstance(part, int):
            words.append(f"[{part}]")
        elif _WORD.fullmatch(part):
            words.append(f".{part}" if words else part)
        else:
            words.append(f"[{quote(part)}]")
    return "".join(words)


def quote(value: object) -> str:
    """Write a value for an error: on one line, printable, cut where it is long."""
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, str):
        shown = value if len(value) <= 80 else value[:77] + "..."
        import json

        return printable(json.dumps(shown, ensure_ascii=False))
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return str(value)


def parse(text: str, style: str, source: str | None = None) -> Document:
    """Read a text.

    Args:
        text: the whole file.
        style: `yaml`, `toml` or `json`.
        source: the file as errors show it.

    Raises:
        LabFileError: the text is not of that format, or is over a limit.
        UsageError: no such format.
    """
    readers: dict[str, Callable[[str, Document], None]]
    readers = {"yaml": _read_yaml, "toml": _read_toml, "json": _read_json}
    if style not in readers:
        raise UsageError(f"no format {quote(style)}", hint="one of yaml, toml, json")
    document = Document(None, source)
    try:
        _check_size(text)
        readers[style](text, document)
    except RecursionError:
        raise LabFileError([Problem("", too_deep(), source=source)]) from None
    except Syntax as error:
        problem = Problem("", str(error), source=source, line=error.line, hint=error.hint)
        raise LabFileError([problem]) from None
    document.last = max((place.order for place in document.places.values()), default=0)
    return document


def too_deep() -> str:
    """Say that a text has too many things inside one another."""
    return f"mappings and lists lie more than {MAX_DEPTH} deep"


def _check_size(text: str) -> None:
    if len(text) > MAX_BYTES:
        raise Syntax(f"is larger than {MAX_BYTES >> 20} MiB", None)


def _read_yaml(text: str, document: Document) -> None:
    from nslab.lab.scan_yaml import read

    read(text, document)


def _read_json(text: str, document: Document) -> None:
    from nslab.lab.scan_flow import read_json

    read_json(text, document)


def _read_toml(text: str, document: Document) -> None:
    from nslab.lab.scan_flow import read_toml

    read_toml(text, document)
