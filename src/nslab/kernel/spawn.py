"""Programs in nodes: join the lab from a fresh process, then run the program as its child.

A PID namespace is entered only by children, so the joining process stays outside as the program's
parent: it passes signals on and ends as the program ended. It is `nslab exec` itself, or for
`popen` an interpreter of its own (a user namespace cannot be joined by a process with threads).
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # `signal` itself loads enum
import contextlib
import errno
import os
import sys

from nslab.errors import KernelError, NslabError
from nslab.kernel import libc
from nslab.kernel.holder import NAMES
from nslab.kernel.sandbox import no_such_node

TYPE_CHECKING = False
if TYPE_CHECKING:
    import subprocess
    from collections.abc import Mapping, Sequence
    from typing import IO

    StrPath = str | os.PathLike[str]

EXIT_FAILED = 255
EXIT_NOT_EXECUTABLE = 126
EXIT_NOT_FOUND = 127

_JOINER = (
    "import sys; sys.path.insert(0, sys.argv.pop(1)); from nslab.kernel.spawn import main; main()"
)
_FORWARDED = (
    _signal.SIGHUP,
    _signal.SIGINT,
    _signal.SIGQUIT,
    _signal.SIGTERM,
    _signal.SIGUSR1,
    _signal.SIGUSR2,
    _signal.SIGWINCH,
    _signal.SIGALRM,
    _signal.SIGCONT,
)


def join(lab: str, pid: int, node: str) -> None:
    """Move this process, which must have one thread, into a node of the lab whose holder is `pid`.

    It gets a mount namespace of its own, in which /sys shows the node's links, and the node's name
    as its host name. Children of this process, not itself, are in the lab's PID namespace.

    Raises:
        NodeNotFoundError: the lab has no such node.
        KernelError: the kernel does not let this user in.
    """
    here = os.getcwd()
    pidfd = os.pidfd_open(pid)
    kinds = libc.CLONE_NEWNS | libc.CLONE_NEWPID | libc.CLONE_NEWNET | libc.CLONE_NEWIPC
    if os.stat(f"/proc/{pid}/ns/user").st_ino != os.stat("/proc/self/ns/user").st_ino:
        kinds |= libc.CLONE_NEWUSER
    libc.setns(pidfd, kinds)
    os.close(pidfd)
    try:
        fd = os.open(f"{NAMES}/{node}", os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        raise no_such_node(lab, node, sorted(os.listdir(NAMES))) from None
    libc.setns(fd, libc.CLONE_NEWNET)
    os.close(fd)
    _own_view(node)
    with contextlib.suppress(OSError):  # the directory may be hidden in the lab: then `/` it is
        os.chdir(here)


def _own_view(node: str) -> None:
    libc.unshare(libc.CLONE_NEWNS | libc.CLONE_NEWUTS)
    libc.mount("", "/", "none", libc.MS_SLAVE | libc.MS_REC)
    libc.set_hostname(node)
    with contextlib.suppress(
        KernelError
    ):  # refused where /sys is partly masked; the old one serves
        libc.mount("sysfs", "/sys", "sysfs", libc.MS_NOSUID | libc.MS_NODEV | libc.MS_NOEXEC)


def run_child(command: Sequence[str], environment: Mapping[str, str], program: str = "") -> int:
    """Run a program as this process's child, with its terminal; give its wait status.

    Signals that were sent to this process are passed on; those that the terminal makes reach the
    child by themselves.
    """
    before = _signal.pthread_sigmask(_signal.SIG_BLOCK, (*_FORWARDED, _signal.SIGCHLD))
    child = os.fork()
    if child == 0:
        _become(command, environment, program or command[0], before)
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            _signal.pthread_sigmask(_signal.SIG_SETMASK, before)
            return status
        came = _signal.sigwaitinfo((*_FORWARDED, _signal.SIGCHLD))
        sent_by_process = came.si_code <= 0
        if sent_by_process and came.si_signo != _signal.SIGCHLD:
            os.kill(child, came.si_signo)


def _become(
    command: Sequence[str], environment: Mapping[str, str], program: str, mask: set[int]
) -> None:
    """Turn this freshly forked process into the program; never returns."""
    code = EXIT_FAILED
    try:
        libc.prctl(libc.PR_SET_PDEATHSIG, _signal.SIGKILL)
        for number in (_signal.SIGPIPE, _signal.SIGXFSZ):  # Python had them ignored
            _signal.signal(number, _signal.SIG_DFL)
        _signal.pthread_sigmask(_signal.SIG_SETMASK, mask)
        os.execvpe(program, list(command), environment)
    except OSError as error:
        missing = error.errno in (errno.ENOENT, errno.ENOTDIR)
        code = EXIT_NOT_FOUND if missing else EXIT_NOT_EXECUTABLE
        os.write(2, f"nslab: {program}: {os.strerror(error.errno or 0)}\n".encode())
    finally:
        os._exit(code)


def popen(
    lab: str,
    pid: int,
    node: str,
    args: str | Sequence[StrPath],
    *,
    bufsize: int = -1,
    executable: StrPath | None = None,
    stdin: int | IO[bytes] | IO[str] | None = None,
    stdout: int | IO[bytes] | IO[str] | None = None,
    stderr: int | IO[bytes] | IO[str] | None = None,
    shell: bool = False,
    cwd: StrPath | None = None,
    env: Mapping[str, str] | None = None,
    text: bool | None = None,
    encoding: str | None = None,
    errors: str | None = None,
    start_new_session: bool = False,
    pass_fds: Sequence[int] = (),
    pipesize: int = -1,
) -> subprocess.Popen[str] | subprocess.Popen[bytes]:
    """Start a program in a node; the parameters are those of `subprocess.Popen`.

    Raises:
        FileNotFoundError: there is no such program.
        PermissionError: it is not executable.
    """
    import subprocess

    command = ["/bin/sh", "-c", args] if shell and isinstance(args, str) else args
    words = [command] if isinstance(command, str) else [os.fspath(word) for word in command]
    program = os.fspath(executable) if executable is not None else words[0]
    _check_program(program, env)
    package = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    join_first = [sys.executable, "-I", "-S", "-c", _JOINER, package, lab, str(pid), node, program]
    return subprocess.Popen(
        [*join_first, *words],
        bufsize=bufsize,
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        cwd=cwd,
        env=env,
        text=text,
        encoding=encoding,
        errors=errors,
        start_new_session=start_new_session,
        pass_fds=pass_fds,
        pipesize=pipesize,
    )


def _check_program(program: str, env: Mapping[str, str] | None) -> None:
    import shutil

    path = None if env is None else env.get("PATH", os.defpath)
    if shutil.which(program, path=path) is not None:
        return
    there = "/" in program and os.path.exists(program)
    number = errno.EACCES if there else errno.ENOENT
    raise OSError(number, os.strerror(number), program)


def main() -> None:
    """Run as `spawn LAB PID NODE PROGRAM ARGUMENT…`: join, run, and end as the program ended."""
    lab, pid, node, program, *command = sys.argv[1:]
    try:
        join(lab, int(pid), node)
    except (NslabError, OSError) as error:
        os.write(2, f"nslab: {error}\n".encode())
        os._exit(EXIT_FAILED)
    status = run_child(command, os.environ, program)
    if os.WIFSIGNALED(status):
        _die_by(os.WTERMSIG(status))
    os._exit(os.waitstatus_to_exitcode(status))


def _die_by(number: int) -> None:
    """End by that signal, so that the caller's `returncode` is the one the program had."""
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if number not in (_signal.SIGKILL, _signal.SIGSTOP):
        _signal.signal(number, _signal.SIG_DFL)
        _signal.pthread_sigmask(_signal.SIG_UNBLOCK, (number,))
    os.kill(os.getpid(), number)
