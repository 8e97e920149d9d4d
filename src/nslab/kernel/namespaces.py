"""A lab's network namespaces by their names, as its holder keeps them.

Each is kept by a descriptor. The limit of open files holds for one *table* of descriptors. When the
holder's own is full, a keeper takes over what is in it, under the same numbers (`keeper`), and the
holder goes on with an empty one.

A name in /run/netns leads to a number in a table, and the table's own link to whoever has it now:
so no name changes when its table goes to a keeper, neither in the lab nor on the machine. There is
no mount to copy or to take down.
"""

from __future__ import annotations

import errno
import itertools
import os

from nslab.kernel import libc
from nslab.kernel.netns import is_netns
from nslab.kernel.registry import DIRECTORY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from nslab.kernel.keeper import Keeper

OUTSIDE = "outside"
"""The name of the holder's own netns, which it never gives to a keeper."""

TABLES = "/run/nslab"

_OWN = 32
"""Descriptors for clients and the holder itself, at least."""


def lead(table: str, to: str) -> None:
    """Have a table's link lead there, from one moment to the next."""
    os.symlink(to, f"{table}+")
    os.rename(f"{table}+", table)


def follow(name: str) -> int | None:
    """Open a netns, for a process in the lab, by the holder's links to it.

    In the lab anybody may have put something else in their place: then None.
    """
    try:
        table, _, number = (
            os.readlink(f"{DIRECTORY}/{name}").removeprefix("../nslab/").partition("/")
        )
        kept = os.readlink(f"{TABLES}/{table}").removeprefix("../../proc/").removesuffix("/fd")
        if "/" in name or not (kept.isdigit() and number.isdigit()):
            return None
        fd = os.open(f"/proc/{kept}/fd/{number}", os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        return None
    if is_netns(fd):
        return fd
    os.close(fd)
    return None


class Namespaces:
    """Names, and where the descriptor of each is.

    Args:
        outside: the descriptor of the holder's own netns.
        room: how many descriptors there can be for namespaces, and for what else is told of.

    Attributes:
        room: as given.
        own: the names by their descriptors, of those that the holder itself keeps.
    """

    def __init__(self, outside: int, room: int) -> None:
        self.own = {outside: OUTSIDE}
        self._numbers = {OUTSIDE: outside}
        self._keepers: dict[str, Keeper] = {}
        self.room = room
        self._spare = min(_OWN, room // 2)
        self._table = 0
        self._self = f"../../proc/{os.readlink('/proc/self')}/fd"
        os.symlink(self._self, f"{TABLES}/fd0")
        os.symlink(f"{self._self}/{outside}", f"{DIRECTORY}/{OUTSIDE}")

    def __contains__(self, name: str) -> bool:
        return name in self._numbers

    def __iter__(self) -> Iterator[str]:
        return iter(self._numbers)

    def __len__(self) -> int:
        return len(self._numbers)

    def known(self, names: Iterable[str]) -> Iterator[str]:
        """Give these names up to the first that is not there."""
        return itertools.takewhile(self._numbers.__contains__, names)

    def add(self, name: str, fd: int) -> None:
        """Keep a netns by its descriptor, under a name."""
        number = errno.EINVAL if "/" in name else errno.EEXIST
        if "/" in name or name in self._numbers:
            raise OSError(number, os.strerror(number))
        os.symlink(f"../nslab/fd{self._table}/{fd}", f"{DIRECTORY}/{name}")
        self._numbers[name] = fd
        self.own[fd] = name

    def open(self, name: str) -> int:
        """Give a descriptor of a netns, to be closed unless it is among the holder's `own`."""
        number = self._numbers[name]
        keeper = self._keepers.get(name)
        return number if keeper is None else keeper.open(number)

    def enter(self, name: str) -> None:
        """Move the calling thread into a netns."""
        fd = self.open(name)
        try:
            libc.setns(fd, libc.CLONE_NEWNET)
        finally:
            self.shut(fd)

    def inode(self, name: str) -> int:
        """Give the number by which /proc tells a netns from any other."""
        fd = self.open(name)
        try:
            return os.fstat(fd).st_ino
        finally:
            self.shut(fd)

    def shut(self, fd: int) -> None:
        """Close what `open` gave, unless it is the holder's own."""
        if fd not in self.own:
            os.close(fd)

    def place(self, name: str) -> str:
        """Give the file that is the netns, for all processes in the lab, as long as it is there."""
        keeper = self._keepers.get(name)
        return f"{keeper.table if keeper else self._path}/{self._numbers[name]}"

    def remove(self, names: Iterable[str]) -> None:
        """Take names away, and let go of their namespaces."""
        kept: dict[Keeper, list[int]] = {}
        for name in names:
            try:
                os.unlink(f"{DIRECTORY}/{name}")
            except FileNotFoundError:  # somebody in the lab did so already
                pass
            number, keeper = self._numbers.pop(name), self._keepers.pop(name, None)
            if keeper is None:
                del self.own[number]
                os.close(number)
            else:
                kept.setdefault(keeper, []).append(number)
        for keeper, numbers in kept.items():
            keeper.close(numbers)

    def lacks_room(self, count: int) -> bool:
        """Tell whether the holder cannot have so many more descriptors."""
        return len(self.own) + count + self._spare > self.room

    def make_room(self, count: int) -> None:
        """Have room for so many more descriptors: where there is too little, begin a new table."""
        if self.lacks_room(count) and len(self.own) > 1:
            self._entrust()

    @property
    def _path(self) -> str:
        return f"{TABLES}/fd{self._table}"

    def _entrust(self) -> None:
        """Give all but the outside to a keeper, and the table's link with them."""
        from nslab.kernel.keeper import Keeper

        moved = {fd: name for fd, name in self.own.items() if name != OUTSIDE}
        lead(f"{TABLES}/fd{self._table + 1}", self._self)
        keeper = Keeper(moved, self._path)
        self._table += 1
        for fd, name in moved.items():
            self._keepers[name] = keeper
            del self.own[fd]
            os.close(fd)
