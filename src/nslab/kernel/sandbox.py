"""A lab's sandbox as its clients see it: start one, find it again, ask its holder for descriptors.

A holder listens on an abstract Unix socket named for the user and the lab. There is no run-time
file that could go stale and no PID to be reused: a lab is up if and only if somebody answers, and
the kernel itself tells who (SO_PEERCRED).
"""

from __future__ import annotations

import collections
import errno
import os
import resource
import select
import sys
from _socket import SO_PEERCRED, SOL_SOCKET, socket, socketpair

from nslab.errors import (
    LabNotRunningError,
    NetnsCreationError,
    NodeNotFoundError,
    NslabError,
)
from nslab.kernel import libc, wire
from nslab.kernel.privilege import refusal
from nslab.kernel.transport import Transport, adopt_socket

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Self

OUTSIDE = "outside"
"""The name of the holder's own netns."""

_CHUNK = wire.MAX_FDS // 2
_AHEAD = 4  # chunks of namespaces that the holder may make before they are asked for
_HOLDER = (
    "import sys; sys.path.insert(0, sys.argv.pop(1)); from nslab.kernel.holder import main; main()"
)


class Handle:
    """One netns of the lab, open in this process: its descriptor and a transport inside it."""

    __slots__ = ("fd", "transport")

    def __init__(self, fd: int, transport: Transport) -> None:
        self.fd = fd
        self.transport = transport

    def close(self) -> None:
        """Close both."""
        os.close(self.fd)
        self.transport.close()


