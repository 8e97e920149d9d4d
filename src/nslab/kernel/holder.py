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
import errno
import os
import resource
import select
import sys
import time
from _socket import MSG_DONTWAIT, SHUT_RD, SO_PEERCRED, SOL_SOCKET, socket

from nslab.errors import KernelError
from nslab.kernel import interpreter, libc, wire
from nslab.kernel.changes import Changes
from nslab.kernel.limits import raise_descriptor_limit, room_for_netns
from nslab.kernel.memory import FILES, Memory
from nslab.kernel.namespaces import OUTSIDE, Namespaces
from nslab.kernel.netns import OWN
from nslab.kernel.procfs import members
from nslab.kernel.root import build_root, isolate
from nslab.kernel.sockets import open_socket
from nslab.kernel.sysctls import Sysctls

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import NoReturn, TypeVar

    T = TypeVar("T")
    Reply = tuple[list[str], list[int]]
    """The words of an answer and its descriptors, which the holder closes once they are sent."""

_READABLE = select.POLLIN | select.POLLHUP | select.POLLERR
_AT_ONCE = 8
_SWEEPS = 100
"""How often processes are looked for that are to end: some may be made meanwhile."""

_GRACE = 1.0
"""Seconds between SIGTERM and SIGKILL, in which a program writes what it has, and clears up."""

_SOON = 0.005
"""Seconds until it is looked again whether all have ended."""

_OPENING = ("open", "netns", "places", "socket", "sysctl", "changed")
"""The requests that lead into a netns, and the one that asks what was done there."""


