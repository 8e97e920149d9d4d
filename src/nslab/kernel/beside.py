"""Programs that belong to a lab but stay in the caller's netns: its ways to the world.

Such a program has the sandbox's user namespace, so that it may enter the lab's netns, and its PID
namespace, so that it ends with the lab, however that ends. Its netns and files are the caller's.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # `signal` itself loads enum
import os
import sys

from nslab.errors import KernelError, LabNotRunningError
from nslab.kernel import libc, wire
from nslab.kernel.procfs import process_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_STARTER = (
    "import sys; sys.path.insert(0, sys.argv.pop(1)); from nslab.kernel.beside import main; main()"
)
_FAILED = 127


def start(lab: str, holder: int, command: Sequence[str], fds: Sequence[int] = ()) -> int:
    """Start a program beside a lab.

    Args:
        lab: the lab's name, for the error.
        holder: its holder's PID.
        command: the program, found on PATH, and its arguments.
        fds: descriptors that it inherits under their own numbers; what it says goes to the first,
            if there is one.

    Returns:
        Its PID. It has ended already if it could not be run.

    Raises:
        LabNotRunningError: the lab ended.
        KernelError: the kernel does not let this user in.
    """
    import subprocess

    package = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    words = [sys.executable, "-I", "-S", "-c", _STARTER, package, str(holder)]
    words += [str(fds[0]) if fds else "-1", *command]
    done = subprocess.run(
        words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, pass_fds=fds, check=False
    )
    kind, _, number = done.stdout.decode().partition(" ")
    if kind == "pid":
        return int(number)
    if process_name(holder) != wire.HOLDER:
        raise LabNotRunningError(f'the lab "{lab}" ended')
    raise libc.failure(f"start {command[0]} beside the lab", int(number or "0"))


def main() -> None:
    """Run as `beside HOLDER SAID PROGRAM ARGUMENT…`: enter, start it, tell its PID."""
    holder, said, *command = sys.argv[1:]
    try:
        _enter(int(holder))
        child = os.fork()
    except (KernelError, OSError) as error:
        os.write(1, f"error {error.errno or 0}".encode())
        os._exit(_FAILED)
    if child == 0:
        _become(command, int(said))
    os.write(1, f"pid {child}".encode())
    os._exit(0)


def _enter(holder: int) -> None:
    """Have children in the lab's PID namespace, and the rights of its user namespace."""
    kinds = libc.CLONE_NEWPID
    if not os.path.samefile(f"/proc/{holder}/ns/user", "/proc/self/ns/user"):
        kinds |= libc.CLONE_NEWUSER
    libc.setns(os.pidfd_open(holder), kinds)


def _become(command: Sequence[str], said: int) -> None:
    try:
        os.setsid()
        nowhere = os.open(os.devnull, os.O_RDWR)
        for number, fd in enumerate(
            (nowhere, *((said, said) if said >= 0 else (nowhere, nowhere)))
        ):
            os.dup2(fd, number)
        _signal.signal(_signal.SIGPIPE, _signal.SIG_DFL)  # Python had it ignored
        os.execvp(command[0], list(command))
    except OSError as error:
        os.write(2, f"{command[0]}: {os.strerror(error.errno or 0)}\n".encode())
    finally:
        os._exit(_FAILED)
