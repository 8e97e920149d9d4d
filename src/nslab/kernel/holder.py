"""The process that keeps a lab's namespaces: PID 1 of the lab, and a server of descriptors.

It is started by `nslab.kernel.sandbox` as a fresh, single-threaded interpreter, since a user
namespace cannot be entered by a process with threads. It makes the sandbox (user, mount, PID,
network and IPC namespaces), then answers requests: make a netns, open sockets in one, set a sysctl
there, keep a file. It holds no state but descriptors, so when it dies, however it
dies, the kernel removes all.

A lab that nobody has told it to keep ends with the channel of the process that began it: an `up`
that is killed half-way leaves nothing.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # `signal` itself loads enum
import os
import resource
import select
import sys
import time
from _socket import SO_PEERCRED, SOL_SOCKET, socket

from nslab.errors import KernelError
from nslab.kernel import libc, wire
from nslab.kernel.netns import OWN
from nslab.kernel.root import build_root, map_ids
from nslab.kernel.transport import open_socket

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Reply = tuple[list[str], list[int]]

NAMES = "/run/netns"
HOSTS = "/run/nslab/hosts"
_READABLE = select.POLLIN | select.POLLHUP | select.POLLERR


class Holder:
    """The served state: named descriptors, connections, and whose turn it is to write."""

    def __init__(self, listener: socket, starter: socket) -> None:
        self.listener = listener
        self.starter = starter
        self.connections: dict[int, socket] = {starter.fileno(): starter}
        self.netns: dict[str, int] = {}
        self.outside = os.open(OWN, os.O_RDONLY | os.O_CLOEXEC)
        self.writer: socket | None = starter
        self.waiting: list[socket] = []
        self.kept = False
        self.document = -1
        self.source = ""
        self.started = str(int(time.time()))
        self.self_path = f"/proc/{os.readlink('/proc/self')}/fd"
        self.requests: dict[str, Callable[[list[str], list[int]], Reply]] = {
            "create": self.create,
            "open": self.open,
            "delete": self.delete,
            "list": self.list_names,
            "socket": self.socket,
            "sysctl": self.sysctl,
            "hosts": self.hosts,
            "put": self.put,
            "get": self.get,
            "keep": self.keep,
        }
        self.name_netns("outside", self.outside)

    def serve(self) -> None:
        """Answer until told to end, or until the lab that nobody keeps is abandoned."""
        poll = select.poll()
        poll.register(self.listener, _READABLE)
        poll.register(self.starter, _READABLE)
        while self.kept or self.starter.fileno() in self.connections:
            for fd, _ in poll.poll():
                if fd == self.listener.fileno():
                    self.accept(poll)
                elif not self.answer(self.connections[fd]):
                    poll.unregister(fd)
                    self.drop(self.connections.pop(fd))

    def accept(self, poll: select.poll) -> None:
        """Take a connection of the same user (or of root); nobody else is answered."""
        fd, _ = self.listener._accept()  # type: ignore[attr-defined]  # noqa: SLF001
        connection = socket(wire.AF_UNIX, wire.SOCK_SEQPACKET, 0, fd)
        credentials = connection.getsockopt(SOL_SOCKET, SO_PEERCRED, 12)
        if int.from_bytes(credentials[4:8], sys.byteorder) not in (os.getuid(), 0):
            connection.close()
            return
        self.connections[fd] = connection
        poll.register(connection, _READABLE)

    def drop(self, connection: socket) -> None:
        """Forget a connection; the next writer in line has its turn."""
        if connection in self.waiting:
            self.waiting.remove(connection)
        self.release(connection)
        connection.close()

    def release(self, connection: socket) -> None:
        """End a writer's turn."""
        if connection is self.writer:
            self.writer = None
            self.next_writer()

    def next_writer(self) -> None:
        """Tell the first who waits that the lab is now its own to change."""
        while self.writer is None and self.waiting:
            self.writer = self.waiting.pop(0)
            try:
                wire.send(self.writer, ["ok"])
            except OSError:
                self.writer = None

    def answer(self, connection: socket) -> bool:
        """Read one request and answer it; False when the connection is at its end."""
        words, fds = wire.receive(connection)
        if not words:
            return False
        if words[0] == "end":
            os._exit(0)
        if words[0] == "release":
            self.release(connection)
            return True
        if words[0] == "write":
            self.waiting.append(connection)
            self.next_writer()
            return True
        try:
            reply, given = self.requests[words[0]](words[1:], fds)
        except OSError as error:
            reply, given = ["error", str(error.errno or 0), str(error.strerror)], []
        except KernelError as error:
            reply, given = ["error", str(error.errno), error.operation], []
        try:
            wire.send(connection, reply, given)
        except OSError:
            return False
        finally:
            self.forget(given)
        return True

    def forget(self, fds: list[int]) -> None:
        """Close what was handed over, except what the holder itself keeps."""
        own = {*self.netns.values(), self.document}
        for fd in fds:
            if fd not in own:
                os.close(fd)

    # The requests: each gives words and descriptors.

    def create(self, names: list[str], _: list[int]) -> Reply:
        """Make a netns for each name; give its descriptor and an rtnetlink socket in it."""
        given: list[int] = []
        try:
            for name in names:
                libc.unshare(libc.CLONE_NEWNET)
                fd = os.open(OWN, os.O_RDONLY | os.O_CLOEXEC)
                self.name_netns(name, fd)
                given += [fd, open_socket().detach()]
        except (KernelError, OSError) as error:
            reason = error.operation if isinstance(error, KernelError) else "name the namespace"
            return ["partial", str(error.errno), reason], given
        finally:
            libc.setns(self.outside, libc.CLONE_NEWNET)
        return ["ok"], given

    def name_netns(self, name: str, fd: int) -> None:
        """Name a netns by a link to the holder's own descriptor: no mount to copy or take down."""
        try:
            os.symlink(f"{self.self_path}/{fd}", f"{NAMES}/{name}")
        except OSError:
            os.close(fd)
            raise
        self.netns[name] = fd

    def open(self, names: list[str], _: list[int]) -> Reply:
        """Give descriptor and rtnetlink socket of each name."""
        given: list[int] = []
        for name in names:
            if name not in self.netns:
                break
            given += [self.netns[name], self.inside(name, lambda: open_socket().detach())]
        return ["ok"], given

    def inside(self, name: str, function: Callable[[], int]) -> int:
        """Run a function in a netns and come back; the holder has one thread and it is its own."""
        libc.setns(self.netns[name], libc.CLONE_NEWNET)
        try:
            return function()
        finally:
            libc.setns(self.outside, libc.CLONE_NEWNET)

    def delete(self, names: list[str], _: list[int]) -> Reply:
        """Take names away, end the processes in them, let go of their namespaces."""
        names = [name for name in names if name in self.netns]
        doomed = {os.fstat(self.netns[name]).st_ino for name in names}
        for pid in members(doomed):
            try:
                os.kill(pid, 9)
            except ProcessLookupError:
                continue
        for name in names:
            os.unlink(f"{NAMES}/{name}")
            os.close(self.netns.pop(name))
        return ["ok"], []

    def list_names(self, _: list[str], __: list[int]) -> Reply:
        """Name every netns, the outside included."""
        return ["ok", *self.netns], []

    def socket(self, words: list[str], _: list[int]) -> Reply:
        """Open a socket of that family, type and protocol in each of the names' netns.

        A name that is not there ends the row: fewer sockets than names tell of it.
        """
        family, kind, protocol = (int(word) for word in words[:3])
        opened: list[int] = []
        for name in words[3:]:
            if name not in self.netns:
                break
            opened.append(self.inside(name, lambda: socket(family, kind, protocol).detach()))
        return ["ok"], opened

    def sysctl(self, words: list[str], _: list[int]) -> Reply:
        """In the netns of the first word, read keys (`key`) or set them (`key=value`).

        The answer holds each key's value from before, or `!` and the error number.
        """
        before: list[str] = []

        def act() -> int:
            before.extend(exchange(word) for word in words[1:])
            return 0

        if words[0] in self.netns:
            self.inside(words[0], act)
        return ["ok", *before], []

    def hosts(self, words: list[str], _: list[int]) -> Reply:
        """Set what every node finds in /etc/hosts."""
        with open(HOSTS, "w", encoding="utf-8") as file:
            file.write(words[0])
        return ["ok"], []

    def put(self, words: list[str], fds: list[int]) -> Reply:
        """Keep a file (the lab as it was last brought up) and the name of its source."""
        if self.document >= 0:
            os.close(self.document)
        self.document, self.source = fds[0], words[0]
        return ["ok"], []

    def get(self, _: list[str], __: list[int]) -> Reply:
        """Give the kept file, its source, when the lab began, and whether it is all up."""
        state = "up" if self.document >= 0 else "starting"
        return ["ok", self.source, self.started, state], [self.document] * (self.document >= 0)

    def keep(self, words: list[str], _: list[int]) -> Reply:
        """Outlive the process that began the lab, or no longer."""
        self.kept = words[0] == "yes"
        return ["ok"], []


