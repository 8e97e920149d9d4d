"""A node's settings of its network stack: `net.*` keys and what is written to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nslab.lab import names
from nslab.lab.document import quote

if TYPE_CHECKING:
    from nslab.lab.check import Reader
    from nslab.lab.document import Path, Tree
    from nslab.lab.drafts import NodeDraft


def read(reader: Reader, value: Tree, path: Path) -> list[tuple[str, str]]:
    """Read pairs of key and value, in the order of the keys; each key stands once."""
    found: list[tuple[str, str]] = []
    paths: dict[str, str] = {}
    for key, said in reader.named(value, path).items():
        at = (*path, key)
        reader.sound(key, at, names.sysctl_fault)
        first = paths.setdefault(names.sysctl_path(key), key)
        if first != key:
            reader.refuse(at, f"is the same as {quote(first)}")
        found.append((key, _setting(reader, said, at)))
    return sorted(found)


def _setting(reader: Reader, value: Tree, path: Path) -> str:
    """Read what is to be written to a sysctl: a text, a whole number, or true for 1."""
    if isinstance(value, int):
        return str(int(value))
    if not isinstance(value, str):
        reader.refuse_value(path, value, "is not a text, a whole number, true or false")
    elif not all(" " <= sign <= "~" or sign == "\t" for sign in value) or len(value) > 4000:
        reader.refuse_value(path, value, "may have only printable ASCII, at most 4000 characters")
    return str(value)


def agree(reader: Reader, node: NodeDraft, path: Path) -> None:
    """Refuse settings that say the contrary of `forward`."""
    for key, value in node.sysctl:
        if names.sysctl_key(key) in names.FORWARD and value.strip() != str(int(node.forward)):
            said = f"forward: {str(node.forward).lower()}"
            reader.refuse(
                (*path, key), f"{quote(value)} contradicts {said}", "leave one of them out"
            )
