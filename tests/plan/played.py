"""A machine that is only played: the netns and the /run of a test's forked child."""

from __future__ import annotations

import os
import signal
import subprocess
from typing import TYPE_CHECKING

from nslab.kernel.procfs import start_time
from nslab.kernel.sandbox import running
from tests.kernel.labs import eventually

if TYPE_CHECKING:
    from nslab import Running


def ip(*words: str) -> str:
    """Run the real `ip`; it must end well."""
    return subprocess.run(["ip", *words], capture_output=True, text=True, check=True).stdout


def reaches(address: str, *, of: str = "") -> bool:
    """Ping from the machine itself, or from one of its named netns."""
    enter = ["ip", "netns", "exec", of] if of else []
    command = [*enter, "ping", "-c1", "-W1", address]
    return eventually(
        lambda: subprocess.run(command, check=False, capture_output=True).returncode == 0
    )


def none_runs() -> bool:
    """Tell whether no lab runs; the address of one that has just ended may stay a moment."""
    return eventually(lambda: running() == [])


def kill_holder(lab: Running) -> None:
    """End a lab as nobody should."""
    os.kill(lab.pid, signal.SIGKILL)
    assert eventually(lambda: start_time(lab.pid) == 0)
