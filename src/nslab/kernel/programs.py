"""Programs in nodes, as `subprocess` starts them on the machine.

Each process that starts some has a launcher in each lab, which is their parent.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # what `signal` dresses up
import _thread
import atexit
import contextlib
import errno
import os
import resource
import stat
import subprocess
from _socket import socketpair
from typing import TYPE_CHECKING, Any

from nslab.errors import LabNotRunningError, NslabError
from nslab.kernel import interpreter, libc, reach, wire
from nslab.kernel.launch import PYTHONS, Launch
from nslab.kernel.sandbox import at_end, no_such_node
from nslab.kernel.spawn import ended, working_directory

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import IO, TypedDict, Unpack

    StrPath = str | os.PathLike[str]
    Place = tuple[str, int, str]
    """A lab's name, its holder's PID, and the node's name."""

    class Options(TypedDict, total=False):
        """The options of `subprocess.Popen` that have a meaning in a node."""

        bufsize: int
        executable: StrPath | None
        stdin: int | IO[bytes] | IO[str] | None
        stdout: int | IO[bytes] | IO[str] | None
        stderr: int | IO[bytes] | IO[str] | None
        shell: bool
        cwd: StrPath | None
        env: Mapping[str, str] | None
        encoding: str | None
        errors: str | None
        start_new_session: bool
        pass_fds: Sequence[int]
        pipesize: int


_PATIENCE = 30.0
"""Seconds in which a launcher answers, however busy the machine is."""

_LIMITS = {getattr(resource, name) for name in dir(resource) if name.startswith("RLIMIT_")}
_IGNORABLE = _signal.valid_signals() - {*PYTHONS, _signal.SIGCHLD}  # which its parent waits for
_CODE = subprocess.Popen._execute_child.__code__  # type: ignore[attr-defined]  # noqa: SLF001
_OWN = _CODE.co_varnames[1 : _CODE.co_argcount]  # `inspect` would take 5 ms to load
"""What each Python calls the arguments of what is overridden here."""


def popen(
    place: Place,
    args: str | Sequence[StrPath],
    *,
    text: bool | None = None,
    **options: Unpack[Options],
) -> subprocess.Popen[str] | subprocess.Popen[bytes]:
    """Start a program in a node.

    Args:
        place: where.
        args: the program and its arguments, or with `shell` what the shell is to run.
        text: whether its pipes carry `str` instead of `bytes`.
        options: those of `subprocess.Popen`, with the same meaning.

    Raises:
        FileNotFoundError: there is no such program.
        PermissionError: it is not executable.
        LabNotRunningError: the lab ended.
        NodeNotFoundError: the lab has no such node.
    """
    words = [args] if isinstance(args, str | bytes | os.PathLike) else list(args)
    if options.pop("shell", False):
        words = ["/bin/sh", "-c", *words]
    process = Program(place, [os.fspath(word) for word in words], text=text, **options)
    process.args = args  # what errors shall name
    return process


class Program(subprocess.Popen[Any]):
    """A program in a node: its parent is the launcher, which tells how it ended."""

    def __init__(self, place: Place, args: Sequence[str], **options: Any) -> None:
        self._place = place
        self._pidfd = self._told = -1
        super().__init__(args, **options)

    def _execute_child(self, *given: Any) -> None:
        own = dict(zip(_OWN, given, strict=True))
        std = {0: own["p2cread"], 1: own["c2pwrite"], 2: own["errwrite"]}
        fds = {number: number if fd == -1 else fd for number, fd in std.items()}
        fds = {number: fd for number, fd in fds.items() if fd != number or _is_open(fd)}
        fds |= {fd: fd for fd in own["pass_fds"]}
        cwd, env = own["cwd"], own["env"]
        launch = Launch(
            self._place[2],
            os.fsdecode(own["executable"] or own["args"][0]),
            [os.fsdecode(word) for word in own["args"]],
            _own_environment() if env is None else _environment(env),
            cwd=working_directory() if cwd is None else _directory(cwd),
            umask=_umask(),
            session=own["start_new_session"],
            ignored=_ignored(),
            blocked=[int(number) for number in _signal.pthread_sigmask(_signal.SIG_BLOCK, ())],
            targets=list(fds),
        )
        self.pid, self._pidfd, self._told = _launch(self._place, launch, list(fds.values()))
        self._child_created = True
        ends = ("p2cread", "p2cwrite", "c2pread", "c2pwrite", "errread", "errwrite")
        self._close_pipe_fds(*(own[end] for end in ends))  # type: ignore[attr-defined]

    def _try_wait(self, wait_flags: int) -> tuple[int, int]:
        """Wait for the end as waitpid(2) would; where its parent was killed, it is, too."""
        if wait_flags & os.WNOHANG and not wire.is_ready(self._told):
            return 0, 0
        said = os.read(self._told, 16)
        if not said:
            with contextlib.suppress(ProcessLookupError):
                _signal.pidfd_send_signal(self._pidfd, _signal.SIGKILL)
        wire.close([self._told, self._pidfd])
        return self.pid, int(said or _signal.SIGKILL)

    def _internal_poll(self, _deadstate: int | None = None, **_: object) -> int | None:
        if self._child_created and self._waitpid_lock.acquire(blocking=False):  # type: ignore[attr-defined]
            try:
                if self.returncode is None and (end := self._try_wait(os.WNOHANG))[0]:
                    self._handle_exitstatus(end[1])  # type: ignore[attr-defined]
            finally:
                self._waitpid_lock.release()  # type: ignore[attr-defined]
        return self.returncode

    def send_signal(self, sig: int) -> None:
        """Send a signal to the program; one that has ended gets none."""
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                _signal.pidfd_send_signal(self._pidfd, sig)


