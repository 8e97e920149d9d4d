"""A relay as a process of its own, with what it connects to in the same netns."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import threading
from dataclasses import dataclass
from pathlib import Path

from nslab.kernel import relay
from tests.kernel.labs import eventually

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from nslab.kernel.relay import Target

PATIENCE = 20.0


@dataclass(frozen=True)
class Relay:
    """A running relay: where it listens, and its process."""

    place: tuple[str, int]
    pid: int

    def connect(self) -> socket.socket:
        """Give a TCP connection to it."""
        return socket.create_connection(self.place, PATIENCE)

    def resident(self) -> int:
        """Give how much memory it has, in KiB."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0])

    def descriptors(self) -> int:
        """Count its open files."""
        return len(list(Path(f"/proc/{self.pid}/fd").iterdir()))

    def ticks(self) -> int:
        """Give the processor time that it has used, in hundredths of a second."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return int(fields[11]) + int(fields[12])


@contextlib.contextmanager
def relaying(
    *targets: Target, address: str = "127.0.0.1", protocol: str = "tcp"
) -> Iterator[Relay]:
    """Run a relay to some targets."""
    with relay.listen(protocol, address, 0) as sock:
        place = sock.getsockname()[:2]
        command = relay.command([sock.fileno()], targets)
        process = subprocess.Popen(command, pass_fds=[sock.fileno()])
    try:
        assert eventually(lambda: _waits(process.pid), PATIENCE)
        yield Relay(place, process.pid)
        assert process.poll() is None, "the relay has ended"
    finally:
        process.kill()
        process.wait()


def _waits(pid: int) -> bool:
    """Tell whether a process has come to its epoll."""
    files = Path(f"/proc/{pid}/fd").iterdir()
    with contextlib.suppress(OSError):
        return any(str(path.readlink()) == "anon_inode:[eventpoll]" for path in files)
    return False


@contextlib.contextmanager
def server(
    talk: Callable[[socket.socket], None], address: str = "127.0.0.1"
) -> Iterator[tuple[str, int]]:
    """Run a TCP server that has a thread for each connection."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listener = socket.create_server((address, 0), family=family, backlog=512)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                sock, _ = listener.accept()
                threading.Thread(target=alone, args=(sock,), daemon=True).start()

    def alone(sock: socket.socket) -> None:
        with sock, contextlib.suppress(OSError):
            sock.settimeout(PATIENCE)
            talk(sock)

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield listener.getsockname()[:2]
    finally:
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def echo(sock: socket.socket) -> None:
    """Say what is heard."""
    while data := sock.recv(65536):
        sock.sendall(data)


def all_of(sock: socket.socket) -> bytes:
    """Read to the end."""
    found = bytearray()
    while data := sock.recv(1 << 20):
        found += data
    return bytes(found)


def unused() -> tuple[str, int]:
    """Give an address that refuses connections."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return sock.getsockname()[0], sock.getsockname()[1]
