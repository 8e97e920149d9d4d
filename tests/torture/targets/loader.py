"""The lab file: a byte for its format (YAML, TOML, JSON, by its remainder), then its text."""

from __future__ import annotations

from pathlib import Path

from nslab.errors import NslabError
from nslab.lab import document, dumps, loads, scan_flow, scan_yaml, words  # noqa: F401 - read at once
from nslab.plan.diff import compare
from nslab.plan.lower import lower
from nslab.plan.state import MODERN
from tests.torture.targets.corpus import kept

EXAMPLES = Path(__file__).parents[3] / "examples"
FORMATS = ("yaml", "toml", "json")
_TABLES = (words.LAB, words.BRIDGE, words.CABLE, words.ENDPOINT, words.NODE, words.ROUTE)
WORDS = [key.encode() for table in (*_TABLES, words.NODE_UPLINK, words.HOST) for key in table]
WORDS += [b"10.0.0.0/8", b"fd00::/1", b"fd00::1/64", b"0.0.0.0/0", b"::/0", b"255.255.255.255/32"]
WORDS += [b"1e999", b"0x", b"0o7", b"null", b"true", b"default", b"tcp/80", b" -> ", b" -/> ", b"*"]
WORDS += [
    b"- ",
    b": ",
    b"\n  ",
    b"[",
    b"]",
    b"{",
    b"}",
    b"&a ",
    b"*a",
    b"<<: ",
    b"!!",
    b"|\n",
    b'"',
]
WORDS += [b"9" * 25, b"net.ipv4.ip_forward", b"/udp", b"[::1]:", b"eth0", b"pc1:eth5", b"outside"]


def seeds() -> list[bytes]:
    """Give the examples in every format, and what is kept."""
    found = kept("loader")
    for path in sorted(EXAMPLES.glob("*.yaml")):
        found.append(b"\0" + path.read_bytes())
        found.append(b"\2" + dumps(loads(path.read_text(), name="x"), format="json").encode())
    return found


def prepare(_: Path) -> None:
    """Nothing is to be prepared."""


def take(data: bytes) -> None:
    """Load a lab; if it is one, write it, read it again, and plan it."""
    style = FORMATS[data[0] % 3] if data else "yaml"
    try:
        text = data[1:].decode("utf-8-sig")
    except UnicodeDecodeError:  # a file would be refused here; a caller's text may be anything
        text = data[1:].decode("utf-8", "surrogateescape")
    try:
        lab = loads(text, format=style, name="x" if not data or data[0] & 128 else None)  # type: ignore[arg-type]
        desired = lab.resolve()
    except NslabError as error:
        if not all(line.isprintable() for line in str(error).split("\n")):
            raise AssertionError(f"an error of strange letters: {error!s:.90}") from None
        return
    again = loads(dumps(lab, format="json"), format="json")
    assert again == lab
    assert again.resolve() == desired
    for step in compare(lower(desired), {}, defaults=MODERN):
        assert step.command().isprintable()
