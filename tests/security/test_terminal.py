"""Nothing that a file or a process in a node has named moves the reader's cursor."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from nslab import Lab, load, up
from nslab.cli import main
from nslab.cli.text import columns
from nslab.errors import printable

if TYPE_CHECKING:
    from nslab import Running

pytestmark = pytest.mark.kernel
ESCAPES = "\x1b]0;pwned\x07\x1b[2J"
LINK = "\x1b[31mfoe"
CODE = """
import sys
sys.path.insert(0, sys.argv[1])
from nslab.ip import program
sys.exit(program.run("ip", ["link", "add", "x", "type", "veth", "peer", "name", sys.argv[2]])
    or program.run("ip", ["link", "set", "eth0", "alias", sys.argv[2]]))
"""


def is_plain(text: str) -> bool:
    """Tell whether a terminal only prints it."""
    return all(line.isprintable() for line in text.split("\n"))


def test_controls_are_written_out() -> None:
    assert printable(f"a{ESCAPES}é\u202e") == r"a\x1b]0;pwned\x07\x1b[2Jé\u202e"
    assert columns([("A", "B"), ("\x1b", "b")]) == ["A     B", r"\x1b  b"]


@pytest.mark.parametrize(
    "text",
    [
        f'name: "{json.dumps(ESCAPES)[1:-1]}"\n',
        f'nodes: {{"{json.dumps(ESCAPES)[1:-1]}": {{}}}}\n',
        f'cables: [{{ends: ["a:{json.dumps(ESCAPES)[1:-1]}", b]}}]\n',
        f'"{json.dumps(ESCAPES)[1:-1]}": 1\n',
        f"nodes: {{a: {{routes: {ESCAPES}}}}}\n",
        f"# {ESCAPES}\nnodes: 1\n",
        'nodes: {a: {sysctl: {"net.\\e[2J": 1}}}\n',
    ],
)
def test_the_errors_of_a_file_are_plain(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / f"lab{ESCAPES}.yaml"
    path.write_text(text)
    assert main(["plan", str(path)]) == 2
    out, errors = capsys.readouterr()
    assert out == ""
    assert errors.startswith("nslab: ")
    assert is_plain(errors)


@pytest.mark.usefixtures("able")
def test_what_a_process_in_a_node_has_named_is_plain(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    lab = Lab(name)
    lab.cable("a", "b", subnet="10.0.0.0/30")
    with up(lab) as running:
        rename(running)
        for style in ("yaml", "table", "json"):
            assert main(["show", "--drift", "-o", style, name]) == 1
            said = capsys.readouterr().out
            assert is_plain(said)
            assert "foe" in said


def rename(running: Running) -> None:
    """Make a link with a name, and an alias, that only a foe would give."""
    package = str(Path(__file__).parents[2] / "src")
    done = running["a"].run([sys.executable, "-c", CODE, package, LINK], check=False)
    assert done.returncode == 0


@pytest.mark.usefixtures("able")
def test_the_list_of_labs_is_plain(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / f"lab{ESCAPES}.yaml"
    path.write_text(f"name: {name}\nnodes: {{a: }}\n")
    with up(load(path)):
        assert main(["ls"]) == 0
        out = capsys.readouterr().out
        assert name in out
        assert r"\x1b]0;pwned" in out
        assert is_plain(out)