class _Client:
    """A launcher, as the process has it that asks."""

    def __init__(self, lab: str, holder: int) -> None:
        self.of = lab, holder
        self.lock = _thread.allocate_lock()
        self.channel, theirs = socketpair(wire.AF_UNIX, wire.SOCK_SEQPACKET | wire.SOCK_CLOEXEC)
        try:
            self.pid = _start(lab, holder, theirs.fileno())
            self.pidfd = os.pidfd_open(self.pid)
        except BaseException:
            self.channel.close()
            raise
        finally:
            theirs.close()

    def ready(self) -> None:
        """Wait until it has joined the lab."""
        reply, _ = wire.receive(self.channel)
        if reply != ["ready"]:
            self.leave()
            raise _refusal(self.of[0], reply)

    def is_over(self) -> bool:
        """Tell whether it has ended; what it has answered to others does not count."""
        return wire.is_ready(self.channel.fileno(), events=0)

    def end(self) -> None:
        """End it at once."""
        with contextlib.suppress(ProcessLookupError):
            _signal.pidfd_send_signal(self.pidfd, _signal.SIGKILL)
        self._part(os.WEXITED)

    def leave(self) -> None:
        """Ask no more; it ends once its programs have, or at once with the lab."""
        self._part(os.WEXITED | os.WNOHANG)

    def _part(self, options: int) -> None:
        self.channel.close()
        with contextlib.suppress(ChildProcessError):  # somebody else has waited for all children
            os.waitid(os.P_PIDFD, self.pidfd, options)
        os.close(self.pidfd)


_clients: dict[object, _Client] = {}
_turn = _thread.allocate_lock()


def _client(lab: str, holder: int) -> tuple[object, _Client]:
    """Give this process's launcher in a lab.

    It belongs to all that its programs inherit of it, and could not be told: a new one where that
    has changed.
    """
    key = (
        (lab, holder, os.getpgrp(), os.getsid(0), os.getuid(), os.geteuid()),
        os.getpriority(os.PRIO_PROCESS, 0),
        *map(resource.getrlimit, _LIMITS),
    )
    with _turn:
        if key not in _clients or _clients[key].is_over():
            _leave_ended()
            client = _Client(lab, holder)
            client.ready()
            _clients[key] = client
        return key, _clients[key]


def leave_ended() -> None:
    """Close what is left of labs that others have ended; else the next program does it."""
    with _turn:
        _leave_ended()


def _leave_ended() -> None:
    for key in [key for key, client in _clients.items() if client.is_over()]:
        _clients.pop(key).leave()


def _start(lab: str, holder: int, channel: int) -> int:
    try:
        return interpreter.start("nslab.kernel.launcher", lab, str(holder), channel=channel)
    except OSError as error:
        raise libc.of_oserror("start a launcher", error) from None


