"""Namespaces that a holder makes while its client goes on: asked for ahead, awaited when needed.

They are asked for on a connection of their own, so that no other question has to wait for them.
"""

from __future__ import annotations

import errno
import itertools
import os

from nslab.errors import KernelError, LabNotRunningError, NetnsCreationError
from nslab.kernel import libc, reach
from nslab.kernel.channel import Channel
from nslab.kernel.sysctls import refused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections import deque
    from collections.abc import Callable, Iterable, Mapping, Sequence
else:
    from _collections import deque  # without the 2 ms of all the others

_AHEAD = 8  # requests that may be under way
_FIRST, _AT_ONCE = 4, 16  # namespaces in the first of them, and in later ones

_HINTS = {
    errno.EEXIST: "somebody in the lab made a namespace of that name",
    errno.ENFILE: "every namespace takes an open file; fs.file-max sets how many there may be",
    errno.ENOSPC: "the limit is in /proc/sys/user/max_net_namespaces",
}


class Maker:
    """What is to be made, what is under way, and what is still awaited.

    Args:
        lab: the lab's name.
        make_room: called with the number of names whose descriptors are about to come.
        take: told of each row of names that is there, with two descriptors for each.
        at_once: for how many names there can be room at once.
    """

    def __init__(
        self,
        lab: str,
        make_room: Callable[[int], None],
        take: Callable[[Sequence[str], Sequence[int]], None],
        at_once: int,
    ) -> None:
        self.lab = lab
        self._make_room = make_room
        self._take = take
        self._most = min(at_once, _AT_ONCE)
        self._at_once = min(self._most, _FIRST)
        self._channel: Channel | None = None
        self._foreseen: set[str] = set()
        self._settings: dict[str, list[str]] = {}
        self._awaited: set[str] = set()
        self._waiting: deque[str] = deque()
        self._under_way: deque[tuple[Channel, list[str]]] = deque()

    def foresee(self, wanted: Mapping[str, list[str]]) -> None:
        """Begin to make what `create` will ask for, and set sysctls (`key=value`) there.

        Whoever waits for the netns is told if one could not be set.
        """
        self._foreseen.update(wanted)
        self._settings.update(wanted)
        self._want(list(wanted))

    def sets(self, name: str, word: str) -> bool:
        """Tell whether it was foreseen that a sysctl is set in a netns."""
        return word in self._settings.get(name, ())

    def create(self, names: Iterable[str]) -> None:
        """Have a netns made for each name, unless that was foreseen."""
        asked = list(names)
        self._want([name for name in asked if name not in self._foreseen])
        self._foreseen.difference_update(asked)

    def awaits(self, name: str) -> bool:
        """Tell whether a netns was asked for and is not there yet."""
        return name in self._awaited

    def wait_for(self, names: Iterable[str]) -> None:
        """Wait until those of these netns that were asked for are there.

        Raises:
            KernelError: one could not be made, be it another.
        """
        while self._awaited and not self._awaited.isdisjoint(names):
            self._take_next()

    def settle(self) -> None:
        """Wait until every netns that was asked for is there.

        Raises:
            KernelError: one could not be made; the first of them, if there are several.
        """
        while self._awaited:
            self._take_next()

    def forgo(self) -> None:
        """Have no more made of those that were asked for, and wait for those under way.

        Raises:
            KernelError: as for `settle`.
        """
        self._foreseen.clear()
        self._awaited.difference_update(self._waiting)
        self._waiting.clear()
        self.settle()

    def close(self) -> None:
        """Close the connection."""
        if self._channel is not None:
            self._channel.close()

    def _want(self, names: Sequence[str]) -> None:
        self._awaited.update(names)
        self._waiting.extend(names)
        self._ask()

    def _ask(self) -> None:
        """Give the holder enough to do, but let it hand over no more than both sides can bear."""
        while self._waiting and len(self._under_way) < _AHEAD:
            if self._channel is None:
                self._channel = Channel(self.lab, *reach.connect(self.lab))
            names = list(itertools.islice(self._waiting, self._at_once))
            try:
                settings = self._settings
                asked = [word for name in names for word in (name, *settings.get(name, ()))]
                self._channel.send(["create", *asked])
            except LabNotRunningError:
                self._waiting.clear()
                self._awaited.clear()
                raise self._hung_up(names) from None
            self._under_way.append((self._channel, names))
            self._at_once = min(2 * self._at_once, self._most)  # there is something to do early
            for _ in names:
                self._waiting.popleft()

    def _take_next(self) -> None:
        """Wait for one row; where it fails for the others too, so that nothing is told twice."""
        if not self._under_way:
            self._ask()
        first = self._take_row()
        while first is not None and self._under_way:
            self._take_row()
        if first is not None:
            self._waiting.clear()
            self._awaited.clear()
            raise first
        self._ask()

    def _take_row(self) -> KernelError | None:
        channel, names = self._under_way.popleft()
        self._awaited.difference_update(names)
        self._make_room(len(names))
        try:
            reply, fds = channel.receive()
        except LabNotRunningError:
            return self._hung_up(names)
        except KernelError as error:
            return error
        self._take(names, fds)
        if reply[0] != "ok":
            return _creation_error(names[len(fds) // 2], int(reply[1]))
        return self._refused(names, reply[1:])

    def _refused(self, names: Sequence[str], came: Sequence[str]) -> KernelError | None:
        """Make the error of the first sysctl that could not be set, if there is one."""
        settings = ((name, word) for name in names for word in self._settings.get(name, ()))
        for (name, word), said in zip(settings, came, strict=True):
            if said.startswith("!"):
                return refused(name, word, int(said[1:]))
        return None

    def _hung_up(self, names: Sequence[str]) -> KernelError:
        """Tell that the holder hung up.

        Raises:
            LabNotRunningError: the lab did end.
        """
        reach.connect(self.lab)[0].close()
        return _creation_error(names[0], errno.ECONNRESET)


def _creation_error(name: str, number: int) -> NetnsCreationError:
    hint = _HINTS.get(number, libc.REMEDIES.get(number))
    return NetnsCreationError(name, number, os.strerror(number), hint=hint)