def exchange(word: str) -> str:
    """Read a sysctl and, for `key=value`, set it; give the value from before, or `!errno`."""
    key, _, value = word.partition("=")
    path = "/proc/sys/" + (key if "/" in key else key.replace(".", "/"))
    try:
        with open(path, encoding="utf-8") as file:
            before = file.read().strip()
        if value:
            with open(path, "w", encoding="utf-8") as file:
                file.write(value)
    except OSError as error:
        return f"!{error.errno}"
    return before


def members(inodes: set[int]) -> list[int]:
    """List the lab's own processes in the netns of those inode numbers, by their PID in the lab."""
    own, found = os.stat("/proc/self/ns/pid").st_ino, []
    for entry in os.listdir("/proc"):
        try:
            if not entry.isdigit() or os.stat(f"/proc/{entry}/ns/pid").st_ino != own:
                continue
            if os.stat(f"/proc/{entry}/ns/net").st_ino in inodes:
                found.append(_inner_pid(entry))
        except OSError:
            continue
    return [pid for pid in found if pid != 1]


def _inner_pid(entry: str) -> int:
    with open(f"/proc/{entry}/status", encoding="utf-8", errors="replace") as file:
        line = next(line for line in file if line.startswith("NSpid:"))
    return int(line.split()[-1])


