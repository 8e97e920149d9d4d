from __future__ import annotations

import math
import re
import time

import pytest

from nslab.errors import LabFileError, UsageError
from nslab.lab import document
from nslab.lab.document import Document, parse, quote, spell
from nslab.lab.scan_yaml import plain


def lines(found: Document) -> dict[str, int | None]:
    return {spell(path): place.line for path, place in found.places.items()}


def refused(text: str, style: str = "yaml") -> str:
    with pytest.raises(LabFileError) as caught:
        parse(text, style, "f")
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", "yes"),
        ("on", "on"),
        ("NO", "NO"),
        ("22:22", "22:22"),
        ("1:20:30", "1:20:30"),
        ("010", 10),
        ("0o10", 8),
        ("0x1F", 31),
        ("0b1", "0b1"),
        ("1_000", "1_000"),
        ("-7", -7),
        ("+7", 7),
        ("1.5", 1.5),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("-.inf", -math.inf),
        ("", None),
        ("~", None),
        ("Null", None),
        ("nULL", "nULL"),
        ("True", True),
        ("FALSE", False),
        ("2024-01-01", "2024-01-01"),
        ("10.0.0.1", "10.0.0.1"),
        ("10.0.0.0/8", "10.0.0.0/8"),
        ("=", "="),
    ],
)
def test_scalars_are_those_of_yaml_1_2(text: str, value: object) -> None:
    assert plain(text) == value
    assert type(plain(text)) is type(value)


def test_not_a_number() -> None:
    assert math.isnan(float(str(plain(".NaN"))))


def test_quotes_make_a_text() -> None:
    assert parse("{a: '1', b: \"true\", c: !!str 2, d: ! 3}", "yaml").tree == {
        "a": "1",
        "b": "true",
        "c": "2",
        "d": "3",
    }


def test_keys_are_texts_as_they_are_written() -> None:
    assert parse("{1: a, null: b, on: c, 010: d}", "yaml").tree == {
        "1": "a",
        "null": "b",
        "on": "c",
        "010": "d",
    }


YAML = """\
# a lab
bridges:
  lan:
    ports:
      - a

      - {node: b,
         mtu: 9}
nodes: {a: }
"""

JSON = """\
{
\t"bridges": {"lan": {
    "ports": [
      "a", {"node": "b",
        "mtu": 9}]}},
  "no:[{": [
  ]
}
"""

TOML = """\
# "a" [lab]
name = 'x'  # [not.this]
[bridges.lan]
ports = [
  "a", # one
  {node = "b", mtu = 9},
]
[[cables]]
ends = ["a", "b"]

[[cables]]
ends = [\"\"\"
[a]\"\"\", "c"]
[nodes."q.r"]
sysctl."net.ipv4.x" = 1.5
[[nodes.b.routes]]
dst = "d"
"""


def test_lines_of_yaml() -> None:
    assert lines(parse(YAML, "yaml")) == {
        "bridges": 2,
        "bridges.lan": 3,
        "bridges.lan.ports": 4,
        "bridges.lan.ports[0]": 5,
        "bridges.lan.ports[1]": 7,
        "bridges.lan.ports[1].node": 7,
        "bridges.lan.ports[1].mtu": 8,
        "nodes": 9,
        "nodes.a": 9,
    }


def test_lines_of_json() -> None:
    found = parse(JSON, "json")
    assert lines(found) == {
        "bridges": 2,
        "bridges.lan": 2,
        "bridges.lan.ports": 3,
        "bridges.lan.ports[0]": 4,
        "bridges.lan.ports[1]": 4,
        "bridges.lan.ports[1].node": 4,
        "bridges.lan.ports[1].mtu": 5,
        '["no:[{"]': 6,
    }


def test_lines_of_toml() -> None:
    assert lines(parse(TOML, "toml")) == {
        "name": 2,
        "bridges": 3,
        "bridges.lan": 3,
        "bridges.lan.ports": 4,
        "bridges.lan.ports[0]": 5,
        "bridges.lan.ports[1]": 6,
        "bridges.lan.ports[1].node": 6,
        "bridges.lan.ports[1].mtu": 6,
        "cables": 8,
        "cables[0]": 8,
        "cables[0].ends": 9,
        "cables[0].ends[0]": 9,
        "cables[0].ends[1]": 9,
        "cables[1]": 11,
        "cables[1].ends": 12,
        "cables[1].ends[0]": 12,
        "cables[1].ends[1]": 13,
        "nodes": 14,
        'nodes["q.r"]': 14,
        'nodes["q.r"].sysctl': 15,
        'nodes["q.r"].sysctl["net.ipv4.x"]': 15,
        "nodes.b": 16,
        "nodes.b.routes": 16,
        "nodes.b.routes[0]": 16,
        "nodes.b.routes[0].dst": 17,
    }


