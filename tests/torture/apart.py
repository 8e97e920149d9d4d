"""A place apart for what is run long: its network, mounts and processes are its own.

What runs there is a fresh process, root or a plain user, below a first process that reaps orphans;
when it ends, the kernel ends all that it has left.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import nslab
from nslab.kernel import libc
from tests.kernel.sandboxed import NOBODY
from tests.plan.way.world import python_for_all

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.torture.results import Figure

    Outcome = tuple[list[Figure], list[str]]
    """Figures, and failures in one line each."""

ROOT = Path(__file__).parents[2]
INSIDE = "--inside"
"""The word by which a program knows that it is apart already."""


def run(module: str, *words: str, user: bool) -> Outcome:
    """Run a module apart, as root or as a plain user; give what it says as JSON."""
    path = [str(Path(nslab.__file__).parents[1]), str(ROOT)]
    path += [one for one in sys.path if "site-packages" in one]
    variables = [f"PYTHONPATH={os.pathsep.join(path)}", "HOME=/tmp", f"PATH={os.environ['PATH']}"]
    python = python_for_all() if user else sys.executable
    command = ["env", *variables, python, "-m", module, INSIDE, *words]
    if user:
        ids = ["--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups"]
        command = ["setpriv", *ids, *command]
    tied = ["setpriv", "--pdeathsig", "KILL"]
    apart = ["unshare", "--mount", "--net", "--pid", "--fork", "--mount-proc", "--kill-child"]
    done = subprocess.run([*tied, *apart, *command], stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode or not done.stdout:
        return [], [f"{module} ended with {done.returncode}"]
    figures, failures = json.loads(done.stdout.splitlines()[-1])
    return [(words, value) for words, value in figures], failures


def inside(work: Callable[[], Outcome]) -> None:
    """Do the work below a first process that reaps; print what comes of it."""
    if os.getpid() == 1 and (child := os.fork()):
        _reap(child)
    if os.geteuid() == 0:
        libc.mount("tmpfs", "/run", "tmpfs", libc.MS_NOSUID | libc.MS_NODEV)
    print(json.dumps(work()), flush=True)


def _reap(child: int) -> None:
    while True:
        ended, status = os.wait()
        if ended == child:
            sys.stdout.flush()
            os._exit(abs(os.waitstatus_to_exitcode(status)))
