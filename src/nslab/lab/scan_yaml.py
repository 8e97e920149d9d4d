"""YAML as a tree with lines: PyYAML's events, and the scalars of YAML 1.2's core schema.

Events rather than PyYAML's own trees: the depth is known before anything recurses, an alias is
counted before it is written out, and no word becomes a boolean or a time behind the writer's back.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeAlias

from msgspec import Struct

from nslab.lab.document import (
    MAX_DEPTH,
    MAX_DIGITS,
    MAX_VALUES,
    Document,
    Path,
    Place,
    Syntax,
    Tree,
    quote,
    too_deep,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    import yaml

    Event: TypeAlias = yaml.events.Event

_PLAIN: dict[str, Tree] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_NUMBER = re.compile(
    r"(?P<whole>[-+]?[0-9]+)|0o(?P<octal>[0-7]+)|0x(?P<hex>[0-9a-fA-F]+)"
    r"|[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?"
    r"|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"
)


def plain(text: str, line: int | None = None) -> Tree:
    """Give the value of an unquoted scalar by the rules of YAML 1.2's core schema.

    Raises:
        Syntax: a number longer than any key takes.
    """
    if text in _PLAIN:
        return _PLAIN[text]
    if text[0] not in "+-.0123456789" or not (found := _NUMBER.fullmatch(text)):
        return text
    if len(text) > MAX_DIGITS:
        raise Syntax(f"the number {quote(text)} is too long", line)
    for name, radix in (("whole", 10), ("octal", 8), ("hex", 16)):
        if digits := found[name]:
            return int(digits, radix)
    return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))


def read(text: str, document: Document) -> None:
    """Put the text's one YAML document into `document`.

    Raises:
        Syntax: what cannot be read, and in which line.
    """
    import yaml

    grower = _Grower(document)
    try:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text)
        for event in iter(loader.get_event, None):
            grower.take(event)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise Syntax("a character that YAML does not allow", line) from None
    except yaml.MarkedYAMLError as error:
        raise _syntax(error, text) from None
    except UnicodeEncodeError as error:
        line = text.count("\n", 0, error.start) + 1
        raise Syntax("a character that is no character (half a surrogate pair)", line) from None


def _syntax(error: yaml.MarkedYAMLError, text: str) -> Syntax:
    mark = error.problem_mark or error.context_mark
    line = None if mark is None else mark.line + 1
    where = f" {error.context}" if error.context else ""
    written = text.splitlines()[line - 1 : line] if line else []
    tabbed = any("\t" in item[: len(item) - len(item.lstrip())] for item in written)
    hint = "indent with spaces, not with tabs" if tabbed else None
    return Syntax(f"not YAML: {error.problem}{where}", line, hint=hint)


class _Open(Struct):
    """A mapping or list whose end has not come yet; `key` is the one whose value comes next."""

    value: list[Tree] | dict[str, Tree]
    path: Path
    anchor: str | None
    key: str | None = None


class _Grower:
    """Builds the tree as the events come."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.open: list[_Open] = []
        self.anchors: dict[str, Tree] = {}
        self.count = 0
        self.begun = False
        self.here = Place(0, document.source, None)

    def take(self, event: Event) -> None:
        """Take the next event."""
        step = _STEPS.get(type(event).__name__)
        if step:
            mark = event.start_mark
            line = mark.line + 1 if mark is not None else 0
            if line != self.here.order:
                self.here = Place(line, self.document.source, line)
            step(self, event)

    def start(self, _event: Event) -> None:
        if self.begun:
            raise Syntax("a second document begins here", self.here.line, hint="one lab a file")
        self.begun = True

    def mapping(self, event: yaml.MappingStartEvent) -> None:
        self.enter(event, {})

    def sequence(self, event: yaml.SequenceStartEvent) -> None:
        self.enter(event, [])

    def enter(self, event: yaml.CollectionStartEvent, value: list[Tree] | dict[str, Tree]) -> None:
        if self.wants_key():
            raise Syntax("a mapping or list cannot be a key", self.here.line)
        if event.tag not in {None, "!"}:
            self.refuse_tag(event.tag)
        if len(self.open) >= MAX_DEPTH:
            raise Syntax(too_deep(), self.here.line)
        path = self.put(value)
        if event.anchor:
            self.anchors.pop(event.anchor, None)
        self.open.append(_Open(value, path, event.anchor))

    def leave(self, _event: Event) -> None:
        closed = self.open.pop()
        if closed.anchor:
            self.anchors[closed.anchor] = closed.value

    def scalar(self, event: yaml.ScalarEvent) -> None:
        tagged = event.tag not in {None, "!", "tag:yaml.org,2002:str"}
        if tagged:
            self.refuse_tag(event.tag)
        if self.wants_key():
            self.take_key(event.value)
            if event.anchor:
                self.anchors[event.anchor] = event.value
            return
        is_plain = event.style in {None, ""} and (tagged or event.tag is None)
        value = plain(event.value, self.here.line) if is_plain else event.value
        if event.anchor:
            self.anchors[event.anchor] = value
        path = self.put(value)
        if is_plain and not isinstance(value, str) and quote(value) != event.value:
            self.document.spelled[path] = event.value

    def alias(self, event: yaml.AliasEvent) -> None:
        if event.anchor not in self.anchors:
            around = any(item.anchor == event.anchor for item in self.open)
            message = "stands inside its own value" if around else "has no anchor before it"
            raise Syntax(f"the alias {quote(event.anchor)} {message}", self.here.line)
        value = self.copied(self.anchors[event.anchor], len(self.open))
        if not self.wants_key():
            self.put(value)
        elif isinstance(value, str):
            self.take_key(value)
        else:
            raise Syntax("only a text can be a key", self.here.line)

    def refuse_tag(self, tag: str | None) -> None:
        """Note a tag, and go on as if it were not there."""
        place = self.open[-1] if self.open else None
        path: Path = place.path if place else ()
        if place is not None and isinstance(place.value, list):
            path = (*path, len(place.value))
        elif place is not None and place.key is not None:
            path = (*path, place.key)
        message = f"tags such as {quote(tag)} are not supported"
        self.document.refuse(path, message, place=self.here)

    def wants_key(self) -> bool:
        if not self.open:
            return False
        parent = self.open[-1]
        return parent.key is None and type(parent.value) is dict

    def take_key(self, key: str) -> None:
        parent = self.open[-1]
        parent.key = key
        path = (*parent.path, key)
        if key == "<<":
            hint = "write its keys out"
            self.document.refuse(path, "merge keys are not supported", hint=hint, place=self.here)
        elif key in parent.value:
            first = self.document.places[path].line
            message = f"{quote(key)} is given twice, first in line {first}"
            self.document.refuse(path, message, place=self.here)
        else:
            self.document.places[path] = self.here

    def put(self, value: Tree) -> Path:
        """Hang a value where the next one belongs, and say where that is."""
        self.count += 1
        if self.count > MAX_VALUES:
            raise Syntax(f"has more than {MAX_VALUES} values", self.here.line)
        if not self.open:
            self.document.tree = value
            return ()
        parent = self.open[-1]
        into = parent.value
        if isinstance(into, list):
            path: Path = (*parent.path, len(into))
            self.document.places.setdefault(path, self.here)
            into.append(value)
            return path
        key, parent.key = parent.key or "", None
        if key != "<<":
            into.setdefault(key, value)
        return (*parent.path, key)

    def copied(self, value: Tree, depth: int) -> Tree:
        """Write an alias out, so that no two places of the tree are one object."""
        if not isinstance(value, list | dict):
            return value
        self.count += len(value)
        if self.count > MAX_VALUES:
            raise Syntax(f"has more than {MAX_VALUES} values with its aliases", self.here.line)
        if depth >= MAX_DEPTH:
            raise Syntax(too_deep(), self.here.line)
        if isinstance(value, list):
            return [self.copied(item, depth + 1) for item in value]
        return {key: self.copied(item, depth + 1) for key, item in value.items()}


_STEPS: dict[str, Callable[[_Grower, Any], None]] = {
    "DocumentStartEvent": _Grower.start,
    "MappingStartEvent": _Grower.mapping,
    "SequenceStartEvent": _Grower.sequence,
    "MappingEndEvent": _Grower.leave,
    "SequenceEndEvent": _Grower.leave,
    "ScalarEvent": _Grower.scalar,
    "AliasEvent": _Grower.alias,
}
