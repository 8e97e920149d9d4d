"""A client's connection to a lab's holder, on which what goes wrong is told in words."""

from __future__ import annotations

from nslab.errors import LabNotRunningError
from nslab.kernel import libc, wire

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _socket import socket
    from collections.abc import Sequence


class Channel:
    """One connection; questions on it are answered in their order."""

    def __init__(self, lab: str, sock: socket) -> None:
        self.lab = lab
        self._socket = sock

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
            KernelError: as for `wire.receive`.
        """
        reply, fds = wire.receive(self._socket)
        if not reply:
            raise self._ended()
        return reply, fds

    def _ended(self) -> LabNotRunningError:
        return LabNotRunningError(f'the lab "{self.lab}" ended')
