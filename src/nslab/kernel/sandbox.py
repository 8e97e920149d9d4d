"""A lab's sandbox as its clients see it: start one, find it again, ask its holder for descriptors.

A holder listens on an abstract Unix socket named for the user and the lab. There is no run-time
file that could go stale and no PID to be reused: a lab is up if and only if somebody answers, and
the kernel itself tells who (SO_PEERCRED).
"""

from __future__ import annotations

import os
import resource
import select
from _socket import socket
from _weakref import ref

from nslab.errors import LabNotRunningError, NodeNotFoundError
from nslab.kernel import libc, reach, wire
from nslab.kernel.channel import Channel
from nslab.kernel.maker import Maker
from nslab.kernel.procfs import is_emptied, pid_space, process_name
from nslab.kernel.sockets import adopt_socket, open_socket

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections import OrderedDict
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Self

    from nslab.kernel.transport import Transport
else:
    from _collections import OrderedDict  # without the 2 ms of all the others

at_end: list[Callable[[str, int], None]] = []
"""What else is to be done where this process has ended a lab: called with its name and its PID."""

OUTSIDE = "outside"
"""The name of the holder's own netns."""

HOST = "(host)"
"""What the caller's own netns is called; no netns of a lab can have that name."""

_PATIENCE = 50  # milliseconds


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
        room: how many netns can stay open at once.
    """

    def __init__(self, lab: str, channel: socket, pid: int) -> None:
        self.lab = lab
        self.pid = pid
        self._channel = Channel(lab, channel, pid)
        self._question = "0"
        self._handles: OrderedDict[str, Handle] = OrderedDict()
        self.room = max(8, (resource.getrlimit(resource.RLIMIT_NOFILE)[0] - 256) // 3)
        self._chunk = min(wire.MAX_FDS // 2, self.room)
        self._maker = Maker(lab, self._make_room, self._keep_handles, self._chunk)

    @classmethod
    def start(cls, lab: str, meanwhile: Callable[[], None] = lambda: None) -> Self:
        """Start a holder. Unless told to keep the lab, it ends with this connection.

        Args:
            lab: the lab's name.
            meanwhile: is called while the holder starts.

        Raises:
            FileExistsError: a lab of that name is there (or just being started).
            LabBusyError: another user has taken the name.
            PrivilegeError: this machine does not let this user make namespaces; the hint helps.
        """
        sandbox = cls(lab, *reach.start(lab, meanwhile))
        _begun[:] = [ref(sandbox), *(one for one in _begun if one() is not None)]
        return sandbox

    @classmethod
    def connect(cls, lab: str) -> Self:
        """Connect to a running lab.

        Raises:
            LabNotRunningError: there is none of that name.
        """
        return cls(lab, *reach.connect(lab))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection and all handles."""
        self.close_handles()
        self._channel.close()
        self._maker.close()

    def fileno(self) -> int:
        """Give the descriptor of the connection, for poll: its other end closes with the lab."""
        return self._channel.fileno()

    def is_over(self) -> bool:
        """Tell whether the lab ends or has ended."""
        return wire.is_ready(self.fileno(), events=0)

    def close_handle(self, name: str) -> None:
        """Close the handle of that netns, if it is open; it opens again when it is needed."""
        handle = self._handles.pop(name, None)
        if handle is not None:
            handle.close()

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
        if handle is None:
            self._maker.wait_for([name])
            if name not in self._handles:
                self.open([name])
            handle = self._handles[name]
        self._handles.move_to_end(name)
        return handle

    def has_open(self, name: str) -> bool:
        """Tell whether the netns of that name is open."""
        return name in self._handles

    def open(self, names: Sequence[str]) -> None:
        """Open the netns of these names at once; as many as there is room for stay open.

        Raises:
            NodeNotFoundError: the lab has no such name.
        """
        if HOST in names and HOST not in self._handles:
            self._keep_handles([HOST], [_own_netns(), open_socket().detach()])
        self._maker.wait_for(names)
        missing = [name for name in dict.fromkeys(names) if name not in self._handles]
        for start in range(0, len(missing), self._chunk):
            chunk = missing[start : start + self._chunk]
            self._make_room(len(chunk))
            fds = self._ask("open", *chunk)[1]
            self._keep_handles(chunk, fds)
            if len(fds) != 2 * len(chunk):
                raise no_such_node(self.lab, chunk[len(fds) // 2], self.names())

    def open_ahead(self, names: Sequence[str]) -> None:
        """Open the netns of these names at once, as `open`, but wait for none that is being made.

        Raises:
            NodeNotFoundError: the lab has no such name.
        """
        self.open([name for name in names if not self.awaits(name)])

    def awaits(self, name: str) -> bool:
        """Tell whether a netns was asked for and is not there yet, as far as this side knows."""
        return self._maker.awaits(name)

    def netns(self, name: str) -> int:
        """Give a new descriptor of the netns of that name; the caller closes it.

        Raises:
            NodeNotFoundError: the lab has no such name.
        """
        self._maker.wait_for([name])
        fds = self._ask("netns", name)[1]
        if not fds:
            raise no_such_node(self.lab, name, self.names())
        return fds[0]

    def foresee(self, wanted: Mapping[str, list[str]]) -> None:
        """Let the holder begin to make what `create` will ask for.

        Args:
            wanted: names, and for each the sysctls (`key=value`) to be set there at once.
        """
        self._maker.foresee(wanted)

    def foresaw(self, name: str, word: str) -> bool:
        """Tell whether a sysctl is set as a netns is made, and who needs that will be told."""
        return self._maker.sets(name, word)

    def create(self, names: Iterable[str]) -> None:
        """Have the holder make a netns for each name; it works ahead while this process goes on.

        What needs one waits for it, and tells if it, or one before it, could not be made.
        """
        self._maker.create(names)

    def settle(self) -> None:
        """Wait until every netns that was asked for is there.

        Raises:
            KernelError: one could not be made; the first of them, if there are several.
        """
        self._maker.settle()

    def forgo(self) -> None:
        """Have no more made of the netns that were asked for, and wait for those under way.

        Raises:
            KernelError: as for `settle`.
        """
        self._maker.forgo()

    def delete(self, names: Sequence[str]) -> None:
        """End the processes in these netns, and give up the netns; unknown names are skipped."""
        self._maker.wait_for(names)
        for name in names:
            self.close_handle(name)
        self._ask("delete", *names)

    def names(self) -> list[str]:
        """List every netns of the lab, `outside` first."""
        self.settle()
        return self._ask("list")[0]

    def paths(self, names: Sequence[str]) -> list[str]:
        """Give the files that are these netns, as this process sees them while the lab is up.

        Raises:
            NodeNotFoundError: the lab has no such name.
        """
        self._maker.wait_for(names)
        found = self._ask("places", *names)[0]
        if len(found) != len(names):
            raise no_such_node(self.lab, names[len(found)], self.names())
        return [f"/proc/{self.pid}/root{place}" for place in found]

    def sockets(self, family: int, kind: int, protocol: int, names: Sequence[str]) -> list[socket]:
        """Open a socket in each of these netns, in their order.

        Raises:
            NodeNotFoundError: the lab has no such name; no socket stays open.
            KernelError: the kernel refused, or a limit of descriptors is reached; likewise.
        """
        self._maker.wait_for(names)
        opened: list[socket] = []
        question = ("socket", str(family), str(kind), str(protocol))
        try:
            for start in range(0, len(names), wire.MAX_FDS):
                chunk = names[start : start + wire.MAX_FDS]
                fds = self._ask(*question, *chunk)[1]
                opened += [socket(family, kind, protocol, fd) for fd in fds]
                if len(fds) != len(chunk):
                    raise no_such_node(self.lab, chunk[len(fds)], self.names())  # noqa: TRY301
        except BaseException:
            for sock in opened:
                sock.close()
            raise
        return opened

    def sysctl(self, name: str, words: Iterable[str]) -> list[str | OSError]:
        """Read (`key`) or set (`key=value`) sysctls of a netns; give the values from before.

        Raises:
            NodeNotFoundError: the lab has no such name.
        """
        asked = list(words)
        self._maker.wait_for([name])
        before, _ = self._ask("sysctl", name, *asked)
        if len(before) != len(asked):
            raise no_such_node(self.lab, name, self.names())
        return [_sysctl_answer(word) for word in before]

    def hosts(self) -> str:
        """Read what every node finds in /etc/hosts."""
        return self._ask("file", "hosts")[0][0]

    def set_hosts(self, text: str) -> None:
        """Set what every node finds in /etc/hosts."""
        self._ask("file", "hosts", text)

    def resolver(self) -> str:
        """Read what every node finds in /etc/resolv.conf."""
        return self._ask("file", "resolver")[0][0]

    def set_resolver(self, text: str) -> None:
        """Set what every node finds in /etc/resolv.conf."""
        self._ask("file", "resolver", text)

    def lodge(self, name: str, fd: int | None) -> None:
        """Let the holder keep a descriptor under a name, or let go of it; the caller's stays."""
        self._ask("lodge", name, fds=[] if fd is None else [fd])

    def lend(self, name: str) -> int | None:
        """Give a new descriptor of what is kept under a name, None if nothing is."""
        return next(iter(self._ask("lend", name)[1]), None)

    def lodgers(self) -> list[str]:
        """Name the programs beside the lab that live, of those whose pidfds the holder keeps."""
        return self._ask("lodgers")[0]

    def put(self, document: bytes, source: str) -> None:
        """Let the holder keep a document, in memory, and the name of its source."""
        fd = wire.memory_file(document)
        try:
            self._ask("put", source, fds=[fd])
        finally:
            os.close(fd)

    def get(self) -> tuple[bytes, str, int, str]:
        """Give the kept document (empty if none yet), its source, start time and state.

        The time is in seconds since the epoch, the state "up" or "starting".
        """
        (source, started, state), fds = self._ask("get")
        try:
            document = wire.read_file(fds[0]) if fds else b""
        finally:
            wire.close(fds)
        return document, source, int(started), state

    def attempt(self, document: bytes) -> None:
        """Tell the holder what the lab is to become, so that it is known should nobody end it."""
        fd = wire.memory_file(document)
        try:
            self._ask("attempt", fds=[fd])
        finally:
            os.close(fd)

    def attempted(self) -> list[bytes]:
        """Give what else the lab was, or was to become, since a change was last concluded."""
        fds = self._ask("attempted")[1]
        try:
            return [wire.read_file(fd) for fd in fds]
        finally:
            wire.close(fds)

    def conclude(self, note: bytes) -> None:
        """Say that the lab is wholly as the kept document says, and nothing else of it is there.

        Whoever says so has looked at all that `changed` named before. The note is for who asks next
        what has changed.
        """
        fd = wire.memory_file(note)
        try:
            self._ask("conclude", self._question, fds=[fd])
        finally:
            os.close(fd)

    def changed(self) -> tuple[list[str], bytes]:
        """Name the netns that may not be as they were when a change was last concluded.

        Returns:
            Their names, and what was noted then.
        """
        (self._question, *names), fds = self._ask("changed")
        try:
            note = wire.read_file(fds[0]) if fds else b""
        finally:
            wire.close(fds)
        return names, note

    def become_writer(self, check: Callable[[], None] = lambda: None) -> None:
        """Wait until nobody else is changing the lab; from then on nobody else does.

        Args:
            check: called now and then; what it raises ends the waiting, and this connection must
                be closed then.

        Raises:
            LabNotRunningError: the lab ended meanwhile.
        """
        self.settle()
        self._channel.send(["write"])
        answered = select.poll()
        answered.register(self._channel, select.POLLIN)
        while not answered.poll(_PATIENCE):
            check()
            self._channel.refuse_stopped()
        self._channel.receive()

    def release(self) -> None:
        """Let others change the lab again, and hold no more descriptors than the connection's."""
        self.close_handles()
        self._channel.send(["release"])

    def keep(self, *, kept: bool = True) -> None:
        """Let the lab outlive the process that began it, or no longer."""
        self._ask("keep", "yes" if kept else "no")

    def end(self) -> None:
        """End the lab and wait: the kernel kills its processes and removes its namespaces."""
        if self._channel.fileno() < 0:  # it has been ended by this very object
            return
        if self._handles:
            self._handles.popitem()[1].close()  # room for a descriptor, should there be none left
        try:
            pidfd = os.pidfd_open(self.pid)
        except ProcessLookupError:
            pidfd = -1
        except OSError as error:
            raise libc.failure("end the lab", error.errno or 0) from None
        space = pid_space(self.pid)
        try:
            self._channel.send(["end"])
        except LabNotRunningError:  # it is ending already
            pass
        self.close_handles()  # while the holder closes its own
        if pidfd >= 0:
            try:
                self._await_end(pidfd, space)
            finally:
                os.close(pidfd)
        self.close()
        for act in at_end:
            act(self.lab, self.pid)

    def _await_end(self, pidfd: int, space: int) -> None:
        """Wait for the holder's end.

        Its last trace stays until somebody reaps those whose parents were outside the lab and died
        before them; where nobody does (the first process of many containers), their death is the
        end.
        """
        gone = select.poll()
        gone.register(pidfd, select.POLLIN)
        patience = _PATIENCE // 10
        while process_name(self.pid) == wire.HOLDER and not gone.poll(patience):
            if is_emptied(self.pid, space) and not reach.is_in_use(self.lab):
                break
            self._channel.refuse_stopped()
            patience = min(2 * patience, _PATIENCE)

    def _make_room(self, count: int) -> None:
        while self._handles and len(self._handles) + count > self.room:
            self._handles.popitem(last=False)[1].close()

    def _keep_handles(self, names: Sequence[str], fds: Sequence[int]) -> None:
        from nslab.kernel.transport import Transport  # who only runs programs needs none

        for name, fd, sock in zip(names, fds[::2], fds[1::2], strict=False):
            self._handles[name] = Handle(fd, Transport(adopt_socket(sock)))

    def _ask(self, *words: str, fds: Sequence[int] = ()) -> tuple[list[str], list[int]]:
        self._channel.send(words, fds)
        reply, given = self._channel.receive()
        if reply[0] == "error":
            what = f"{words[0]}: {reply[2]}" if reply[2] else words[0]
            raise libc.failure(what, int(reply[1]))
        return reply[1:], given


_begun: list[ref[Sandbox]] = []
"""Those whose labs end with this process. One that is forked from it would keep them up."""


def _leave_to_parent() -> None:
    for one in _begun:
        sandbox = one()
        if sandbox is not None:
            sandbox.close()
    _begun.clear()


os.register_at_fork(after_in_child=_leave_to_parent)


def _own_netns() -> int:
    return os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)


def running() -> list[str]:
    """List this user's running labs, by name, in order."""
    prefix = f"@nslab.{os.getuid()}."
    found: set[str] = set()
    with open("/proc/net/unix", encoding="utf-8", errors="replace") as file:
        for line in file:
            _, separator, name = line.rstrip("\n").partition(prefix)
            if separator:
                found.add(name)
    return reach.ours(found)


def no_such_node(lab: str, name: str, known: Iterable[str]) -> NodeNotFoundError:
    """Make the error of a node that is not there, with the nearest one as its hint."""
    import difflib

    near = difflib.get_close_matches(name, list(known), 1, 0.5)
    hint = f'did you mean "{near[0]}"?' if near else "`nslab show` lists the nodes"
    return NodeNotFoundError(f'the lab "{lab}" has no node "{name}"', hint=hint)


def _sysctl_answer(word: str) -> str | OSError:
    if word.startswith("!"):
        return OSError(int(word[1:]), os.strerror(int(word[1:])))
    return word