class Holder:
    """The served state: named descriptors, connections, and whose turn it is to write."""

    def __init__(self, listener: socket, starter: socket) -> None:
        self.listener = listener
        self.starter = starter
        self.connections: dict[int, socket] = {starter.fileno(): starter}
        self.outside = os.open(OWN, os.O_RDONLY | os.O_CLOEXEC)
        room = room_for_netns(resource.getrlimit(resource.RLIMIT_NOFILE)[0])
        self.netns = Namespaces(self.outside, room)
        self.writer: socket | None = starter
        self.waiting: list[socket] = []
        self.kept = False
        self.memory = Memory()
        self.changes = Changes()
        self.sysctls = Sysctls()
        self.unwatched: list[str] = []
        self.poll = select.poll()
        self.requests: dict[str, Callable[[list[str], list[int]], Reply]] = {
            "create": self.create,
            "open": self.open,
            "netns": self.give_netns,
            "delete": self.delete,
            "list": self.list_names,
            "places": self.places,
            "socket": self.socket,
            "sysctl": self.sysctl,
            "file": self.memory.file,
            "lodge": self.memory.lodge,
            "lend": self.memory.lend,
            "lodgers": self.memory.lodgers,
            "put": self.memory.put,
            "get": self.memory.get,
            "attempt": self.memory.attempt,
            "attempted": self.memory.attempted,
            "conclude": self.conclude,
            "changed": self.changed,
            "keep": self.keep,
        }

    def serve(self) -> None:
        """Answer until told to end, or until the lab that nobody keeps is abandoned."""
        self.poll.register(self.listener, _READABLE)
        self.poll.register(self.starter, _READABLE)
        while self.kept or self.starter.fileno() in self.connections:
            ready = self.poll.poll(0 if self.unwatched else None)
            if not ready:
                self.sysctls.rest()
                self.watch(_AT_ONCE)
            for fd, _ in ready:
                if fd == self.listener.fileno():
                    self.accept()
                elif not self.answer(self.connections[fd]):
                    self.poll.unregister(fd)
                    self.drop(self.connections.pop(fd))

    def accept(self) -> None:
        """Take a connection of the same user; nobody else is answered."""
        try:
            fd, _ = self.listener._accept()  # type: ignore[attr-defined]  # noqa: SLF001
        except OSError:  # no descriptor is free: the caller waits until there is one
            time.sleep(0.01)
            return
        try:
            connection = socket(wire.AF_UNIX, wire.SOCK_SEQPACKET, 0, fd)
        except OSError:
            os.close(fd)
            return
        credentials = connection.getsockopt(SOL_SOCKET, SO_PEERCRED, 12)
        if int.from_bytes(credentials[4:8], sys.byteorder) != os.getuid():
            connection.close()
            return
        self.connections[fd] = connection
        self.poll.register(connection, _READABLE)

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
            if not self.reply(self.writer, ["ok"], []):
                self.writer = None

    def answer(self, connection: socket) -> bool:
        """Read one request and answer it; False when the connection is at its end."""
        fds: list[int] = []
        reply: Reply | None
        try:
            words, fds = wire.receive(connection)
            if not words:
                return False
            reply = self.obey(connection, words, fds)
        except MemoryError:  # the lab goes on
            reply = ["error", str(errno.ENOMEM), ""], []
        except OSError as error:
            reply = ["error", str(error.errno or 0), ""], []
        except KernelError as error:
            reply = ["error", str(error.errno), error.operation], []
        except (ArithmeticError, LookupError, ValueError):  # a word unknown, missing, no number
            reply = ["error", str(errno.EINVAL), "no such request"], []
        finally:
            self.forget(fds)
        return reply is None or self.reply(connection, *reply)

    def obey(self, connection: socket, words: list[str], fds: list[int]) -> Reply | None:
        """Do what is asked; give the answer, or None where there is none (yet)."""
        verb, *rest = words
        if verb == "end":
            self.end()
        if verb == "release":
            self.release(connection)
            return None
        if verb in _OPENING:
            self.watch()
        if verb != "write":
            return self.requests[verb](rest, fds)
        if connection is self.writer:
            return ["ok"], []
        if connection not in self.waiting:
            self.waiting.append(connection)
            self.next_writer()
        return None

    def end(self) -> NoReturn:
        """End the lab: programs are asked to, which is waited for, then the kernel kills.

        From the beginning nobody finds the lab any more, but its name is taken until all is gone.
        """
        self.listener.shutdown(SHUT_RD)
        for connection in self.connections.values():
            connection.close()
        if _kill(-1, _signal.SIGTERM):
            _kill(-1, _signal.SIGCONT)  # else one that is stopped would not hear of it
            _wait_while(lambda: _kill(-1, 0) and bool(members()))  # not for who is not reaped yet
        self.listener.close()  # the kernel would do so last of all, and the name be in use
        os._exit(0)

    def reply(self, connection: socket, words: list[str], given: list[int]) -> bool:
        """Send an answer; False where the client is gone, or lets its answers pile up unread."""
        try:
            wire.send(connection, words, given, MSG_DONTWAIT)
        except (ConnectionError, BlockingIOError):
            return False
        except OSError as error:  # as ETOOMANYREFS: too many descriptors are under way
            refused = ["error", str(error.errno), "hand over descriptors"]
            return words[0] != "error" and self.reply(connection, refused, [])
        finally:
            self.forget(given)
        return True

    def forget(self, fds: list[int]) -> None:
        """Close what was handed over, except what the holder itself keeps."""
        if fds:
            own = self.memory.descriptors()
            wire.close([fd for fd in fds if fd not in self.netns.own and fd not in own])

    # The requests: each gives words and descriptors.

    def create(self, words: list[str], _: list[int]) -> Reply:
        """Make a netns for each name; give its descriptor and an rtnetlink socket in it.

        After a name may come sysctls (`key=value`) to be set there: it has no link yet that they
        would touch, so they cost the least now. The answer holds what came of each, as `sysctl`.
        """
        names = [word for word in words if "=" not in word]
        given: list[int] = []
        came: list[str] = []
        if self.netns.lacks_room(2 * len(names) + len(self.changes)):
            for name in self.netns:  # room for namespaces comes first
                self.changes.forget(name)
        try:
            self.netns.make_room(2 * len(names))
            for word in words:
                if "=" in word:
                    came += self.sysctls.exchange([word])
                    continue
                libc.unshare(libc.CLONE_NEWNET)
                given += self.adopt_netns(word)
        except (KernelError, OSError) as error:
            reason = error.operation if isinstance(error, KernelError) else "name the namespace"
            return ["partial", str(error.errno), reason], given
        finally:
            libc.setns(self.outside, libc.CLONE_NEWNET)
        return ["ok", *came], given

    def adopt_netns(self, name: str) -> list[int]:
        """Keep the netns that the holder is in, under that name; or leave no trace of it."""
        fd = os.open(OWN, os.O_RDONLY | os.O_CLOEXEC)
        sock = -1
        try:
            sock = open_socket().detach()
            self.netns.add(name, fd)
        except OSError:
            wire.close([one for one in (fd, sock) if one >= 0])
            raise
        return [fd, sock]

    def open(self, names: list[str], _: list[int]) -> Reply:
        """Give descriptor and rtnetlink socket of each name.

        A name that is not there ends the row: fewer descriptors than asked for tell of it.
        """
        return self.gather(fd for name in self.netns.known(names) for fd in self.open_each(name))

    def open_each(self, name: str) -> Iterator[int]:
        """Open both, one after the other."""
        yield self.netns.open(name)
        yield self.inside(name, lambda: open_socket().detach())

    def give_netns(self, names: list[str], _: list[int]) -> Reply:
        """Give the descriptor of each name; one that is not there ends the row."""
        return self.gather(map(self.netns.open, self.netns.known(names)))

    def gather(self, opened: Iterable[int]) -> Reply:
        """Give what is opened one after the other; all, or nothing stays open."""
        fds: list[int] = []
        try:
            fds.extend(opened)
        except BaseException:
            self.forget(fds)
            raise
        return ["ok"], fds

    def inside(self, name: str, function: Callable[[], T]) -> T:
        """Run a function in a netns and come back; the holder has one thread and it is its own."""
        self.netns.enter(name)
        try:
            return function()
        finally:
            libc.setns(self.outside, libc.CLONE_NEWNET)

    def delete(self, names: list[str], __: list[int]) -> Reply:
        """Take names away, end the processes in them, let go of their namespaces."""
        names = [name for name in dict.fromkeys(names) if name in self.netns]
        if OUTSIDE in names:
            raise libc.failure(f"give up {OUTSIDE}", errno.EBUSY)
        doomed = {self.netns.inode(name) for name in names}
        found = members(doomed)
        if found:
            for number in (_signal.SIGTERM, _signal.SIGCONT):
                for pid in found:
                    _kill(pid, number)
            _wait_while(lambda: bool(members(doomed)))
            found = members(doomed)
        for _ in range(_SWEEPS):
            if not found:
                break
            for pid in found:
                _kill(pid, _signal.SIGKILL)
            found = members(doomed)
        self.netns.remove(names)
        self.unwatched = [name for name in self.unwatched if name in self.netns]
        for name in names:
            self.changes.forget(name)
        return ["ok"], []

    def list_names(self, _: list[str], __: list[int]) -> Reply:
        """Name every netns, the outside included."""
        return ["ok", *self.netns], []

    def places(self, names: list[str], _: list[int]) -> Reply:
        """Give the file that is each name's netns; one that is not there ends the row."""
        return ["ok", *map(self.netns.place, self.netns.known(names))], []

    def socket(self, words: list[str], _: list[int]) -> Reply:
        """Open a socket of that family, type and protocol in each of the names' netns.

        A name that is not there ends the row: fewer sockets than names tell of it.
        """
        family, kind, protocol = (int(word) for word in words[:3])

        def opened() -> int:
            return socket(family, kind, protocol).detach()

        names = self.netns.known(words[3:])
        return self.gather(self.inside(name, opened) for name in names)

    def sysctl(self, words: list[str], _: list[int]) -> Reply:
        """In the netns of the first word, read keys (`key`) or set them (`key=value`).

        The answer holds each key's value from before, or `!` and the error number.
        """
        name, *asked = words
        if name not in self.netns:
            return ["ok"], []
        return ["ok", *self.inside(name, lambda: self.sysctls.exchange(asked))], []

    def conclude(self, words: list[str], fds: list[int]) -> Reply:
        """Forget all but the kept file: nothing else of the lab is there. Keep a note with it.

        From now on hear of changes; those count as looked at that the given question told of.
        """
        self.memory.conclude(fds[0])
        self.changes.settle(int(words[0]))
        if 2 * len(self.netns) <= self.netns.room:  # a descriptor more for each
            self.unwatched = [name for name in self.netns if name not in self.changes]
        return ["ok"], []

    def changed(self, _: list[str], __: list[int]) -> Reply:
        """Name the netns that may have changed since `conclude`, after the question's number.

        With them goes the note that was kept then.
        """
        number, names = self.changes.ask(self.netns)
        return ["ok", str(number), *names], self.memory.noted()

    def watch(self, most: int | None = None) -> None:
        """Begin to hear of changes where that was put off until there is nothing else to do.

        Whoever could change something has to ask first (_OPENING), so nothing is missed.
        """
        coming = self.unwatched[:most]
        del self.unwatched[:most]
        if not coming:
            return
        try:
            from nslab.kernel.listening import listen  # by now nobody waits for it to load

            for name in coming:
                self.changes.add(name, self.inside(name, listen))
        except (ImportError, KernelError, OSError):  # what is not watched counts as changed
            self.unwatched.clear()

    def keep(self, words: list[str], _: list[int]) -> Reply:
        """Outlive the process that began the lab, or no longer."""
        self.kept = {"yes": True, "no": False}[words[0]]
        return ["ok"], []


