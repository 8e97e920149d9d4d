"""Every code block of README.md and docs/ does what the document says."""

from __future__ import annotations

import re
import shutil
import subprocess
import unittest
from itertools import zip_longest
from typing import TYPE_CHECKING

import pytest

from nslab.kernel.sandbox import running
from tests.docs.blocks import DOCUMENTS, ROOT, MissingProgramError, furnish, matches, parse, turns
from tests.docs.pictures import PICTURES, lab_files, pictures
from tests.docs.terminal import Shell
from tests.kernel.sandboxed import sandboxed

if TYPE_CHECKING:
    from pathlib import Path

NEEDED = ("ip",)
SKIPPED: dict[str, list[str]] = {}
"""The blocks that cannot run here, with their reasons: none is skipped unseen."""

LINK = re.compile(r"\]\(([^)#\s]+)?(?:#([^)\s]+))?\)")


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
@sandboxed
def test_every_block_runs(path: Path, tmp_path: Path) -> None:
    if lacking := [name for name in NEEDED if shutil.which(name) is None]:
        pytest.skip(f"the documents use {', '.join(lacking)}")
    furnish(tmp_path)
    reasons: list[str] = []
    missing = []
    try:
        for example in parse(path).examples():
            try:
                example.evaluate()
            except MissingProgramError as lacks:
                missing.append(str(lacks))
            except unittest.SkipTest as skipped:
                reasons.append(str(skipped))
        assert running() == [], "the document leaves labs behind"
    finally:
        subprocess.run(["nslab", "down", "--all"], check=False)
    assert reasons == SKIPPED.get(path.name, [])
    if missing:
        names = ", ".join(dict.fromkeys(missing))
        pytest.skip(f"{len(missing)} blocks did not run, the others passed: no {names}")


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_somewhere(path: Path) -> None:
    for file, anchor in LINK.findall(path.read_text()):
        if "://" in file:
            continue
        target = path.parent / file if file else path
        assert target.exists(), f"{file} is not there"
        if anchor:
            assert anchor in anchors(target), f"{file}#{anchor} is not there"


def anchors(path: Path) -> set[str]:
    """Give the headings of a document as links name them."""
    titles = re.findall(r"^#+ (.*)$", path.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


def test_the_index_names_every_document() -> None:
    index = (ROOT / "docs" / "README.md").read_text()
    for path in (ROOT / "docs").glob("*.md"):
        assert path.name == "README.md" or f"]({path.name})" in index


@pytest.mark.parametrize(
    ("expected", "found", "same"),
    [
        ("a\n", "a\n", True),
        ("a\n", "a\nb\n", False),
        ("a\n…\nd\n", "a\nb\nc\nd\n", True),
        ("a … c\n", "a b b c\n", True),
        ("a 0.12  0.3\n", "a  1.5 22.75\n", True),
        ("a 10.0.0.1\n", "a 10.0.0.2\n", False),
        ("0.12 ms\n", "FAIL ms\n", False),
        ("", "a\n", False),
        ("…\n", "", True),
    ],
)
def test_comparing_is_no_looser_than_it_says(*, expected: str, found: str, same: bool) -> None:
    assert matches(expected, found) is same


def test_a_console_block_is_cut_at_its_prompts() -> None:
    text = "$ one\nsaid\n$ two \\\n>   more\n# three\nlab/node# four\n5: #\n"
    assert turns(text) == [
        ("$", "one", "said\n"),
        ("$", "two   more", ""),
        ("#", "three", ""),
        ("lab/node#", "four", "5: #\n"),
    ]


def test_a_shell_with_another_prompt_is_noticed() -> None:
    shell = Shell("env 'PS1=there# ' bash --norc", "there# ")
    try:
        assert shell.read("there# ") == ""
        assert shell.say("echo said", "there# ") == "said\n"
        with pytest.raises(AssertionError, match="no prompt 'here# '"):
            shell.read("here# ", seconds=0.1)
        assert shell.say("exit", "") == "exit\n"
    finally:
        shell.close()


def test_the_tutorial_is_the_same_in_both_languages() -> None:
    english, chinese = (ROOT / "docs" / name for name in ("tutorial.md", "tutorial.zh.md"))
    for one, other in zip_longest(*(blocks_of(path) for path in (english, chinese))):
        assert one == other
    assert shape(english) == shape(chinese)


def blocks_of(path: Path) -> list[tuple[str, str]]:
    """Give each block's language with what else stands there, and its text."""
    return [
        (each.region.lexemes["info"], each.region.lexemes["source"])
        for each in parse(path).examples()
    ]


def shape(path: Path) -> list[str]:
    """Give the order of headings, lists and blocks, without their words."""
    return re.findall(r"^(#+ |- |```|  <\w+)", path.read_text(), re.MULTILINE)


def test_the_pictures_are_those_of_the_lab_files() -> None:
    pytest.importorskip("networkx")
    drawn = dict(pictures())
    assert {path.name for path in drawn} == {path.name for path in PICTURES.iterdir()}
    for path, picture in drawn.items():
        assert path.read_text() == picture, f"{path.name} is out of date: make pictures"


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_picture_is_there(path: Path) -> None:
    for file in re.findall(r'(?:src|srcset)="([^"]+)"', path.read_text()):
        assert (path.parent / file).exists(), f"{file} is not there"


def test_lab_files_are_those_of_the_end(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text(
        '```yaml title="a.yaml"\nname: a\n```\n\n```yaml title="a.yaml"\nname: b\n```\n'
    )
    assert lab_files(path) == {"a.yaml": "name: b\n"}
