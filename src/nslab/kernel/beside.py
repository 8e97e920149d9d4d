"""Programs that serve a lab: its ways to the world.

Such a program has the sandbox's user namespace, so that it may enter the lab's netns, and its PID
namespace, so that it ends with the lab, however that ends. Its files are the caller's, and so is
its netns unless another is named.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # `signal` itself loads enum
import contextlib
import errno
import os
import sys

from nslab.errors import KernelError, LabNotRunningError, NslabError
from nslab.kernel import interpreter, libc, wire
from nslab.kernel.procfs import process_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from nslab.kernel.sandbox import Sandbox

_FAILED = 127
_PATIENCE = 5000  # milliseconds


def start(
    sandbox: Sandbox,
    name: str,
    command: Sequence[str],
    fds: Sequence[int] = (),
    *,
    stdio: tuple[int, int] = (-1, -1),
    netns: int = -1,
) -> int:
    """Start a program beside a lab, whose holder keeps its pidfd.

    It runs once the holder has that: should this process be killed before, nobody would find it.

    Args:
        sandbox: the lab.
        name: under which `stop` finds it.
        command: the program, found on PATH, and its arguments.
        fds: descriptors that it inherits under their own numbers.
        stdio: descriptors for its standard input and for what it says; -1 for nowhere.
        netns: the descriptor of the netns for it; -1 for the caller's.

    Returns:
        Its PID. It has ended already if it could not be run.

    Raises:
        LabNotRunningError: the lab ended.
        KernelError: the kernel does not let this user in.
    """
    held, let_go = os.pipe()
    begun, failing = os.pipe()
    try:
        try:
            pid = _start(sandbox, command, fds, (*stdio, netns, held, failing))
        finally:
            os.close(failing)
        _lodge(sandbox, name, pid, command)
        with contextlib.suppress(BrokenPipeError):  # the lab has ended
            os.write(let_go, b"!")
        number = os.read(begun, 16).decode()  # nothing once the program runs
        if number and stdio[1] < 0:  # else the program's own words tell more
            raise _failure(command, int(number))
    finally:
        wire.close([held, let_go, begun])
    return pid


def _lodge(sandbox: Sandbox, name: str, pid: int, command: Sequence[str]) -> None:
    try:
        pidfd = os.pidfd_open(pid)
    except ProcessLookupError:  # the lab has ended
        return
    except OSError as error:
        raise _failure(command, error.errno or 0) from None
    try:
        sandbox.lodge(name, pidfd)
    finally:
        os.close(pidfd)


def stop(sandbox: Sandbox, name: str) -> None:
    """End a program that was started under that name, if it runs, and wait until it has ended."""
    pidfd = sandbox.lend(name)
    if pidfd is None:
        return
    import select
    import signal

    with contextlib.suppress(ProcessLookupError):
        signal.pidfd_send_signal(pidfd, signal.SIGTERM)
    gone = select.poll()
    gone.register(pidfd, select.POLLIN)
    gone.poll(_PATIENCE)
    os.close(pidfd)
    with contextlib.suppress(NslabError):  # the holder only keeps what is of no use
        sandbox.lodge(name, None)


def _start(
    sandbox: Sandbox,
    command: Sequence[str],
    fds: Sequence[int],
    more: tuple[int, int, int, int, int],
) -> int:
    import subprocess

    passed = [*fds, *(fd for fd in more if fd >= 0)]
    done = subprocess.run(
        interpreter.command(__name__, str(sandbox.pid), *map(str, more), *command),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        pass_fds=passed,
        start_new_session=True,  # Ctrl-C is for nslab, which undoes what was begun
        check=False,
    )
    kind, _, number = done.stdout.decode().partition(" ")
    if kind == "pid":
        return int(number)
    if process_name(sandbox.pid) != wire.HOLDER:
        raise LabNotRunningError(f'the lab "{sandbox.lab}" ended')
    raise _failure(command, int(number or errno.ECHILD))


def _failure(command: Sequence[str], number: int) -> KernelError:
    return libc.of_oserror(f"start {command[0]} beside the lab", OSError(number, ""))


def main() -> None:
    """Run as `beside HOLDER GIVEN SAID NETNS HELD FAILING PROGRAM …`: start that, tell its PID."""
    holder, given, said, netns, held, failing, *command = sys.argv[1:]
    try:
        _enter(int(holder), int(netns))
        child = os.fork()
    except (KernelError, OSError) as error:
        os.write(1, f"error {error.errno or 0}".encode())
        os._exit(_FAILED)
    if child == 0:
        _become(command, (int(given), int(said), int(said)), int(held), int(failing))
    os.write(1, f"pid {child}".encode())
    os._exit(0)


def _enter(holder: int, netns: int) -> None:
    """Have children in the lab's PID namespace, with the rights of its user namespace."""
    kinds = libc.CLONE_NEWPID
    if not os.path.samefile(f"/proc/{holder}/ns/user", "/proc/self/ns/user"):
        kinds |= libc.CLONE_NEWUSER
    libc.setns(os.pidfd_open(holder), kinds)
    if netns >= 0:
        libc.setns(netns, libc.CLONE_NEWNET)
        os.close(netns)


def _become(
    command: Sequence[str], standard: tuple[int, int, int], held: int, failing: int
) -> None:
    try:
        os.setsid()
        nowhere = os.open(os.devnull, os.O_RDWR)
        for number, fd in enumerate(standard):
            os.dup2(nowhere if fd < 0 else fd, number)
        os.set_inheritable(failing, False)  # noqa: FBT003 - the standard library's own call
        if not os.read(held, 1):  # whoever started it has been killed
            os._exit(_FAILED)
        os.close(held)
        _signal.signal(_signal.SIGPIPE, _signal.SIG_DFL)  # Python had it ignored
        os.execvp(command[0], list(command))
    except OSError as error:
        os.write(2, f"{command[0]}: {os.strerror(error.errno or 0)}\n".encode())
        os.write(failing, str(error.errno or 0).encode())
    finally:
        os._exit(_FAILED)
