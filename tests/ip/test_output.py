from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nslab.ip.output import Output, colour_wanted


def written(out: Output) -> str:
    found = "".join(out._parts)
    out._parts.clear()
    return found


def fill(out: Output) -> str:
    """Print a link as `ip link` does, in little."""
    out.begin()
    for index, name in ((1, "lo"), (2, 'a"b')):
        out.open()
        out.put("ifindex", "%d: ", index)
        out.put("ifname", "%s: ", name, "ifname")
        out.open_array("flags", "<")
        for flag in ("UP", "LOWER_UP")[:index]:
            out.put(None, "%s,", flag)
        out.close_array(">")
        out.open("nest")
        out.put("on", " on", value=True)
        out.close()
        out.open_array("empty")
        out.close_array()
        out.newline()
        out.close()
    out.end()
    return written(out)


def test_text() -> None:
    assert fill(Output()) == '1: lo: <UP,> on\n2: a"b: <UP,LOWER_UP,> on\n'
    assert fill(Output(oneline=True)) == '1: lo: <UP,> on\\2: a"b: <UP,LOWER_UP,> on\\'


def test_compact_json() -> None:
    text = fill(Output(json=True))
    assert text == json.dumps(json.loads(text), separators=(",", ":")) + "\n"
    assert json.loads(text)[1]["ifname"] == 'a"b'
    assert json.loads(text)[1]["flags"] == ["UP", "LOWER_UP"]


def test_pretty_json() -> None:
    assert fill(Output(json=True, pretty=True)).startswith(
        '[ {\n        "ifindex": 1,\n        "ifname": "lo",\n        "flags": [ "UP" ],\n'
        '        "nest": {\n            "on": true\n        },\n        "empty": [ ]\n    },{\n'
    )


@given(st.text(st.characters(min_codepoint=32)))
def test_any_text_survives_json(text: str) -> None:
    out = Output(json=True)
    out.begin()
    out.put(None, "%s", text)
    out.end()
    assert json.loads(written(out)) == [text]


@pytest.mark.parametrize(
    ("background", "code"), [("", "36"), ("15;0", "1;36"), ("0;15", "36"), ("0;8", "1;36")]
)
def test_colours(monkeypatch: pytest.MonkeyPatch, background: str, code: str) -> None:
    monkeypatch.setenv("COLORFGBG", background)
    out = Output()
    out.set_colours()
    out.put("ifname", "%s", "lo", "ifname")
    out.text(" plain")
    assert written(out) == f"\033[{code}mlo\033[0m plain"


@pytest.mark.parametrize(
    ("option", "choice"),
    [
        ("-c", "always"),
        ("-col", "always"),
        ("-c=auto", "auto"),
        ("-color=never", "never"),
        ("-c=", "always"),
        ("-c=x", None),
        ("-cx", None),
    ],
)
def test_the_option_for_colours(option: str, choice: str | None) -> None:
    assert colour_wanted(option) == choice