def test_a_part_without_a_place_stands_where_the_part_around_it_stands() -> None:
    found = parse(YAML, "yaml", "f")
    assert found.place(("bridges", "lan", "ports", 1, "node", "x")).line == 7
    assert found.place(("else",)).line is None


@pytest.mark.parametrize(
    ("style", "text"),
    [("yaml", "a: 1\nb: 2\na: {c: 3}\n"), ("json", '{"a": 1,\n"b": 2,\n"a": {"c": 3}}')],
)
def test_a_key_given_twice_is_noted_and_the_first_stays(style: str, text: str) -> None:
    found = parse(text, style, "f")
    assert found.tree == {"a": 1, "b": 2}
    assert str(found.errors()) == 'f:3: a: "a" is given twice, first in line 1'


def test_the_same_key_in_two_places_is_fine() -> None:
    assert not parse('[{"a": 1}, {"a": {"a": 1}}]', "json").problems
    assert not parse("[{a: 1}, {a: {a: 1}}]", "yaml").problems


def test_an_alias_is_a_copy() -> None:
    tree = parse("a: &x [1, {b: 2}]\nc: *x\n", "yaml").tree
    assert tree == {"a": [1, {"b": 2}], "c": [1, {"b": 2}]}
    assert isinstance(tree, dict)
    assert tree["a"] is not tree["c"]


def test_an_anchor_on_a_key_or_a_scalar() -> None:
    assert parse("&k a: &v 1\n*k : *v\n", "yaml").problems
    assert parse("{&k a: &v 1, b: *v, c: *k}", "yaml").tree == {"a": 1, "b": 1, "c": "a"}


LAUGHS = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"a{number}: &a{number} [{','.join([f'*a{number - 1}'] * 10)}]\n" for number in range(1, 12)
)


@pytest.mark.parametrize(
    ("style", "text", "error"),
    [
        ("yaml", "a: [}", "f:1: not YAML: did not find expected node content while parsing"),
        ("yaml", "a:\n\tb: 1\n", "(hint: indent with spaces, not with tabs)"),
        ("yaml", "a: 1\n---\nb: 1\n", "f:2: a second document begins here (hint: one lab a file)"),
        ("yaml", "\n? [a]\n: b\n", "f:2: a mapping or list cannot be a key"),
        ("yaml", "a: &a [x]\n*a : b", "f:2: only a text can be a key"),
        ("yaml", "a: &x [*x]", 'f:1: the alias "x" stands inside its own value'),
        ("yaml", "a: *x", 'f:1: the alias "x" has no anchor before it'),
        ("yaml", "a: 1\nb: \0\n", "f:2: a character that YAML does not allow"),
        ("yaml", "a: 1\nb: \ud800\n", "f:2: a character that is no character"),
        ("yaml", "a: " + "9" * 5000, 'f:1: the number "9999'),
        ("yaml", "a: " + "[" * 65 + "]" * 65, "f:1: mappings and lists lie more than 64 deep"),
        ("yaml", "[" * 200_000, "f:1: mappings and lists lie more than 64 deep"),
        ("yaml", "a: &a " + "[" * 40 + "]" * 40 + "\nb: " + "[" * 40 + "*a", "f:2: mappings"),
        ("yaml", LAUGHS, "f:7: has more than 2000000 values with its aliases"),
        ("json", '{"a": {,}}', "f:1: not JSON: Expecting property name"),
        ("json", "", "f:1: not JSON: Expecting value"),
        ("json", '{"a":\n NaN}', "f:2: not JSON: NaN is no number there"),
        ("json", '{"a": [1,\n-Infinity]}', "f:2: not JSON: -Infinity is no number there"),
        ("json", '{"a":\n' + "9" * 5000 + "}", 'f:2: the number "9999'),
        ("json", "\n" + "[" * 200_000, "f:2: mappings and lists lie more than 64 deep"),
        ("json", "[" * 65 + "]" * 65, "f:1: mappings and lists lie more than 64 deep"),
        ("toml", "a = 1\nb = = 2\n", "f:2: not TOML: Invalid value"),
        ("toml", "a = 1\na = 2\n", 'f:2: a: "a" is given twice, first in line 1'),
        ("toml", "a = [\n1,\n", "not TOML: "),
        ("toml", "[x.a]\nb = 1\n[x.a]\n", 'f:3: x.a: "a" is given twice, first in line 1'),
        ("toml", "a = {b = 1, b = 2}\n", 'f:1: a.b: "b" is given twice, first in line 1'),
        ("toml", "[[a]]\n[a]\n", 'f:2: a: "a" is given twice, first in line 1'),
        ("toml", "a = 1\na.b = 1\n", "f:2: not TOML: Cannot overwrite a value"),
        ("toml", "b = 1\na = " + "9" * 5000, 'f:2: the number "9999'),
        ("toml", "b = 1\na = -9_" + "9" * 50, 'f:2: the number "-9_9999'),
        ("toml", "a=" + "[" * 65 + "]" * 65, "f:1: mappings and lists lie more than 64 deep"),
        ("toml", "\na=" + "[" * 200_000, "f:2: mappings and lists lie more than 64 deep"),
        ("toml", "a." * 65 + "b = 1", "f:1: mappings and lists lie more than 64 deep"),
        ("toml", "[" + "a." * 65 + "b]", "f:1: mappings and lists lie more than 64 deep"),
    ],
)
def test_what_cannot_be_read_is_one_line(style: str, text: str, error: str) -> None:
    begun = time.process_time()
    said = refused(text, style)
    assert error in said
    assert "\n" not in said
    assert time.process_time() - begun < 10


