"""Reading a lab file: the one place of the model that touches the disk."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Literal, TypeAlias

import msgspec

from nslab.errors import LabFileError, Problem, UsageError
from nslab.lab.build import Lab
from nslab.lab.document import FORMATS, MAX_BYTES, Document, parse, quote
from nslab.lab.dump import written

if TYPE_CHECKING:
    from nslab.lab.model import Desired

Format: TypeAlias = Literal["yaml", "toml", "json"]


def load(path: str | os.PathLike[str]) -> Lab:
    """Read a lab from a file and check all of it.

    Args:
        path: the file; its suffix (.yaml, .yml, .toml, .json) tells its format, and its stem the
            lab's name where the file says none.

    Raises:
        LabFileError: every problem of the file, in its order.
        UsageError: there is no such file, or it cannot be read.
    """
    source = os.fspath(path)
    text = _read(source)
    style = FORMATS.get(os.path.splitext(source)[1].lower())
    if style is None:
        hint = f"a lab file ends in {', '.join(FORMATS)}"
        raise UsageError(f"cannot tell the format of {quote(source)}", hint=hint)
    return _lab(text, style, None, source)


def loads(
    text: str,
    *,
    format: Format = "yaml",  # noqa: A002 - the word that a caller looks for
    name: str | None = None,
    source: str | None = None,
) -> Lab:
    """Read a lab from a text and check all of it.

    Args:
        text: what a file would hold.
        format: `yaml`, `toml` or `json`.
        name: the lab's name where the text says none.
        source: what errors call the text; its stem is the name where nothing else says one.

    Raises:
        LabFileError: every problem of the text, in its order.
        UsageError: no such format.
    """
    return _lab(text, format, name, source)


_known: dict[bytes, Desired] = {}
"""What this process has written or reread last: it asks after the same lab again and again."""

_MOST_KNOWN = 2


def remember(data: bytes, lab: Desired) -> None:
    """Know a lab by what `written` gave of it."""
    _known[data] = lab
    while len(_known) > _MOST_KNOWN:
        _known.pop(next(iter(_known)), None)  # another thread may have been faster


def reread(data: bytes, likely: Desired | None = None) -> Desired:
    """Read what `written` has written: whole and sound, so that no place in it need be known.

    Args:
        data: the text.
        likely: what it most likely holds; if so, it is given itself.
    """
    found = _known.get(data)
    if found is None:
        if likely is not None and data == written(likely):
            found = likely
        else:
            found = Lab.of(Document(msgspec.json.decode(data))).resolve()
        remember(data, found)
    return found


def _lab(text: str, style: str, name: str | None, source: str | None) -> Lab:
    document = parse(text, style, source)
    name = name or (os.path.splitext(os.path.basename(source))[0] if source else None)
    if isinstance(document.tree, dict) and name and "name" not in document.tree:
        document.tree = {"name": name, **document.tree}
    lab = Lab.of(document)
    lab.resolve()
    return lab


def _read(source: str) -> str:
    try:
        with open(source, "rb") as file:
            data = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise UsageError(f"cannot read {quote(source)}: {reason}") from None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        problem = Problem("", f"not UTF-8: {error.reason}", source=source, line=line)
        raise LabFileError([problem]) from None
