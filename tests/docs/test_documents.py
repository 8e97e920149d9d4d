"""Every code block of README.md and docs/ does what the document says."""

from __future__ import annotations

import re
import shutil
import subprocess
import unittest
from typing import TYPE_CHECKING

import pytest

from nslab.kernel.sandbox import running
from tests.docs.blocks import DOCUMENTS, ROOT, furnish, matches, parse, sessions
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
    if missing := [name for name in NEEDED if shutil.which(name) is None]:
        pytest.skip(f"the documents use {', '.join(missing)}")
    furnish(tmp_path)
    reasons = []
    try:
        for example in parse(path).examples():
            try:
                example.evaluate()
            except unittest.SkipTest as skipped:
                reasons.append(str(skipped))
        assert running() == [], "the document leaves labs behind"
    finally:
        subprocess.run(["nslab", "down", "--all"], check=False)
    assert reasons == SKIPPED.get(path.name, [])


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
    text = "$ one\nsaid\n$ two \\\n>   more\n$ three\n"
    assert list(sessions(text)) == [("one", "said\n"), ("two   more", ""), ("three", "")]
