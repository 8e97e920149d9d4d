"""What a command prints: text or JSON out of one code, kept until the command is done.

In text, `put` prints its form; in JSON, its key and value. What only one of the two has is said
with `text` or `json`. The JSON is iproute2's to the byte: compact, or indented by 4 under `-p`.
"""

from __future__ import annotations

import os

from nslab.ip.words import matches

TYPE_CHECKING = False
if TYPE_CHECKING:
    Scalar = str | int | float | bool | None

COLOURS = ("ifname", "mac", "inet", "inet6", "up", "down")
"""What has a colour of its own, in the order of the codes below."""

_LIGHT = ("36", "33", "35", "34", "32", "31")
_DARK = ("1;36", "1;33", "1;35", "1;34", "1;32", "1;31")
_DARK_BACKGROUNDS = ("0", "1", "2", "3", "4", "5", "6", "8")
_ENOUGH = 32768
_ESCAPES = str.maketrans(
    {"\t": "\\t", "\n": "\\n", "\r": "\\r", "\f": "\\f", "\b": "\\b", "\\": "\\\\", '"': '\\"'}
)


class Output:
    """The standard output of one command, as text or as one JSON document a `begin`."""

    __slots__ = ("_codes", "_depth", "_parts", "_pretty", "_separator", "_size", "is_json", "line")

    def __init__(self, *, json: bool = False, pretty: bool = False, oneline: bool = False) -> None:
        """Start with nothing written; `line` is what ends a line of text."""
        self.is_json = json
        self.line = "\\" if oneline else "\n"
        self._pretty = pretty
        self._parts: list[str] = []
        self._size = 0
        self._depth = 0
        self._separator = ""
        self._codes: dict[str, str] = {}

    def set_colours(self) -> None:
        """Print in colour from now on; COLORFGBG says whether the background is dark."""
        _, semicolon, background = os.environ.get("COLORFGBG", "").rpartition(";")
        dark = bool(semicolon) and background in _DARK_BACKGROUNDS
        self._codes = dict(zip(COLOURS, _DARK if dark else _LIGHT, strict=True))

    def begin(self) -> None:
        """Begin the JSON document, which is an array."""
        self.open_array()

    def end(self) -> None:
        """End the JSON document."""
        self.close_array()
        if self.is_json:
            self._write("\n")
            self._separator = ""

    def open(self, key: str | None = None) -> None:
        """Begin a JSON object; inside an object under its key."""
        if self.is_json:
            self._name(key)
            self._begin("{")

    def close(self) -> None:
        """End a JSON object."""
        if self.is_json:
            self._finish("}")

    def open_array(self, key: str | None = None, form: str = "") -> None:
        """Begin a JSON array; `form` is what text has in its place."""
        if not self.is_json:
            self._write(form)
            return
        self._name(key)
        self._begin("[")
        if self._pretty:
            self._write(" ")

    def close_array(self, form: str = "") -> None:
        """End a JSON array; `form` is what text has in its place."""
        if not self.is_json:
            self._write(form)
            return
        if self._pretty and self._separator:
            self._write(" ")
        self._separator = ""
        self._finish("]")

    def put(self, key: str | None, form: str, value: Scalar, colour: str = "") -> None:
        """Print a value: in JSON under its key (bare for None), in text by a %-form."""
        if self.is_json:
            self.json(key, value)
        else:
            self.text(form % (value,) if "%" in form else form, colour)

    def json(self, key: str | None, value: Scalar) -> None:
        """Print what only JSON has; a bare value, as in an array, for key None."""
        if not self.is_json:
            return
        self._name(key)
        self._separate()
        self._write(_encode(value))

    def number(self, key: str, digits: str) -> None:
        """Print what only JSON has: a number in just these digits, such as 0.50."""
        if not self.is_json:
            return
        self._name(key)
        self._separate()
        self._write(digits)

    def text(self, words: str, colour: str = "") -> None:
        """Print what only text has, in one of COLOURS."""
        if self.is_json:
            return
        code = self._codes.get(colour) if colour else None
        self._write(f"\033[{code}m{words}\033[0m" if code else words)

    def newline(self) -> None:
        """End a line of text, by a backslash with -oneline."""
        if not self.is_json:
            self._write(self.line)

    def raw(self, words: str) -> None:
        """Print the same in text and JSON."""
        self._write(words)

    def flush(self) -> None:
        """Write what was printed so far."""
        data = "".join(self._parts).encode("utf-8", "surrogateescape")
        self._parts.clear()
        self._size = 0
        while data:
            data = data[os.write(1, data) :]

    def _write(self, words: str) -> None:
        self._parts.append(words)
        self._size += len(words)
        if self._size > _ENOUGH:
            self.flush()

    def _separate(self) -> None:
        if self._separator:
            self._write(self._separator)
        self._separator = ","

    def _new_line(self) -> None:
        if self._pretty:
            self._write("\n" + "    " * self._depth)

    def _name(self, key: str | None) -> None:
        if key is None:
            return
        self._separate()
        self._new_line()
        self._separator = ""
        self._write(f"{_quote(key)}: " if self._pretty else f"{_quote(key)}:")

    def _begin(self, bracket: str) -> None:
        self._separate()
        self._write(bracket)
        self._depth += 1
        self._separator = ""

    def _finish(self, bracket: str) -> None:
        self._depth -= 1
        if self._separator:
            self._new_line()
        self._write(bracket)
        self._separator = ","


class InText:
    """Within it what is printed is text, even under -json: some commands begin no document."""

    __slots__ = ("_json", "_out")

    def __init__(self, out: Output) -> None:
        self._out = out
        self._json = out.is_json

    def __enter__(self) -> None:
        self._out.is_json = False

    def __exit__(self, *_: object) -> None:
        self._out.is_json = self._json


def colour_wanted(option: str) -> str | None:
    """Read `-color[=always|auto|never]`: always, auto or never; None if it is something else."""
    word, equals, choice = option.partition("=")
    if not matches(word, "-[color]"):
        return None
    if not equals or choice == "":
        return "always"
    return choice if choice in ("always", "auto", "never") else None


def _quote(text: str) -> str:
    return f'"{text.translate(_ESCAPES)}"'


def _encode(value: Scalar) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _quote(value)
    return str(value) if isinstance(value, int) else f"{value:f}"
