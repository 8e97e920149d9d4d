"""Programs in nodes, as `subprocess` starts them on the machine.

Each process that starts some has a launcher in each lab, which is their parent.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # what `signal` dresses up
import _thread
import contextlib
import errno
import os
import stat
import subprocess
from typing import IO, TYPE_CHECKING, Any, TypedDict

from nslab.errors import LabNotRunningError
from nslab.kernel import launchers, wire
from nslab.kernel.launch import PYTHONS, Launch
from nslab.kernel.sandbox import no_such_node
from nslab.kernel.spawn import working_directory

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Unpack

    StrPath = str | bytes | os.PathLike[str] | os.PathLike[bytes]
    Args = StrPath | Sequence[StrPath]
    Place = tuple[str, int, str]
    """A lab's name, its holder's PID, and the node's name."""


class PlainOptions(TypedDict, total=False):
    """The options of `subprocess.Popen` that have a meaning in a node, but `encoding`."""

    bufsize: int
    executable: StrPath | None
    stdin: int | IO[bytes] | IO[str] | None
    stdout: int | IO[bytes] | IO[str] | None
    stderr: int | IO[bytes] | IO[str] | None
    shell: bool
    cwd: StrPath | None
    env: Mapping[str, str] | Mapping[bytes, bytes] | None
    errors: str | None
    start_new_session: bool
    pass_fds: Sequence[int]
    pipesize: int
    umask: int


class Options(PlainOptions, total=False):
    """All of them; a type checker has to know whether `encoding` makes pipes carry `str`."""

    encoding: str | None


_IGNORABLE = _signal.valid_signals() - {*PYTHONS, _signal.SIGCHLD}  # which its parent waits for
_CODE = subprocess.Popen._execute_child.__code__  # type: ignore[attr-defined]  # noqa: SLF001
_OWN = _CODE.co_varnames[1 : _CODE.co_argcount]  # `inspect` would take 5 ms to load
"""What each Python calls the arguments of what is overridden here."""


