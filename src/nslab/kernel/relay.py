"""A relay: what comes to a socket goes on to an address of another netns, and back.

It leads published ports to nodes and a lab's name queries to the machine's resolver. Its listening
sockets are made in one netns and handed to it; it runs, and so connects, in another. It is a
process of the lab and ends with it.
"""

from __future__ import annotations

import collections
import resource
import select
import socket
import struct
import sys
import time

from nslab.kernel import interpreter

TYPE_CHECKING = False
if TYPE_CHECKING:
    import _socket
    from collections.abc import Callable, Iterable, Sequence

    Target = tuple[str, int]
    """An address and a port."""

_CHUNK = 65536
_BACKLOG = 512
_IP_FREEBIND = 15
_IDLE = 180.0
"""Seconds after which a silent UDP client is forgotten (RFC 4787 asks for 120 or more)."""

_MOST_TALKS = 4096
_WAIT = 30.0
_PKTINFO = {
    socket.AF_INET: (socket.IPPROTO_IP, 8, struct.Struct("=I4s4s")),
    socket.AF_INET6: (socket.IPPROTO_IPV6, 50, struct.Struct("=16sI")),
}
"""Option, and what a packet's own address comes as, by family (ip(7), ipv6(7))."""
_ASK_PKTINFO = {socket.AF_INET: 8, socket.AF_INET6: 49}


def listen(protocol: str, address: str, port: int) -> socket.socket:
    """Open a socket for a relay in the caller's netns.

    Args:
        protocol: "tcp" or "udp".
        address: IPv4 or IPv6; a wildcard of IPv6 is for IPv6 alone.
        port: 1 to 65535.

    Raises:
        OSError: the port is in use, or not this user's to take, or there is no such address.
    """
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM)
    try:
        bind(sock, address, port)
    except BaseException:
        sock.close()
        raise
    return sock


def bind(sock: _socket.socket, address: str, port: int, *, early: bool = False) -> None:
    """Bind a new socket as `listen` does; with `early` the address need not be there yet.

    Raises:
        OSError: as from `listen`.
    """
    if sock.family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    if early:
        sock.setsockopt(socket.IPPROTO_IP, _IP_FREEBIND, 1)
    stream = sock.type == socket.SOCK_STREAM
    if stream:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    else:  # now: of a packet that came before, the kernel does not know to which address it was
        family = socket.AddressFamily(sock.family)
        sock.setsockopt(_PKTINFO[family][0], _ASK_PKTINFO[family], 1)
    sock.bind((address, port))
    if stream:
        sock.listen(_BACKLOG)


def command(listeners: Sequence[int], targets: Iterable[Target]) -> list[str]:
    """Give the command that relays.

    Args:
        listeners: descriptors of what `listen` gave, which the program inherits.
        targets: where to connect, in the order in which it is tried; one of the client's own
            family comes first.
    """
    where = [f"{address}#{port}" for address, port in targets]
    return interpreter.command(__name__, ",".join(map(str, listeners)), *where)


def main() -> None:
    """Run as `relay FD,… ADDRESS#PORT …`."""
    fds, *where = sys.argv[1:]
    targets = [(address, int(port)) for address, _, port in (word.partition("#") for word in where)]
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    loop = _Loop()
    for fd in map(int, fds.split(",")):
        sock = socket.socket(fileno=fd)
        sock.setblocking(False)  # noqa: FBT003 - the only way to say it
        stream = sock.type == socket.SOCK_STREAM
        (_Door if stream else _Mailbox)(loop, sock, _in_order(targets, sock.family))
    loop.run()


def _in_order(targets: Sequence[Target], family: int) -> list[Target]:
    return sorted(targets, key=lambda target: (":" in target[0]) != (family == socket.AF_INET6))


def _connect(target: Target, kind: int) -> socket.socket:
    """Begin to connect.

    Raises:
        OSError: the target is out of reach, or no descriptor is left.
    """
    family = socket.AF_INET6 if ":" in target[0] else socket.AF_INET
    sock = socket.socket(family, kind | socket.SOCK_NONBLOCK)
    try:
        sock.connect(_sockaddr(target))
    except BlockingIOError:
        pass
    except OSError:
        sock.close()
        raise
    return sock


