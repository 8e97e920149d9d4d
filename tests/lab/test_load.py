from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nslab.errors import LabFileError, NslabError, UsageError
from nslab.lab import dumps, load, loads
from nslab.lab.dump import written
from nslab.lab.load import _MOST_KNOWN, _known, remember, reread
from nslab.lab.words import BRIDGE, CABLE, ENDPOINT, LAB, NODE, ROUTE

if TYPE_CHECKING:
    from nslab.lab import Tree
    from nslab.lab.load import Format

YAML = """\
name: office
bridges:
  lan: {subnet: 10.0.1.0/24, ports: [pc1, "pc2:eth5", {node: gw, addresses: [10.0.1.254/24]}]}
cables:
  - {ends: [gw, far], subnet: 10.0.2.0/30}
nodes:
  gw: {forward: true}
  far: {routes: [{dst: default, via: 10.0.2.1}]}
"""

TOML = """\
name = "office"
[bridges.lan]
subnet = "10.0.1.0/24"
ports = ["pc1", "pc2:eth5", {node = "gw", addresses = ["10.0.1.254/24"]}]
[[cables]]
ends = ["gw", "far"]
subnet = "10.0.2.0/30"
[nodes]
gw.forward = true
far.routes = [{dst = "default", via = "10.0.2.1"}]
"""

JSON = """\
{"name": "office",
 "bridges": {"lan": {"subnet": "10.0.1.0/24",
   "ports": ["pc1", "pc2:eth5", {"node": "gw", "addresses": ["10.0.1.254/24"]}]}},
 "cables": [{"ends": ["gw", "far"], "subnet": "10.0.2.0/30"}],
 "nodes": {"gw": {"forward": true},
   "far": {"routes": [{"dst": "default", "via": "10.0.2.1"}]}}}
"""


def test_the_three_formats_say_the_same(tmp_path: Path) -> None:
    files = {"a.yaml": YAML, "b.yml": YAML, "c.toml": TOML, "d.json": JSON, "e.JSON": JSON}
    found = []
    for name, text in files.items():
        (tmp_path / name).write_text(text)
        found.append(load(tmp_path / name))
    assert all(lab == found[0] for lab in found)
    assert all(lab.document == found[0].document for lab in found)


def test_the_name_is_the_stem_where_nothing_says_one(tmp_path: Path) -> None:
    path = tmp_path / "my.lab.yaml"
    path.write_text("\ufeffnodes: {a: }\n")
    assert load(path).name == "my.lab"
    assert load(str(path)).document == {"name": "my.lab", "nodes": {"a": None}}
    assert loads("nodes: {a: }", source="dir/x.yaml").name == "x"
    assert loads("nodes: {a: }", source="dir/x.yaml", name="y").name == "y"
    assert loads("name: z", name="y").name == "z"


def told(path: str | Path) -> str:
    with pytest.raises(NslabError) as caught:
        load(path)
    assert caught.value.exit_code == 2
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_stem_that_is_no_name(tmp_path: Path) -> None:
    path = tmp_path / "my lab.yaml"
    path.write_text("nodes: {a: }")
    assert told(path) == (
        f"{path}: name: \"my lab\" may have only letters, digits, '-', '_' and '.'"
        " (hint: say name: my-lab)"
    )


def test_a_text_without_any_name() -> None:
    with pytest.raises(LabFileError) as caught:
        loads("nodes: {a: }")
    assert str(caught.value) == (
        'name: the lab has no name (hint: add a line such as "name: office")'
    )


def test_files_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert told("no.yaml") == 'cannot read "no.yaml": No such file or directory'
    assert told(".") == 'cannot read ".": Is a directory'
    assert told("a\0b.yaml") == 'cannot read "a\\u0000b.yaml": embedded null byte'
    Path("lab.ini").write_text("")
    assert told("lab.ini") == 'cannot tell the format of "lab.ini"'
    with pytest.raises(UsageError) as caught:
        load("lab.ini")
    assert caught.value.hint == "a lab file ends in .yaml, .yml, .toml, .json"
    Path("bad.yaml").write_bytes(b"name: x\nnodes: {\xff: }\n")
    assert told("bad.yaml") == "bad.yaml:2: not UTF-8: invalid start byte"
    Path("big.yaml").write_bytes(b"#" * ((64 << 20) + 10))
    assert told("big.yaml") == "big.yaml: is larger than 64 MiB"


@pytest.mark.parametrize("style", ["yaml", "toml", "json"])
def test_the_source_is_what_errors_call_the_text(style: Format) -> None:
    with pytest.raises(LabFileError, match=r"^somewhere:1: "):
        loads("[}", format=style, source="somewhere")


KEYS = [*LAB, *BRIDGE, *CABLE, *ENDPOINT, *NODE, *ROUTE]
TEXTS = ["a", "b", "a:eth0", "10.0.0.0/30", "10.0.0.1", "10.0.0.2/24", "fd00::/64", "default"]
words = st.sampled_from([*KEYS, *TEXTS, "net.ipv4.x", "", "\n", "\ud800", "é"])
scalars = st.none() | st.booleans() | st.integers() | st.floats() | words | st.text(max_size=5)
anything = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=5)
)
sections = st.fixed_dictionaries(
    {},
    optional={
        "bridges": st.dictionaries(words, st.dictionaries(words, anything, max_size=4) | anything),
        "cables": st.lists(st.dictionaries(words, anything, max_size=4) | anything),
        "nodes": st.dictionaries(words, st.dictionaries(words, anything, max_size=4) | anything),
    },
)
few = settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))


@few
@given(sections | anything)
def test_any_tree_is_a_lab_or_a_lab_file_error(tree: Tree) -> None:
    text = json.dumps(tree)
    try:
        lab = loads(text, format="json", name="x")
    except LabFileError as error:
        told = [str(problem) for problem in error.problems]
    else:
        told = []
        assert loads(dumps(lab)) == lab
    assert all(map(str.isprintable, told))


@few
@given(st.text(st.sampled_from("{}[]:,-&*!|>'\"%@`#=\n \tab1.~?<\\"), max_size=60))
def test_any_text_is_a_lab_or_a_lab_file_error(text: str) -> None:
    styles: tuple[Format, ...] = ("yaml", "toml", "json")
    for style in styles:
        with contextlib.suppress(LabFileError):
            loads(text, format=style, name="x")


def test_what_was_written_last_is_not_read_again() -> None:
    labs = [loads(f"name: x{number}").resolve() for number in range(4)]
    texts = [written(lab) for lab in labs]
    first = reread(texts[0])
    assert first == labs[0]
    assert reread(texts[0]) is first
    remember(texts[1], labs[1])
    assert reread(bytes(bytearray(texts[1]))) is labs[1]
    assert reread(texts[2], labs[2]) is labs[2]
    assert reread(texts[3], labs[2]) == labs[3]
    assert len(_known) == _MOST_KNOWN
