"""Places where a request to the kernel can be made to fail: the seams of every process of an `up`.

Each process that takes part (the caller, the holder, what starts programs in and beside the lab)
arms its seams and counts what passes: netlink messages, system calls of namespaces and mounts,
sysctls, files, sockets, children, messages between caller and holder. One of all of them fails, as
the folder in `NSLAB_TEST_FAULTS` says. Where there is no such folder, nothing happens.
"""

from __future__ import annotations

import errno
import json
import os
import sys
from pathlib import Path
from struct import Struct
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from nslab.kernel.transport import NetlinkSocket

FOLDER = "NSLAB_TEST_FAULTS"
_ROOT = str(Path(__file__).parents[3])
_RECORD = 96
_HEADER = Struct("=IHHII")
_NO_TYPE = 0xFFF0  # a message of this type the kernel only refuses
_ERROR = 2

FAULTS = {
    "netlink": ("EPERM", "EEXIST", "ENOMEM", "EINTR", "ENOBUFS", "cut", "send"),
    "call": ("EPERM", "EEXIST", "ENOMEM", "EINTR", "ENOSPC"),
    "sysctl": ("EPERM", "ENOMEM", "EINTR", "EEXIST"),
    "child": ("EAGAIN", "ENOMEM", "EPERM", "exit", "kill"),
    "fork": ("EAGAIN", "ENOMEM"),
    "file": ("EPERM", "ENOSPC", "EMFILE", "EROFS", "EINTR"),
    "socket": ("EMFILE", "ENOBUFS", "ENOMEM"),
    "wire": ("ENOBUFS", "ENOMEM"),
    "answer": ("EMFILE",),
}
"""What can befall each kind of request."""


class Seams:
    """The seams of one process; `now` is where it stands at a seam."""

    def __init__(self, folder: str, role: str) -> None:
        self.log = os.path.join(folder, f"points.{role}")  # noqa: PTH118
        self.role = role
        self.busy = False
        self.wanted, self.fault = ("", -1), ""
        told = Path(folder, "fault")
        if told.exists():
            said = json.loads(told.read_text())
            if said["role"] == role:
                self.wanted, self.fault = (said["kind"], said["number"]), said["fault"]

    def passes(self, kind: str, what: str) -> str:
        """Count one request; give the fault that befalls it, or "" for none."""
        self.busy = True
        log = os.open(self.log, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o666)
        number = count(os.pread(log, 1 << 20, 0), kind)
        os.write(log, f"{kind} {what}".encode()[: _RECORD - 1].ljust(_RECORD - 1) + b"\n")
        os.close(log)
        self.busy = False
        return self.fault if (kind, number) == self.wanted else ""

    def strike(self, kind: str, what: str) -> None:
        """Count one request, and raise what befalls it."""
        fault = self.passes(kind, what)
        if fault:
            raise _os_error(fault)


def count(log: bytes, kind: str) -> int:
    """Count the requests of a kind in a log: how many come of another kind hangs on the clock."""
    return (b"\n" + log).count(f"\n{kind} ".encode())


def _os_error(fault: str) -> OSError:
    number = getattr(errno, fault)
    return OSError(number, os.strerror(number))


class FaultySocket:
    """A netlink socket of which one message fails: refused by the kernel, or its answer lost."""

    def __init__(self, sock: NetlinkSocket, seams: Seams) -> None:
        self._sock = sock
        self._seams = seams
        self._refused: dict[int, int] = {}
        self._lost = ""

    def __getattr__(self, name: str) -> object:
        return getattr(self._sock, name)

    def send(self, data: bytes) -> int:
        sent, offset = bytearray(data), 0
        while offset < len(sent):
            length, kind, flags, sequence, port = _HEADER.unpack_from(sent, offset)
            fault = self._seams.passes("netlink", str(kind))
            if fault == "send":
                raise _os_error("ENOBUFS")
            if fault in ("ENOBUFS", "cut"):
                self._lost = fault
            elif fault:
                self._refused[sequence] = getattr(errno, fault)
                _HEADER.pack_into(sent, offset, length, _NO_TYPE, flags, sequence, port)
            offset += (length + 3) & ~3
        return self._sock.send(bytes(sent))

    def recv(self, size: int) -> bytes:
        lost, self._lost = self._lost, ""
        if lost == "ENOBUFS":
            raise _os_error("ENOBUFS")
        data = bytearray(self._sock.recv(size))
        if lost == "cut":
            return bytes(data[:-3])
        offset = 0
        while offset + _HEADER.size <= len(data):
            length, kind, _, sequence, _ = _HEADER.unpack_from(data, offset)
            if kind == _ERROR and sequence in self._refused:
                Struct("=i").pack_into(data, offset + _HEADER.size, -self._refused[sequence])
            offset += (length + 3) & ~3
        return bytes(data)


