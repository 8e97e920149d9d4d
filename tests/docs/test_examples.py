"""The Python examples do what they say they do. (The lab files come up in tests/plan.)"""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.docs.blocks import ROOT, furnish
from tests.kernel.sandboxed import sandboxed

if TYPE_CHECKING:
    from pathlib import Path

EXAMPLES = ROOT / "examples"


def output_of(*words: str) -> str:
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@sandboxed
def test_the_example_test_passes(tmp_path: Path) -> None:
    furnish(tmp_path)
    assert "4 passed" in output_of(
        "pytest", "-q", "-o", "nslab_required=true", "examples/test_server.py"
    )


@sandboxed
def test_every_topology_of_the_loop_is_whole(tmp_path: Path) -> None:
    furnish(tmp_path)
    lines = output_of("python", "examples/topologies.py").splitlines()
    assert [line.partition(", ")[0] for line in lines] == [
        "star2   2 of  2 pairs",
        "star4  12 of 12 pairs",
        "star8  56 of 56 pairs",
        "mesh2   2 of  2 pairs",
        "mesh4  12 of 12 pairs",
        "mesh8  56 of 56 pairs",
        "line2   2 of  2 pairs",
        "line4  12 of 12 pairs",
        "line8  56 of 56 pairs",
    ]


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_lab_file_says_what_it_shows(path: Path) -> None:
    header, _, rest = path.read_text().partition("\nname: ")
    lines = header.splitlines()
    assert all(line.startswith("#") for line in lines)
    assert any(mark in header for mark in "─═")
    assert rest.startswith(f"{path.stem}\n")