def isolate() -> None:
    """Leave the starter's namespaces; the next child is PID 1 of the lab's own.

    Root needs no user namespace; where it may not do without (in a container), it gets one.
    """
    kinds = libc.CLONE_NEWNS | libc.CLONE_NEWPID | libc.CLONE_NEWNET | libc.CLONE_NEWIPC
    if os.geteuid() == 0:
        try:
            libc.unshare(kinds)
        except KernelError:
            map_ids()
            libc.unshare(kinds)
    else:
        map_ids()
        libc.unshare(kinds)


def main() -> None:
    """Run as `holder LAB CHANNEL`: CHANNEL is the descriptor of the starter's socket."""
    lab, channel = sys.argv[1], int(sys.argv[2])
    starter = socket(wire.AF_UNIX, wire.SOCK_SEQPACKET, 0, channel)
    os.set_inheritable(channel, False)  # noqa: FBT003 - the only way to say it
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    stage = "start"
    try:
        stage = "listen"
        listener = socket(wire.AF_UNIX, wire.SOCK_SEQPACKET | wire.SOCK_CLOEXEC)
        listener.bind(wire.address_of(lab, os.getuid()))
        stage = "isolate"
        isolate()
        if os.fork():
            os._exit(0)
        stage = "mount"
        build_root(HOSTS)
        holder = Holder(listener, starter)
        listener.listen(128)  # by PID 1 itself: the kernel tells clients the PID that listened
    except (OSError, KernelError) as error:
        wire.send(starter, ["error", str(error.errno or 0), f"{stage}: {error}"])
        os._exit(1)
    libc.name_process("nslab-holder")
    _signal.signal(_signal.SIGCHLD, _signal.SIG_IGN)  # the kernel reaps the lab's orphans
    os.dup2(os.open(os.devnull, os.O_RDWR), 2)
    wire.send(starter, ["ok"])
    holder.serve()
    os._exit(0)
