"""The process that starts programs in a lab's nodes, for one other process.

Whoever wants a program in a node cannot join the lab itself: a user namespace takes no process with
threads, and a PID namespace none but children. So a launcher joins once. For each program it then
goes into the node, starts it there as its child, and comes back, in a tenth of the time that an
interpreter of its own would take.

It is the programs' parent, and reaps them at once: one that waits for somebody who never asks would
keep the lab's PID namespace from ending. How a program ended it writes into a pipe. It ends with
the lab, or when nobody can ask it any more and its programs are done.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # `signal` itself loads enum
import contextlib
import errno
import fcntl
import os
import select
import sys
from _socket import socket

from nslab.errors import KernelError, LabNotRunningError, NodeNotFoundError, NslabError
from nslab.kernel import interpreter, libc, wire
from nslab.kernel.sandbox import Sandbox
from nslab.kernel.spawn import ended, enter_lab, enter_node, open_holder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

NAME = "nslab-launcher"
"""The name of a launcher's process."""

IGNORED = (
    _signal.SIGHUP,
    _signal.SIGINT,
    _signal.SIGQUIT,
    _signal.SIGTERM,
    _signal.SIGTSTP,
    _signal.SIGTTIN,
    _signal.SIGTTOU,
    _signal.SIGUSR1,
    _signal.SIGUSR2,
    _signal.SIGALRM,
)
"""What may be sent to all of the caller's process group; it is for the programs."""

PYTHONS = (_signal.SIGPIPE, _signal.SIGXFSZ)
"""What Python itself ignores, and no program that it starts shall."""


class Launch:
    """What to start, and how.

    Attributes:
        node: where.
        program: the file, or what is looked for on the environment's PATH.
        words: the program's arguments, the first one included.
        environment: what it gets.
        cwd: its directory; where the lab hides that, it is `/`.
        umask: what it may not give others.
        session: whether it leads a session of its own.
        ignored: the signals that it ignores.
        blocked: the signals that it has blocked.
        targets: the numbers of its descriptors.
    """

    __slots__ = (
        "blocked",
        "cwd",
        "environment",
        "ignored",
        "node",
        "program",
        "session",
        "targets",
        "umask",
        "words",
    )

    def __init__(  # noqa: PLR0913 - all that a program is given
        self,
        node: str,
        program: str,
        words: Sequence[str],
        environment: Mapping[str, str],
        *,
        cwd: str,
        umask: int,
        session: bool,
        ignored: Sequence[int],
        blocked: Sequence[int],
        targets: Sequence[int],
    ) -> None:
        self.node = node
        self.program = program
        self.words = words
        self.environment = environment
        self.cwd = cwd
        self.umask = umask
        self.session = session
        self.ignored = ignored
        self.blocked = blocked
        self.targets = targets

    def pack(self) -> list[str]:
        """Give it as words of a message."""
        numbers = [
            [self.umask, int(self.session), len(self.words)],
            self.ignored,
            self.blocked,
            self.targets,
        ]
        return [
            "launch",
            self.node,
            self.program,
            self.cwd,
            *(" ".join(map(str, row)) for row in numbers),
            *self.words,
            *(f"{key}={value}" for key, value in self.environment.items()),
        ]

    @classmethod
    def unpack(cls, message: Sequence[str]) -> Launch:
        """Read it back."""
        _, node, program, cwd, *rest = message
        numbers = [[int(word) for word in row.split()] for row in rest[:4]]
        umask, session, count = numbers[0]
        pairs = (word.partition("=") for word in rest[4 + count :])
        return cls(
            node,
            program,
            rest[4 : 4 + count],
            {key: value for key, _, value in pairs},
            cwd=cwd,
            umask=umask,
            session=bool(session),
            ignored=numbers[1],
            blocked=numbers[2],
            targets=numbers[3],
        )


