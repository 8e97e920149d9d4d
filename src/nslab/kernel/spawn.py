"""Joining a lab: this process moves into a node, and runs a program there as its child.

A PID namespace is entered only by children, so the joining process stays outside as the program's
parent: it passes signals on and ends as the program ended. It is `nslab exec` and `nslab shell`
themselves, or for nft an interpreter of its own. Users' programs in Python have a launcher.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # `signal` itself loads enum
import errno
import os
import sys

from nslab.errors import KernelError, LabNotRunningError, NslabError
from nslab.kernel import interpreter, libc, wire
from nslab.kernel.procfs import process_name
from nslab.kernel.sandbox import HOST, Sandbox, no_such_node

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

EXIT_FAILED = 255
EXIT_NOT_EXECUTABLE = 126
EXIT_NOT_FOUND = 127

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


def join(sandbox: Sandbox, node: str) -> None:
    """Move this process, which must have one thread, into a node of a lab.

    It gets a mount namespace of its own, in which /sys shows the node's links, and the node's name
    as its host name. Children of this process, not itself, are in the lab's PID namespace.

    Raises:
        LabNotRunningError: the lab ended.
        NodeNotFoundError: the lab has no such node.
        KernelError: the kernel does not let this user in.
    """
    here = working_directory()
    if node == HOST:  # of this name the sandbox has a netns, but it is none of the lab's
        raise no_such_node(sandbox.lab, node, sandbox.names())
    netns = sandbox.netns(node)
    enter_lab(sandbox)
    own_view()
    enter_node(netns, node)
    os.close(netns)
    try:
        os.chdir(here)
    except OSError:  # the directory is hidden in the lab: then `/` it is
        pass


def enter_lab(sandbox: Sandbox) -> None:
    """Move this process, which must have one thread, into a lab; into its netns `outside`.

    Raises:
        LabNotRunningError: the lab ended.
        KernelError: the kernel does not let this user in.
    """
    pidfd = open_holder(sandbox)
    try:
        libc.setns(pidfd, _kinds(sandbox.lab, sandbox.pid))
    except KernelError as error:
        raise ended(sandbox.lab) if error.errno == errno.ESRCH else error from None
    finally:
        os.close(pidfd)


def own_view() -> None:
    """Give this process mounts and a host name of its own, to be those of a node's program."""
    libc.unshare(libc.CLONE_NEWNS | libc.CLONE_NEWUTS)
    libc.mount("", "/", "none", libc.MS_SLAVE | libc.MS_REC)


def enter_node(netns: int, node: str) -> None:
    """Move this process, which has a view of its own, into a node's netns, and show the node."""
    libc.setns(netns, libc.CLONE_NEWNET)
    libc.set_hostname(node)
    try:
        libc.mount("sysfs", "/sys", "sysfs", libc.MS_NOSUID | libc.MS_NODEV | libc.MS_NOEXEC)
    except KernelError:  # refused where /sys is partly masked; the old one serves
        pass


def working_directory() -> str:
    """Give this process's; `/` if it is not there any more."""
    try:
        return os.getcwd()
    except FileNotFoundError:  # it has been deleted
        return "/"


def open_holder(sandbox: Sandbox) -> int:
    """Give a pidfd of a lab's holder.

    Raises:
        LabNotRunningError: the lab ended.
    """
    try:
        pidfd = os.pidfd_open(sandbox.pid)
    except ProcessLookupError:
        raise ended(sandbox.lab) from None
    if process_name(sandbox.pid) != wire.HOLDER:  # another process has got its PID
        os.close(pidfd)
        raise ended(sandbox.lab)
    return pidfd


def _kinds(lab: str, pid: int) -> int:
    kinds = libc.CLONE_NEWNS | libc.CLONE_NEWPID | libc.CLONE_NEWNET | libc.CLONE_NEWIPC
    try:
        same_user = os.path.samefile(f"/proc/{pid}/ns/user", "/proc/self/ns/user")
    except FileNotFoundError:
        raise ended(lab) from None
    return kinds if same_user else kinds | libc.CLONE_NEWUSER


def connect_again(lab: str, pid: int) -> Sandbox:
    """Connect to the lab that has this holder, and to no later one of the same name.

    Raises:
        LabNotRunningError: it ended.
    """
    try:
        sandbox = Sandbox.connect(lab)
    except LabNotRunningError:
        raise ended(lab) from None
    if sandbox.pid != pid:
        sandbox.close()
        raise ended(lab)
    return sandbox


def ended(lab: str) -> LabNotRunningError:
    """Make the error of a lab that ended."""
    return LabNotRunningError(f'the lab "{lab}" ended')


def run_child(
    lab: str,
    command: Sequence[str],
    environment: Mapping[str, str],
    *,
    leads: bool = False,
) -> int:
    """Run a program as this process's child, with its terminal; give its wait status.

    This process has joined the lab. Signals that were sent to it are passed on; those that the
    terminal makes reach the child by themselves. With `leads` it is in front of the terminal in a
    process group of its own, as a shell wants it that cannot see the group that was there before.

    Raises:
        LabNotRunningError: the lab ended.
        OSError: there can be no more processes.
    """
    _signal.signal(_signal.SIGCHLD, _signal.SIG_DFL)  # ignored, it would keep the status from us
    before = _signal.pthread_sigmask(_signal.SIG_BLOCK, (*_FORWARDED, _signal.SIGCHLD))
    in_front = _foreground() == os.getpgrp()
    modes = _modes() if in_front else None
    parted, held = os.pipe()
    try:
        child = os.fork()
    except OSError as error:  # ENOMEM is said where a PID namespace has lost its first process
        raise ended(lab) if error.errno == errno.ENOMEM else error from None
    if child == 0:
        os.close(held)
        _die_with_parent(parted)
        if leads and in_front:
            os.setpgid(0, 0)
            _take_terminal()
        _become(command, environment, before)
    status = _attend(child, in_front=in_front)
    wire.close([parted, held])
    if in_front and _foreground() != os.getpgrp():
        _take_terminal()
    if modes and os.WIFSIGNALED(status):  # it could not put back what it has set
        _set_modes(modes)
    _signal.pthread_sigmask(_signal.SIG_SETMASK, before)
    return status