def arm(role: str) -> None:
    """Let this process have seams."""
    folder = os.environ.get(FOLDER)
    if not folder:
        return
    seams = Seams(folder, role)
    _arm_calls(seams)
    _arm_sysctls(seams)
    _arm_audited(seams)
    if role == "up":
        _arm_netlink(seams)
        _arm_children(seams)
        _arm_wire(seams)
        _arm_others()


def _arm_netlink(seams: Seams) -> None:
    from nslab.kernel.transport import Transport

    born = Transport.__init__

    def init(self: Transport, sock: NetlinkSocket) -> None:
        born(self, FaultySocket(sock, seams))  # type: ignore[arg-type]

    Transport.__init__ = init  # type: ignore[method-assign]


def _arm_calls(seams: Seams) -> None:
    """Let the system calls fail that have no event of their own in Python."""
    from nslab.kernel import libc

    def wrapped(name: str) -> Callable[..., None]:
        real = getattr(libc, name)

        def call(*arguments: object, **more: object) -> None:
            fault = seams.passes("call", f"{name} {' '.join(map(str, arguments[:2]))}")
            if fault:
                raise libc.failure(f"{name} {arguments[0]}", getattr(errno, fault))
            real(*arguments, **more)

        return call

    for name in ("mount", "umount", "unshare", "setns", "set_hostname"):
        setattr(libc, name, wrapped(name))


def _arm_sysctls(seams: Seams) -> None:
    from nslab.kernel import procfs

    real = procfs.exchange

    def exchange(word: str, proc: int | None = None) -> str:
        fault = seams.passes("sysctl", word)
        return f"!{getattr(errno, fault)}" if fault else real(word, proc)

    procfs.exchange = exchange
    if "nslab.plan.way.host" in sys.modules:
        sys.modules["nslab.plan.way.host"].exchange = exchange  # type: ignore[attr-defined]


def _arm_children(seams: Seams) -> None:
    """Let programs not start, or end at once."""
    import subprocess

    class Popen(subprocess.Popen):  # type: ignore[type-arg]
        ENDS: ClassVar = {"exit": ["false"], "kill": ["sh", "-c", "kill -9 $$"]}

        def __init__(self, args: list[str], *rest: object, **options: object) -> None:
            name = next((word for word in args if "nslab.kernel" in word), args[0])
            fault = seams.passes("child", name.rpartition("nslab.kernel.")[2].partition(" ")[0])
            if fault and fault not in self.ENDS:
                raise _os_error(fault)
            super().__init__(self.ENDS.get(fault, args), *rest, **options)  # type: ignore[call-overload]

    subprocess.Popen = Popen  # type: ignore[assignment, misc]


def _arm_wire(seams: Seams) -> None:
    """Let what caller and holder say to each other fail, on the caller's side."""
    from nslab.kernel import libc, wire

    send, receive = wire.send, wire.receive

    def faulty_send(channel: object, words: list[str], *more: object) -> None:
        seams.strike("wire", words[0])
        send(channel, words, *more)  # type: ignore[arg-type]

    def faulty_receive(channel: object) -> tuple[list[str], list[int]]:
        words, fds = receive(channel)  # type: ignore[arg-type]
        if fds and seams.passes("answer", "with descriptors"):
            wire.close(fds)
            raise libc.failure("receive descriptors", errno.EMFILE)
        return words, fds

    wire.send, wire.receive = faulty_send, faulty_receive  # type: ignore[assignment]


def _arm_others() -> None:
    """Have the processes armed that come of this one."""
    from nslab.kernel import interpreter

    first, last = interpreter._START.split("; main()")
    interpreter._START = (
        f"{first}; sys.path.append({_ROOT!r});"
        " from tests.plan.faulty.seams import arm;"
        f" arm(main.__module__.rpartition('.')[2]); main(){last}"
    )


_EVENTS = {
    "os.mkdir": "file",
    "os.symlink": "file",
    "os.remove": "file",
    "os.rmdir": "file",
    "os.fork": "fork",
    "os.posix_spawn": "child",
    "socket.__new__": "socket",
    "socket.bind": "socket",
}


def _arm_audited(seams: Seams) -> None:
    """Let fail what Python tells its audit hooks of."""

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if seams.busy or (event != "open" and event not in _EVENTS):
            return
        if event == "open" and not _counts(arguments):
            return
        what = " ".join([event, *map(str, arguments[:1])])
        seams.strike(_EVENTS.get(event, "file"), what)

    sys.addaudithook(hook)


def _counts(arguments: tuple[object, ...]) -> bool:
    """Leave out what Python itself reads: modules."""
    path = str(arguments[0])
    return path.startswith(("/proc/", "/run/", "/dev/")) or not path.startswith("/")