def main() -> None:
    """Run as `holder LAB CHANNEL`: CHANNEL is the descriptor of the starter's socket."""
    lab, channel = sys.argv[1], int(sys.argv[2])
    starter = socket(wire.AF_UNIX, wire.SOCK_SEQPACKET, 0, channel)
    interpreter.keep_only(channel)
    os.chdir("/")
    raise_descriptor_limit()
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
        build_root(FILES["hosts"], FILES["resolver"])
        libc.name_process(wire.HOLDER)
        holder = Holder(listener, starter)
        listener.listen(128)  # by PID 1 itself: the kernel tells clients the PID that listened
    except (OSError, KernelError) as error:
        wire.send(starter, ["error", str(error.errno or 0), f"{stage}: {error}"])
        os._exit(1)
    _signal.signal(_signal.SIGCHLD, _signal.SIG_IGN)  # the kernel reaps the lab's orphans
    os.dup2(os.open(os.devnull, os.O_RDWR), 2)
    wire.send(starter, ["ok"])
    holder.serve()
    holder.end()


def _kill(pid: int, number: int) -> bool:
    """Send a signal, to all others in the lab if `pid` is -1; tell whether there is anybody."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody whom only the kernel can end
        pass
    return True


def _wait_while(living: Callable[[], bool]) -> None:
    """Give programs that were asked to end the time to do so."""
    deadline = time.monotonic() + _GRACE
    while living() and time.monotonic() < deadline:
        time.sleep(_SOON)
