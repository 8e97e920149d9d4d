from __future__ import annotations

import re
from pathlib import Path

import pytest

from nslab.lab import dumps, loads
from nslab.lab.words import (
    BRIDGE,
    CABLE,
    ENDPOINT,
    HOST,
    LAB,
    NODE,
    NODE_UPLINK,
    ROUTE,
    UPLINK,
    Kind,
)

FILE = Path(__file__).parents[2] / "docs" / "lab-file.md"
TEXT = FILE.read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("text", blocks("yaml"))
def test_every_lab_of_the_document_is_good(text: str) -> None:
    lab = loads(text)
    assert loads(dumps(lab)) == lab


def test_what_the_document_says_of_its_first_lab() -> None:
    lan, (cable,) = (lab := loads(blocks("yaml")[0]).resolve()).bridges[0], lab.cables
    assert [str(item) for item in lan.ports[2].addresses] == ["10.0.1.3/24"]
    assert (lan.ports[2].ifname, cable.ends[0].ifname) == ("eth0", "eth1")
    assert [str(item) for item in cable.ends[0].addresses] == ["10.0.2.1/30"]


@pytest.mark.parametrize("text", blocks("python"))
def test_the_python_runs(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    exec(compile(text, "docs", "exec"), {})  # noqa: S102
    assert loads(capsys.readouterr().out).name == "office"


def test_every_key_has_its_row_and_every_later_one_is_named() -> None:
    table, _, later = TEXT.partition("## Not supported yet")
    for words in (LAB, BRIDGE, CABLE, ENDPOINT, HOST, NODE, NODE_UPLINK, ROUTE, UPLINK):
        for key, word in words.items():
            if word.kind is Kind.LATER:
                assert f"`{key}`" in later
            else:
                assert f"\n| `{key}` | " in table
