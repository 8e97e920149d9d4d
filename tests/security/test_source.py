"""What nslab itself does not do, by its source: no shell of its own, no setuid, no loose files."""

from __future__ import annotations

import ast
import stat
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import nslab

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE = Path(nslab.__file__).parent
ROOT = Path(__file__).parents[2]
SHELLS = {
    "os.system",
    "os.popen",
    "subprocess.getoutput",
    "subprocess.getstatusoutput",
    "pty.spawn",
}
CODE = {"eval", "exec", "compile", "pickle.loads", "pickle.load", "marshal.loads", "yaml.load"}
RIGHTS = {
    f"os.{verb}{what}" for verb in ("set", "setre", "setres", "sete") for what in ("uid", "gid")
}
RIGHTS |= {"os.chown", "os.fchown", "os.chmod", "os.fchmod", "os.umask"}
SECRETS = ("password", "passwd", "passphrase", "secret", "api_key", "private_key")
IPROUTE2 = ("ip/", "netlink/")
"""Where the kernel's and iproute2's own words are, as `private_key`: they start no program."""

FOR_ALL = ("/tmp", "/var/tmp", "/dev/shm")  # noqa: S108 - to find them
GIVES_UP = {"cli/checks/lab.py", "kernel/launcher.py", "kernel/programs.py"}
"""Where root's `doctor` becomes nobody, to tell what a plain user may do; and where a program in a
node is given its caller's umask, which has to be changed to be read."""

OWN_COMMAND = {"kernel/programs.py"}
"""Where a shell runs what the caller of `popen(…, shell=True)` wrote, in a node."""


def sources() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        yield str(path.relative_to(PACKAGE)), ast.parse(path.read_text(encoding="utf-8"))


def names_called(tree: ast.AST) -> set[str]:
    return {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}


def with_shell(tree: ast.AST) -> bool:
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    calls = [call for call in calls if ast.unparse(call.func) != "shellcode"]  # it names a shell
    return any(word.arg == "shell" for call in calls for word in call.keywords)


def shell_lines(tree: ast.AST) -> list[str]:
    """Give the lists that begin with a shell and `-c`."""
    lists = [ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.List | ast.Tuple)]
    return [text for text in lists if text[1:].startswith(("'/bin/sh', '-c'", "'sh', '-c'"))]


def test_no_shell_runs_what_nslab_made_of_texts() -> None:
    found = {
        path
        for path, tree in sources()
        if with_shell(tree) or names_called(tree) & SHELLS or shell_lines(tree)
    }
    assert found == OWN_COMMAND


def test_no_text_becomes_code() -> None:
    assert {path for path, tree in sources() if names_called(tree) & CODE} == set()


def test_nothing_is_setuid_and_no_rights_are_changed() -> None:
    assert {path for path, tree in sources() if names_called(tree) & RIGHTS} == GIVES_UP
    modes = [path.stat().st_mode for path in [*PACKAGE.rglob("*"), *(ROOT / "scripts").iterdir()]]
    assert modes
    assert not any(mode & (stat.S_ISUID | stat.S_ISGID) for mode in modes if not stat.S_ISDIR(mode))


def test_there_are_no_secrets_that_an_argument_could_show() -> None:
    words = {
        (path, text)
        for path, tree in sources()
        if not path.startswith(IPROUTE2)
        for node in ast.walk(tree)
        for text in (getattr(node, "id", None), getattr(node, "arg", None), _text(node))
        if text and any(secret in text.lower() for secret in SECRETS)
    }
    assert words == set()


def _text(node: ast.AST) -> str | None:
    """Give a text that could be an option: prose is of no interest."""
    one = isinstance(node, ast.Constant) and isinstance(node.value, str)
    return node.value if one and " " not in node.value else None  # type: ignore[attr-defined]


def test_no_file_is_made_where_all_may_write() -> None:
    for path, tree in sources():
        assert "tempfile" not in {
            name.name
            for node in ast.walk(tree)
            if isinstance(node, ast.Import | ast.ImportFrom)
            for name in node.names
        }, path
        texts = [_text(node) or "" for node in ast.walk(tree)]
        assert not [text for text in texts if text.startswith(FOR_ALL)], path


@pytest.mark.parametrize(
    ("code", "finds"),
    [
        ("subprocess.run(x, shell=True)", True),
        ("subprocess.run(x, shell=y)", True),
        ("subprocess.run(['sh', '-c', x])", True),
        ("os.system(x)", True),
        ("subprocess.run(['ip', '-c', x])", False),
    ],
)
def test_what_is_looked_for_would_be_found(*, code: str, finds: bool) -> None:
    tree = ast.parse(code)
    assert bool(with_shell(tree) or names_called(tree) & SHELLS or shell_lines(tree)) is finds