def _launch(place: Place, launch: Launch, fds: list[int]) -> tuple[int, int, int]:
    """Have a program started; give its PID, its pidfd, and the pipe that tells how it ended."""
    if len(fds) >= wire.MAX_FDS:
        raise ValueError(f"more than {wire.MAX_FDS - 4} descriptors cannot be passed")
    words = launch.pack()
    if "\0".join(words).count("\0") >= len(words):
        raise ValueError("embedded null byte")
    lab, holder, node = place
    key, client = _client(lab, holder)
    with client.lock:
        try:
            wire.send(client.channel, words, fds)
            reply, given = _answer(client)
        except ConnectionError:
            reply, given = [], []
    if not reply:
        with _turn:
            _clients.pop(key, client).leave()
        raise _gone(lab, holder)
    if reply[:1] == ["pid"]:
        told, pidfd = given
        return int(reply[1]), pidfd, told
    if reply[:1] == ["program"]:
        why = _gone(lab, holder) if int(reply[1]) == errno.ENOMEM else None
        if isinstance(why, LabNotRunningError):  # so the kernel says it in a dead PID namespace
            raise why
        raise OSError(int(reply[1]), os.strerror(int(reply[1])), launch.program)
    if reply[:1] == ["node"]:
        raise no_such_node(lab, node, reply[1:])
    raise _refusal(lab, reply)


def _answer(client: _Client) -> tuple[list[str], list[int]]:
    """Wait for a launcher's answer, but not for ever: it may have been stopped."""
    if wire.is_ready(client.channel.fileno(), _PATIENCE):
        return wire.receive(client.channel)
    return [], []


def _gone(lab: str, holder: int) -> NslabError:
    """Tell why a launcher does not answer: it ended with its lab, or was killed or stopped."""
    try:
        channel, pid = reach.connect(lab)
    except LabNotRunningError as error:
        return error
    channel.close()
    if pid != holder:
        return ended(lab)
    hint = "nobody knows whether the program began; the next one gets a new launcher"
    return NslabError(f'the launcher of the lab "{lab}" does not answer', hint=hint)


def _refusal(lab: str, reply: list[str]) -> NslabError:
    if not reply:
        return ended(lab)
    _, number, what, hint = reply
    if int(number):
        return libc.failure(what, int(number), hint=hint or None)
    return NslabError(what, hint=hint or None)


def _forget() -> None:
    """Leave the launchers to the process that this one was forked from."""
    _turn.release() if _turn.locked() else None
    for client in _clients.values():
        client.channel.close()
        os.close(client.pidfd)
    _clients.clear()


def _leave_all() -> None:
    for client in _clients.values():
        client.leave()
    _clients.clear()


def _end(lab: str, holder: int) -> None:
    """Take a lab's launchers down, which has just ended, with all programs."""
    with _turn:
        ended = [key for key, client in _clients.items() if client.of == (lab, holder)]
        for key in ended:
            _clients.pop(key).end()


os.register_at_fork(after_in_child=_forget)
atexit.register(_leave_all)
at_end.append(_end)


def _is_open(fd: int) -> bool:
    try:
        os.fstat(fd)
    except OSError:
        return False
    return True


def _own_environment() -> list[str]:
    """Give this process's; to decode it takes as long as half of all the rest, so it is kept."""
    global _decoded  # noqa: PLW0603 - the last answer
    raw: dict[bytes, bytes] = os.environ._data  # type: ignore[attr-defined]  # noqa: SLF001
    if raw != _decoded[0]:
        _decoded = dict(raw), [os.fsdecode(b"=".join(pair)) for pair in raw.items()]
    return _decoded[1]


_decoded: tuple[dict[bytes, bytes], list[str]] = ({}, [])


def _environment(given: Mapping[str, str]) -> list[str]:
    """Give it as text, `key=value` each.

    Raises:
        ValueError: a name that no variable can have.
    """
    found = {os.fsdecode(key): os.fsdecode(value) for key, value in given.items()}
    if any("=" in key for key in found):
        raise ValueError("illegal environment variable name")
    return [f"{key}={value}" for key, value in found.items()]


def _directory(path: StrPath) -> str:
    """Give an absolute path.

    Raises:
        FileNotFoundError: there is no such directory; or another OSError.
    """
    if not stat.S_ISDIR(os.stat(path).st_mode):
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), path)
    return os.path.abspath(os.fsdecode(path))


def _umask() -> int:
    """Read this process's own; os.umask(2) could only change it."""
    fd = os.open("/proc/self/status", os.O_RDONLY | os.O_CLOEXEC)
    try:
        _, _, rest = os.read(fd, 4096).partition(b"\nUmask:")
    finally:
        os.close(fd)
    return int(rest.split(None, 1)[0], 8)


def _ignored() -> list[int]:
    return [number for number in _IGNORABLE if _signal.getsignal(number) == _signal.SIG_IGN]
