"""A client's connection to a lab's holder, on which what goes wrong is told in words."""

from __future__ import annotations

from _socket import SO_RCVTIMEO, SOL_SOCKET
from struct import pack

from nslab.errors import LabNotRunningError, NslabError
from nslab.kernel import libc, wire
from nslab.kernel.procfs import is_stopped

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _socket import socket
    from collections.abc import Sequence


_MOMENT = pack("ll", 1, 0)  # a struct timeval


class Channel:
    """One connection; questions on it are answered in their order, however long that takes.

    Args:
        lab: the lab's name.
        sock: the connection.
        pid: the holder's PID.
    """

    def __init__(self, lab: str, sock: socket, pid: int) -> None:
        self.lab = lab
        self.pid = pid
        self._socket = sock
        sock.setsockopt(SOL_SOCKET, SO_RCVTIMEO, _MOMENT)

    def fileno(self) -> int:
        """Give the socket's descriptor, for poll; -1 once it is closed."""
        return self._socket.fileno()

    def close(self) -> None:
        """Close it; again is no error."""
        self._socket.close()

    def send(self, words: Sequence[str], fds: Sequence[int] = ()) -> None:
        """Send a question.

        Raises:
            LabNotRunningError: the holder is gone.
            KernelError: the kernel refused.
        """
        try:
            wire.send(self._socket, list(words), list(fds))
        except ConnectionError:
            raise self._ended() from None
        except OSError as error:
            asking = f'ask the holder of the lab "{self.lab}" to {words[0]}'
            raise libc.failure(asking, error.errno or 0) from None

    def receive(self) -> tuple[list[str], list[int]]:
        """Wait for the next answer: its words and descriptors.

        Raises:
            LabNotRunningError: the holder is gone.
            NslabError: it is stopped.
            KernelError: as for `wire.receive`.
        """
        while True:
            try:
                reply, fds = wire.receive(self._socket)
            except BlockingIOError:
                self.refuse_stopped()
            else:
                break
        if not reply:
            raise self._ended()
        return reply, fds

    def refuse_stopped(self) -> None:
        """Refuse to wait for a holder that somebody has stopped.

        Raises:
            NslabError: it is.
        """
        if is_stopped(self.pid):
            raise NslabError(
                f'the holder of the lab "{self.lab}" is stopped and answers nobody',
                hint=f"`kill -CONT {self.pid}` lets it go on, `kill -KILL {self.pid}` ends the lab",
            )

    def _ended(self) -> LabNotRunningError:
        return LabNotRunningError(f'the lab "{self.lab}" ended')
