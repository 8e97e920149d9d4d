"""The command as its users run it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from nslab.errors import PrivilegeError
from nslab.kernel.sandbox import Sandbox

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.kernel


@pytest.fixture(scope="module", autouse=True)
def _able() -> None:
    try:
        Sandbox.start(f"able-{os.getpid()}").end()
    except PrivilegeError as error:
        pytest.skip(str(error))


def nslab(*words: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "nslab", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd)


def test_from_file_to_nothing(tmp_path: Path) -> None:
    name = f"cli{os.getpid()}"
    path = tmp_path / "lab.yaml"
    path.write_text(f"name: {name}\nbridges: {{lan: {{subnet: 10.0.0.0/24, ports: [a, b]}}}}\n")
    assert "ip netns add a" in nslab("plan", cwd=tmp_path).stdout.splitlines()
    assert nslab("up", cwd=tmp_path).returncode == 0
    try:
        assert "nothing to do" in nslab("up", cwd=tmp_path).stdout
        assert name in [lab["lab"] for lab in json.loads(nslab("ls", "-j").stdout)]
        pings = nslab("ping", "-l", name, "-j")
        assert (pings.returncode, len(json.loads(pings.stdout))) == (0, 2)
        assert nslab("exec", "-l", name, "a", "sh", "-c", "exit 7").returncode == 7
        assert nslab("exec", "-l", name, "a", "sh", "-c", "kill -9 $$").returncode == 137
        assert nslab("exec", "-l", name, "a", "no-such-program").returncode == 127
        assert nslab("exec", "-l", name, "nope", "true").returncode == 255
        assert nslab("show", "--drift", name).returncode == 0
        assert nslab("exec", "-l", name, "a", "ip", "link", "set", "eth0", "down").returncode == 0
        assert "a:eth0: is down" in nslab("show", "--drift", name).stdout
        broken = nslab("ping", "-l", name)
        assert broken.returncode == 1
        assert "b -> a (10.0.0.1)" in broken.stdout
        assert "a" in nslab("draw", name).stdout
    finally:
        assert nslab("down", name).returncode == 0
    assert nslab("down", name).returncode == 1


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["pign"], 2, 'unknown verb "pign" (hint: did you mean "ping"?)'),
        (["up", "missing.yaml"], 2, 'cannot read "missing.yaml"'),
        (["down", "no-such-lab"], 1, 'no lab named "no-such-lab" is running'),
        (["exec", "onlynode"], 2, "a node and a command are needed"),
        (["show", "--nonsense"], 2, "unrecognized arguments"),
    ],
)
def test_errors_are_one_line(words: list[str], code: int, message: str) -> None:
    done = nslab(*words)
    assert done.returncode == code
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1
