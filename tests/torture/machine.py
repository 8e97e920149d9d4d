"""A machine to be cruel to: its network, mounts, /run, /tmp and processes are its own.

What runs there is a forked child, with a first process that reaps as an init does; when the child
returns, the kernel ends all that it left. The network is that of `tests/plan/way/world.py`.
"""

from __future__ import annotations

import codecs
import functools
import importlib
import json
import os
import pkgutil
import signal
import subprocess
import sys
import time
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nslab
from nslab import cli
from nslab.kernel import libc
from tests.kernel import sandboxed
from tests.plan.way import world
from tests.state import processes, state

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.state import MachineState

    Json = dict[str, Any]
    Facts = dict[str, object]

ROOT = Path(__file__).parents[2]
DOOR = "table inet mine { chain forward { type filter hook forward priority 0; policy drop; }; }"
"""A firewall of somebody else's, past which a lab must be led and which must stay."""

JOINED, JOINED4 = "br0", "10.9.0.0/24"
"""A bridge of the machine's own, which labs may join, and its subnet."""

PATIENCE = 30.0
"""Seconds after which a command hangs."""

_KILL_WITH_PARENT = 1  # PR_SET_PDEATHSIG


@dataclass(frozen=True, slots=True)
class Said:
    """What became of a command; `code` is -N where signal N ended it, None where it hung."""

    code: int | None
    text: str

    @property
    def is_clean(self) -> bool:
        """Whether it said nothing that only a bug would."""
        return "Traceback" not in self.text and "bug in nslab" not in self.text


@dataclass(slots=True)
class Command:
    """A command that runs: its PID, and the file of what it says."""

    pid: int
    said: int
    begun: float

    def wait(self, patience: float = PATIENCE) -> Said:
        """Wait for its end; one that hangs is killed."""
        deadline = time.monotonic() + patience
        while True:
            ended, status = os.waitpid(self.pid, os.WNOHANG)
            if ended or time.monotonic() > deadline:
                break
            time.sleep(0.001)
        if not ended:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        size = os.fstat(self.said).st_size
        text = os.pread(self.said, size, 0).decode("utf-8", "replace")
        os.close(self.said)
        return Said(os.waitstatus_to_exitcode(status) if ended else None, text)


class Machine:
    """The machine as its user sees it; it exists in the child that `play` forks."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        _load_all()

    def start(
        self, words: list[str], *, user: bool, arm: Callable[[], None] = lambda: None
    ) -> Command:
        """Start nslab in a fork of this process, which has all of it loaded already.

        Args:
            words: nslab's.
            user: whether a plain user runs it.
            arm: called in the child before nslab begins.
        """
        said = os.memfd_create("said")
        begun = time.monotonic()
        pid = os.fork()
        if pid == 0:
            _be_nslab(words, said, user=user, arm=arm)
        return Command(pid, said, begun)

    def run(self, *words: str, user: bool = False) -> Said:
        """Run nslab to its end."""
        return self.start(list(words), user=user).wait()

    def write(self, lab: Facts) -> str:
        """Write a lab file; one of the same name is another state of the same lab."""
        path = self.folder / f"{lab['name']}.json"
        path.write_text(json.dumps(lab))
        return str(path)

    def state(self) -> MachineState:
        """Give everything of the machine that must be as before once no lab runs."""
        found = state(folders=("/run", "/tmp"))  # noqa: S108
        found["files"] = [one for one in found["files"] if not one.startswith(str(self.folder))]
        return found


def output(*command: str) -> str:
    """Give what a program prints; it must end well."""
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def holders() -> list[int]:
    """Give the processes that are, or are about to become, holders of labs."""
    return [pid for pid, command in processes().items() if "nslab.kernel.holder" in command]


def play(work: Callable[[Machine], Json]) -> Json:
    """Have work done on a machine, and give what it gives: values that JSON has.

    Raises:
        RuntimeError: it failed; says how.
        PermissionError: this user may not make such a machine.
    """
    readable, writable = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(readable)
        _be_machine(work, writable)
    os.close(writable)
    with os.fdopen(readable, encoding="utf-8") as pipe:
        verdict = pipe.read()
    os.waitpid(child, 0)
    kind, _, text = verdict.partition(":")
    if kind == "forbidden":
        raise PermissionError(text)
    if kind != "ok":
        raise RuntimeError(text or "the machine died")
    found: Json = json.loads(text)
    return found


def _be_machine(work: Callable[[Machine], Json], writable: int) -> None:
    """Make the machine, of which this process's child is the first process; never returns."""
    try:
        libc.prctl(_KILL_WITH_PARENT, signal.SIGKILL)
        sandboxed._enter()
        libc.unshare(libc.CLONE_NEWPID | libc.CLONE_NEWIPC)
    except OSError as error:
        os.write(writable, f"forbidden:{error}".encode())
        os._exit(1)
    first = os.fork()
    if first != 0:
        os.close(writable)
        os.waitpid(first, 0)
        os._exit(0)
    libc.prctl(_KILL_WITH_PARENT, signal.SIGKILL)
    worker = os.fork()
    if worker == 0:
        _work(work, writable)
    os.close(writable)
    while os.wait()[0] != worker:
        pass
    os._exit(0)


def _work(work: Callable[[Machine], Json], writable: int) -> None:
    try:
        libc.mount("proc", "/proc", "proc", libc.MS_NOSUID)
        if not ROOT.is_relative_to("/tmp"):  # noqa: S108
            libc.mount("tmpfs", "/tmp", "tmpfs", libc.MS_NOSUID, "mode=1777")  # noqa: S108
        folder = Path("/tmp/labs")  # noqa: S108
        folder.mkdir(exist_ok=True)
        world.build(world.World(folder, user=False), world.serve_apart)
        _add_bridge()
        subprocess.run(["nft", "-f", "-"], input=DOOR, text=True, check=True)
        verdict = f"ok:{json.dumps(work(Machine(folder)))}"
    except BaseException:  # noqa: BLE001 - the parent shall see whatever it is
        verdict = f"failed:{traceback.format_exc()}"
    with os.fdopen(writable, "w", encoding="utf-8") as pipe:
        pipe.write(verdict)
    os._exit(0)


def _add_bridge() -> None:
    world.ip("link", "add", JOINED, "type", "bridge")
    world.ip("link", "set", JOINED, "up")
    world.ip("address", "add", JOINED4.replace(".0/", ".100/"), "dev", JOINED)


def _be_nslab(words: list[str], said: int, *, user: bool, arm: Callable[[], None]) -> None:
    code = 1
    try:
        nowhere = os.open(os.devnull, os.O_RDONLY)
        for number, fd in enumerate((nowhere, said, said)):
            os.dup2(fd, number)
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
        if user:
            sys.executable, sys.path[:] = world.python_for_all(), _path_for_all()
            sandboxed._become(sandboxed.NOBODY, sandboxed.NOBODY)
        arm()
        code = cli.main(words)
        sys.stdout.flush()
    except BaseException:  # noqa: BLE001
        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(code)


@functools.cache
def _path_for_all() -> list[str]:
    """Give where the Python that a plain user may run finds its modules, and ours."""
    code = "import json, sys; print(json.dumps(sys.path))"
    own: list[str] = json.loads(output(world.python_for_all(), "-c", code))
    return [*own, *(path for path in sys.path if "site-packages" in path)]


def _load_all() -> None:
    """Import all of nslab, so that a fork of this process spends its time on its work."""
    codecs.lookup("utf-8-sig")
    for module in pkgutil.walk_packages(nslab.__path__, "nslab."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    if world.python_for_all():
        _path_for_all()