def popen(
    place: Place,
    args: Args,
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
        TypeError: an option that has no meaning in a node, as `user`.
        FileNotFoundError: there is no such program.
        PermissionError: it is not executable.
        LabNotRunningError: the lab ended.
        NodeNotFoundError: the lab has no such node.
    """
    if unknown := options.keys() - Options.__annotations__.keys():
        raise TypeError(f"a program in a node takes no option {', '.join(sorted(unknown))}")
    words: list[StrPath] = [args] if isinstance(args, str | bytes | os.PathLike) else list(args)
    if options.pop("shell", False):
        words = ["/bin/sh", "-c", *words]
        words[0] = os.fspath(options.get("executable") or words[0])
    process = Program(place, [os.fspath(word) for word in words], text=text, **options)
    process.args = args  # what errors shall name
    return process


class Program(subprocess.Popen[Any]):
    """A program in a node: its parent is the launcher, which tells how it ended."""

    def __init__(self, place: Place, args: Sequence[str | bytes], **options: Any) -> None:
        self._place = place
        self._owner = os.getpid()
        self._use = _thread.allocate_lock()  # of the pidfd, while nobody closes it
        self._pidfd = self._told = -1
        self._status: int | None = None
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
            umask=_umask() if own["umask"] < 0 else own["umask"],
            session=own["start_new_session"],
            ignored=_ignored(),
            blocked=[int(number) for number in _signal.pthread_sigmask(_signal.SIG_BLOCK, ())],
            targets=list(fds),
        )
        self.pid, self._status, kept = _launch(self._place, launch, list(fds.values()))
        if self._status is None:
            self._told, self._pidfd = kept
        self._child_created = True
        ends = ("p2cread", "p2cwrite", "c2pread", "c2pwrite", "errread", "errwrite")
        self._close_pipe_fds(*(own[end] for end in ends))  # type: ignore[attr-defined]

    def _try_wait(self, wait_flags: int) -> tuple[int, int]:
        """Wait for the end as `subprocess` would; where its parent was killed, it is, too.

        A process that was forked from the one that started it never hears how it ended.
        """
        if self._owner != os.getpid():
            return self.pid, 0
        if self._status is not None:
            return self.pid, self._status
        if wait_flags & os.WNOHANG and not wire.is_ready(self._told):
            return 0, 0
        said = os.read(self._told, 16)
        if not said:
            self._deliver(_signal.SIGKILL)
        self._status = int(said or _signal.SIGKILL)
        return self.pid, self._status

    def _handle_exitstatus(self, status: int, **_: object) -> None:
        super()._handle_exitstatus(status)  # type: ignore[misc]
        with self._use:
            wire.close([fd for fd in (self._told, self._pidfd) if fd >= 0])
            self._pidfd = self._told = -1

    def _deliver(self, number: int) -> None:
        with self._use, contextlib.suppress(ProcessLookupError):
            if self._pidfd >= 0:
                _signal.pidfd_send_signal(self._pidfd, number)

    def _internal_poll(self, _deadstate: int | None = None, **_: object) -> int | None:
        if self._child_created and self._waitpid_lock.acquire(blocking=False):  # type: ignore[attr-defined]
            try:
                if self.returncode is None and (end := self._try_wait(os.WNOHANG))[0]:
                    self._handle_exitstatus(end[1])
            finally:
                self._waitpid_lock.release()  # type: ignore[attr-defined]
        return self.returncode

    def __exit__(self, kind: object, *what: object) -> None:
        """Wait for the end; where the block failed, there may be nobody who would bring it about.

        A test's failed assertion shall not wait for a server that serves for ever: it is killed.
        """
        if kind is not None:
            self.kill()
        super().__exit__(kind, *what)  # type: ignore[arg-type]

    def send_signal(self, sig: int) -> None:
        """Send a signal to the program; one that has ended gets none."""
        if self.poll() is None:
            self._deliver(sig)


def _launch(place: Place, launch: Launch, fds: list[int]) -> tuple[int, int | None, list[int]]:
    """Have a program started.

    Give its PID, its wait status if it has ended already, else the pipe that tells it, and its
    pidfd.
    """
    if len(fds) >= wire.MAX_FDS:
        raise ValueError(f"more than {wire.MAX_FDS - 4} descriptors cannot be passed")
    words = launch.pack()
    if "\0".join(words).count("\0") >= len(words):
        raise ValueError("embedded null byte")
    lab, holder, node = place
    client = launchers.client_of(lab, holder)
    reply, given = client.ask(words, fds)
    if not reply:
        launchers.drop(client)
        raise launchers.why_gone(lab, holder)
    if reply[:1] == ["pid"]:
        return int(reply[1]), None, given
    if reply[:1] == ["ended"]:
        return int(reply[1]), int(reply[2]), []
    if reply[:1] == ["program"]:
        why = launchers.why_gone(lab, holder) if int(reply[1]) == errno.ENOMEM else None
        if isinstance(why, LabNotRunningError):  # so the kernel says it in a dead PID namespace
            raise why
        raise OSError(int(reply[1]), os.strerror(int(reply[1])), launch.program)
    if reply[:1] == ["node"]:
        raise no_such_node(lab, node, reply[1:])
    raise launchers.refusal(reply)


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


def _environment(given: Mapping[str, str] | Mapping[bytes, bytes]) -> list[str]:
    """Give it as text, `key=value` each.

    Raises:
        ValueError: a name that no variable can have.
    """
    found = {os.fsdecode(key): os.fsdecode(value) for key, value in given.items()}
    if any("=" in key or not key for key in found):
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
    """Read this process's own, which umask(2) gives only as it changes it.

    One that is alone in its process may do that for a moment. (The directory has two links more
    than there are threads.)
    """
    if os.stat("/proc/self/task").st_nlink == 3:
        found = os.umask(0o077)
        os.umask(found)
        return found
    fd = os.open("/proc/self/status", os.O_RDONLY | os.O_CLOEXEC)
    try:
        _, _, rest = os.read(fd, 4096).partition(b"\nUmask:")
    finally:
        os.close(fd)
    return int(rest.split(None, 1)[0], 8)


def _ignored() -> list[int]:
    return [number for number in _IGNORABLE if _signal.getsignal(number) == _signal.SIG_IGN]
