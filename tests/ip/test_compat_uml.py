"""The cases of kinds that this machine's kernel may lack, run in User Mode Linux."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

import pytest

from tests.ip.twins import why_not_compare
from tests.uml import machine

_LIMIT = 600
_ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_the_kinds_of_links() -> None:
    if not machine.found():
        pytest.skip("User Mode Linux is not installed (Debian's package user-mode-linux)")
    reason = why_not_compare()
    if reason:
        pytest.skip(reason)
    words = [sys.executable, "-B", "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    words += ["tests/ip/test_compat.py", "-k", "link_kinds or bridge_vlan"]
    path = os.pathsep.join(filter(None, sys.path))
    command = f"cd {shlex.quote(str(_ROOT))} && PYTHONPATH={shlex.quote(path)} {shlex.join(words)}"
    code, output = machine.run(command, _LIMIT)
    assert code == 0, output
    assert "skipped" not in output.rpartition("\n=")[2], output