@pytest.mark.parametrize(
    ("text", "path", "tag"),
    [
        ("a: !!python/object:os.system x", "a", "tag:yaml.org,2002:python/object:os.system"),
        ("a: !x {}", "a", "!x"),
        ("a: [1, !x 2]", "a[1]", "!x"),
        ("a: {!x b: 2}", "a", "!x"),
        ("a: !x\n", "a", "!x"),
        ("!x {a: 1}", "", "!x"),
    ],
)
def test_a_tag_is_refused_where_it_stands(text: str, path: str, tag: str) -> None:
    found = parse(text, "yaml", "f")
    where = f"{path}: " if path else ""
    assert str(found.errors()) == f'f:1: {where}tags such as "{tag}" are not supported'
    assert found.tree == parse(re.sub(r"!\S+ ?", "", text), "yaml").tree


def test_a_merge_key_is_refused_where_it_stands() -> None:
    found = parse("a: &a {x: 1}\nb:\n  <<: *a\n  y: 2\n", "yaml", "f")
    assert found.tree == {"a": {"x": 1}, "b": {"y": 2}}
    assert str(found.errors()) == (
        'f:3: b["<<"]: merge keys are not supported (hint: write its keys out)'
    )


def test_a_text_that_is_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document, "MAX_BYTES", 1 << 20)
    assert refused("#" * (1 << 20) + "\n") == "f: is larger than 1 MiB"


def test_no_such_format() -> None:
    with pytest.raises(UsageError, match='no format "ini"'):
        parse("", "ini")


def test_a_text_without_the_c_parser_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    known = parse(YAML, "yaml")
    monkeypatch.delattr("yaml.CSafeLoader", raising=False)
    found = parse(YAML, "yaml")
    assert (found.tree, found.places) == (known.tree, known.places)
    assert "(hint: indent with spaces, not with tabs)" in refused("a:\n\tb: 1\n")
    assert "a character that YAML does not allow" in refused("a: 1\nb: \0\n")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a", '"a"'),
        ("a\n\x1b", '"a\\n\\u001b"'),
        ("büro", '"büro"'),
        ("a\u202eb\u200b\u2028\x85\ud800", '"a\\u202eb\\u200b\\u2028\\x85\\ud800"'),
        ("x" * 100, '"' + "x" * 77 + '..."'),
        (None, "null"),
        (True, "true"),
        (1.5, "1.5"),
        ([1], "a list"),
        ({}, "a mapping"),
    ],
)
def test_values_are_quoted_on_one_line(value: object, text: str) -> None:
    assert quote(value) == text


def test_paths_are_spelled_so_that_they_can_be_found() -> None:
    assert spell(("nodes", "far", "routes", 0, "via")) == "nodes.far.routes[0].via"
    assert spell(("nodes", "a.b", "x")) == 'nodes["a.b"].x'
    assert spell(()) == ""
