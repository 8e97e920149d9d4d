"""Taking values out of a document, noting every one that is not what its key takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nslab.lab import names
from nslab.lab.document import quote
from nslab.lab.words import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from nslab.lab.document import Document, Path, Tree
    from nslab.lab.words import Words


_HINTS = 20
"""So many problems may have been noted before one that tells the nearest known word."""


class Reader:
    """Gives the parts of a document as what they should be, or notes why they are not.

    Every method gives None (or an empty container) for a value that it refused; the caller goes on,
    so that one reading finds every problem.
    """

    def __init__(self, document: Document) -> None:
        self.document = document

    @property
    def faults(self) -> int:
        """How many problems were noted so far."""
        return len(self.document.problems)

    def nearest(self, word: str, known: Iterable[str]) -> str | None:
        """Give the hint that names the nearest known word, if it is one of the first unknown ones.

        To look for it among thousands takes long, and a file may have thousands of unknown words.
        """
        return names.nearest(word, known) if self.faults < _HINTS else None

    def _key_hint(self, key: str, words: Words) -> str | None:
        """Give the hint that names the nearest key, or else all, if one of the first unknown."""
        near = self.nearest(key, words)
        return near or (f"the keys here are {_listed(words)}" if self.faults < _HINTS else None)

    def refuse(self, path: Path, message: str, hint: str | None = None) -> None:
        """Note a problem at a path."""
        self.document.refuse(path, message, hint=hint)

    def refuse_value(
        self, path: Path, value: object, message: str, hint: str | None = None
    ) -> None:
        """Note a problem with the value at a path, the value quoted."""
        self.document.refuse(path, f"{quote(value)} {message}", hint=hint)

    def object(
        self, value: Tree, path: Path, words: Words, hint: str | None = None
    ) -> dict[str, Tree] | None:
        """Take a mapping whose keys must be known; keys of later versions are refused."""
        if not isinstance(value, dict):
            known = _listed(words)
            if value is None and not path:
                self.refuse(path, "nothing is in it", f"a lab is a mapping of {known}")
            else:
                self.refuse_value(path, value, f"is not a mapping of {known}", hint)
            return None
        for key in value:
            word = words.get(key)
            if word is None:
                self.refuse((*path, key), "unknown key", self._key_hint(key, words))
            elif word.kind is Kind.LATER:
                self.refuse((*path, key), "not supported yet")
        for key, word in words.items():
            if word.required and key not in value:
                self.refuse(path, f'has no "{key}"', f"{key}: {word.doc}")
        return value

    def named(self, value: Tree, path: Path) -> dict[str, Tree]:
        """Take a mapping from names to anything; nothing said is none."""
        if value is None or isinstance(value, dict):
            return value or {}
        self.refuse_value(path, value, "is not a mapping by name")
        return {}

    def items(self, value: Tree, path: Path) -> list[Tree]:
        """Take a list; nothing said is none."""
        if value is None or isinstance(value, list):
            return value or []
        self.refuse_value(path, value, "is not a list", "begin each item with '-'")
        return []

    def texts(self, value: Tree, path: Path) -> list[tuple[Path, str]]:
        """Take one text or a list of texts, each with its path."""
        if isinstance(value, str):
            return [(path, value)]
        if not isinstance(value, list):
            self.refuse_value(path, value, "is not a text or a list of texts", "[] for none")
            return []
        found = []
        for index, item in enumerate(value):
            text = self.text(item, (*path, index))
            if text is not None:
                found.append(((*path, index), text))
        return found

    def text(self, value: Tree, path: Path) -> str | None:
        """Take a text."""
        if isinstance(value, str):
            return value
        scalar = isinstance(value, bool | int | float)
        said = self.document.spelled.get(path) if scalar else None
        shown = said or quote(value)
        hint = f'put it in quotes: "{shown}"' if scalar else None
        self.refuse(path, f"{shown} is not a text", hint)
        return None

    def sound(self, value: Tree, path: Path, fault: Callable[[str], str]) -> str | None:
        """Take a text in which `fault` finds nothing wrong."""
        text = self.text(value, path)
        if text is not None and (message := fault(text)):
            self.refuse_value(path, text, message)
            return None
        return text

    def flag(self, value: Tree, path: Path) -> bool:
        """Take true or false."""
        if not isinstance(value, bool):
            self.refuse_value(path, value, "is not true or false", switch_hint(value))
        return value is True

    def whole(self, value: Tree, path: Path, low: int, high: int) -> int | None:
        """Take a whole number from `low` to `high`."""
        if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
            return value
        self.refuse_value(path, value, f"is not a whole number from {low} to {high}")
        return None


def switch_hint(value: Tree) -> str | None:
    """Give the hint for a word that is true or false to others, and to YAML 1.1."""
    meant = next((key for key, said in _SWITCHES.items() if str(value).lower() in said), None)
    return f"say {meant}" if meant else None


_SWITCHES = {"true": ("yes", "on", "y"), "false": ("no", "off", "n")}


def _listed(words: Words) -> str:
    return ", ".join(key for key, word in words.items() if word.kind is not Kind.LATER)
