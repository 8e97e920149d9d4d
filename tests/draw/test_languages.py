"""Pictures for other programs: Graphviz's and Mermaid's languages."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nslab.draw import Mark, draw_dot, draw_mermaid
from nslab.lab.model import Cable, Desired, Endpoint, Node
from tests.draw.corpus import LABS, MARKS, SMALL
from tests.draw.labs import labs

GOLDEN = Path(__file__).parent / "golden"

MERMAID_LINE = re.compile(
    r'---|title: "[^"]*"|flowchart LR'
    r'|  n\d+(\["[^"]*"\]|\(\["[^"]*"\]\))'
    r'|  s\d+\[\["[^"]*"\]\]'
    r'|  n\d+ ---\|"[^"]*"\| [ns]\d+'
    r"|  classDef [a-z]+ [a-z0-9:#, -]+"
    r"|  class [ns0-9,]+ [a-z]+"
    r"|  linkStyle [0-9,]+ [a-z0-9:#, -]+"
)
DOT_TEXT = re.compile(r'"(?:[^"\\]|\\["\\n])*"')


@st.composite
def odd_labs(draw: st.DrawFn) -> Desired:
    """Labs whose ifnames have every sign that a link's name may have."""
    signs = st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="/:%")
    ifnames = draw(st.lists(st.text(signs, min_size=1, max_size=15), min_size=1, max_size=5))
    ends = [
        (
            Endpoint("end", name, "02:5e:00:00:00:01"),
            Endpoint("graph", f"e{i}", "02:5e:00:00:00:02"),
        )
        for i, name in enumerate(ifnames)
    ]
    return Desired("odd", cables=tuple(map(Cable, ends)), nodes=(Node("end"), Node("graph")))


@pytest.mark.parametrize("name", SMALL)
def test_dot(name: str) -> None:
    assert draw_dot(LABS[name]) == (GOLDEN / f"{name}.dot").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", SMALL)
def test_mermaid(name: str) -> None:
    assert draw_mermaid(LABS[name]) == (GOLDEN / f"{name}.mmd").read_text(encoding="utf-8")


def test_marks() -> None:
    lab = LABS["tutorial"]
    dot, mermaid = draw_dot(lab, marks=MARKS), draw_mermaid(lab, marks=MARKS)
    assert dot == (GOLDEN / "tutorial_with_marks.dot").read_text(encoding="utf-8")
    assert mermaid == (GOLDEN / "tutorial_with_marks.mmd").read_text(encoding="utf-8")


@settings(max_examples=100, deadline=None)
@given(lab=st.one_of(labs(), odd_labs()))
def test_mermaid_has_no_line_of_another_form(lab: Desired) -> None:
    lines = draw_mermaid(lab, marks={"end": Mark("down", 'a "note"; <b>')}).splitlines()
    assert [line for line in lines if not MERMAID_LINE.fullmatch(line)] == []
    texts = re.findall(r'"([^"]*)"', "\n".join(lines[4:]))
    plain = [re.sub(r"#\d+;|<br/>", "", text) for text in texts]
    assert [text for text in plain if re.search(r"[^A-Za-z0-9 .,:/()+-]", text)] == []


def unescaped(text: str) -> list[str]:
    """Read the lines of a Mermaid text back."""
    plain = re.sub(r"#(\d+);", lambda found: chr(int(found[1])), text.replace("<br/>", "\0"))
    return plain.split("\0")


@settings(max_examples=100, deadline=None)
@given(lab=odd_labs())
def test_odd_names_come_back(lab: Desired) -> None:
    odd = [cable.ends[0].ifname for cable in lab.cables]
    texts = re.findall(r'\|"([^"]*)"\|', draw_mermaid(lab))
    assert [unescaped(text)[0] for text in texts] == odd
    quoted = re.findall(r'taillabel=("(?:[^"\\]|\\.)*")', draw_dot(lab))
    assert [re.sub(r"\\(.)", r"\1", text[1:-1]) for text in quoted] == odd


@settings(max_examples=50, deadline=None)
@given(lab=st.one_of(labs(), odd_labs()))
def test_dot_has_no_text_that_does_not_end(lab: Desired) -> None:
    bare = DOT_TEXT.sub("", draw_dot(lab, marks={"end": Mark("added", 'a "note"\\')}))
    assert '"' not in bare
    assert bare.count("[") == bare.count("]")


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
@pytest.mark.parametrize("name", ["tutorial", "mesh_of_6", "parts", "odd"])
def test_graphviz_reads_it(name: str) -> None:
    ends = (
        Endpoint("a", '"\\N<b>', "02:5e:00:00:00:01"),
        Endpoint("b", "{|}", "02:5e:00:00:00:02"),
    )
    odd = Desired("odd", cables=(Cable(ends),), nodes=(Node("a"), Node("b")))
    lab = odd if name == "odd" else LABS[name]
    read = subprocess.run(
        ["dot", "-Tplain"], input=draw_dot(lab), capture_output=True, text=True, check=True
    )
    assert read.stderr == ""
    kinds = [line.split()[0] for line in read.stdout.splitlines()]
    ports = sum(len(bridge.ports) for bridge in lab.bridges)
    assert kinds.count("node") == len(lab.nodes) + len(lab.bridges)
    assert kinds.count("edge") == len(lab.cables) + ports