def _sockaddr(target: Target) -> tuple[str, int] | tuple[str, int, int, int]:
    """Give the form in which Python keeps the link of `fe80::1%eth0`."""
    address, _, link = target[0].partition("%")
    if not link:
        return target
    return address, target[1], 0, int(link) if link.isdigit() else socket.if_nametoindex(link)


class _Loop:
    """Waits for sockets and calls what each is for."""

    def __init__(self) -> None:
        self.epoll = select.epoll()
        self.calls: dict[int, Callable[[int], None]] = {}
        self.events: dict[int, int] = {}
        self.now_and_then: list[Callable[[], None]] = []

    def watch(self, sock: socket.socket, events: int, call: Callable[[int], None]) -> None:
        """Have it called when one of the events is there.

        With no event at all the end of the socket is told, and once: epoll would tell it for ever.
        """
        fd = sock.fileno()
        events = events or select.EPOLLONESHOT
        if self.events.get(fd) != events:
            (self.epoll.modify if fd in self.events else self.epoll.register)(fd, events)
        self.events[fd] = events
        self.calls[fd] = call

    def forget(self, sock: socket.socket) -> None:
        if self.events.pop(sock.fileno(), None) is not None:
            del self.calls[sock.fileno()]
            self.epoll.unregister(sock.fileno())
        sock.close()

    def run(self) -> None:
        while True:
            for fd, events in self.epoll.poll(_WAIT):
                call = self.calls.get(fd)  # one that was called before may have closed it
                if call is not None:
                    call(events)
            for chore in self.now_and_then:
                chore()


class _Door:
    """A listening TCP socket: each connection to it becomes two."""

    def __init__(self, loop: _Loop, sock: socket.socket, targets: Sequence[Target]) -> None:
        self.loop = loop
        self.sock = sock
        self.targets = targets
        loop.watch(sock, select.EPOLLIN, self.accept)

    def accept(self, _: int) -> None:
        try:
            client, _ = self.sock.accept()
        except OSError:  # it is gone already, or there is no descriptor left: others may end
            time.sleep(0.001)
            return
        client.setblocking(False)  # noqa: FBT003 - the only way to say it
        _Connecting(self.loop, client, collections.deque(self.targets))


class _Connecting:
    """A client whose other side is not there yet; one target is tried after another."""

    def __init__(
        self, loop: _Loop, client: socket.socket, targets: collections.deque[Target]
    ) -> None:
        self.loop = loop
        self.client = client
        self.targets = targets
        self.try_next()

    def try_next(self) -> None:
        if not self.targets:
            _reset(self.client)
            self.client.close()
            return
        try:
            self.server = _connect(self.targets.popleft(), socket.SOCK_STREAM)
        except OSError:
            self.try_next()
        else:
            self.loop.watch(self.server, select.EPOLLOUT, self.connected)

    def connected(self, _: int) -> None:
        if self.server.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            self.loop.forget(self.server)
            self.try_next()
        else:
            _Pair(self.loop, self.client, self.server)


