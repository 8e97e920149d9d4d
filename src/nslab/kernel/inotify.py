"""Watching a directory for entries that come and go (man 7 inotify)."""

from __future__ import annotations

import os
from struct import Struct

from nslab.kernel import libc

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Self

_CLOEXEC = 0o2000000
_CREATE = 0x100
_DELETE = 0x200
_EVENT = Struct("=iIII")  # watch, what happened, cookie, bytes of name that follow
_ROOM = 4096

_init, _add_watch = libc.function("inotify_init1"), libc.function("inotify_add_watch")


class Event:
    """An entry that came or went.

    Attributes:
        name: the entry's name.
        came: whether it came; else it went.
    """

    __slots__ = ("came", "name")

    def __init__(self, name: str, *, came: bool) -> None:
        self.name = name
        self.came = came


class Watch:
    """A directory under watch from now on. Close it, or use it as a context manager."""

    def __init__(self, directory: str) -> None:
        """Begin to watch.

        Raises:
            KernelError: a limit is reached (EMFILE), or the directory may not be read.
        """
        self.fd = libc.number(_init(_CLOEXEC), "inotify_init")
        path = os.fsencode(directory)
        libc.number(_add_watch(self.fd, path, _CREATE | _DELETE), "inotify_add_watch")

    def read(self) -> list[Event]:
        """Wait for something to happen; give what happened, in order."""
        data = os.read(self.fd, _ROOM)
        found, at = [], 0
        while at < len(data):
            _, mask, _, size = _EVENT.unpack_from(data, at)
            raw = data[at + _EVENT.size : at + _EVENT.size + size]
            if mask & (_CREATE | _DELETE):
                name = os.fsdecode(raw.rstrip(b"\0"))
                found.append(Event(name, came=bool(mask & _CREATE)))
            at += _EVENT.size + size
        return found

    def close(self) -> None:
        """End the watch."""
        os.close(self.fd)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
