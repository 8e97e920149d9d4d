"""Which netns may have changed: a socket in each hears of all that happens there.

What it hears nobody reads: that there is something, or was no room for more, is enough to know.
"""

from __future__ import annotations

import errno
import os
import select

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


class Changes:
    """The sockets by the names of their netns, and what was heard of until it was settled."""

    def __init__(self) -> None:
        self._sockets: dict[str, int] = {}
        self._names: dict[int, str] = {}
        self._heard: dict[str, int] = {}
        self._asked = 0
        self._epoll = select.epoll()

    def __contains__(self, name: str) -> bool:
        return name in self._sockets

    def __len__(self) -> int:
        return len(self._sockets)

    def add(self, name: str, fd: int) -> None:
        """Take the socket, made by `listening.listen`, that hears of a netns."""
        self._epoll.register(fd, select.EPOLLIN)
        self._sockets[name], self._names[fd] = fd, name

    def forget(self, name: str) -> None:
        """Hear no more of a netns."""
        fd = self._sockets.pop(name, -1)
        if fd >= 0:
            del self._names[fd]
            os.close(fd)
        self._heard.pop(name, None)

    def ask(self, names: Iterable[str]) -> tuple[int, list[str]]:
        """Give those of these netns that may have changed since all was settled.

        Returns:
            The number of this question, for `settle`, and the names.
        """
        self._asked += 1
        for fd, _ in self._epoll.poll(0, max(1, len(self._names))):
            _drain(fd)
            self._heard[self._names[fd]] = self._asked
        return self._asked, [name for name in names if name in self._heard or name not in self]

    def settle(self, asked: int) -> None:
        """Forget what had been heard by that question: somebody has looked at it since."""
        self._heard = {name: when for name, when in self._heard.items() if when > asked}


def _drain(fd: int) -> None:
    """Take what was heard, so that what comes next is news."""
    while True:
        try:
            os.read(fd, 1)
        except BlockingIOError:
            return
        except OSError as error:
            if error.errno != errno.ENOBUFS:
                raise