def _reset(sock: socket.socket) -> None:
    """Let the socket's end be told to the other side as a refusal."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


class _Half:
    """One direction of a connection: what was read from `source` and waits for `sink`."""

    def __init__(self, source: socket.socket, sink: socket.socket) -> None:
        self.source = source
        self.sink = sink
        self.waiting = b""
        self.ended = False

    def move(self) -> bool:
        """Read and write once, as far as that goes now; False if it does not.

        Raises:
            OSError: a side is gone.
        """
        try:
            if not self.waiting and not self.ended:
                self.waiting = self.source.recv(_CHUNK)
                self.ended = not self.waiting
                if self.ended:
                    self.sink.shutdown(socket.SHUT_WR)
                    return True
            if self.waiting:
                self.waiting = self.waiting[self.sink.send(self.waiting) :]
                return True
        except BlockingIOError:
            pass
        return False


class _Pair:
    """Two connected sockets, of which each says what the other hears."""

    def __init__(self, loop: _Loop, client: socket.socket, server: socket.socket) -> None:
        self.loop = loop
        self.halves = _Half(client, server), _Half(server, client)
        for sock in (client, server):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        self.go_on(0)

    def go_on(self, events: int) -> None:
        try:
            moved = [half.move() for half in self.halves]
        except OSError:
            self.end(broken=True)
            return
        if all(half.ended and not half.waiting for half in self.halves):
            self.end(broken=False)
            return
        if events & select.EPOLLERR and not any(moved):
            self.end(broken=True)
            return
        there, back = self.halves
        self.await_more(there, back)
        self.await_more(back, there)

    def await_more(self, half: _Half, other: _Half) -> None:
        """Wait on the source of `half`, which is the sink of the other."""
        events = select.EPOLLOUT if other.waiting else 0
        if not half.waiting and not half.ended:
            events |= select.EPOLLIN
        self.loop.watch(half.source, events, self.go_on)

    def end(self, *, broken: bool) -> None:
        for half in self.halves:
            if broken:
                _reset(half.source)
            self.loop.forget(half.source)


class _Mailbox:
    """A UDP socket: each client gets a socket of its own to the target, for as long as it talks."""

    def __init__(self, loop: _Loop, sock: socket.socket, targets: Sequence[Target]) -> None:
        self.loop = loop
        self.sock = sock
        self.target = targets[0]
        self.talks: collections.OrderedDict[object, _Talk] = collections.OrderedDict()
        loop.watch(sock, select.EPOLLIN, self.receive)
        loop.now_and_then.append(self.clear)

    def receive(self, _: int) -> None:
        try:
            data, ancillary, _, client = self.sock.recvmsg(_CHUNK, 256)
            own = self.own_address(ancillary)
            talk = self.talks.get((client, *own)) or _Talk(self, client, own)
            self.note(talk)
            talk.sock.send(data)
        except OSError:  # the target refused the one before, or is out of reach: it is UDP
            return

    def note(self, talk: _Talk) -> None:
        """Put a client that has said or heard something after all that are silent."""
        talk.heard = time.monotonic()
        self.talks[talk.key] = talk
        self.talks.move_to_end(talk.key)

    def own_address(
        self, ancillary: Iterable[tuple[int, int, bytes]]
    ) -> list[tuple[int, int, bytes]]:
        """Give the address that a packet came to, in the form that has answers sent from it."""
        level, kind, form = _PKTINFO[socket.AddressFamily(self.sock.family)]
        for found_level, found_kind, data in ancillary:
            if (found_level, found_kind) != (level, kind):
                continue
            parts = form.unpack(data[: form.size])
            if self.sock.family == socket.AF_INET:
                return [(level, kind, form.pack(0, parts[1], bytes(4)))]
            return [(level, kind, form.pack(parts[0], 0))]
        return []

    def clear(self) -> None:
        """Forget those that have been silent for long, and the longest silent of too many."""
        oldest = time.monotonic() - _IDLE
        while self.talks:
            key, talk = next(iter(self.talks.items()))
            if talk.heard > oldest and len(self.talks) < _MOST_TALKS:
                return
            self.loop.forget(talk.sock)
            del self.talks[key]


class _Talk:
    """One client of a `_Mailbox`."""

    def __init__(
        self, mailbox: _Mailbox, client: tuple[object, ...], own: list[tuple[int, int, bytes]]
    ) -> None:
        self.mailbox = mailbox
        self.client = client
        self.own = own
        self.key = client, *own
        self.heard = 0.0
        self.sock = _connect(mailbox.target, socket.SOCK_DGRAM)
        mailbox.loop.watch(self.sock, select.EPOLLIN, self.answer)

    def answer(self, _: int) -> None:
        self.mailbox.note(self)
        try:
            data = self.sock.recv(_CHUNK)
            self.mailbox.sock.sendmsg([data], self.own, 0, self.client)
        except OSError:  # refused, or the client is out of reach: it is UDP
            return
