"""Lab files that ask for more than anybody has: refused or read, in little time and memory."""

from __future__ import annotations

import contextlib
import json

import pytest

from nslab.errors import LabFileError
from nslab.lab import loads
from tests.kernel.sandboxed import _forked
from tests.torture.fuzz import Guard

NAMES = [f"n{number}" for number in range(1023)]
MANY = 5000
LABS: dict[str, object] = {
    "large subnets": {
        "bridges": {
            f"b{k}": {"subnet": [f"{10 + k}.0.0.0/8", f"fd{k:02x}::/16"], "ports": NAMES}
            for k in range(10)
        }
    },
    "a third of IPv6": {"bridges": {"b": {"subnet": "2000::/3", "ports": NAMES}}},
    "unknown names": {
        "nodes": {f"n{i}": {} for i in range(MANY)},
        "expect": [f"x{i} -> y{i}" for i in range(MANY)],
    },
    "unknown keys": {f"k{i}": 1 for i in range(10 * MANY)},
    "many subnets": {
        "bridges": {"b": {"subnet": [f"fd00:{i:x}::/64" for i in range(4 * MANY)], "ports": ["a"]}}
    },
    "the same subnet": {
        "bridges": {f"b{i}": {"subnet": "10.0.0.0/8", "ports": ["a"]} for i in range(MANY // 2)}
    },
    "many ports": {"nodes": {"n": {"publish": [f"{i}:80" for i in range(1, 65536)]}}},
    "the same port": {"nodes": {"n": {"publish": ["80:80"] * MANY}}},
    "long words": {"nodes": {"a": {"routes": [{"dst": "9" * 10**6, "via": ":" * 10**6}]}}},
    "blanks": {"nodes": {"a": {}}, "expect": ["a" + " " * 10**5 + "x", " a" * MANY]},
}
TEXTS = [
    ("yaml", "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 12))),
    ("yaml", "[" * 200_000),
    ("yaml", "{a: " * 100_000),
    ("json", "[" * 200_000),
    ("toml", "a = " + "[" * 100_000),
    ("toml", "a = " + "{a = " * 100_000),
    ("toml", ".".join("a" * 20_000) + " = 1"),
    ("toml", '"a" . ' * 20_000 + "b = 1"),
    ("toml", "[" + ".".join("a" * 20_000) + "]"),
    ("yaml", "version: " + "9" * 10**6),
    ("yaml", "version: 0x" + "f" * 10**6),
    ("json", '{"version": ' + "9" * 10**6 + "}"),
    ("json", '{"version": 1e' + "9" * 10**6 + "}"),
    ("toml", "version = " + "9" * 10**6),
    ("yaml", " " * 10**6),
    ("yaml", "- !!x y\n" * 10**5),
    ("toml", 'a = """' + "\\" * 10**5),
]  # fmt: skip


@pytest.mark.parametrize(
    ("style", "text"),
    [*(("json", json.dumps(lab)) for lab in LABS.values()), *TEXTS],
    ids=[*LABS, *(f"{style} {text[:6]!a}" for style, text in TEXTS)],
)
def test_no_file_takes_long_or_much(style: str, text: str) -> None:
    def read(data: bytes) -> None:
        with contextlib.suppress(LabFileError):
            loads(data.decode(), format=style, name="x").resolve()  # type: ignore[arg-type]

    def tried() -> None:
        guard = Guard(read, seconds=20)
        guard(text.encode())
        assert not guard.findings, [words for words, _ in guard.findings.values()]

    _forked(lambda: None, tried)()