class Sandbox:
    """One connection to a lab's holder. It serves one thread; every thread opens its own.

    Attributes:
        lab: the lab's name.
        pid: the holder's PID, as this process sees it.
    """

    def __init__(self, lab: str, channel: socket, pid: int) -> None:
        self.lab = lab
        self.pid = pid
        self._channel = channel
        self._ahead: collections.deque[list[str]] = collections.deque()
        self._handles: collections.OrderedDict[str, Handle] = collections.OrderedDict()
        self._room = max(16, (resource.getrlimit(resource.RLIMIT_NOFILE)[0] - 256) // 3)

    @classmethod
    def start(cls, lab: str) -> Self:
        """Start a holder. Unless told to keep the lab, it ends with this connection.

        Raises:
            FileExistsError: a lab of that name is there (or just being started).
            PrivilegeError: this machine does not let this user make namespaces; the hint helps.
        """
        ours, theirs = socketpair(wire.AF_UNIX, wire.SOCK_SEQPACKET | wire.SOCK_CLOEXEC)
        try:
            said = _spawn_holder(lab, theirs.fileno())
        finally:
            theirs.close()
        words, _ = wire.receive(ours)
        if words != ["ok"]:
            ours.close()
            raise _start_error(lab, words, said)
        try:
            channel, pid = _connect(lab)
            channel.close()
        except LabNotRunningError:
            ours.close()
            raise
        return cls(lab, ours, pid)

    @classmethod
    def connect(cls, lab: str) -> Self:
        """Connect to a running lab.

        Raises:
            LabNotRunningError: there is none of that name.
        """
        return cls(lab, *_connect(lab))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection and all handles."""
        self.close_handles()
        self._channel.close()

    def close_handles(self) -> None:
        """Close all handles; they open again when they are needed."""
        while self._handles:
            self._handles.popitem()[1].close()

    def handle(self, name: str) -> Handle:
        """Open the netns of that name, or find it open. Good until other handles have been used.

        Raises:
            NodeNotFoundError: the lab has no such name.
        """
        handle = self._handles.get(name)
        if handle is not None:
            self._handles.move_to_end(name)
            return handle
        while self._ahead:
            self._take_created()
            if name in self._handles:
                return self._handles[name]
        self.open([name])
        return self._handles[name]

    def open(self, names: Sequence[str]) -> None:
        """Open the netns of these names at once; as many as there is room for stay open.

        Raises:
            NodeNotFoundError: the lab has no such name.
        """
        missing = [name for name in names if name not in self._handles]
        for start in range(0, len(missing), _CHUNK):
            chunk = missing[start : start + _CHUNK]
            fds = self._ask("open", *chunk)[1]
            if len(fds) != 2 * len(chunk):
                raise no_such_node(self.lab, chunk[len(fds) // 2], self.names())
            for name, fd, sock in zip(chunk, fds[::2], fds[1::2], strict=True):
                self._keep_handle(name, fd, sock)

    def create(self, names: Sequence[str]) -> None:
        """Have the holder make a netns for each name; it works ahead while this process goes on.

        Raises:
            KernelError: one could not be made; earlier ones were.
        """
        for start in range(0, len(names), _CHUNK):
            while len(self._ahead) >= _AHEAD:
                self._take_created()
            chunk = list(names[start : start + _CHUNK])
            wire.send(self._channel, ["create", *chunk])
            self._ahead.append(chunk)

    def settle(self) -> None:
        """Wait until every netns that was asked for is there.

        Raises:
            KernelError: one could not be made.
        """
        while self._ahead:
            self._take_created()

    def delete(self, names: Sequence[str]) -> None:
        """End the processes in these netns, and give up the netns."""
        for name in names:
            handle = self._handles.pop(name, None)
            if handle is not None:
                handle.close()
        self._ask("delete", *names)

    def names(self) -> list[str]:
        """List every netns of the lab, `outside` first."""
        return self._ask("list")[0]

    def sockets(self, family: int, kind: int, protocol: int, names: Sequence[str]) -> list[socket]:
        """Open a socket in each of these netns, in their order.

        Raises:
            KernelError: the kernel refused, or a limit of descriptors is reached.
        """
        opened: list[socket] = []
        for start in range(0, len(names), wire.MAX_FDS):
            chunk = names[start : start + wire.MAX_FDS]
            fds = self._ask("socket", str(family), str(kind), str(protocol), *chunk)[1]
            opened += [socket(family, kind, protocol, fd) for fd in fds]
            if len(fds) != len(chunk):
                raise no_such_node(self.lab, chunk[len(fds)], self.names())
        return opened

    def sysctl(self, name: str, words: Iterable[str]) -> list[str | OSError]:
        """Read (`key`) or set (`key=value`) sysctls of a netns; give the values from before."""
        before, _ = self._ask("sysctl", name, *words)
        return [_sysctl_answer(word) for word in before]

    def set_hosts(self, text: str) -> None:
        """Set what every node finds in /etc/hosts."""
        self._ask("hosts", text)

    def put(self, document: bytes, source: str) -> None:
        """Let the holder keep a document, in memory, and the name of its source."""
        fd = os.memfd_create("nslab-document", os.MFD_CLOEXEC)
        try:
            view = memoryview(document)
            while view:
                view = view[os.write(fd, view) :]
            self._ask("put", source, fds=[fd])
        finally:
            os.close(fd)

    def get(self) -> tuple[bytes, str, int, str]:
        """Give the kept document (empty if none yet), its source, start time and state.

        The time is in seconds since the epoch, the state "up" or "starting".
        """
        (source, started, state), fds = self._ask("get")
        document = b""
        for fd in fds:
            with os.fdopen(fd, "rb", closefd=True) as file:
                document = os.pread(fd, os.fstat(file.fileno()).st_size, 0)
        return document, source, int(started), state

    def become_writer(self) -> None:
        """Wait until nobody else is changing the lab; from then on nobody else does.

        Raises:
            LabNotRunningError: the lab ended meanwhile.
        """
        self._ask("write")

    def release(self) -> None:
        """Let others change the lab again, and hold no more descriptors than the connection's."""
        self.close_handles()
        wire.send(self._channel, ["release"])

    def keep(self, *, kept: bool = True) -> None:
        """Let the lab outlive the process that began it, or no longer."""
        self._ask("keep", "yes" if kept else "no")

    def end(self) -> None:
        """End the lab and wait: the kernel kills its processes and removes its namespaces."""
        pidfd = -1
        try:
            pidfd = os.pidfd_open(self.pid)
            wire.send(self._channel, ["end"])
        except OSError as error:
            if error.errno not in (errno.ESRCH, errno.EPIPE, errno.ECONNRESET):
                raise libc.failure("end the lab", error.errno or 0) from None
        if pidfd >= 0:
            gone = select.poll()
            gone.register(pidfd, select.POLLIN)
            gone.poll()
            os.close(pidfd)
        self.close()

    def _keep_handle(self, name: str, fd: int, sock: int) -> Handle:
        while len(self._handles) >= self._room:
            self._handles.popitem(last=False)[1].close()
        handle = Handle(fd, Transport(adopt_socket(sock)))
        self._handles[name] = handle
        return handle

    def _take_created(self) -> None:
        names = self._ahead.popleft()
        words, fds = wire.receive(self._channel)
        if not words:
            raise LabNotRunningError(f'the lab "{self.lab}" ended')
        for name, fd, sock in zip(names, fds[::2], fds[1::2], strict=False):
            self._keep_handle(name, fd, sock)
        if words[0] == "partial":
            name = names[len(fds) // 2]
            raise _creation_error(name, int(words[1]))

    def _ask(self, *words: str, fds: Sequence[int] = ()) -> tuple[list[str], list[int]]:
        self.settle()
        try:
            wire.send(self._channel, list(words), list(fds))
            reply, given = wire.receive(self._channel)
        except OSError:
            reply, given = [], []
        if not reply:
            raise LabNotRunningError(f'the lab "{self.lab}" ended')
        if reply[0] == "error":
            number, operation = int(reply[1]), reply[2]
            raise libc.failure(f"{words[0]}: {operation}", number)
        return reply[1:], given


def running() -> list[str]:
    """List this user's running labs, by name, in order."""
    prefix = f"@nslab.{os.getuid()}."
    found: set[str] = set()
    with open("/proc/net/unix", encoding="utf-8", errors="replace") as file:
        for line in file:
            _, separator, name = line.rstrip("\n").partition(prefix)
            if separator:
                found.add(name)
    return sorted(found)


def raise_descriptor_limit() -> None:
    """Let this process open as many descriptors as it may: for commands, not inside a library."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def no_such_node(lab: str, name: str, known: Iterable[str]) -> NodeNotFoundError:
    """Make the error of a node that is not there, with the nearest one as its hint."""
    import difflib

    near = difflib.get_close_matches(name, list(known), 1, 0.5)
    hint = f'did you mean "{near[0]}"?' if near else "`nslab show` lists the nodes"
    return NodeNotFoundError(f'the lab "{lab}" has no node "{name}"', hint=hint)


def _connect(lab: str) -> tuple[socket, int]:
    channel = socket(wire.AF_UNIX, wire.SOCK_SEQPACKET | wire.SOCK_CLOEXEC)
    try:
        channel.connect(wire.address_of(lab, os.getuid()))
    except OSError:
        channel.close()
        raise LabNotRunningError(
            f'no lab named "{lab}" is running', hint="`nslab ls` lists the running labs"
        ) from None
    credentials = channel.getsockopt(SOL_SOCKET, SO_PEERCRED, 12)
    pid = int.from_bytes(credentials[:4], sys.byteorder)
    uid = int.from_bytes(credentials[4:8], sys.byteorder)
    if uid != os.getuid():
        channel.close()
        raise LabNotRunningError(f'the name of the lab "{lab}" is taken by the user with id {uid}')
    return channel, pid


def _spawn_holder(lab: str, channel: int) -> bytes:
    """Start the holder; give what it said on its way, most often nothing."""
    import subprocess

    package = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    command = [sys.executable, "-I", "-S", "-c", _HOLDER, package, lab, str(channel)]
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        pass_fds=[channel],
        cwd="/",
        start_new_session=True,
    ) as process:
        return process.communicate()[1]


def _start_error(lab: str, words: list[str], said: bytes) -> Exception:
    if not words:
        text = said.decode("utf-8", "replace").strip().rpartition("\n")[2]
        return NslabError(f'the holder of the lab "{lab}" died at its start: {text or "no reason"}')
    number, reason = int(words[1]), words[2]
    if number == errno.EADDRINUSE:
        return FileExistsError(lab)
    return refusal(number, reason)


def _creation_error(name: str, number: int) -> NetnsCreationError:
    hint = None
    if number == errno.ENOSPC:
        hint = "the limit is in /proc/sys/user/max_net_namespaces"
    elif number == errno.EEXIST:
        hint = "somebody in the lab made a namespace of that name"
    return NetnsCreationError(name, number, os.strerror(number), hint=hint)


def _sysctl_answer(word: str) -> str | OSError:
    if word.startswith("!"):
        return OSError(int(word[1:]), os.strerror(int(word[1:])))
    return word
