"""Labs for tests of the kernel layer: bare sandboxes under names that nobody else has."""

from __future__ import annotations

import contextlib
import itertools
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from nslab.errors import PrivilegeError
from nslab.kernel import launchers, programs
from nslab.kernel.sandbox import Sandbox
from nslab.netlink.message import Request
from nslab.netlink.rtnl.constants import RTM
from nslab.netlink.rtnl.link import Link

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_numbers = itertools.count(1)


def fresh_name() -> str:
    return f"k{os.getpid()}-{next(_numbers)}"


@contextlib.contextmanager
def started(*names: str) -> Iterator[Sandbox]:
    """Start a lab with these netns, and end it."""
    try:
        sandbox = Sandbox.start(fresh_name())
    except PrivilegeError as error:
        pytest.skip(str(error))
    try:
        sandbox.create(names)
        sandbox.settle()
        yield sandbox
    finally:
        sandbox.end()


def launchers_in(lab: str) -> list[launchers.Client]:
    """Give this process's launchers in a lab, the last one last."""
    return [client for client in launchers.clients.values() if client.of[0] == lab]


def output_in(sandbox: Sandbox, name: str, *command: str) -> str:
    """Run a program in a netns of the lab, and give what it says; it must end well."""
    place = (sandbox.lab, sandbox.pid, name)
    with programs.popen(place, command, stdout=subprocess.PIPE, text=True) as process:
        output = process.communicate(timeout=20)[0]
    assert process.returncode == 0
    assert isinstance(output, str)
    return output


def links(sandbox: Sandbox, name: str) -> list[str | None]:
    """Ask the kernel for the links of a netns."""
    found = sandbox.handle(name).transport.dump(Request(RTM.GETLINK, Link()), Link)
    return [link.ifname for link in found]


def joiner(place: tuple[str, int, str], *command: str) -> list[str]:
    """Give the command line that runs a program as `nslab exec` does."""
    code = "import sys; from nslab.cli import main; sys.exit(main(sys.argv[1:]))"
    return [sys.executable, "-c", code, "exec", "-l", place[0], place[2], *command]


def eventually(condition: Callable[[], bool], seconds: float = 2.0, *, pause: float = 0.01) -> bool:
    """Wait until a condition holds; tell whether it ever did."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(pause)
    return True


def commands() -> list[str]:
    """Give the command of every process."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found.append(path.read_text().replace("\0", " ").strip())
        except OSError:
            continue
    return found


def descriptors(pid: int | str = "self") -> int:
    """Count the open descriptors of a process, or of this one."""
    return len(os.listdir(f"/proc/{pid}/fd"))  # noqa: PTH208 - as few descriptors as can be


def open_in(sandbox: Sandbox) -> int:
    """Count the holder's descriptors at rest."""
    for _ in range(2):  # when it answers the second time, it has dealt with all that came before
        sandbox.names()
    return descriptors(sandbox.pid)