def _die_with_parent(parted: int) -> None:
    """End this freshly forked process with its parent, also if that has been killed already.

    Args:
        parted: a pipe of which only the parent has the other end: of its PID nothing can be told
            in the lab's PID namespace.
    """
    libc.prctl(libc.PR_SET_PDEATHSIG, _signal.SIGKILL)
    if wire.is_ready(parted, events=0):
        os._exit(EXIT_FAILED)


def _attend(child: int, *, in_front: bool) -> int:
    """Pass signals on until the child has ended; give its wait status.

    With the terminal this process stops as the child does (a shell's `suspend`), so that whoever
    started it has the terminal meanwhile.
    """
    options = os.WNOHANG | os.WUNTRACED if in_front else os.WNOHANG
    while True:
        changed, status = os.waitpid(child, options)
        if changed and not os.WIFSTOPPED(status):
            return status
        if changed:
            _stop_like(child)
            continue
        came = _signal.sigwaitinfo((*_FORWARDED, _signal.SIGCHLD))
        sent_by_process = came.si_code <= 0
        if sent_by_process and came.si_signo != _signal.SIGCHLD:
            os.kill(child, came.si_signo)


def _stop_like(child: int) -> None:
    """Stop until somebody continues this process, then give the child what it had."""
    group = os.getpgid(child)
    if _foreground() == group:
        _take_terminal()
    os.kill(os.getpid(), _signal.SIGTSTP)  # where nobody could continue it, nothing happens
    if _foreground() == os.getpgrp():
        _take_terminal(group)
    os.kill(child, _signal.SIGCONT)


def _foreground() -> int:
    """Give the process group in front on the terminal that is standard input; -1 if it is none."""
    try:
        return os.tcgetpgrp(0)
    except OSError:
        return -1


def _modes() -> list[Any] | None:
    """Give the modes of the terminal that is standard input; None if it is gone."""
    import termios

    try:
        return termios.tcgetattr(0)
    except termios.error:
        return None


def _set_modes(modes: list[Any]) -> None:
    import termios

    try:
        termios.tcsetattr(0, termios.TCSADRAIN, modes)
    except termios.error:  # it is gone
        pass


def _take_terminal(group: int = 0) -> None:
    """Bring a process group, by default this process's own, to the front of the terminal."""
    before = _signal.pthread_sigmask(_signal.SIG_BLOCK, (_signal.SIGTTOU,))
    try:
        os.tcsetpgrp(0, group or os.getpgrp())
    except OSError:
        pass
    _signal.pthread_sigmask(_signal.SIG_SETMASK, before)


def _become(command: Sequence[str], environment: Mapping[str, str], mask: set[int]) -> None:
    """Turn this freshly forked process into the program; never returns."""
    program, code = command[0], EXIT_FAILED
    try:
        for number in (_signal.SIGPIPE, _signal.SIGXFSZ):  # Python had them ignored
            _signal.signal(number, _signal.SIG_DFL)
        for number in _FORWARDED:
            if callable(_signal.getsignal(number)):  # else one that comes now strikes Python
                _signal.signal(number, _signal.SIG_DFL)
        _signal.pthread_sigmask(_signal.SIG_SETMASK, mask)
        if not program:  # which Python would look for in each folder of PATH, as the folder itself
            raise FileNotFoundError(errno.ENOENT, "")
        os.execvpe(program, list(command), environment)
    except OSError as error:
        missing = error.errno in (errno.ENOENT, errno.ENOTDIR)
        code = EXIT_NOT_FOUND if missing else EXIT_NOT_EXECUTABLE
        name = program or '""'
        hint = _remedy(command) if missing else ""
        os.write(2, os.fsencode(f"nslab: {name}: {os.strerror(error.errno or 0)}{hint}\n"))
    finally:
        os._exit(code)


def _remedy(command: Sequence[str]) -> str:
    """Guess what was meant by a program that is not there."""
    import shlex

    if command[0].startswith("-"):
        return " (hint: options stand before the node)"
    if len(command) == 1 and len(command[0].split()) > 1:
        return f" (hint: without quotes, or `sh -c {shlex.quote(command[0])}`)"
    return ""


def joining(place: tuple[str, int, str], command: Sequence[str]) -> list[str]:
    """Give the command that runs another in a node: a fresh process joins, and starts it.

    Args:
        place: the lab's name, its holder's PID, the node's name.
        command: what is to run there, and its arguments.
    """
    lab, pid, node = place
    return interpreter.command(__name__, lab, str(pid), node, *command)


def main() -> None:
    """Run as `spawn LAB PID NODE PROGRAM ARGUMENT…`: join, run, and end as the program ended."""
    lab, pid, node, *command = sys.argv[1:]
    try:
        with connect_again(lab, int(pid)) as sandbox:
            join(sandbox, node)
        status = run_child(lab, command, os.environ)
    except (NslabError, OSError) as error:
        why = libc.of_oserror(f"join {node}", error) if isinstance(error, OSError) else error
        os.write(2, f"nslab: {why}\n".encode())
        os._exit(EXIT_FAILED)
    os._exit(128 + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status))