class Launcher:
    """The served state: who asks, whose lab it is, and which programs run."""

    def __init__(self, asker: socket, sandbox: Sandbox) -> None:
        self.asker = asker
        self.sandbox = sandbox
        self.holder = open_holder(sandbox)
        enter_lab(sandbox)
        self.programs: dict[int, tuple[int, int]] = {}  # by pidfd: PID, and the pipe for its end
        self.poll = select.poll()
        self.poll.register(asker, select.POLLIN)
        self.poll.register(sandbox, 0)  # tells of the end alone

    def serve(self) -> None:
        """Start what is asked for and reap what has ended."""
        asked = True
        while asked or self.programs:
            for fd, _ in self.poll.poll():
                if fd in self.programs:
                    self.reap(fd)
                elif fd == self.sandbox.fileno():  # the kernel is killing all programs
                    for pidfd in list(self.programs):
                        self.reap(pidfd)
                    return
                elif not self.answer():
                    self.poll.unregister(fd)
                    asked = False

    def answer(self) -> bool:
        """Answer one question; tell whether there was one."""
        fds: list[int] = []
        given: list[int] = []
        try:
            message, fds = wire.receive(self.asker)
            if not message:
                return False
            words, given = self.launch(Launch.unpack(message), fds)
        except LabNotRunningError:
            return False
        except NodeNotFoundError:
            words = ["node", *self.sandbox.names()]
        except KernelError as error:
            words = _told(error)
        except OSError as error:
            words = ["program", str(error.errno)]
        finally:
            wire.close(fds)
        try:
            wire.send(self.asker, words, given)
        except ConnectionError:
            return False
        finally:
            wire.close(given)
        return True

    def launch(self, launch: Launch, fds: list[int]) -> tuple[list[str], list[int]]:
        """Start a program; give its PID, its pidfd, and the pipe that tells how it ended.

        Raises:
            OSError: it cannot be run.
        """
        opened = [*os.pipe()]
        child = 0
        try:
            child = self.spawn(launch, fds)
            opened.append(os.pidfd_open(child))
            opened.append(os.dup(opened[-1]))
        except BaseException:
            wire.close(opened)
            if child:
                os.kill(child, _signal.SIGKILL)
                os.waitpid(child, 0)
            raise
        told, ending, pidfd, lent = opened
        self.programs[pidfd] = child, ending
        self.poll.register(pidfd, select.POLLIN)
        return ["pid", str(child)], [lent, told]

    def spawn(self, launch: Launch, fds: list[int]) -> int:
        """Go where the program shall be, start it there, and come back."""
        ignored = set(launch.ignored).difference(IGNORED)
        free = max((2, *launch.targets)) + 1
        opened: list[int] = []
        try:
            opened += (fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, free) for fd in fds)
            opened.append(self.sandbox.netns(launch.node))
            enter_node(opened[-1], launch.node)
            with contextlib.suppress(OSError):  # hidden in the lab
                os.chdir(launch.cwd)
            os.umask(launch.umask)
            for number in ignored:
                _signal.signal(number, _signal.SIG_IGN)
            return _spawn(launch, opened[:-1])
        finally:
            for number in ignored:
                _signal.signal(number, _signal.SIG_DFL)
            wire.close(opened)
            self.come_back()

    def come_back(self) -> None:
        """Return to the lab's own mounts, and hold no node's netns."""
        try:
            libc.setns(self.holder, libc.CLONE_NEWNS | libc.CLONE_NEWNET)
        except KernelError:
            raise ended(self.sandbox.lab) from None

    def reap(self, pidfd: int) -> None:
        """Take a program's end, and tell of it whoever waits for that."""
        child, ending = self.programs.pop(pidfd)
        self.poll.unregister(pidfd)
        _, status = os.waitpid(child, 0)
        with contextlib.suppress(BrokenPipeError):  # nobody wants to know
            os.write(ending, str(status).encode())
        wire.close([pidfd, ending])


def _spawn(launch: Launch, fds: list[int]) -> int:
    """Start the program here; posix_spawn(3) copies no memory, which fork(2) would."""
    spare = {0, 1, 2}.difference(launch.targets)
    actions = [
        *(
            (os.POSIX_SPAWN_DUP2, fd, target)
            for fd, target in zip(fds, launch.targets, strict=True)
        ),
        *((os.POSIX_SPAWN_CLOSE, fd) for fd in spare),
    ]
    why: OSError = FileNotFoundError(errno.ENOENT, "")
    for path in _candidates(launch):
        try:
            return os.posix_spawn(
                path,
                list(launch.words),
                launch.environment,
                file_actions=actions,
                setsid=launch.session,
                setsigmask=launch.blocked,
                setsigdef={*IGNORED, *PYTHONS}.difference(launch.ignored),
            )
        except OSError as error:
            if why.errno != errno.EACCES:
                why = error
            if error.errno not in (errno.ENOENT, errno.ENOTDIR, errno.EACCES):
                break
    raise why


def _candidates(launch: Launch) -> Iterator[str]:
    """Give the files that a program's name may mean, as execvp(3) looks for them."""
    if "/" in launch.program:
        yield launch.program
    elif launch.program:
        for folder in os.get_exec_path(launch.environment):
            path = os.path.join(folder, launch.program)
            if os.access(path, os.F_OK):
                yield path


def main() -> None:
    """Run as `launcher LAB PID CHANNEL`: PID is the holder's, CHANNEL the asker's socket."""
    lab, pid, channel = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    asker = socket(wire.AF_UNIX, wire.SOCK_SEQPACKET, 0, channel)
    interpreter.keep_only(channel)
    for number in IGNORED:
        _signal.signal(number, _signal.SIG_IGN)
    libc.name_process(NAME)
    try:
        launcher = Launcher(asker, _connect(lab, pid))
        wire.send(asker, ["ready"])
        launcher.serve()
    except LabNotRunningError:
        pass
    except NslabError as error:
        with contextlib.suppress(OSError):
            wire.send(asker, _told(error))
    finally:
        os._exit(0)


def _told(error: NslabError) -> list[str]:
    """Give an error as words of a message."""
    if isinstance(error, KernelError):
        return ["error", str(error.errno), error.operation, error.hint or ""]
    return ["error", "0", str(error), error.hint or ""]


def _connect(lab: str, pid: int) -> Sandbox:
    """Connect to the lab that has this holder, and to no later one of the same name."""
    sandbox = Sandbox.connect(lab)
    if sandbox.pid != pid:
        raise ended(lab)
    return sandbox
